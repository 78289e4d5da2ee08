"""Classes, clips, splits, recipes and open choices of Rastogi (2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ser_keras.experiment import Choice, Choices, Plateau, Training
from ser_keras.recipes import Adam
from ser_keras.splits import Split, stratified_split

if TYPE_CHECKING:
    import pandas as pd

CORPORA = ("ravdess", "cremad", "tess")  # order of the code
CLASSES = ("angry", "disgust", "happy", "neutral", "sad", "scared")  # order of Figure 7
SEED = 42  # random_state in the code; ours of 0 is theirs


def renamed(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips with the paper's word for fear."""
    return clips.assign(emotion=clips["emotion"].replace({"fear": "scared"}))


def coded_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """12 % tested, 12 % of the rest watched, stratified: 8439, 1151 and 1308 of 10 898 clips (Figures 6 and 7)."""
    return _stratified(clips, seed, test=0.12, validation=0.12)


def described_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """70:15:15 (pseudocode, step 3), read as stratified: 7628, 1635 and 1635 of 10 898 clips."""
    return _stratified(clips, seed, test=0.15, validation=0.15 / 0.85)


def _stratified(clips: pd.DataFrame, seed: int, *, test: float, validation: float) -> Split:
    labels = clips["emotion"].to_numpy()
    outer = stratified_split(labels, test_size=test, seed=SEED + seed)
    inner = stratified_split(labels[outer.train], test_size=validation, seed=SEED + seed)
    return Split(outer.train[inner.train], outer.train[inner.test], outer.test)


def coded_recipe(choices: Choices) -> Training:
    """The code: up to 100 epochs, early stopping on validation accuracy, the rate halved at a plateau."""
    return Training(
        optimizer=Adam(learning_rate=1e-3),
        loss="categorical_crossentropy",
        batch_size=32,
        epochs=100,
        monitor="val_accuracy",
        patience=10,
        restore_best=True,
        plateau=Plateau("val_loss", factor=0.5, patience=4, min_learning_rate=1e-6),
    )


def described_recipe(choices: Choices) -> Training:
    """Section "Experimental Environment" and pseudocode, step 7: Adam at 1e-3, batches of 32, early stopping."""
    return Training(
        optimizer=Adam(learning_rate=1e-3),
        loss="categorical_crossentropy",
        batch_size=32,
        epochs=choices["epochs"],
        monitor=choices["monitor"],
        patience=choices["patience"],
        restore_best=True,
    )


DESCRIBED_CHOICES = (
    Choice(
        "noise_reduction",
        "none",
        'the pseudocode calls it optional and names no method; "wiener" is a Wiener filter of 29 samples',
        ("wiener",),
    ),
    Choice(
        "inputs",
        "table2",
        "Table 2 lists 43 numbers; the pseudocode has spectral centroid, roll-off and flux beside them",
        ("pseudocode",),
    ),
    Choice("epochs", 50, "50 in one place (Experimental Environment), 40 in another (Training Performance)", (40, 42)),
    Choice("monitor", "val_loss", "the pseudocode has EarlyStopping and does not say on what", ("val_accuracy",)),
    Choice("patience", 10, "the pseudocode has EarlyStopping without a patience; that of the code", (5, None)),
)
