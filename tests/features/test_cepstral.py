"""MFCCs against librosa's defaults on real clips, and what they refuse."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_keras.errors import AudioError
from ser_keras.features import cepstral


def tone(seconds=1.0, rate=22_050):
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_mfcc_is_that_of_librosas_defaults():
    wave = tone() + 0.01 * np.random.default_rng(0).standard_normal(22_050).astype(np.float32)
    np.testing.assert_allclose(
        cepstral.mfcc(wave, 22_050, n_mfcc=13), librosa.feature.mfcc(y=wave, sr=22_050, n_mfcc=13), rtol=1e-5, atol=1e-4
    )


@pytest.mark.real_data
@pytest.mark.parametrize("corpus", ["tess", "emodb"])
def test_mfcc_of_real_clips_is_that_of_librosas_defaults(real_corpora, corpus):
    path = next((real_corpora / corpus).rglob("*.wav"))
    wave, rate = librosa.load(path, sr=None)
    expected = librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=40)
    np.testing.assert_allclose(cepstral.mfcc(wave, rate, n_mfcc=40), expected, rtol=1e-5, atol=1e-3)


def test_first_coefficient_of_orthonormal_dct_is_the_mean_level_times_the_root_of_the_bands():
    wave = tone()
    level = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=22_050))
    np.testing.assert_allclose(cepstral.mfcc(wave, 22_050, n_mfcc=1)[0], level.mean(axis=0) * np.sqrt(128), rtol=1e-4)


@pytest.mark.parametrize("n_mfcc", [0, 129])
def test_number_of_coefficients_out_of_range_is_refused(n_mfcc):
    with pytest.raises(AudioError, match=f"n_mfcc is {n_mfcc}, expected 1 to 128"):
        cepstral.mfcc(tone(), 22_050, n_mfcc=n_mfcc)


@pytest.mark.parametrize("wave", [np.zeros((2, 2048), np.float32), np.array([0.1, np.nan] * 2048, np.float32)])
def test_more_than_one_channel_and_what_is_not_finite_are_refused(wave):
    with pytest.raises(AudioError, match="one channel of finite samples"):
        cepstral.mfcc(wave, 22_050, n_mfcc=13)


@settings(max_examples=15)
@given(gain=st.floats(0.05, 20), seed=st.integers(0, 99))
def test_gain_moves_the_first_coefficient_alone(gain, seed):
    wave = (0.1 * np.random.default_rng(seed).standard_normal(6000)).astype(np.float32)
    added = cepstral.mfcc(np.float32(gain) * wave, 16_000, n_mfcc=13) - cepstral.mfcc(wave, 16_000, n_mfcc=13)
    expected = np.zeros((13, 1))
    expected[0] = np.sqrt(128) * 20 * np.log10(gain)  # orthonormal: the sum of 128 equal levels over sqrt(128)
    np.testing.assert_allclose(added, np.broadcast_to(expected, added.shape), atol=0.02)


@settings(max_examples=15)
@given(frames=st.integers(0, 20), seed=st.integers(0, 99))
def test_coefficients_of_a_wave_that_starts_later_start_later(frames, seed):
    wave = (0.1 * np.random.default_rng(seed).standard_normal(6000)).astype(np.float32)
    later = np.concatenate([np.zeros(512 * frames, np.float32), wave])
    np.testing.assert_allclose(
        cepstral.mfcc(later, 16_000, n_mfcc=13)[:, frames:], cepstral.mfcc(wave, 16_000, n_mfcc=13), rtol=0, atol=0.01
    )
