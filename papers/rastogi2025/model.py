"""The two networks of Rastogi (2025): the one that Figure 4 sums up, and the one that the pseudocode builds.

Both begin with the standardisation of their inputs by the training part (StandardScaler in the code), so that a saved
model takes raw features.
"""

import keras
from keras import layers


def build_mlp(num_classes: int, n_inputs: int = 30) -> keras.Model:
    """Figure 4: (batch, 30) → (batch, num_classes) probabilities; 51 014 parameters beside the normalisation.

    Source: Figure 4, and the code for the rates of dropout.
    """
    inputs = keras.Input((n_inputs,), name="features")
    x = layers.Normalization(name="scaler")(inputs)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    x = layers.BatchNormalization(name="batch_normalization")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    x = layers.Dense(128, activation="relu", name="dense_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.Dropout(0.3, name="dropout_1")(x)
    x = layers.Dense(64, activation="relu", name="dense_2")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="dense_3")(x), name="mlp")


def build_cnn_lstm(num_classes: int, n_inputs: int = 43) -> keras.Model:
    """BuildCNNLSTMModel: (batch, 43) → (batch, num_classes) probabilities; 405 830 parameters beside the normalisation.

    The features are taken for a sequence of one channel, as the network's convolutions need one.

    Source: pseudocode of the procedure BuildCNNLSTMModel.
    """

    def block(x: keras.KerasTensor, filters: int, kernel_size: int, number: int) -> keras.KerasTensor:
        x = layers.Conv1D(filters, kernel_size, activation="relu", name=f"conv{number}")(x)
        x = layers.MaxPooling1D(2, name=f"pool{number}")(x)
        return layers.BatchNormalization(name=f"bn{number}")(x)

    inputs = keras.Input((n_inputs,), name="features")
    x = layers.Normalization(name="scaler")(inputs)
    x = layers.Reshape((n_inputs, 1), name="sequence")(x)
    x = block(x, 64, 5, 1)  # (batch, 19, 64)
    x = layers.Dropout(0.3, name="dropout2")(block(x, 128, 5, 2))  # (batch, 7, 128)
    x = layers.Dropout(0.3, name="dropout3")(block(x, 256, 3, 3))  # (batch, 2, 256)
    x = layers.LSTM(128, return_sequences=True, name="lstm1")(x)
    x = layers.Dropout(0.4, name="lstm1_dropout")(x)
    x = layers.LSTM(64, name="lstm2")(x)
    x = layers.Dropout(0.4, name="lstm2_dropout")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    x = layers.BatchNormalization(name="dense1_bn")(x)
    x = layers.Dropout(0.5, name="dense1_dropout")(x)
    x = layers.Dense(64, activation="relu", name="dense2")(x)
    x = layers.Dropout(0.3, name="dense2_dropout")(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax", name="emotion")(x), name="cnn_lstm")
