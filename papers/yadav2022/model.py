"""The network of Yadav et al. (2022), Table 1."""

import keras
from keras import layers

from ser_keras.layers import time_major


def build_crnn(
    num_classes: int,
    input_shape: tuple[int, int, int] = (128, 259, 1),
    *,
    normalisation: str = "clip",
    pool_edge: str = "dropped",
    batch_norm_momentum: float = 0.99,
    l2: float = 0.0,
) -> keras.Model:
    """Table 1: (batch, 128, 259, 1) → (batch, num_classes) probabilities; 825 288 parameters for 8 classes.

    Parameters
    ----------
    num_classes : int
    input_shape : (mel bands, frames, 1)
    normalisation : "clip": images come normalised; "training", "training-band": by the training part's mean and
        deviation, over everything or band by band (two or 256 numbers more, and a count, none of them trained)
    pool_edge : "dropped" or "kept": what max-pooling does with an edge narrower than its window
    batch_norm_momentum : float in (0, 1), of the moving statistics
    l2 : float, weight decay on convolution kernels; 0: none

    Returns
    -------
    uncompiled keras.Model

    Source: section 3.1, Figure 3, Table 1; "same" convolutions are the only ones under which four pools fit.
    """
    padding = {"dropped": "valid", "kept": "same"}[pool_edge]

    def block(x: keras.KerasTensor, filters: int, kernel_size: int, pool_size: int, name: str) -> keras.KerasTensor:
        decay = keras.regularizers.L2(l2) if l2 else None
        x = layers.Conv2D(filters, kernel_size, padding="same", kernel_regularizer=decay, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(momentum=batch_norm_momentum, name=f"{name}_bn")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
        return layers.MaxPooling2D(pool_size, strides=pool_size, padding=padding, name=f"{name}_pool")(x)

    inputs = keras.Input(input_shape, name="log_mel")
    x = inputs
    if normalisation != "clip":
        x = layers.Normalization(axis={"training": None, "training-band": 1}[normalisation], name="normalisation")(x)
    x = block(x, filters=64, kernel_size=9, pool_size=2, name="mlflb1")  # (batch, 64, 129, 64)
    x = block(x, filters=64, kernel_size=7, pool_size=4, name="mlflb2")  # (batch, 16, 32, 64)
    x = block(x, filters=128, kernel_size=5, pool_size=4, name="mlflb3")  # (batch, 4, 8, 128)
    x = block(x, filters=128, kernel_size=3, pool_size=4, name="mlflb4")  # (batch, 1, 2, 128)
    x = time_major(x, name="frames")  # (batch, 2, 128)
    x = layers.Bidirectional(layers.LSTM(128), name="bilstm")(x)  # (batch, 256)
    outputs = layers.Dense(num_classes, activation="softmax", name="emotion")(x)
    return keras.Model(inputs, outputs, name="crnn")
