"""The three forms of the MFCCs against librosa called directly, on real clips of TESS and on a tone."""

import librosa
import numpy as np
import pytest
import soundfile

from papers.sankaran2023 import PAPER
from papers.sankaran2023.features import image, means, n_frames, sequence
from ser_keras.choices import resolved

CHOICES = resolved(next(one for one in PAPER.experiments if one.name == "lstm").choices, {})


def direct(path):
    """Plain calls, as the text names them: load (librosa's default rate), MFCC."""
    wave, rate = librosa.load(path, sr=22_050)
    return librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=40)


def check(path):
    expected = direct(path)
    frames = expected.shape[1]
    # relative to coefficients of up to several hundred: 1e-3 is float32's rounding in the DCT
    np.testing.assert_allclose(means(CHOICES).array(path, "clip"), expected.mean(axis=1), rtol=1e-5, atol=1e-3)
    padded = sequence(CHOICES).array(path, "clip")
    assert padded.shape == (130, 40)
    np.testing.assert_allclose(padded[:frames], expected.T, rtol=1e-5, atol=1e-3)
    assert not padded[frames:].any()
    np.testing.assert_array_equal(image(CHOICES).array(path, "clip")[..., 0], padded)


@pytest.mark.real_data
def test_real_clips_give_librosas_coefficients(real_corpora):
    clips = sorted((real_corpora / "tess").rglob("*.wav"))[::20]
    assert clips
    for clip in clips:
        check(clip)


def test_tone_gives_librosas_coefficients(tmp_path):
    path = tmp_path / "tone.wav"
    rng = np.random.default_rng(0)
    wave = 0.3 * np.sin(2 * np.pi * 300 * np.arange(48_828) / 24_414) + 0.01 * rng.standard_normal(48_828)
    soundfile.write(path, wave, 24_414)
    check(path)


@pytest.mark.parametrize(("rate", "frames"), [(22_050, 130), (16_000, 94)])
def test_three_seconds_are_so_many_frames(rate, frames):
    assert n_frames({"sample_rate": rate}) == frames  # 1 + samples // 512


@pytest.mark.real_data
def test_no_clip_of_tess_is_cut(real_corpora):
    durations = [soundfile.info(clip).duration for clip in (real_corpora / "tess").rglob("*.wav")]
    assert 1.0 < max(durations) < 3.0
