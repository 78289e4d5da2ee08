"""Sankaran, Rajasekaran, Bina and Kim (2023): four small networks on MFCCs of TESS, seven classes.

    python -m ser_keras.reproduce sankaran2023

Numbers to reach: 99.80 % (cnn), 98.93 % (lstm), 99.76 % (ann), 99.29 % (gru).
"""

from dataclasses import replace

from papers.sankaran2023 import protocol
from papers.sankaran2023.features import image, means, n_frames, sequence
from papers.sankaran2023.model import build_ann, build_cnn, build_gru, build_lstm
from ser_keras.experiment import Experiment, Paper, Variant

_lstm = Experiment(
    name="lstm",
    title="LSTM on MFCCs of TESS",
    corpora=("tess",),
    classes=protocol.CLASSES,
    variants=(
        Variant(
            name="described",
            pipeline=sequence,
            build=lambda num_classes, choices: build_lstm(
                num_classes,
                (n_frames(choices), choices["n_mfcc"]),
                units=choices["units"],
                masked=choices["masked"],
                standardise=choices["standardise"],
            ),
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
    variants=(
        replace(
            _lstm.variants[0],
            build=lambda num_classes, choices: build_gru(
                num_classes,
                (n_frames(choices), choices["n_mfcc"]),
                masked=choices["masked"],
                standardise=choices["standardise"],
            ),
        ),
    ),
    choices=protocol.GRU_CHOICES,
)

_cnn = replace(
    _lstm,
    name="cnn",
    title="CNN on MFCCs of TESS",
    variants=(
        replace(
            _lstm.variants[0],
            pipeline=image,
            build=lambda num_classes, choices: build_cnn(
                num_classes,
                (n_frames(choices), choices["n_mfcc"], 1),
                blocks=choices["conv_blocks"],
                filters=choices["filters"],
                dense_units=choices["dense_units"],
                standardise=choices["standardise"],
            ),
            split=protocol.cnn_split,
        ),
    ),
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
            build=lambda num_classes, choices: build_ann(
                num_classes, choices["n_mfcc"], standardise=choices["standardise"]
            ),
            split=protocol.ann_split,
            training=protocol.ann_recipe,
        ),
    ),
    choices=protocol.ANN_CHOICES,
)

PAPER = Paper(name="sankaran2023", experiments=(_cnn, _lstm, _ann, _gru))
