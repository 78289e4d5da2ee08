"""ResNet-18, the baseline of Kanoun et al. (2024), section 8.1, for images of one channel.

Layers bear torchvision's names with "_" for ".", so that its ImageNet weights can be filled in. They are read from a
NumPy archive (.npz) with one array for each entry of torchvision's state, under the entry's own name, which whoever
has torchvision writes once:

    state = torchvision.models.resnet18(weights="IMAGENET1K_V1").state_dict()
    numpy.savez("resnet18.npz", **{name: tensor.numpy() for name, tensor in state.items()})
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers

from papers.kanoun2024.initial import initial
from papers.kanoun2024.model import IMAGE, NORM
from ser_keras.errors import PaperError

VARIABLE = "SER_KERAS_RESNET18"
OWN = ("conv1", "fc")  # the first and the last layer are replaced, and start anew (code)


def build_resnet18(
    num_classes: int,
    input_shape: tuple[int, int, int] = IMAGE,
    *,
    start: str = "pytorch",
    filled: bool = False,
) -> keras.Model:
    """(batch, 64, 79, 1) → (batch, num_classes) probabilities; 11 182 918 parameters for six classes.

    Parameters
    ----------
    num_classes : int
    input_shape : (mel bands, frames, 1)
    start : "pytorch" (He normal over what a layer gives, as torchvision) or "keras": what weights start from
    filled : whether all but the first and the last layer are to be filled by `fill`: until then they hold NaN, so
        that one that was forgotten can't pass for a start

    Returns
    -------
    uncompiled keras.Model

    Source: `torchvision.models.resnet18`, with a first convolution of one channel.
    """

    def kernel() -> keras.initializers.Initializer:
        if filled:
            return keras.initializers.Constant(float("nan"))
        if start == "keras":
            return keras.initializers.GlorotUniform()
        return keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="untruncated_normal")

    def convolution(x: keras.KerasTensor, filters: int, size: int, strides: int, name: str) -> keras.KerasTensor:
        x = _padded(x, size // 2, f"{name}_edge")
        own = initial(start, size**2 * x.shape[-1])["kernel_initializer"] if name in OWN else kernel()
        return layers.Conv2D(filters, size, strides, use_bias=False, kernel_initializer=own, name=name)(x)

    def norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return layers.BatchNormalization(**NORM, name=name)(x)

    def block(x: keras.KerasTensor, filters: int, strides: int, name: str) -> keras.KerasTensor:
        inner = norm(convolution(x, filters, 3, strides, f"{name}_conv1"), f"{name}_bn1")
        inner = layers.ReLU(name=f"{name}_relu1")(inner)
        inner = norm(convolution(inner, filters, 3, 1, f"{name}_conv2"), f"{name}_bn2")
        if strides > 1:
            x = norm(convolution(x, filters, 1, strides, f"{name}_downsample_0"), f"{name}_downsample_1")
        return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([inner, x]))

    inputs = keras.Input(input_shape, name="log_mel")
    x = norm(convolution(inputs, 64, 7, 2, "conv1"), "bn1")  # (batch, 32, 40, 64)
    x = _padded(layers.ReLU(name="relu")(x), 1, "maxpool_edge")  # zeros never win over what a ReLU gives
    x = layers.MaxPooling2D(3, 2, name="maxpool")(x)  # (batch, 16, 20, 64)
    for number, filters in enumerate((64, 128, 256, 512), 1):  # down to (batch, 2, 3, 512)
        x = block(x, filters, 1 if number == 1 else 2, f"layer{number}_0")
        x = block(x, filters, 1, f"layer{number}_1")
    x = layers.GlobalAveragePooling2D(name="avgpool")(x)
    outputs = layers.Dense(num_classes, activation="softmax", **initial(start, 512), name="fc")(x)
    return keras.Model(inputs, outputs, name="resnet18")


def _padded(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    """PyTorch's padding: the same on all sides, where Keras's "same" adds more at the end when it strides."""
    return layers.ZeroPadding2D(width, name=name)(x) if width else x


def imagenet_file() -> Path:
    """The archive of ImageNet weights that $SER_KERAS_RESNET18 names.

    Raises
    ------
    PaperError : none is named, or it is not there
    """
    named = os.environ.get(VARIABLE, "")
    if not named or not Path(named).is_file():
        found = f"{named} is not there" if named else f"{VARIABLE} is not set"
        raise PaperError(
            f"initial=imagenet: {found}; set {VARIABLE} to an .npz of torchvision's ResNet-18 weights (the README of "
            "papers/kanoun2024 says how to write one), or leave the choice at random"
        )
    return Path(named)


def fill(model: keras.Model, path: Path) -> None:
    """Fill all but the first and the last layer of `build_resnet18` from an archive.

    Raises
    ------
    PaperError : the archive can't be read, or lacks an array, or holds one of another shape
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise PaperError(f"{path} is no .npz of plain arrays ({error}): write it anew") from error
    for layer in model.layers:
        if layer.weights and layer.name not in OWN:
            layer.set_weights(_weights(layer, arrays, path))


def _weights(layer: keras.Layer, arrays: Mapping[str, np.ndarray], path: Path) -> list[np.ndarray]:
    """A layer's weights in Keras's order and layout, from torchvision's names and layout."""
    name = layer.name.replace("_", ".")
    if isinstance(layer, layers.Conv2D):
        keys = [f"{name}.weight"]
    else:
        keys = [f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    found = []
    for key, weight in zip(keys, layer.weights, strict=True):
        array = arrays.get(key)
        if array is not None and array.ndim == 4:
            array = array.transpose(2, 3, 1, 0)  # (out, in, height, width) → (height, width, in, out)
        if array is None or array.shape != tuple(weight.shape):
            shape = "is missing" if array is None else f"has shape {array.shape}"
            raise PaperError(f"{path}: {key} {shape}, expected that of torchvision's resnet18: write it anew")
        found.append(array)
    return found
