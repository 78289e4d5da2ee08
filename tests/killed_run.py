"""A run of four folds with everything that a training state holds, as a program that a test can kill.

python tests/killed_run.py DATA OUT [FOLDS AT A TIME]
"""

import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import soundfile

from ser_keras import audio, training
from ser_keras.corpora.table import CorpusReport, LoadedCorpora
from ser_keras.experiment import Experiment, Plateau, Training, Variant
from ser_keras.features import spectral
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.splits import matched_supports
from ser_keras.tasks import Settings, Task

CLASSES = ("angry", "sad")
RECIPE = Training(
    optimizer=lambda: keras.optimizers.Adam(0.02),
    loss="categorical_crossentropy",
    batch_size=7,
    epochs=25,
    validation_share=0.2,
    patience=6,
    plateau=Plateau(patience=1),
)


def build(num_classes: int, choices: object = None) -> keras.Model:
    """Noise of two kinds, batch statistics, and a layer that is fitted before training."""
    inputs = keras.Input((8, 4))
    x = keras.layers.Normalization(axis=1)(inputs)
    x = keras.layers.Dropout(0.2)(keras.layers.Flatten()(x))
    x = keras.layers.Dense(8, activation="relu")(x)
    x = keras.layers.GaussianNoise(0.1)(keras.layers.BatchNormalization(momentum=0.8)(x))
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))


def corpora(folder: Path) -> LoadedCorpora:
    """Forty tones of two overlapping pitches by four speakers; written once."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(40):
        emotion = CLASSES[number % 2]
        tone = {"angry": 900, "sad": 700}[emotion] * (1 + 0.2 * rng.standard_normal())
        wave = 0.3 * np.sin(2 * np.pi * tone * np.arange(2000) / 8000) + 0.1 * rng.standard_normal(2000)
        path = folder / f"{number}.wav"
        if not path.exists():
            soundfile.write(path, wave, 8000, subtype="FLOAT")
        rows.append((f"emodb/{number}.wav", "emodb", str(path), emotion, "X", f"emodb-{number % 4}", "female", "t", ""))
    report = CorpusReport(40, 535, False, "f" * 64, 495, (), 0, str(folder))
    return LoadedCorpora(tuple(rows), {"emodb": report})


def task(protocol: str = "speaker-independent") -> Task:
    """Seed 0 of an experiment on the tones."""
    pipeline = Pipeline(
        "killed",
        8000,
        (step(audio.fixed_length, seconds=0.2), step(spectral.log_mel, n_mels=8, n_fft=512, hop_length=512)),
    )
    variant = Variant(
        name="described",
        pipeline=lambda choices: pipeline,
        build=build,
        split=lambda clips, seed, choices: matched_supports(clips["emotion"], {"angry": 4, "sad": 4}, seed=seed),
        training=lambda choices: replace(RECIPE, epochs=10),
    )
    experiment = Experiment("killed", "Tones", ("emodb",), CLASSES, (variant,), ())
    citation = {"title": "T", "authors": ["A"], "year": 2020}
    published = {"accuracy": 0.9, "source": "Table 1"}
    return Task("fake2020", citation, published, experiment, variant, 0, protocol)


def main(data: Path, out: Path, parallel: int = 1) -> Path:
    """The folder of the run, finished."""
    return training.run(task(), corpora(data), Settings(out, parallel=parallel))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
