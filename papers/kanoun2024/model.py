"""The two networks of Kanoun et al. (2024), section 6 and section 9.1: a CRNN and a small residual CNN."""

import keras
from keras import layers

from papers.kanoun2024.initial import initial, recurrent
from ser_keras.layers import attended, time_major

IMAGE = (64, 79, 1)
NORM = {"momentum": 0.9, "epsilon": 1e-5}  # PyTorch's defaults: its momentum of 0.1 is what Keras calls 0.9
DROPOUT = 0.3  # sections 6.2, 6.5


def build_crnn(
    num_classes: int,
    input_shape: tuple[int, int, int] = IMAGE,
    *,
    sequence: str = "time",
    first_lstm: str = "trained",
    pool_first: bool = False,
    start: str = "pytorch",
) -> keras.Model:
    """Section 6: (batch, 64, 79, 1) → (batch, num_classes) probabilities.

    1 372 999 parameters for six classes; 20 247 367 with everything in one time step.

    Parameters
    ----------
    num_classes : int
    input_shape : (mel bands, frames, 1)
    sequence : "time": 19 steps of 1024 values; "flattened": one step of 19 456 values, as in the code
    first_lstm : "trained", or "frozen": it keeps what it starts from, as in the code
    pool_first : convolution, ReLU, pool, batch norm, dropout (the code for TESS alone) instead of convolution,
        batch norm, ReLU, dropout, pool
    start : "pytorch" or "keras": what weights start from

    Returns
    -------
    uncompiled keras.Model
    """

    def block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
        convolution = layers.Conv2D(filters, 3, padding="same", **initial(start, 9 * x.shape[-1]), name=f"{name}_conv")
        norm = layers.BatchNormalization(**NORM, name=f"{name}_bn")
        relu = layers.ReLU(name=f"{name}_relu")
        dropout = layers.Dropout(DROPOUT, name=f"{name}_dropout")
        pool = layers.MaxPooling2D(2, name=f"{name}_pool")
        x = convolution(x)
        for layer in (relu, pool, norm, dropout) if pool_first else (norm, relu, dropout, pool):
            x = layer(x)
        return x

    def bilstm(x: keras.KerasTensor, units: int, name: str) -> keras.KerasTensor:
        lstm = layers.LSTM(units, return_sequences=True, **recurrent(start, units))
        wrapped = layers.Bidirectional(lstm, name=name)
        wrapped.trainable = (name, first_lstm) != ("bilstm1", "frozen")
        return layers.Dropout(DROPOUT, name=f"{name}_dropout")(wrapped(x))

    inputs = keras.Input(input_shape, name="log_mel")
    x = block(inputs, filters=32, name="block1")  # (batch, 32, 39, 32)
    x = block(x, filters=64, name="block2")  # (batch, 16, 19, 64)
    flat = layers.Reshape((1, -1), name="frames")
    x = time_major(x, name="frames") if sequence == "time" else flat(x)  # (batch, 19, 1024) or (batch, 1, 19456)
    x = bilstm(x, units=128, name="bilstm1")  # (batch, frames, 256)
    x = bilstm(x, units=64, name="bilstm2")  # (batch, frames, 128)
    x = attended(x, **initial(start, x.shape[-1]))  # (batch, 128)
    x = layers.Dense(64, activation="relu", **initial(start, x.shape[-1]), name="dense")(x)
    x = layers.Dropout(DROPOUT, name="dense_dropout")(x)
    outputs = layers.Dense(num_classes, activation="softmax", **initial(start, x.shape[-1]), name="emotion")(x)
    return keras.Model(inputs, outputs, name="crnn")


def build_cnn(num_classes: int, input_shape: tuple[int, int, int] = IMAGE, *, start: str = "pytorch") -> keras.Model:
    """The "simpler CNN" of section 9.1, from the code: (batch, 64, 79, 1) → (batch, num_classes) probabilities.

    Three residual blocks at full size, averaged over the image; 299 847 parameters for six classes. The attention
    sees a sequence of one, whose only weight is 1.

    Parameters
    ----------
    num_classes : int
    input_shape : (mel bands, frames, 1)
    start : "pytorch" or "keras": what weights start from

    Returns
    -------
    uncompiled keras.Model
    """

    def convolution(x: keras.KerasTensor, filters: int, kernel_size: int, name: str) -> keras.KerasTensor:
        options = initial(start, kernel_size**2 * x.shape[-1])
        layer = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False, **options, name=f"{name}_conv")
        return layers.BatchNormalization(**NORM, name=f"{name}_bn")(layer(x))

    def block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
        inner = layers.ReLU(name=f"{name}_relu1")(convolution(x, filters, 3, name=f"{name}_1"))
        inner = convolution(inner, filters, 3, name=f"{name}_2")
        shortcut = convolution(x, filters, 1, name=f"{name}_shortcut")
        return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([inner, shortcut]))

    inputs = keras.Input(input_shape, name="log_mel")
    x = block(inputs, filters=32, name="block1")  # (batch, 64, 79, 32)
    x = block(x, filters=64, name="block2")  # (batch, 64, 79, 64)
    x = block(x, filters=128, name="block3")  # (batch, 64, 79, 128)
    x = layers.GlobalAveragePooling2D(name="average")(x)  # (batch, 128)
    x = attended(layers.Reshape((1, -1), name="single")(x), **initial(start, x.shape[-1]))
    outputs = layers.Dense(num_classes, activation="softmax", **initial(start, x.shape[-1]), name="emotion")(x)
    return keras.Model(inputs, outputs, name="cnn")
