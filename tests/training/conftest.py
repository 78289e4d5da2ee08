"""Recordings and settings for the tiny experiment of `tiny.py`."""

import numpy as np
import pytest
import soundfile

from ser_keras.corpora.table import CorpusReport, LoadedCorpora
from ser_keras.tasks import Settings


@pytest.fixture
def corpora(tmp_path):
    """Forty tones of two pitches by four speakers, and ten of a class that the experiment does not use."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(50):
        emotion = ("angry", "sad", "angry", "sad", "bored")[number % 5]
        tone = {"angry": 1500, "sad": 300, "bored": 700}[emotion] * (1 + 0.05 * rng.standard_normal())
        wave = 0.3 * np.sin(2 * np.pi * tone * np.arange(2000) / 8000) + 0.01 * rng.standard_normal(2000)
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, wave, 8000, subtype="FLOAT")
        rows.append((f"emodb/{number}.wav", "emodb", str(path), emotion, "X", f"emodb-{number % 4}", "female", "t", ""))
    report = CorpusReport(50, 535, False, "f" * 64, 485, (), 0, str(tmp_path))
    return LoadedCorpora(tuple(rows), {"emodb": report})


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "out")
