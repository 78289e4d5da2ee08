"""Two small corpora of tones: the pitch says the emotion, so that a model that hears it is right."""

import json

import numpy as np
import pytest
import soundfile

from ser_keras.comparison import clips as comparison_clips
from ser_keras.comparison.models import MAJORITY, SVM, Model
from ser_keras.corpora import table
from ser_keras.corpora.manifest import manifest
from ser_keras.errors import AudioError
from ser_keras.features.pipeline import Pipeline, step

EMOTIONS = ("neutral", "happy", "sad", "angry", "calm")  # SAVEE has no calm
PER_SPEAKER = 2
RATE = 4000


def spectrum(wave, sample_rate):
    return np.log(1e-3 + np.abs(np.fft.rfft(wave[:400], 64)))[:16].astype(np.float32)


def impatient(wave, sample_rate):
    if len(wave) < 900:
        raise AudioError("too short for the impatient")
    return wave[:3]


HEARD = Model(SVM, "a linear SVM on spectra", Pipeline("spectrum", RATE, (step(spectrum),)))
DEAF = Model(MAJORITY, "the class heard most", None)


def tone(labels, rng, seconds):
    hertz = 200 + 150 * EMOTIONS.index(labels.emotion) + rng.normal(0, 30)
    time = np.arange(int(RATE * seconds)) / RATE
    return 0.3 * np.sin(2 * np.pi * hertz * time) + 0.02 * rng.standard_normal(len(time))


def write_corpus(name, data, speakers, short=()):
    rng = np.random.default_rng(0)
    for speaker in speakers:
        for emotion in EMOTIONS:
            entries = [
                one for one in manifest(name).entries if (one.labels.speaker, one.labels.emotion) == (speaker, emotion)
            ]
            for entry in entries[:PER_SPEAKER]:
                path = data / name / entry.file
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, tone(entry.labels, rng, 0.2 if entry.file in short else 0.3), RATE)
    (data / name / "SYNTHETIC.json").write_text(json.dumps({"generator": "tones"}))


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A data folder with tones in the place of SAVEE (four speakers) and RAVDESS (six); a clip of SAVEE is short."""
    folder = tmp_path_factory.mktemp("tones")
    write_corpus("savee", folder, ("DC", "JE", "JK", "KL"), short=("DC/a01.wav", "DC_a01.wav"))
    write_corpus("ravdess", folder, ("01", "02", "03", "04", "05", "06"))
    return folder


@pytest.fixture
def gathered(data, tmp_path):
    """Clips of corpora for some models: `gathered(("savee",))`."""

    def gathered(corpora=("savee", "ravdess"), models=(HEARD, DEAF), wanted=None):
        return comparison_clips.gathered(models, table.load(corpora, data), wanted, tmp_path / "store", 1)

    return gathered
