"""The four networks of Sankaran et al. (2023), section 2.

`standardise` is "none", "all" (one mean and deviation of the training part) or "coefficient" (one a coefficient).
"""

import keras
from keras import layers


def build_cnn(
    num_classes: int,
    input_shape: tuple[int, int, int] = (130, 40, 1),
    *,
    blocks: int = 3,
    filters: int = 32,
    dense_units: int = 64,
    standardise: str = "all",
) -> keras.Model:
    """(batch, 130, 40, 1) → (batch, num_classes) probabilities; 183 367 trained parameters for 7 classes.

    Blocks of convolution, ReLU, max-pooling, batch normalisation and dropout 0.2, then one dense layer.

    Source: section 2.1.3, which names the layers; `blocks`, `filters` and `dense_units` are open.
    """
    inputs = keras.Input(input_shape, name="mfcc")
    x = _standardised(inputs, standardise, axis=2)
    for number in range(1, blocks + 1):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{number}_conv")(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
        x = layers.BatchNormalization(name=f"block{number}_bn")(x)
        x = layers.Dropout(0.2, name=f"block{number}_dropout")(x)
    x = layers.Flatten(name="flat")(x)  # (batch, 16 · 5 · 32)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="cnn")


def build_lstm(
    num_classes: int,
    input_shape: tuple[int, int] = (130, 40),
    *,
    units: int = 128,
    masked: bool = False,
    standardise: str = "none",
) -> keras.Model:
    """(batch, 130, 40) → (batch, num_classes) probabilities; 87 431 parameters for 7 classes.

    Source: section 2.2.2: one LSTM and one fully connected layer; `units` is open.
    """
    inputs = keras.Input(input_shape, name="mfcc")
    x = _sequence(inputs, masked, standardise)
    x = layers.LSTM(units, name="lstm")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="lstm")


def build_ann(num_classes: int, n_mfcc: int = 40, *, standardise: str = "coefficient") -> keras.Model:
    """(batch, 40) → (batch, num_classes) probabilities; 209 671 trained parameters for 7 classes.

    Source: section 2.4.2: four dense layers of 256 units.
    """
    inputs = keras.Input((n_mfcc,), name="mfcc_means")
    x = _standardised(inputs, standardise, axis=1)
    for number in range(1, 5):
        x = layers.Dense(256, activation="relu", name=f"dense{number}")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="ann")


def build_gru(
    num_classes: int,
    input_shape: tuple[int, int] = (130, 40),
    *,
    masked: bool = False,
    standardise: str = "none",
) -> keras.Model:
    """(batch, 130, 40) → (batch, num_classes) probabilities; 199 175 parameters for 7 classes.

    Source: section 2.5.2: two stacked GRU of 128 states, ReLU, dense 256, ReLU, dense 7, softmax.
    """
    inputs = keras.Input(input_shape, name="mfcc")
    x = _sequence(inputs, masked, standardise)
    x = layers.GRU(128, return_sequences=True, name="gru1")(x)
    x = layers.GRU(128, name="gru2")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="gru")


def _standardised(x: keras.KerasTensor, how: str, axis: int) -> keras.KerasTensor:
    if how == "none":
        return x
    return layers.Normalization(axis={"all": None, "coefficient": axis}[how], name="standardised")(x)


def _sequence(inputs: keras.KerasTensor, masked: bool, standardise: str) -> keras.KerasTensor:
    """The sequence standardised; `masked`: frames that were added at the end (all zeros) are passed over."""
    x = _standardised(inputs, standardise, axis=2)
    return layers.Masking(name="masking")(x) if masked else x
