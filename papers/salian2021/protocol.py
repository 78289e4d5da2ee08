"""Classes, clips, split, recipe and open choices of Salian et al. (2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_keras.experiment import Choice, Choices, Training
from ser_keras.recipes import SGD
from ser_keras.splits import Split, random_split

if TYPE_CHECKING:
    import pandas as pd

CORPORA = ("ravdess", "tess", "savee")
CLASSES = ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise")  # order of Table 2


def with_calm_as_neutral(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips with calm counted as neutral: 808 of them, as Table 1 prints."""
    return clips.assign(emotion=clips["emotion"].replace({"calm": "neutral"}))


def split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """80:20 at random over all rows of the table: of 9446, the printed number, 7557 and 1889 (section 4).

    The test part is the one that is watched, unless the choice `validation` takes a part of the training instead.
    """
    drawn = random_split(len(clips), test_size=max(len(clips) // 5, 1), seed=seed)
    watched = drawn.test if choices["validation"] == "test" else np.empty(0, np.int64)
    return Split(drawn.train, watched, drawn.test)


def recipe(choices: Choices) -> Training:
    """Section 4: SGD at 0.01, up to 100 epochs, the weights of the best watched accuracy."""
    return Training(
        optimizer=SGD(learning_rate=0.01, momentum=choices["momentum"]),
        loss="categorical_crossentropy",
        batch_size=choices["batch_size"],
        epochs=choices["epochs"],
        validation_share=0.0 if choices["validation"] == "test" else 0.1,
        monitor="val_accuracy",
        patience=15,
        restore_best=True,
    )


CHOICES = (
    Choice(
        "augment",
        "before-split",
        "9446 = 7557 + 1889: recordings and their noisy copies are divided together, and leak, as printed",
        ("after-split", "none"),
    ),
    Choice(
        "validation",
        "test",
        "section 4 has a training and a test part alone, and keeps the weights of the best validation accuracy",
        ("training",),
    ),
    Choice("noise_scale", 0.035, "numpy is named, no amount; 3.5 % of the peak at most", (0.005, 0.1)),
    Choice("noise_level", "uniform", "numpy is named, no amount: each copy draws its level", ("fixed",)),
    Choice("fmax", 4000.0, "not given; of the public code that this method descends from", (8000.0, 10750.0)),
    Choice("top_db", 80.0, "not given; librosa's default for decibels", (None,)),
    Choice("last_pool", 4, "only that pools are there is said; 2, 4, 4 and 4 leave one value a filter", (2, 1)),
    Choice("dropout", 0.2, "dropout is named without a rate", (0.0, 0.5)),
    Choice("momentum", 0.8, "section 4 names SGD; of the public code that this method descends from", (0.0, 0.9)),
    Choice("batch_size", 32, "Keras's default; the text gives none", (16, 64)),
    Choice("epochs", 100, "printed in section 4, with early stopping", (20, 50)),
)
