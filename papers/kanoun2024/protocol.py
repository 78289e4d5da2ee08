"""Classes, clips, splits, recipe and open choices of Kanoun et al. (2024), sections 3 and 6.6, and of their code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.errors import ProtocolError
from ser_keras.experiment import Choice, Choices, Plateau, Training
from ser_keras.recipes import Adam
from ser_keras.splits import Split, matched_supports, random_split, stratified_split

if TYPE_CHECKING:
    import pandas as pd

CORPORA = ("tess", "cremad", "ravdess")
CLASSES = ("neutral", "happy", "sad", "angry", "fear", "disgust")  # order of Figures 4, 6 and 9
TESS_CLASSES = (*CLASSES, "surprise")  # the code for TESS alone drops none
SEED = 42  # random_state in the code; ours of 0 is theirs


def female(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips of female speakers (section 3)."""
    return clips[clips["gender"] == "female"]


def coded_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """Four fifths of TESS and CREMA-D with all of RAVDESS, 70:15:15 at random; the lost fifth is in no part.

    3679, 788 and 790 clips of the complete corpora. The code's first step sets a validation part of TESS and CREMA-D
    apart (20 %, stratified, random_state 42), which its second step forgets. That one has no seed; ours has.
    """
    known, other = _ravdess_apart(clips)
    first = stratified_split(clips["emotion"].iloc[known], test_size=0.2, seed=SEED + seed)
    used = np.concatenate([known[first.train], other])
    n_train, n_validation = len(used) * 70 // 100, len(used) * 15 // 100
    outer = random_split(len(used), test_size=len(used) - n_train - n_validation, seed=SEED + seed)
    inner = random_split(len(outer.train), test_size=n_validation, seed=SEED + seed)
    parts = outer.train[inner.train], outer.train[inner.test], outer.test
    return Split(*(np.sort(used[part]) for part in parts))


def described_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """Section 3: each corpus split "evenly", read as 70:15:15 of each of its classes; parts of a kind merged."""
    names = [name for name in CORPORA if (clips["corpus"] == name).any()]
    parts = [_three_parts(clips, np.flatnonzero(clips["corpus"] == name), SEED + seed) for name in names]
    return Split(*(np.sort(np.concatenate(part)) for part in zip(*parts, strict=True)))


def _three_parts(clips: pd.DataFrame, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each class among some rows 15 % to test, 15 % to watch, both rounded, and the rest to train."""
    labels = clips["emotion"].iloc[rows].to_numpy()
    held_out = {label: round(0.15 * count) for label, count in Counter(labels).items()}
    outer = matched_supports(labels, held_out, seed=seed)
    inner = matched_supports(labels[outer.train], held_out, seed=seed)
    return rows[outer.train[inner.train]], rows[outer.train[inner.test]], rows[outer.test]


def cross_corpus_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """Section 9.2: TESS and CREMA-D train (80 %) and are watched (20 %, stratified), RAVDESS is tested."""
    known, other = _ravdess_apart(clips)
    first = stratified_split(clips["emotion"].iloc[known], test_size=0.2, seed=SEED + seed)
    return Split(known[first.train], known[first.test], other)


def tess_split(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """The code for TESS alone: 80:20 stratified, and its training part again: 1792, 448 and 560 of 2800 clips."""
    labels = clips["emotion"].to_numpy()
    outer = stratified_split(labels, test_size=0.2, seed=SEED + seed)
    inner = stratified_split(labels[outer.train], test_size=0.2, seed=SEED + seed)
    return Split(outer.train[inner.train], outer.train[inner.test], outer.test)


def _ravdess_apart(clips: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows of TESS and CREMA-D, rows of RAVDESS.

    Raises
    ------
    ProtocolError : a side has none
    """
    ravdess = (clips["corpus"] == "ravdess").to_numpy()
    known, other = np.flatnonzero(~ravdess), np.flatnonzero(ravdess)
    if not len(known) or not len(other):
        raise ProtocolError("this split takes clips of RAVDESS and of TESS or CREMA-D: get the corpus that is missing")
    return known, other


def coded_recipe(choices: Choices) -> Training:
    """Section 6.6; the weights of the last epoch: the code's copy of the best ones moves on with the model."""
    return _recipe(choices, plateau=True, kept="last")


def described_recipe(choices: Choices) -> Training:
    """Section 6.6."""
    return _recipe(choices, plateau=True, kept=choices["kept"])


def tess_recipe(choices: Choices) -> Training:
    """The code for TESS alone: a fixed learning rate, the last epoch's weights."""
    return _recipe(choices, plateau=False, kept="last")


def _recipe(choices: Choices, *, plateau: bool, kept: str) -> Training:
    return Training(
        optimizer=Adam(learning_rate=1e-3, epsilon=1e-8),  # PyTorch's epsilon
        loss="categorical_crossentropy",
        batch_size=32,
        epochs=30,
        monitor="val_accuracy",
        patience=None,
        restore_best=kept == "best",
        plateau=Plateau("val_loss", factor=0.5, patience=choices["plateau_patience"]) if plateau else None,
    )


START = Choice(
    "start",
    "pytorch",
    "weights start from the defaults of PyTorch, in which the code is written; they spread an LSTM of 19 456 inputs "
    "far into saturation, Keras's do not",
    ("keras",),
)
PLATEAU = Choice(
    "plateau_patience",
    4,
    "PyTorch's scheduler with the printed patience of 3 lowers the rate in the fourth epoch without a better loss; "
    "Keras's would in the third",
    (3,),
)
WEIGHTS = Choice(
    "initial",
    "random",
    "the code starts from ImageNet, in a format that this package does not read; see the room's README",
    ("imagenet",),
)
NETWORK = Choice("network", "crnn", "section 9.2 says CRNN, the captions of Figures 8 and 9 say CNN", ("cnn",))
SEQUENCE = Choice(
    "sequence",
    "flattened",
    "the code puts all that the convolutions give into one time step, the text into a sequence over time",
    ("time",),
)
FIRST_LSTM = Choice(
    "first_lstm",
    "frozen",
    "the code hands its optimiser the weights before the first BiLSTM is made, so that it never learns",
    ("trained",),
)
CODED_CRNN_CHOICES = (SEQUENCE, FIRST_LSTM)
DESCRIBED_CHOICES = (
    Choice("augment", "pitch-stretch", "section 3 names both; the code does neither", ("none",)),
    Choice("pitch_semitones", 2.0, 'no range is given: "slight variability" (section 3)', (1.0, 4.0)),
    Choice("stretch_spread", 0.1, 'no range is given: "slight variability" (section 3)', (0.05, 0.2)),
    Choice("kept", "best", "the text does not say; the code means to keep the best validation accuracy", ("last",)),
)
