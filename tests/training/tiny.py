"""A tiny experiment on tones, which the tests of this folder run."""

import dataclasses
import json

import keras

from ser_keras import audio
from ser_keras.experiment import Choice, Experiment, Training, Variant
from ser_keras.features import spectral
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.splits import matched_supports
from ser_keras.tasks import Task

CLASSES = ("angry", "sad")

SUPPORTS = {"angry": 4, "sad": 4}


def pipeline(choices):
    return Pipeline(
        "tiny",
        8000,
        (step(audio.fixed_length, seconds=0.2), step(spectral.log_mel, n_mels=8, n_fft=512, hop_length=512)),
    )


def augmentation(choices, seed):
    noise = step(audio.with_noise, random=True, scale=choices["noise"])
    base = pipeline(choices)
    return (dataclasses.replace(base, name="tiny-noise", steps=(noise, *base.steps), seed=seed),)


def build(num_classes, choices):
    inputs = keras.Input((8, 4))
    scaled = keras.layers.Normalization(axis=1)(inputs)
    flat = keras.layers.Flatten()(scaled)
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(flat))


def recipe(choices):
    return Training(
        optimizer=lambda: keras.optimizers.Adam(0.05),
        loss="categorical_crossentropy",
        batch_size=8,
        epochs=choices["epochs"],
        validation_share=0.2,
        patience=20,
    )


VARIANT = Variant(
    name="described",
    pipeline=pipeline,
    augmentation=augmentation,
    build=build,
    split=lambda clips, seed, choices: matched_supports(clips["emotion"], SUPPORTS, seed=seed),
    training=recipe,
)

EXPERIMENT = Experiment(
    name="tiny",
    title="Tones",
    corpora=("emodb",),
    classes=CLASSES,
    variants=(VARIANT,),
    choices=(Choice("noise", 0.01, "a reason", (0.1,)), Choice("epochs", 8, "a reason", (20,))),
)

TASK = Task("fake2020", {"title": "T", "authors": ["A"], "year": 2020}, {"accuracy": 0.9}, EXPERIMENT, VARIANT, 0)


def stored(folder):
    return json.loads((folder / "run.json").read_text())
