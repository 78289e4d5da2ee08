"""The two pipelines: recordings as they are, and as the text describes them."""

import numpy as np
import pytest
import soundfile

from papers.rastogi2025 import PAPER
from papers.rastogi2025.features import coded_features, described_features
from ser_keras import audio
from ser_keras.choices import resolved
from ser_keras.features import prosody

CHOICES = resolved(PAPER.experiments[1].variants[0].choices, {})


@pytest.fixture
def clip(tmp_path):
    """A voice-like wave at 16 kHz, quiet, between silent ends."""
    time = np.arange(16_000) / 16_000
    voiced = sum(0.02 / number * np.sin(2 * np.pi * 220 * number * time) for number in range(1, 10))
    wave = np.concatenate([np.zeros(8000), voiced, np.zeros(8000)])
    soundfile.write(tmp_path / "clip.wav", wave, 16_000, subtype="FLOAT")
    return tmp_path / "clip.wav"


def named(pipeline, path):
    return dict(zip(pipeline.names, pipeline.array(path, "clip").tolist(), strict=True))


def test_coded_features_are_of_the_recording_as_it_is(clip):
    found = named(coded_features({}), clip)
    assert (found["sample_rate"], found["duration_sec"]) == (16_000, 2.0)
    assert found["peak_amplitude"] < 0.1
    assert found["pitch_variation"] == found["pitch_std"]


def test_described_features_are_at_48_khz_normalised_and_trimmed(clip):
    found = named(described_features(CHOICES), clip)
    assert found["sample_rate"] == 48_000
    assert found["duration_sec"] == pytest.approx(1.0, abs=0.1)
    assert found["peak_amplitude"] == pytest.approx(1.0, abs=0.01)
    assert found["pitch_mean"] == pytest.approx(220, rel=0.01)
    assert found["spectral_centroid_mean"] > 220


def test_described_features_are_the_steps_called_one_by_one(clip):
    wave, rate = audio.read(clip, 48_000)
    wave = audio.trimmed(audio.peak_normalised(wave, rate), rate, top_db=40.0)
    options = {"pitch_floor": 50.0, "pitch_ceiling": 500.0, "relative_variation": True, "spectral": True}
    expected = prosody.acoustic(wave, rate, **options)
    np.testing.assert_array_equal(described_features(CHOICES).array(clip, "clip"), expected)


def test_noise_reduction_is_a_choice(clip):
    plain, reduced = (
        named(described_features({**CHOICES, "noise_reduction": how}), clip) for how in ("none", "wiener")
    )
    assert plain["zcr_mean"] != reduced["zcr_mean"]


@pytest.mark.real_data
def test_silent_clip_of_cremad_is_accepted_as_in_the_code(real_corpora):
    path = real_corpora / "cremad/AudioWAV/1076_MTI_SAD_XX.wav"
    assert np.isfinite(coded_features({}).array(path, "clip")).all()
