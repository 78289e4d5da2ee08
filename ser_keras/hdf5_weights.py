"""Weights that somebody published as Keras HDF5 (.h5), read as arrays: nothing in the file is run or followed.

Only the numbers are read. The model that the file describes (`model_config`) is left aside, and links that lead out of
the file or elsewhere in it are refused, as are external and virtual datasets.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ser_keras.errors import SerError, WeightsError

if TYPE_CHECKING:
    import keras

LARGEST = 1 << 30  # bytes of one file's arrays: ResNet-152 has a quarter of it

Layer = tuple[str, tuple[np.ndarray, ...]]


def read_layers(path: Path) -> tuple[Layer, ...]:
    """Name and arrays of each layer that has any, in the file's order.

    Parameters
    ----------
    path : a file by `model.save("….h5")` or `model.save_weights("….weights.h5")` in Keras's HDF5 layout up to Keras 2,
        or by Keras 3 for `.h5`

    Raises
    ------
    WeightsError : missing, no HDF5 file, cut off, or not in that layout
    """
    import h5py

    if not path.is_file():
        raise WeightsError(f"{path} is not there: put the published weights there")
    try:
        with h5py.File(path, "r") as file:
            root = _group(file, "model_weights", path) if "model_weights" in file else file
            return tuple(_layers(root, path))
    except (OSError, RuntimeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} can't be read as Keras HDF5 ({error}): download it again") from None


def _layers(root: object, path: Path) -> Iterator[Layer]:
    if "layer_names" not in root.attrs:
        raise WeightsError(f"{path} has no layer_names: expected weights as Keras writes them to .h5")
    left = LARGEST
    for name in _texts(root.attrs["layer_names"]):
        group = _group(root, name, path)
        arrays = []
        for weight in _texts(group.attrs.get("weight_names", ())):
            array = _array(group, weight, path, left)
            left -= array.nbytes
            arrays.append(array)
        if arrays:
            yield name, tuple(arrays)


def _texts(names: Sequence[object]) -> list[str]:
    return [name.decode("utf-8") if isinstance(name, bytes) else str(name) for name in names]


def _member(group: object, name: str, path: Path) -> object:
    """What lies under a name, each step of which must be a plain (hard) link."""
    import h5py

    here = group
    for step in name.split("/"):
        link = here.get(step, getlink=True) if isinstance(here, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            kind = "missing" if link is None else f"a {type(link).__name__}, which is not followed"
            raise WeightsError(f"{path}: {name} is {kind}: expected weights as Keras writes them to .h5")
        here = here[step]
    return here


def _group(group: object, name: str, path: Path) -> object:
    import h5py

    found = _member(group, name, path)
    if not isinstance(found, h5py.Group):
        raise WeightsError(f"{path}: {name} is no group: expected weights as Keras writes them to .h5")
    return found


def _array(group: object, name: str, path: Path, left: int) -> np.ndarray:
    found = _member(group, name, path)
    if not _is_plain(found, "fiu"):
        raise WeightsError(f"{path}: {name} is no plain array of numbers: expected weights as Keras writes them to .h5")
    if found.nbytes > left:
        raise WeightsError(f"{path}: its arrays take more than {LARGEST >> 20} MiB: these are no weights for this")
    array = found[()]
    if not np.isfinite(array).all():
        raise WeightsError(f"{path}: {name} holds NaN or infinity: download it again")
    return array


def check_plain(stream: BinaryIO, name: str, fault: type[SerError] = WeightsError) -> None:
    """Check that an HDF5 file holds nothing but groups and plain arrays of numbers, and not too many of them.

    Parameters
    ----------
    name : what the file is called in the message
    fault : the kind of error that is raised
    """
    import h5py

    with h5py.File(stream, "r") as file:
        seen, todo, left = set(), [file], LARGEST
        while todo:
            group = todo.pop()
            for key in group:
                if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                    raise fault(f"{name}: {key!r} is a link, which is not followed: get another file")
                found = group[key]
                place = h5py.h5o.get_info(found.id).addr
                if place in seen:
                    raise fault(f"{name}: {key!r} is there twice: get another file")
                seen.add(place)
                if isinstance(found, h5py.Group):
                    todo.append(found)
                    continue
                if not _is_plain(found, "bfiu"):
                    raise fault(f"{name}: {key!r} is no plain array of numbers: get another file")
                left -= found.nbytes
                if left < 0:
                    raise fault(f"{name}: its arrays take more than {LARGEST >> 20} MiB: get another file")


def _is_plain(found: object, kinds: str) -> bool:
    import h5py

    stored = isinstance(found, h5py.Dataset) and not found.external and not found.is_virtual
    return stored and found.shape is not None and found.dtype.kind in kinds


def fill(model: "keras.Model", layers: Sequence[Layer], path: Path, *, leave: Sequence[str] = ()) -> None:
    """Give the model's layers that have weights those of the file, in order; nothing is set unless all fit.

    Parameters
    ----------
    leave : names of the model's layers that keep their weights

    Raises
    ------
    WeightsError : another number of layers, or other shapes
    """
    own = [layer for layer in model.layers if layer.weights and layer.name not in leave]
    if len(own) != len(layers):
        raise WeightsError(
            f"{path} has {len(layers)} layers with weights, the model has {len(own)}: another model's file"
        )
    for layer, (name, arrays) in zip(own, layers, strict=True):
        expected = [tuple(weight.shape) for weight in layer.weights]
        found = [array.shape for array in arrays]
        if found != expected:
            raise WeightsError(
                f"{path}: layer {name} has the shapes {found}, {layer.name} has {expected}: another model's"
            )
    for layer, (_, arrays) in zip(own, layers, strict=True):
        layer.set_weights(list(arrays))
