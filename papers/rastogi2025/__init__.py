"""Rastogi (2025): 30 acoustic features of TESS, CREMA-D and RAVDESS, six classes.

    python -m ser_keras.reproduce rastogi2025

Number to reach: 65.14 %, by the mlp; the text credits the cnn-lstm with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from papers.rastogi2025 import protocol
from papers.rastogi2025.features import (
    coded_features,
    described_columns,
    described_features,
    mlp_columns,
    sequence_columns,
)
from papers.rastogi2025.weights import load_published
from ser_keras.experiment import Choices, Experiment, Paper, Variant

if TYPE_CHECKING:
    import keras


def _mlp_model(num_classes: int, choices: Choices) -> keras.Model:
    from papers.rastogi2025.model import build_mlp

    return build_mlp(num_classes)


def _described_cnn_lstm(num_classes: int, choices: Choices) -> keras.Model:
    from papers.rastogi2025.model import build_cnn_lstm

    return build_cnn_lstm(num_classes, len(described_columns(choices)))


def _coded_cnn_lstm(num_classes: int, choices: Choices) -> keras.Model:
    from papers.rastogi2025.model import build_cnn_lstm

    return build_cnn_lstm(num_classes)


_mlp = Experiment(
    name="mlp",
    title="Dense network on 30 acoustic features of three corpora",
    corpora=protocol.CORPORA,
    classes=protocol.CLASSES,
    variants=(
        Variant(
            name="coded",
            pipeline=coded_features,
            columns=mlp_columns,
            build=_mlp_model,
            split=protocol.coded_split,
            training=protocol.coded_recipe,
            weights=load_published,
        ),
    ),
    choices=(),
    clips=protocol.renamed,
)

_cnn_lstm = replace(
    _mlp,
    name="cnn-lstm",
    title="CNN-LSTM on 43 acoustic features of three corpora",
    variants=(
        Variant(
            name="described",
            pipeline=described_features,
            columns=described_columns,
            build=_described_cnn_lstm,
            split=protocol.described_split,
            training=protocol.described_recipe,
            summary="Features of the recording at 48 kHz, normalised and trimmed; 70:15:15.",
            choices=protocol.DESCRIBED_CHOICES,
        ),
        Variant(
            name="coded",
            pipeline=coded_features,
            columns=sequence_columns,
            build=_coded_cnn_lstm,
            split=protocol.coded_split,
            training=protocol.coded_recipe,
            summary="The described network on the features, the split and the recipe of the code.",
        ),
    ),
)

PAPER = Paper(name="rastogi2025", experiments=(_mlp, _cnn_lstm))
