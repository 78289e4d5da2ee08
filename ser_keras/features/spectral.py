"""Spectral features of a waveform.

Waves are float32 `(samples,)` in [-1, 1]; every function takes `(wave, sample_rate)` first, or an array that an
earlier step gave, so that it serves as a step of a pipeline. Each library default that can move a published number
is written out at the call.
"""

import warnings
from functools import lru_cache

import librosa
import numpy as np
import scipy.sparse

from ser_keras.errors import AudioError


@lru_cache(maxsize=32)
def window(name: str, length: int) -> np.ndarray:
    """A periodic window: float64 (length,). Source: `librosa.filters.get_window`."""
    return librosa.filters.get_window(name, length, fftbins=True)


def power_spectrum(
    wave: np.ndarray,
    *,
    n_fft: int,
    hop_length: int,
    win_length: int | None = None,
    shape: str = "hann",
    pad_mode: str = "constant",
) -> np.ndarray:
    """Squared magnitudes of the short-time spectrum, centred: float32 (1 + n_fft // 2, 1 + samples // hop_length).

    Source: `librosa.stft`; `win_length` None is `n_fft`, a shorter one is filled up with zeros.
    """
    spectrum = librosa.stft(
        wave,
        n_fft=n_fft,
        hop_length=hop_length,
        win_length=win_length or n_fft,
        window=window(shape, win_length or n_fft),
        center=True,
        pad_mode=pad_mode,
    )
    return librosa.util.abs2(spectrum)


def mel_bands(
    power: np.ndarray, sample_rate: int, *, n_mels: int, htk: bool, norm: str | None, fmax: float | None = None
) -> np.ndarray:
    """Power in mel bands from 0 to `fmax` (None: half the sample rate): (n_fft // 2 + 1, frames) → (n_mels, frames).

    Source: `librosa.filters.mel`, as `librosa.feature.melspectrogram` applies it.
    """
    return _mel_filters(sample_rate, 2 * (len(power) - 1), n_mels, fmax, htk, norm) @ power


@lru_cache(maxsize=32)
def _mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, fmax: float | None, htk: bool, norm: str | None
) -> scipy.sparse.csr_array:
    """Filters, of which few entries are not 0; making them anew would cost half as much as a clip's spectrum does."""
    filters = librosa.filters.mel(
        sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=0.0, fmax=fmax or sample_rate / 2, htk=htk, norm=norm
    )
    return scipy.sparse.csr_array(filters)


def log_mel(
    wave: np.ndarray,
    sample_rate: int,
    *,
    n_mels: int = 128,
    n_fft: int = 2048,
    hop_length: int = 512,
    top_db: float | None = None,
    norm: str | None = "slaney",
    pad_mode: str = "constant",
) -> np.ndarray:
    """Log-mel power spectrogram in dB re 1: HTK mel scale up to half the sample rate, Hann window, centred.

    Parameters
    ----------
    wave : float32 (samples,)
    sample_rate : int, hertz
    n_mels : int
    n_fft, hop_length : int, samples
    top_db : float or None, dB kept below the clip's own peak
    norm : "slaney": bands of equal area; None: bands of equal height, 1
    pad_mode : what lies beyond both ends: "constant" (zeros) or "reflect"

    Returns
    -------
    float32 (n_mels, 1 + samples // hop_length)

    Raises
    ------
    AudioError : `wave` is not one-dimensional, or not finite

    Source: Yadav et al. (2022), section 3.4, equations 2 and 3; `librosa.feature.melspectrogram`.
    """
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise AudioError(f"log_mel takes one channel of finite samples (samples,), got shape {wave.shape}")
    power = power_spectrum(wave, n_fft=n_fft, hop_length=hop_length, pad_mode=pad_mode)
    bands = mel_bands(power, sample_rate, n_mels=n_mels, htk=True, norm=norm)
    return librosa.power_to_db(bands, ref=1.0, amin=1e-10, top_db=top_db).astype(np.float32)


def mel_periodogram(
    wave: np.ndarray,
    sample_rate: int,
    *,
    n_mels: int,
    n_fft: int,
    win_length: int,
    hop_length: int,
    fmax: float,
    top_db: float | None,
) -> np.ndarray:
    """Mel bands of the periodogram in dB below the clip's own maximum: Hamming window, HTK bands of height 1, centred.

    Parameters
    ----------
    wave : float32 (samples,)
    sample_rate : int, hertz
    n_mels : int
    n_fft, win_length, hop_length : int, samples; a frame of `win_length` is filled up to `n_fft` with zeros
    fmax : float, hertz, upper end of the bands
    top_db : float or None, dB kept below the maximum

    Returns
    -------
    float32 (n_mels, 1 + samples // hop_length), 0 at most

    Raises
    ------
    AudioError : `wave` is not one-dimensional, or not finite

    Source: Salian et al. (2021), sections 2.2.2 to 2.2.6.
    """
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise AudioError(f"mel_periodogram takes one channel of finite samples (samples,), got shape {wave.shape}")
    power = power_spectrum(wave, n_fft=n_fft, hop_length=hop_length, win_length=win_length, shape="hamming") / n_fft
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Empty filters")  # 128 bands up to 4 kHz are finer than the FFT
        bands = mel_bands(power, sample_rate, n_mels=n_mels, htk=True, norm=None, fmax=fmax)
    return librosa.power_to_db(bands, ref=np.max, amin=1e-10, top_db=top_db).astype(np.float32)


def z_scored(values: np.ndarray, sample_rate: int, *, axes: tuple[int, ...] | None = None) -> np.ndarray:
    """An array with mean 0 and standard deviation 1 over `axes` (None: over all of it); a constant part gives zeros.

    float32, the shape of `values`.
    """
    values = values.astype(np.float64)
    centred = values - values.mean(axis=axes, keepdims=True)
    deviation = centred.std(axis=axes, keepdims=True)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0).astype(np.float32)


def with_channel(values: np.ndarray, sample_rate: int) -> np.ndarray:
    """An array with one channel at its end, as Keras's image layers take it: (…) → (…, 1)."""
    return values[..., np.newaxis]
