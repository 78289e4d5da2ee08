"""Classes, split, training recipe and open choices of Yadav et al. (2022), sections 3.2 and 4.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ser_keras.experiment import Choice, Choices, Training
from ser_keras.recipes import Adam
from ser_keras.splits import Split, matched_supports, scaled_supports

if TYPE_CHECKING:
    import pandas as pd

EMODB_CLASSES = ("angry", "bored", "disgust", "fear", "happy", "neutral", "sad")  # order of Figures 10 and 13
RAVDESS_CLASSES = ("angry", "calm", "disgust", "fear", "happy", "neutral", "sad", "surprise")  # Figures 9 and 12

EMODB_CLIPS = dict(zip(EMODB_CLASSES, (127, 81, 46, 69, 71, 79, 62), strict=True))  # section 3.2.2
EMODB_TEST = dict(zip(EMODB_CLASSES, (34, 10, 10, 12, 13, 17, 11), strict=True))  # Table 5
RAVDESS_CLIPS = dict(zip(RAVDESS_CLASSES, (192, 192, 192, 192, 192, 96, 192, 192), strict=True))  # section 3.2.1
RAVDESS_TEST = dict(zip(RAVDESS_CLASSES, (37, 36, 41, 41, 40, 24, 34, 35), strict=True))  # Table 2


def emodb_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """A random 80:20 split of EMO-DB with exactly the printed test supports (Tables 3 and 5)."""
    return _printed_supports(clips, EMODB_TEST, EMODB_CLIPS, seed)


def ravdess_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """A random 80:20 split of RAVDESS with exactly the printed test supports (Tables 2 and 4)."""
    return _printed_supports(clips, RAVDESS_TEST, RAVDESS_CLIPS, seed)


def _printed_supports(clips: pd.DataFrame, printed: Mapping[str, int], complete: Mapping[str, int], seed: int) -> Split:
    supports = scaled_supports(printed, complete, clips["emotion"])
    split = matched_supports(clips["emotion"], supports, seed=seed)
    if supports == dict(printed):
        return split
    note = "The corpus is not complete: each class keeps its printed share of test clips, not its printed number."
    return Split(split.train, split.validation, split.test, note)


def recipe(choices: Choices) -> Training:
    """Section 4.1: Adam at 1e-4, batches of 16, categorical cross-entropy, early stopping."""
    return Training(
        optimizer=Adam(learning_rate=1e-4),
        loss="categorical_crossentropy",
        batch_size=16,
        epochs=choices["epochs"],
        validation_share=choices["validation_share"],
        monitor=choices["monitor"],
        patience=choices["patience"],
        restore_best=True,
    )


CHOICES = (
    Choice(
        "trim_top_db",
        30.0,
        "the text names librosa and no threshold; on validation clips of RAVDESS 30 beat librosa's default of 60",
        (20.0, 40.0, 60.0, None),
    ),
    Choice("wiener_size", 3, "scipy.signal.wiener's default window; the text names none", (1, 5, 9, 29)),
    Choice("long_clips", "start", "zeros are added at the end, so a longer clip is cut there", ("centre", "end")),
    Choice("top_db", None, "equation 3 has no floor; librosa's function for it has one of 80 dB", (80.0,)),
    Choice(
        "normalisation",
        "clip",
        "equation 4 gives one mean and deviation, and not over what",
        ("training", "training-band"),
    ),
    Choice("pool_edge", "dropped", "Keras's default; the text speaks of non-overlapping regions", ("kept",)),
    Choice(
        "batch_norm_momentum",
        0.9,
        "no framework is named: this is PyTorch's default; under Keras's 0.99 the moving statistics lag for ten epochs "
        "of EMO-DB, validation loss rises before it falls, and early stopping keeps the first epoch",
        (0.99,),
    ),
    Choice("l2", 0.0, "section 4.1 names regularization and no kind or amount of it", (0.0001, 0.001)),
    Choice("epochs", 60, "the text gives none; early stopping ends sooner", (30, 100)),
    Choice(
        "validation_share", 0.1, "early stopping needs clips to watch; test clips are only for the end (4.1)", (0.2,)
    ),
    Choice(
        "monitor", "val_loss", "not named; finer than the accuracy on 43 to 116 validation clips", ("val_accuracy",)
    ),
    Choice(
        "patience",
        10,
        "not named; validation loss swings by a tenth from epoch to epoch in single trials",
        (5, 20, None),
    ),
)

AUGMENTATION_CHOICES = (
    Choice("noise_scale", 0.1, 'the "threshold" of section 4.3, read as a share of the peak', (0.01, 0.035)),
    Choice("noise_level", "uniform", "a threshold bounds the noise: each copy draws its level below it", ("fixed",)),
    Choice("pitch_semitones", 1.5, 'the "factor" of section 4.3, read as semitones', (7.02, 3.0)),
)
