"""The windows against librosa and numpy called directly, on real clips and on a wave made here."""

import librosa
import numpy as np
import pytest
import soundfile

from papers.salian2021 import PAPER
from papers.salian2021.features import mel_windows, noisy_windows
from ser_keras.choices import resolved
from ser_keras.errors import AudioError

CHOICES = resolved(PAPER.experiments[0].choices, {})


@pytest.fixture
def clip(tmp_path):
    rng = np.random.default_rng(0)
    time = np.arange(48_000) / 24_000
    wave = 0.3 * np.sin(2 * np.pi * 300 * time * (1 + 0.2 * time)) + 0.02 * rng.standard_normal(48_000)
    soundfile.write(tmp_path / "clip.wav", wave, 24_000)
    return tmp_path / "clip.wav"


@pytest.mark.filterwarnings("ignore:Empty filters")
def check(path):
    """In plain calls, written from sections 2.2 and 3.1."""
    wave, rate = librosa.load(path, sr=21_500, offset=0.5)
    wave = librosa.util.fix_length((wave - wave.mean()) / wave.std(), size=65_000)
    power = np.abs(librosa.stft(wave, n_fft=512, win_length=256, hop_length=128, window="hamming")) ** 2 / 512
    bands = librosa.filters.mel(sr=rate, n_fft=512, n_mels=128, fmax=4000, htk=True, norm=None) @ power
    decibels = librosa.power_to_db(bands, ref=np.max)
    assert decibels.shape == (128, 508)
    found = mel_windows(CHOICES).array(path, "clip")
    assert found.shape == (6, 128, 128, 1)
    for number in range(6):
        # reading from 0.5 s on and resampling, or the other way round, differs in the first few samples
        expected = decibels[:, 64 * number : 64 * number + 128]
        assert np.abs(found[number, ..., 0] - expected).mean() < 0.1  # dB, of a range of 80


def test_windows_are_those_of_plain_calls(clip):
    check(clip)


@pytest.mark.real_data
@pytest.mark.parametrize("corpus", ["ravdess", "tess"])
def test_windows_of_real_clips_are_those_of_plain_calls(real_corpora, corpus):
    clips = [path for path in sorted((real_corpora / corpus).rglob("*.wav")) if soundfile.info(path).channels == 1]
    for path in clips[:: len(clips) // 4]:
        check(path)


def test_neighbouring_windows_share_half_their_frames(clip):
    found = mel_windows(CHOICES).array(clip, "clip")
    np.testing.assert_array_equal(found[0, :, 64:], found[1, :, :64])


def test_noisy_copy_differs_from_its_original_and_from_that_of_another_seed(clip):
    original = mel_windows(CHOICES).array(clip, "clip")
    one, other = (noisy_windows(CHOICES, seed).array(clip, "clip") for seed in (0, 1))
    assert np.abs(one - original).mean() > 0.1
    assert np.abs(one - other).mean() > 0.01
    assert one.shape == original.shape


def test_recording_that_ends_before_the_offset_is_refused(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.full(4000, 0.1), 21_500)
    with pytest.raises(AudioError, match=r"short\.wav: the recording has 0\.19 s, and nothing after 0\.5 s"):
        mel_windows(CHOICES).array(tmp_path / "short.wav", "short")
