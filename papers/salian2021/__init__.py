"""Salian, Narvade, Tambewagh and Bharne (2021): a time-distributed CNN and LSTM on RAVDESS, TESS and SAVEE.

    python -m ser_keras.reproduce salian2021

Number to reach: 89.26 %. An epoch takes a quarter of an hour on two cores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from papers.salian2021 import protocol
from papers.salian2021.features import mel_windows, noisy_windows
from ser_keras.experiment import Choices, Experiment, Paper, Variant
from ser_keras.features.pipeline import Pipeline

if TYPE_CHECKING:
    import keras


def _td_cnn_lstm(num_classes: int, choices: Choices) -> keras.Model:
    from papers.salian2021.model import build_td_cnn_lstm

    return build_td_cnn_lstm(num_classes, last_pool=choices["last_pool"], dropout=choices["dropout"])


def _noisy(choices: Choices, seed: int, when: str) -> tuple[Pipeline, ...]:
    return (noisy_windows(choices, seed),) if choices["augment"] == when else ()


PAPER = Paper(
    name="salian2021",
    experiments=(
        Experiment(
            name="td-cnn-lstm",
            title="Time-distributed CNN and LSTM on mel spectrograms of three corpora",
            corpora=protocol.CORPORA,
            classes=protocol.CLASSES,
            variants=(
                Variant(
                    name="described",
                    pipeline=mel_windows,
                    copies=lambda choices, seed: _noisy(choices, seed, "before-split"),
                    augmentation=lambda choices, seed: _noisy(choices, seed, "after-split"),
                    build=_td_cnn_lstm,
                    split=protocol.split,
                    training=protocol.recipe,
                ),
            ),
            choices=protocol.CHOICES,
            clips=protocol.with_calm_as_neutral,
            optional=("savee",),
        ),
    ),
)
