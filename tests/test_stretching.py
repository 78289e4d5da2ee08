"""Stretching and shifting against librosa's, to the last bit, and against what they are for."""

import platform

import librosa
import numpy as np
import pytest

from ser_keras import audio, stretching
from ser_keras.errors import AudioError

RATE = 16_000
REAL = [
    "emodb/wav/03a01Fa.wav",  # 16 000 Hz
    "tess/OAF_Fear/OAF_back_fear.wav",  # 24 414 Hz
    "ravdess/Actor_02/03-01-03-01-01-01-02.wav",  # 48 000 Hz
]
# One sample, one less and one more than a hop (512), half a frame, what the first two frames reach (1536), a frame
# (2048); more frames than are transformed at once (32)
SAMPLES = [1, 511, 512, 513, 1024, 1535, 1537, 2047, 2048, 4001, 20_011]
# Bits are the same where numba and NumPy call one C library, and NumPy 2 takes a float64 scalar for what it is. Else
# sines and cosines, or magnitudes, of four frames that overlap may differ in float32's last bit, 6e-8 of a wave's peak
TOLERANCE = 0 if platform.libc_ver()[0] == "glibc" and np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 1e-6

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=2048 is too large for input signal:UserWarning")  # librosa's


def tone(frequency=440.0, seconds=1.0, rate=RATE, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def strongest_frequency(wave, rate=RATE):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return spectrum.argmax() * rate / len(wave)


def check_stretched(wave, rate):
    made, expected = stretching.time_stretched(wave, RATE, rate=rate), librosa.effects.time_stretch(wave, rate=rate)
    assert made.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=0, atol=TOLERANCE)


def check_shifted(wave, sample_rate, semitones):
    made = stretching.pitch_shifted(wave, sample_rate, semitones=semitones)
    expected = librosa.effects.pitch_shift(wave, sr=sample_rate, n_steps=semitones)
    assert made.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("rate", [0.3, 0.8, 0.93, 1.0, 1.1, 2.0])
@pytest.mark.parametrize("samples", SAMPLES)
def test_stretched_noise_is_librosas(samples, rate):
    check_stretched(noise(samples), rate)


@pytest.mark.parametrize("semitones", [-12, -2, -0.3, 0, 1.5, 12])
@pytest.mark.parametrize("samples", SAMPLES)
def test_shifted_noise_is_librosas(samples, semitones):
    check_shifted(noise(samples), RATE, semitones)


@pytest.mark.parametrize("clip", REAL)
def test_recording_at_another_speed_or_pitch_is_librosas(real_corpora, clip):
    wave, sample_rate = audio.read(real_corpora / clip)
    for rate in (0.8, 1.1):  # those of Yadav et al. (2022), section 4.3
        check_stretched(wave, rate)
    for semitones in (-2, 1.5):
        check_shifted(wave, sample_rate, semitones)


def test_wave_that_goes_silent_is_librosas():
    wave = np.concatenate([tone(seconds=0.3), np.zeros(5000, np.float32), tone(3000, seconds=0.3)])
    check_stretched(wave, 0.9)
    check_shifted(wave, RATE, -1)


def test_place_that_rounding_puts_after_the_last_frame_is_read_as_silence():
    rate = np.nextafter(5 / 3, 0)
    assert np.arange(0, 5, rate)[-1] == 5  # of 5 frames, at 0 to 4
    check_stretched(noise(4 * 512), rate)


@pytest.mark.parametrize("samples", [100, 30_000])
def test_silence_stays_silent(samples):
    silence = np.zeros(samples, np.float32)
    np.testing.assert_array_equal(
        stretching.time_stretched(silence, RATE, rate=0.8), np.zeros(round(samples / 0.8), np.float32)
    )
    np.testing.assert_array_equal(stretching.pitch_shifted(silence, RATE, semitones=2), silence)


def test_wave_is_not_changed():
    wave = noise(3000)
    stretching.time_stretched(wave, RATE, rate=0.8)
    stretching.pitch_shifted(wave, RATE, semitones=0)
    np.testing.assert_array_equal(wave, noise(3000))


@pytest.mark.parametrize("rate", [1.1, 0.8])
def test_time_stretch_changes_the_length_and_keeps_the_pitch(rate):
    stretched = stretching.time_stretched(tone(), RATE, rate=rate)
    assert len(stretched) == round(RATE / rate)
    assert strongest_frequency(stretched) == pytest.approx(440, abs=3)


def test_pitch_shift_moves_the_pitch_and_keeps_the_length():
    shifted = stretching.pitch_shifted(tone(), RATE, semitones=1.5)
    assert len(shifted) == RATE
    assert strongest_frequency(shifted) == pytest.approx(440 * 2 ** (1.5 / 12), abs=3)


@pytest.mark.parametrize("rate", [0, -1.1, float("nan")])
def test_rate_that_is_not_positive_is_refused(rate):
    with pytest.raises(AudioError, match=rf"the rate is {rate}, expected a positive number"):
        stretching.time_stretched(tone(), RATE, rate=rate)


@pytest.mark.parametrize("wave", [np.ones((2, 100), np.float32), np.array([np.nan] * 4096, np.float32)])
def test_stereo_and_nan_are_refused(wave):
    with pytest.raises(AudioError, match="the wave h"):  # has shape, or holds NaN
        stretching.pitch_shifted(wave, RATE, semitones=1)


def test_random_stretch_stays_within_its_spread_and_fills_it():
    rng = np.random.default_rng(0)
    lengths = [len(stretching.randomly_time_stretched(tone(), RATE, spread=0.2, rng=rng)) for _ in range(20)]
    assert RATE / 1.2 - 1 <= min(lengths) < 0.9 * RATE
    assert 1.1 * RATE < max(lengths) <= RATE / 0.8 + 1


def test_random_pitch_stays_within_its_semitones_and_goes_both_ways():
    rng = np.random.default_rng(0)
    waves = [stretching.randomly_pitch_shifted(tone(), RATE, semitones=2, rng=rng) for _ in range(12)]
    heard = [12 * np.log2(strongest_frequency(wave) / 440) for wave in waves]
    assert max(map(abs, heard)) < 2 + 0.1  # a tenth of a semitone: 1 Hz of resolution at 392 Hz is 0.04
    assert min(heard) < -0.5 and max(heard) > 0.5
    assert {len(wave) for wave in waves} == {RATE}


def test_random_changes_are_the_same_for_the_same_generator():
    first, second = (
        stretching.randomly_pitch_shifted(tone(), RATE, semitones=2, rng=np.random.default_rng(7)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
