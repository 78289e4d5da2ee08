"""Sankaran, Rajasekaran, Bina and Kim (2023): four small networks on MFCCs of TESS, seven classes.

    python -m ser_keras.reproduce sankaran2023

Numbers to reach: 99.80 % (cnn), 98.93 % (lstm), 99.76 % (ann), 99.29 % (gru).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from papers.sankaran2023 import protocol
from papers.sankaran2023.features import image, means, n_frames, sequence
from ser_keras.experiment import Choices, Experiment, Paper, Variant

if TYPE_CHECKING:
    import keras


def _lstm_model(num_classes: int, choices: Choices) -> keras.Model:
    from papers.sankaran2023.model import build_lstm

    return build_lstm(
        num_classes,
        (n_frames(choices), choices["n_mfcc"]),
        units=choices["units"],
        masked=choices["masked"],
        standardise=choices["standardise"],
    )


def _gru_model(num_classes: int, choices: Choices) -> keras.Model:
    from papers.sankaran2023.model import build_gru

    shape = (n_frames(choices), choices["n_mfcc"])
    return build_gru(num_classes, shape, masked=choices["masked"], standardise=choices["standardise"])


def _cnn_model(num_classes: int, choices: Choices) -> keras.Model:
    from papers.sankaran2023.model import build_cnn

    return build_cnn(
        num_classes,
        (n_frames(choices), choices["n_mfcc"], 1),
        blocks=choices["conv_blocks"],
        filters=choices["filters"],
        dense_units=choices["dense_units"],
        standardise=choices["standardise"],
    )


def _ann_model(num_classes: int, choices: Choices) -> keras.Model:
    from papers.sankaran2023.model import build_ann

    return build_ann(num_classes, choices["n_mfcc"], standardise=choices["standardise"])


_lstm = Experiment(
    name="lstm",
    title="LSTM on MFCCs of TESS",
    corpora=("tess",),
    classes=protocol.CLASSES,
    variants=(
        Variant(
            name="described",
            pipeline=sequence,
            build=_lstm_model,
            split=protocol.tenth_split,
            training=protocol.recipe,
        ),
    ),
    choices=protocol.LSTM_CHOICES,
)

_gru = replace(
    _lstm,
    name="gru",
    title="Two stacked GRUs on MFCCs of TESS",
    variants=(replace(_lstm.variants[0], build=_gru_model),),
    choices=protocol.GRU_CHOICES,
)

_cnn = replace(
    _lstm,
    name="cnn",
    title="CNN on MFCCs of TESS",
    variants=(replace(_lstm.variants[0], pipeline=image, build=_cnn_model, split=protocol.cnn_split),),
    choices=protocol.CNN_CHOICES,
)

_ann = replace(
    _lstm,
    name="ann",
    title="Dense network on mean MFCCs of TESS",
    variants=(
        replace(
            _lstm.variants[0],
            pipeline=means,
            build=_ann_model,
            split=protocol.ann_split,
            training=protocol.ann_recipe,
        ),
    ),
    choices=protocol.ANN_CHOICES,
)

PAPER = Paper(name="sankaran2023", experiments=(_cnn, _lstm, _ann, _gru))
