"""Classes, splits, training recipes and open choices of Sankaran et al. (2023).

The paper prints no sizes; the splits are those that its accuracies imply: a share of n clips that rounds to the
printed one must be a whole number of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.experiment import Choice, Choices, Training
from ser_keras.recipes import Adam
from ser_keras.splits import Split, random_split

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("happy", "sad", "angry", "surprise", "fear", "disgust", "neutral")  # in the order of section 1


def tenth_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """80:10:10 at random: 0.9893 is 277 and 0.9929 is 278 of 280 clips, a tenth of TESS."""
    outer = random_split(len(clips), test_size=round(0.1 * len(clips)), seed=seed)
    inner = random_split(len(outer.train), test_size=round(0.1 * len(clips)), seed=seed)
    return Split(outer.train[inner.train], outer.train[inner.test], outer.test)


def ann_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """85:15 at random: 0.9976 is 419 of 420 clips. Section 2.4 has a training and a testing set alone."""
    return random_split(len(clips), test_size=round(0.15 * len(clips)), seed=seed)


def cnn_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """A tenth is set apart, and a fifth of the rest is what is tested here: 0.9980 is 503 of 504 clips.

    So the printed accuracy is that of the paper's validation part. It decides nothing as long as the last epoch is
    kept; the tenth, whose accuracy is not printed to more than 99 %, is in no part.
    """
    outer = random_split(len(clips), test_size=round(0.1 * len(clips)), seed=seed)
    inner = random_split(len(outer.train), test_size=round(0.2 * len(outer.train)), seed=seed)
    test = outer.train[inner.test]
    validation = np.empty(0, np.int64) if choices["kept"] == "last" else test
    return Split(outer.train[inner.train], validation, test)


def ann_recipe(choices: Choices) -> Training:
    """Section 2.4.2; the paper watches the test part, and keeps the last epoch whatever it sees."""
    return replace(recipe({**choices, "kept": "last"}), monitor="loss")


def recipe(choices: Choices) -> Training:
    """Section 2: 100 epochs; Adam, cross-entropy."""
    return Training(
        optimizer=Adam(learning_rate=choices["learning_rate"]),
        loss="categorical_crossentropy",
        batch_size=choices["batch_size"],
        epochs=choices["epochs"],
        monitor="val_accuracy",
        patience=None,
        restore_best=choices["kept"] == "best",
        from_logits=choices.get("softmax") == "twice",
    )


EPOCHS = Choice("epochs", 100, "section 2 says 100 for all four", (15, 50))
SAMPLE_RATE = Choice("sample_rate", 22050, "librosa's default; the text names librosa and no rate", (16000, 24414))
N_MFCC = Choice("n_mfcc", 40, "section 2.1.1 names n_mfcc and gives no value", (13, 20))
LEARNING_RATE = Choice("learning_rate", 0.001, "Adam's default; the text gives none", (0.0001,))
LAST = Choice("kept", "last", "the text ends the training after its epochs and keeps no best one", ("best",))
COMMON = (SAMPLE_RATE, N_MFCC, LEARNING_RATE, EPOCHS)
MASKED = Choice("masked", False, "section 2.2.1 pads to an equal length, and speaks of nothing that skips it", (True,))
STANDARDISE = "how inputs are scaled is not said"

CNN_CHOICES = (
    *COMMON,
    LAST,
    Choice("batch_size", 32, "Keras's default; the text gives none", (16, 64)),
    Choice("conv_blocks", 3, "the layers are named, not how many there are", (2, 4)),
    Choice("filters", 32, "section 2.1.3 gives no width of a layer", (16, 64)),
    Choice("dense_units", 64, "section 2.1.3 gives no width of a layer", (128,)),
    Choice(
        "standardise",
        "all",
        "section 2.1.3 scales by mean and deviation of the training set; over what it does not say",
        ("coefficient",),
    ),
)
LSTM_CHOICES = (
    *COMMON,
    LAST,
    Choice("batch_size", 32, "not given for this network; the GRU's", (16, 64)),
    Choice("units", 128, "not given; the GRU has 128 states", (64, 256)),
    MASKED,
    Choice("standardise", "none", f"section 2.2: {STANDARDISE}", ("all", "coefficient")),
)
ANN_CHOICES = (
    *COMMON,
    Choice("batch_size", 4, "printed in section 2.4.2", (32,)),
    Choice("standardise", "coefficient", "section 2.4.1 says normalized, and not how", ("all", "none")),
)
GRU_CHOICES = (
    *COMMON,
    LAST,
    Choice("batch_size", 32, "printed in section 2.5.3", (16, 64)),
    MASKED,
    Choice("standardise", "none", f"section 2.5: {STANDARDISE}", ("all", "coefficient")),
    Choice(
        "softmax",
        "twice",
        "Table 1 prints a loss of 1.1745 beside 99.29 %: a cross-entropy that takes the softmax for logits can't fall "
        "below 1.1654 for seven classes, and one of the probabilities would be near 0",
        ("once",),
    ),
)
