"""Kanoun, He, Dey and Fan (2024): a CRNN with attention on female speakers of TESS, CREMA-D and RAVDESS.

    python -m ser_keras.reproduce kanoun2024

Numbers to reach: 61 % (crnn), 78.99 % (resnet), 75 % (cnn), 25 % (cross-corpus), 99 % (crnn-tess).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from papers.kanoun2024 import protocol
from papers.kanoun2024.features import altered_images, log_mel_image
from ser_keras.experiment import Choices, Experiment, Paper, Variant

if TYPE_CHECKING:
    import keras


def _coded_crnn(num_classes: int, choices: Choices) -> keras.Model:
    from papers.kanoun2024.model import build_crnn

    return build_crnn(
        num_classes, sequence=choices["sequence"], first_lstm=choices["first_lstm"], start=choices["start"]
    )


def _described_crnn(num_classes: int, choices: Choices) -> keras.Model:
    from papers.kanoun2024.model import build_crnn

    return build_crnn(num_classes, start=choices["start"])


def _tess_crnn(num_classes: int, choices: Choices) -> keras.Model:
    from papers.kanoun2024.model import build_crnn

    return build_crnn(
        num_classes,
        sequence=choices["sequence"],
        first_lstm=choices["first_lstm"],
        pool_first=True,
        start=choices["start"],
    )


def _cnn(num_classes: int, choices: Choices) -> keras.Model:
    from papers.kanoun2024.model import build_cnn

    return build_cnn(num_classes, start=choices["start"])


def _resnet(num_classes: int, choices: Choices) -> keras.Model:
    """With "imagenet" its layers hold NaN until `_start` fills them."""
    from papers.kanoun2024.resnet import build_resnet18

    return build_resnet18(num_classes, start=choices["start"], filled=choices["initial"] == "imagenet")


def _start(model: keras.Model, choices: Choices) -> None:
    from papers.kanoun2024.resnet import fill, imagenet_file

    if choices["initial"] == "imagenet":
        fill(model, imagenet_file())


def _cross_corpus(crnn: Callable[[int, Choices], keras.Model]) -> Callable[[int, Choices], keras.Model]:
    return lambda num_classes, choices: (crnn if choices["network"] == "crnn" else _cnn)(num_classes, choices)


_coded = Variant(
    name="coded",
    pipeline=log_mel_image,
    build=_coded_crnn,
    split=protocol.coded_split,
    training=protocol.coded_recipe,
    summary="One time step, whose first BiLSTM never learns; a fifth of TESS and CREMA-D is in no part; no "
    "augmentation; the last epoch's weights.",
    choices=protocol.CODED_CRNN_CHOICES,
)

_described = Variant(
    name="described",
    pipeline=log_mel_image,
    build=_described_crnn,
    split=protocol.described_split,
    training=protocol.described_recipe,
    summary="A sequence of 19 time steps; each corpus split 70:15:15; an altered copy of each training clip.",
    choices=protocol.DESCRIBED_CHOICES,
    augmentation=altered_images,
)

_crnn = Experiment(
    name="crnn",
    title="CRNN with attention on female speakers of three corpora",
    corpora=protocol.CORPORA,
    classes=protocol.CLASSES,
    variants=(_coded, _described),
    choices=(protocol.START, protocol.PLATEAU),
    clips=protocol.female,
)

_coded_plain = replace(
    _coded,
    summary="A fifth of TESS and CREMA-D is in no part; no augmentation; the last epoch's weights.",
    choices=(),
)
_described_plain = replace(
    _described, summary="Each corpus split 70:15:15; an altered copy of each training clip.", build=_cnn
)

_resnet18 = replace(
    _crnn,
    name="resnet",
    title="ResNet-18, the baseline, on female speakers of three corpora",
    variants=tuple(replace(variant, build=_resnet, start=_start) for variant in (_coded_plain, _described_plain)),
    choices=(*_crnn.choices, protocol.WEIGHTS),
)

_small_cnn = replace(
    _crnn,
    name="cnn",
    title="Small residual CNN on female speakers of three corpora",
    variants=(replace(_coded_plain, build=_cnn), _described_plain),
)

_cross = replace(
    _crnn,
    name="cross-corpus",
    title="Trained on TESS and CREMA-D, tested on RAVDESS",
    variants=(
        replace(
            _coded,
            build=_cross_corpus(_coded_crnn),
            split=protocol.cross_corpus_split,
            summary="One time step, whose first BiLSTM never learns; no augmentation; the last epoch's weights.",
        ),
        replace(
            _described,
            build=_cross_corpus(_described_crnn),
            split=protocol.cross_corpus_split,
            summary="A sequence of 19 time steps; an altered copy of each training clip.",
        ),
    ),
    choices=(*_crnn.choices, protocol.NETWORK),
)

_tess = replace(
    _crnn,
    name="crnn-tess",
    title="CRNN with attention on TESS alone",
    corpora=("tess",),
    variants=(
        replace(
            _coded,
            build=_tess_crnn,
            split=protocol.tess_split,
            training=protocol.tess_recipe,
            summary="All seven classes of TESS, 80:20 twice; one time step, whose first BiLSTM never learns; pools "
            "before it normalises; a fixed learning rate; no augmentation; the last epoch's weights.",
            classes=protocol.TESS_CLASSES,
        ),
        replace(
            _described,
            summary="Six classes, 70:15:15; a sequence of 19 time steps; an altered copy of each training clip.",
            choices=(protocol.PLATEAU, *protocol.DESCRIBED_CHOICES),
        ),
    ),
    choices=(protocol.START,),
)

PAPER = Paper(name="kanoun2024", experiments=(_crnn, _resnet18, _small_cnn, _cross, _tess))
