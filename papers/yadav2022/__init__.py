"""Yadav, Bastola and Sharma (2022): a CRNN on log-mel images of RAVDESS and EMO-DB.

    python -m ser_keras.reproduce yadav2022

Numbers to reach: 79.86 % (ravdess), 85.76 % (ravdess-augmented), 83.18 % (emodb), 91.59 % (emodb-augmented).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from papers.yadav2022.features import augmented_images, log_mel_image
from papers.yadav2022.protocol import (
    AUGMENTATION_CHOICES,
    CHOICES,
    EMODB_CLASSES,
    RAVDESS_CLASSES,
    emodb_split,
    ravdess_split,
    recipe,
)
from ser_keras.experiment import Choices, Experiment, Paper, Variant

if TYPE_CHECKING:
    import keras


def _crnn(num_classes: int, choices: Choices) -> keras.Model:
    from papers.yadav2022.model import build_crnn

    return build_crnn(
        num_classes,
        normalisation=choices["normalisation"],
        pool_edge=choices["pool_edge"],
        batch_norm_momentum=choices["batch_norm_momentum"],
        l2=choices["l2"],
    )


_described = Variant(
    name="described",
    pipeline=log_mel_image,
    build=_crnn,
    split=emodb_split,
    training=recipe,
)

_emodb = Experiment(
    name="emodb",
    title="CRNN on log-mel images of EMO-DB",
    corpora=("emodb",),
    classes=EMODB_CLASSES,
    variants=(_described,),
    choices=CHOICES,
)

_ravdess = replace(
    _emodb,
    name="ravdess",
    title="CRNN on log-mel images of RAVDESS",
    corpora=("ravdess",),
    classes=RAVDESS_CLASSES,
    variants=(replace(_described, split=ravdess_split),),
)


def _augmented(experiment: Experiment) -> Experiment:
    return replace(
        experiment,
        name=f"{experiment.name}-augmented",
        title=f"{experiment.title}, training part augmented fivefold",
        variants=tuple(replace(variant, augmentation=augmented_images) for variant in experiment.variants),
        choices=CHOICES + AUGMENTATION_CHOICES,
    )


PAPER = Paper(
    name="yadav2022",
    experiments=(_ravdess, _augmented(_ravdess), _emodb, _augmented(_emodb)),
)
