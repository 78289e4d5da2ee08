"""Spectral features against closed forms and the definitions written out."""

import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_keras.errors import AudioError
from ser_keras.features import spectral


def test_log_mel_has_the_shape_that_the_paper_prints():
    assert spectral.log_mel(np.ones(132_300, np.float32), 44_100).shape == (128, 259)  # Yadav et al. (2022), 3.4


def test_log_mel_of_a_tone_peaks_in_its_htk_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100).astype(np.float32)
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 22_050 / 700), 130)[1:-1] / 2595) - 1)  # equation 2
    loudest = spectral.log_mel(tone, 44_100)[:, 40].argmax()
    assert abs(centres[loudest] - 1000) <= np.diff(centres)[loudest]


def test_doubling_the_wave_adds_6_db_everywhere():
    wave = 0.1 * np.random.default_rng(0).standard_normal(44_100).astype(np.float32)
    difference = spectral.log_mel(2 * wave, 44_100) - spectral.log_mel(wave, 44_100)
    np.testing.assert_allclose(difference, 20 * np.log10(2), atol=1e-3)  # float32 decibels


def test_top_db_is_a_floor_under_the_peak():
    wave = np.concatenate([np.random.default_rng(0).standard_normal(8000), np.zeros(8000)]).astype(np.float32)
    image = spectral.log_mel(wave, 16_000, top_db=40)
    assert image.max() - image.min() == pytest.approx(40, abs=1e-4)


@pytest.mark.parametrize("wave", [np.ones((2, 100), np.float32), np.array([np.nan] * 4096, np.float32)])
def test_log_mel_refuses_stereo_and_nan(wave):
    with pytest.raises(AudioError, match="one channel of finite samples"):
        spectral.log_mel(wave, 16_000)


def test_bands_of_equal_area_are_bands_of_equal_height_over_half_their_width():
    wave = np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    corners = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 66) / 2595) - 1)  # hertz
    area, height = (spectral.log_mel(wave, 16_000, n_mels=64, norm=norm) for norm in ("slaney", None))
    halves = (corners[2:] - corners[:-2]) / 2
    np.testing.assert_allclose(height - area, np.tile(10 * np.log10(halves)[:, None], area.shape[1]), atol=1e-3)


def test_reflected_ends_hold_the_energy_that_zeros_lack():
    tone = np.cos(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    zeros, mirror = (
        spectral.log_mel(tone, 16_000, n_fft=1024, pad_mode=mode).max(axis=0) for mode in ("constant", "reflect")
    )
    # half of the first frame is zeros: half its energy (3 dB), half its amplitude at the tone itself (6 dB)
    assert 3 < mirror[0] - zeros[0] < 6.1
    assert mirror[0] == pytest.approx(mirror[10], abs=0.2)  # a cosine goes on in its mirror image
    np.testing.assert_array_equal(zeros[2:-2], mirror[2:-2])


def test_z_scored_over_all_and_over_an_axis():
    values = np.array([[1.0, 3.0], [5.0, 9.0]])
    np.testing.assert_allclose(spectral.z_scored(values, 1), (values - 4.5) / np.sqrt(8.75), rtol=1e-6)
    np.testing.assert_allclose(spectral.z_scored(values, 1, axes=(1,)), [[-1, 1], [-1, 1]], rtol=1e-6)


def test_z_scored_constant_gives_zeros_not_nan():
    np.testing.assert_array_equal(spectral.z_scored(np.full((2, 3), 7.0), 1), np.zeros((2, 3)))


@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
@pytest.mark.parametrize(("shape", "win_length"), [("hann", None), ("hamming", 1200)])
def test_power_spectrum_is_librosas_to_the_last_bit(pad_mode, shape, win_length):
    wave = noise(40_000)  # more frames than are transformed at once
    settings = {"n_fft": 2048, "hop_length": 512, "win_length": win_length, "pad_mode": pad_mode}
    expected = librosa.util.abs2(librosa.stft(wave, window=shape, **settings))
    np.testing.assert_array_equal(spectral.power_spectrum(wave, shape=shape, **settings), expected)


def test_power_spectrum_of_an_odd_n_fft_and_of_one_sample_are_librosas():
    for wave, n_fft in ((noise(1), 512), (noise(3000), 801)):
        expected = librosa.util.abs2(librosa.stft(wave, n_fft=n_fft, hop_length=200))
        np.testing.assert_array_equal(spectral.power_spectrum(wave, n_fft=n_fft, hop_length=200), expected)


@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
@pytest.mark.parametrize(
    ("n_fft", "heard"), [(2048, 0), (2048, 1), (2048, 512), (2048, 20_000), (2048, 39_999), (801, 9000)]
)
def test_power_spectrum_of_a_clip_that_zeros_fill_up_is_librosas(monkeypatch, pad_mode, n_fft, heard):
    wave, seen = noise(40_000), []
    wave[heard:] = 0
    real = spectral.spectra
    monkeypatch.setattr(spectral, "spectra", lambda weighted: seen.append(len(weighted)) or real(weighted))
    found = spectral.power_spectrum(wave, n_fft=n_fft, hop_length=512, pad_mode=pad_mode)
    expected = librosa.util.abs2(librosa.stft(wave, n_fft=n_fft, hop_length=512, pad_mode=pad_mode))
    np.testing.assert_array_equal(found, expected)
    if pad_mode == "constant":
        assert sum(seen) <= (heard + n_fft // 2) // 512 + 1


@pytest.mark.parametrize("name", ["hann", "hamming"])
@pytest.mark.parametrize("length", [256, 1025, 2048])
def test_window_is_scipys(name, length):
    np.testing.assert_allclose(spectral.window(name, length), scipy.signal.get_window(name, length), atol=1e-15)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels", "fmax"),
    [(44_100, 2048, 128, None), (22_050, 2048, 128, None), (8000, 1024, 128, 4000.0), (16_000, 400, 40, 800.0)],
)
@pytest.mark.parametrize("htk", [True, False])
@pytest.mark.parametrize("norm", ["slaney", None])
def test_mel_filters_are_librosas_to_the_last_bit(sample_rate, n_fft, n_mels, fmax, htk, norm):
    options = {"n_mels": n_mels, "htk": htk, "norm": norm, "fmax": fmax}
    expected = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, **options)
    np.testing.assert_array_equal(spectral.mel_filters(sample_rate, n_fft, **options), expected)


@pytest.mark.parametrize("top_db", [None, 30.0, 80.0])
@pytest.mark.parametrize("ref", [1.0, 0.02, 0.0])
def test_decibels_are_librosas(top_db, ref):
    power = np.square(noise(500)).reshape(20, 25)
    power[3] = 0
    found = spectral.decibels(power, ref=ref, top_db=top_db)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, librosa.power_to_db(power, ref=ref, top_db=top_db), atol=2e-5)


def test_decibels_of_zeros_and_of_no_number():
    power = np.array([[0, 1e-12, 1e-10, 1, np.nan]], np.float32)
    with np.errstate(all="raise"):  # the logarithm of 0 is never asked for
        found = spectral.decibels(power, top_db=None)
    np.testing.assert_allclose(found[:, :4], [[-100, -100, -100, 0]], rtol=2e-7)  # by the processor, the last bit
    assert len(set(found[0, :3])) == 1
    assert np.isnan(found[0, 4])


PERIODOGRAM = {"n_mels": 128, "n_fft": 512, "win_length": 256, "hop_length": 128, "fmax": 4000.0, "top_db": 80.0}


def test_mel_periodogram_is_frames_windowed_transformed_squared_and_banded_by_hand():
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(2000).astype(np.float32)
    found = spectral.mel_periodogram(wave, 21_500, **PERIODOGRAM)
    assert found.shape == (128, 1 + 2000 // 128)
    # frame 5 is centred on sample 640: 512 samples around it, of which a periodic Hamming window keeps the inner 256
    inner = wave[640 - 128 : 640 + 128] * (0.54 - 0.46 * np.cos(2 * np.pi * np.arange(256) / 256))
    power = np.abs(np.fft.rfft(np.pad(inner, 128))) ** 2 / 512  # equation 3

    def mel(hertz):
        return 2595 * np.log10(1 + hertz / 700)  # equation 4

    edges = 700 * (10 ** (np.linspace(0, mel(4000), 130) / 2595) - 1)
    hertz = np.arange(257) * 21_500 / 512
    rise = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    bands = np.maximum(np.minimum(rise, fall), 0) @ power
    strong = bands > 1e-3  # in dB below another maximum: differences are compared
    expected = 10 * np.log10(bands[strong])
    np.testing.assert_allclose(
        found[strong, 5] - found[strong, 5].mean(),
        expected - expected.mean(),
        atol=1e-2,  # float32
    )


def test_mel_periodogram_is_0_at_its_maximum_and_floored():
    wave = np.sin(2 * np.pi * 1000 * np.arange(21_500) / 21_500).astype(np.float32)
    found = spectral.mel_periodogram(wave, 21_500, **PERIODOGRAM)
    assert found.max() == pytest.approx(0, abs=1e-4)
    assert found.min() == pytest.approx(-80, abs=1e-4)


def test_mel_periodogram_of_65000_samples_has_the_508_frames_of_salian2021():
    assert spectral.mel_periodogram(np.ones(65_000, np.float32), 21_500, **PERIODOGRAM).shape == (128, 508)


def test_mel_periodogram_refuses_two_channels():
    with pytest.raises(AudioError, match="one channel"):
        spectral.mel_periodogram(np.zeros((2, 600), np.float32), 21_500, **PERIODOGRAM)


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@settings(max_examples=15)
@given(frames=st.integers(0, 20), samples=st.integers(2048, 9000), seed=st.integers(0, 99))
def test_log_mel_of_a_wave_that_starts_later_starts_later(frames, samples, seed):
    wave = noise(samples, seed)
    later = np.concatenate([np.zeros(512 * frames, np.float32), wave])
    np.testing.assert_allclose(
        spectral.log_mel(later, 16_000)[:, frames:], spectral.log_mel(wave, 16_000), rtol=0, atol=1e-3
    )


@settings(max_examples=15)
@given(frames=st.integers(5, 20), seed=st.integers(0, 99))
def test_log_mel_of_two_waves_is_that_of_each_beside_the_joint(frames, seed):
    first, second = noise(512 * frames, seed), noise(512 * frames, seed + 100)
    both = spectral.log_mel(np.concatenate([first, second]), 16_000)
    np.testing.assert_allclose(both[:, : frames - 2], spectral.log_mel(first, 16_000)[:, : frames - 2], atol=1e-3)
    np.testing.assert_allclose(both[:, frames + 3 :], spectral.log_mel(second, 16_000)[:, 3:], atol=1e-3)


@settings(max_examples=15)
@given(gain=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_gain_adds_the_same_to_every_band_and_nothing_to_the_periodogram(gain, seed):
    wave = noise(8000, seed)
    louder = np.float32(gain) * wave
    added = spectral.log_mel(louder, 16_000) - spectral.log_mel(wave, 16_000)
    np.testing.assert_allclose(added, 20 * np.log10(gain), atol=1e-2)
    given_at = {"n_mels": 32, "n_fft": 512, "win_length": 400, "hop_length": 160, "fmax": 8000.0, "top_db": 60.0}
    np.testing.assert_allclose(  # decibels below the clip's own maximum
        spectral.mel_periodogram(louder, 16_000, **given_at),
        spectral.mel_periodogram(wave, 16_000, **given_at),
        atol=1e-2,
    )


@given(scale=st.floats(0.1, 10), shift=st.floats(-10, 10), seed=st.integers(0, 99))
def test_z_scored_knows_neither_scale_nor_shift(scale, shift, seed):
    values = np.random.default_rng(seed).standard_normal((4, 9))
    np.testing.assert_allclose(
        spectral.z_scored(scale * values + shift, 1, axes=(1,)), spectral.z_scored(values, 1, axes=(1,)), atol=1e-4
    )
