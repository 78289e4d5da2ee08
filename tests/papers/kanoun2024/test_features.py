"""The log-mel image, step by step against plain librosa and numpy calls, on real clips and on closed forms."""

import librosa
import numpy as np
import pytest
import soundfile

from papers.kanoun2024 import PAPER
from papers.kanoun2024.features import altered_images, log_mel_image
from ser_keras.choices import resolved

CRNN = PAPER.experiments[0]
DESCRIBED = CRNN.variants[1]
REAL = [
    "tess/OAF_Fear/OAF_back_fear.wav",  # 24 414 Hz
    "cremad/AudioWAV/1006_TIE_HAP_XX.wav",  # 16 000 Hz
    "ravdess/Actor_02/03-01-03-01-01-01-02.wav",  # 48 000 Hz
]


def choices(**given):
    declared = CRNN.choices + DESCRIBED.choices
    return resolved(declared, {key: str(value) for key, value in given.items()})


def spoken(seconds=2.0, rate=16_000, amplitude=0.5):
    """A voiced-like wave that is loud from its first to its last sample."""
    time = np.arange(int(seconds * rate)) / rate
    return (amplitude * np.cos(2 * np.pi * 150 * time) * np.cos(2 * np.pi * 3 * time)).astype(np.float32)


def image_of(wave, clip="clip", pipeline=None):
    return (pipeline or log_mel_image(choices())).applied(wave, 16_000, clip)


def direct_image(path):
    """The image in plain calls, written from FACTS.md alone."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wave = librosa.resample(wave.mean(axis=1), orig_sr=rate, target_sr=16_000)
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    wave = wave[loud.min() : loud.max() + 1]
    wave = librosa.util.fix_length(wave / np.abs(wave).max(), size=40_000)
    power = np.abs(librosa.stft(wave, n_fft=1024, hop_length=512, window="hann", pad_mode="reflect")) ** 2
    bands = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64, fmin=0, fmax=8000, htk=True, norm=None) @ power
    return 10 * np.log10(np.maximum(bands, 1e-10))


@pytest.mark.real_data
@pytest.mark.parametrize("clip", REAL)
def test_real_clip_gives_the_image_of_plain_calls(real_corpora, clip):
    image = log_mel_image(choices()).array(real_corpora / clip, clip)
    assert image.shape == (64, 79, 1)  # FACTS.md
    # 0.01 dB: float32 power of faint bands; another scale, norm or padding moves whole decibels
    np.testing.assert_allclose(image[..., 0], direct_image(real_corpora / clip), atol=0.01)


@pytest.mark.real_data
def test_the_silent_clip_of_cremad_gives_the_floor_everywhere(real_corpora):
    clip = "cremad/AudioWAV/1076_MTI_SAD_XX.wav"  # all zeros
    for pipeline in (log_mel_image(choices()), *altered_images(choices(), seed=0)):
        image = pipeline.array(real_corpora / clip, clip)
        assert image.shape == (64, 79, 1)
        np.testing.assert_allclose(image, -100, atol=1e-4)  # 10 · log10(1e-10), in float32


def test_ends_at_or_under_the_level_are_cut():
    wave = spoken()
    edges = np.full(8000, 1e-4, np.float32)  # not above it
    np.testing.assert_array_equal(image_of(np.concatenate([edges, wave, -edges])), image_of(wave))


def test_silence_within_the_clip_stays():
    wave = spoken(seconds=0.5)
    parted = np.concatenate([wave, np.zeros(8000, np.float32), wave])
    quiet = image_of(parted)[
        :, 17 + 2 : 30, 0
    ]  # frames of 512 samples from 8000 to 16 000, with a margin of one window
    assert quiet.shape == (64, 11)
    np.testing.assert_allclose(quiet, -100, atol=1e-4)  # 10 · log10(1e-10), in float32


def test_loudness_does_not_matter():
    soft, loud = (np.maximum(image_of(spoken(amplitude=peak)), -60) for peak in (0.02, 0.5))  # below: rounding alone
    np.testing.assert_allclose(soft, loud, atol=0.01)  # float32 samples; without the peak at 1: 28 dB


def test_longer_clip_is_cut_at_its_end():
    wave = spoken(seconds=4)
    np.testing.assert_array_equal(image_of(wave), image_of(wave[:40_000]))


def test_altered_copy_differs_and_its_seed_decides_how():
    wave = spoken()
    (first,), (again,), (other,) = (altered_images(choices(), seed) for seed in (0, 0, 1))
    image = image_of(wave, pipeline=first)
    assert image.shape == (64, 79, 1)
    assert np.abs(image - image_of(wave)).max() > 1
    np.testing.assert_array_equal(image, image_of(wave, pipeline=again))
    assert (image != image_of(wave, pipeline=other)).any()
    assert (image != image_of(wave, clip="another", pipeline=first)).any()


def test_copy_without_a_range_is_the_clip():
    (same,) = altered_images(choices(pitch_semitones=0, stretch_spread=0), seed=0)
    inner = np.s_[:, 2:60]  # away from the ends, where the vocoder's frames lack neighbours
    # the vocoder at rate 1 gives the wave back but for rounding; bands near the floor of -100 dB are rounding alone
    image, copy = image_of(spoken())[inner], image_of(spoken(), pipeline=same)[inner]
    np.testing.assert_allclose(np.maximum(copy, -20), np.maximum(image, -20), atol=0.1)


def test_augmentation_can_be_left_out():
    assert altered_images(choices(augment="none"), seed=0) == ()
