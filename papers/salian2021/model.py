"""The network of Salian et al. (2021), Figures 3 and 4."""

import keras
from keras import layers


def build_td_cnn_lstm(
    num_classes: int,
    input_shape: tuple[int, int, int, int] = (6, 128, 128, 1),
    *,
    last_pool: int = 4,
    dropout: float = 0.2,
) -> keras.Model:
    """(batch, 6, 128, 128, 1) → (batch, num_classes) probabilities; 656 583 parameters for 7 classes.

    Each layer of the four blocks does the same to each window, as `TimeDistributed` of a layer on images would: that is
    a three-dimensional layer whose kernel or pool is 1 along the windows, which needs no loop over them.

    Parameters
    ----------
    num_classes : int
    input_shape : (windows, mel bands, frames, 1)
    last_pool : side of the last block's pool; those of the others are 2, 4 and 4
    dropout : float, share that the end of each block drops

    Returns
    -------
    uncompiled keras.Model

    Source: sections 3.1, 3.2 and 4.
    """

    def block(x: keras.KerasTensor, filters: int, pool: int, name: str) -> keras.KerasTensor:
        x = layers.Conv3D(filters, (1, 3, 3), padding="same", name=f"{name}_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.Activation("elu", name=f"{name}_elu")(x)
        x = layers.MaxPooling3D((1, pool, pool), name=f"{name}_pool")(x)
        return layers.Dropout(dropout, name=f"{name}_dropout")(x)

    inputs = keras.Input(input_shape, name="windows")
    x = block(inputs, 64, 2, "lm1")  # (batch, 6, 64, 64, 64)
    x = block(x, 64, 4, "lm2")  # (batch, 6, 16, 16, 64)
    x = block(x, 128, 4, "lm3")  # (batch, 6, 4, 4, 128)
    x = block(x, 128, last_pool, "lm4")  # (batch, 6, 1, 1, 128)
    x = layers.Reshape((input_shape[0], -1), name="flat")(x)  # (batch, 6, 128)
    x = layers.LSTM(256, name="lstm")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="td_cnn_lstm")
