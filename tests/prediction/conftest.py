"""A network trained on tones, as an ordinary run, and as a run of several folds."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from ser_keras import discovery, training
from ser_keras.corpora.table import CorpusReport, LoadedCorpora
from ser_keras.splits import random_split
from ser_keras.tasks import Settings, Task

CLASSES = ("happy", "sad")
RATE = 16000


def tone(hertz, seconds=1.0, rate=RATE):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    """Twelve clips of two pitches by three speakers."""
    folder = tmp_path_factory.mktemp("tones")
    rows = []
    for number in range(12):
        emotion = CLASSES[number % 2]
        path = folder / f"{number}.wav"
        soundfile.write(path, tone({"happy": 1500, "sad": 300}[emotion] * (1 + 0.01 * number)), RATE, subtype="FLOAT")
        rows.append((f"emodb/{number}.wav", "emodb", str(path), emotion, "X", f"emodb-{number % 3}", "female", "t", ""))
    report = CorpusReport(12, 535, False, "f" * 64, 523, (), 0, str(folder))
    return LoadedCorpora(tuple(rows), {"emodb": report})


def trained(tones, out, protocol):
    """A run of sankaran2023's dense network: the paper's room rebuilds its pipeline."""
    declared = next(one for one in discovery.load_paper("sankaran2023").experiments if one.name == "ann")
    variant = replace(
        declared.variants[0], split=lambda clips, seed, choices: random_split(len(clips), test_size=4, seed=seed)
    )
    experiment = replace(declared, corpora=("emodb",), classes=CLASSES, variants=(variant,))
    task = Task("sankaran2023", {}, {"accuracy": 0.9976}, experiment, variant, 0, protocol)
    return training.run(task, tones, Settings(out, epochs=5))


@pytest.fixture(scope="session")
def tone_run(tones, tmp_path_factory):
    return trained(tones, tmp_path_factory.mktemp("run"), "published")


@pytest.fixture(scope="session")
def folded_run(tones, tmp_path_factory):
    return trained(tones, tmp_path_factory.mktemp("folds"), "speaker-independent")
