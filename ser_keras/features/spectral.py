"""Spectral features of a waveform.

Waves are float32 `(samples,)` in [-1, 1]; every function takes `(wave, sample_rate)` first, or an array that an
earlier step gave, so that it serves as a step of a pipeline. Each library default that can move a published number
is written out at the call. What librosa does in few lines is done here, as it does it: to load librosa, with numba and
scipy.signal, took a worker two seconds and 180 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import scipy

from ser_keras.errors import AudioError

TOGETHER = 32  # frames of 2048 samples, whose spectra find room in a cache


@lru_cache(maxsize=32)
def window(name: str, length: int) -> np.ndarray:
    """A periodic window, "hann" or "hamming": float64 (length,).

    Source: `scipy.signal.get_window`, whose module would take every worker half a second to load.
    """
    return {"hann": np.hanning, "hamming": np.hamming}[name](length + 1)[:-1]


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

    Parameters
    ----------
    wave : float32 (samples,)
    n_fft, hop_length : int, samples
    win_length : int or None, samples; None is `n_fft`, a shorter one is filled up with zeros
    shape : of the window
    pad_mode : what lies beyond both ends: "constant" (zeros) or "reflect"

    Source: `librosa.stft`, to its last bit; but frames lie one after another in memory, which takes less time, and the
    zeros that fill a short clip up are not transformed.
    """
    length = win_length or n_fft
    weights, middle = window(shape, length), slice((n_fft - length) // 2, (n_fft - length) // 2 + length)
    each = frames(wave, n_fft=n_fft, hop_length=hop_length, pad_mode=pad_mode)
    power = np.empty((len(each), 1 + n_fft // 2), np.float32)
    heard = len(each) if pad_mode != "constant" else min(len(each), -(-(_filled(wave) + n_fft // 2) // hop_length))
    weighted = np.zeros((max(1, TOGETHER * 2048 // n_fft), n_fft))
    for part in parts(heard, len(weighted)):
        count = part.stop - part.start
        np.multiply(each[part, middle], weights, out=weighted[:count, middle])
        power[part] = squared(spectra(weighted[:count]))
    power[heard:] = 0
    return power.T


def _filled(wave: np.ndarray) -> int:
    """Samples of a wave without the zeros at its end."""
    if wave.size and wave[-1]:
        return len(wave)
    return len(wave) - int((wave[::-1] != 0).argmax()) if wave.any() else 0


def frames(wave: np.ndarray, *, n_fft: int, hop_length: int, pad_mode: str = "constant") -> np.ndarray:
    """Frames of a wave, centred, as a view: (1 + samples // hop_length, n_fft); `pad_mode` as for `power_spectrum`."""
    padded = np.pad(wave, n_fft // 2, mode=pad_mode)
    return np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]


def parts(count: int, together: int = TOGETHER) -> Iterator[slice]:
    """So many frames, so many at a time."""
    return (slice(start, min(start + together, count)) for start in range(0, count, together))


def spectra(weighted: np.ndarray) -> np.ndarray:
    """The spectra of weighted frames: float64 (frames, n_fft) → complex64 (frames, 1 + n_fft // 2).

    Source: `librosa.stft`, which transforms in float64.
    """
    return scipy.fft.rfft(weighted, axis=1).astype(np.complex64)


def squared(spectrum: np.ndarray) -> np.ndarray:
    """Squared magnitudes of complex numbers: real, of the same shape."""
    return np.square(spectrum.real) + np.square(spectrum.imag)


def mel_bands(
    power: np.ndarray, sample_rate: int, *, n_mels: int, htk: bool, norm: str | None, fmax: float | None = None
) -> np.ndarray:
    """Power in mel bands from 0 to `fmax` (None: half the sample rate): (n_fft // 2 + 1, frames) → (n_mels, frames).

    Source: `librosa.feature.melspectrogram`.
    """
    return _sparse_filters(sample_rate, 2 * (len(power) - 1), n_mels, fmax, htk, norm) @ power


def mel_edges(count: int, fmax: float, *, htk: bool) -> np.ndarray:
    """Frequencies from 0 to `fmax` at equal distances on the mel scale: float64 (count,), hertz.

    `htk`: 2595 log10(1 + hertz / 700). Else Slaney's scale: 3 mel are 200 Hz up to 1000 Hz, beyond it 27 mel are a
    factor of 6.4.

    Source: `librosa.mel_frequencies`; O'Shaughnessy (1987); Slaney (1998), Auditory Toolbox.
    """
    if htk:
        return 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + fmax / 700), count) / 2595) - 1)
    knee, factor = 1000.0, np.log(6.4) / 27
    top = 0.015 * fmax if fmax < knee else 0.015 * knee + np.log(fmax / knee) / factor
    mels = np.linspace(0, top, count)
    return np.where(mels < 0.015 * knee, mels / 0.015, knee * np.exp(factor * (mels - 0.015 * knee)))


def mel_filters(
    sample_rate: int, n_fft: int, *, n_mels: int, htk: bool, norm: str | None, fmax: float | None = None
) -> np.ndarray:
    """Triangles on the bins of a spectrum, each from the middle of the one below to that of the one above.

    Parameters
    ----------
    sample_rate : int, hertz
    n_fft : int, samples
    n_mels : int
    htk : which mel scale, see `mel_edges`
    norm : "slaney": triangles of area 1, over hertz; None: of height 1
    fmax : float or None, hertz; None: half the sample rate

    Returns
    -------
    float32 (n_mels, 1 + n_fft // 2); a triangle between two bins holds zeros alone

    Source: `librosa.filters.mel`, whose module would load numba and scipy.signal into every worker.
    """
    edges = mel_edges(n_mels + 2, fmax or sample_rate / 2, htk=htk)
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    lower, middle, upper = (edges[start : start + n_mels, np.newaxis] for start in range(3))
    triangles = (
        np.minimum((bins - lower) / (middle - lower), (upper - bins) / (upper - middle)).clip(min=0).astype(np.float32)
    )
    if norm == "slaney":
        triangles *= 2 / (upper - lower)
    return triangles


@lru_cache(maxsize=32)
def _sparse_filters(
    sample_rate: int, n_fft: int, n_mels: int, fmax: float | None, htk: bool, norm: str | None
) -> scipy.sparse.csr_array:
    """Few entries are not 0; and making them anew would cost half as much as a clip's spectrum does."""
    return scipy.sparse.csr_array(mel_filters(sample_rate, n_fft, n_mels=n_mels, htk=htk, norm=norm, fmax=fmax))


def decibels(power: np.ndarray, *, ref: float = 1.0, amin: float = 1e-10, top_db: float | None = 80.0) -> np.ndarray:
    """Power in dB re `ref`, both at least `amin`; what is more than `top_db` below the loudest is raised to that.

    The shape and kind of `power`. Source: `librosa.power_to_db`.
    """
    least = np.full(1, amin, power.dtype)
    levels = np.full_like(power, np.log10(least)[0])
    np.log10(power, out=levels, where=~(power <= least))  # of zeros it takes as long as of anything
    levels *= 10
    levels -= power.dtype.type(10 * np.log10(max(ref, amin)))
    return levels if top_db is None else np.maximum(levels, levels.max() - power.dtype.type(top_db))


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
    return decibels(bands, top_db=top_db).astype(np.float32)


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
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "win_length": win_length}
    power = power_spectrum(wave, **sizes, shape="hamming") / n_fft
    bands = mel_bands(power, sample_rate, n_mels=n_mels, htk=True, norm=None, fmax=fmax)
    return decibels(bands, ref=bands.max(), top_db=top_db).astype(np.float32)


def z_scored(values: np.ndarray, sample_rate: int, *, axes: tuple[int, ...] | None = None) -> np.ndarray:
    """An array with mean 0 and standard deviation 1 over `axes` (None: over all of it); a constant part gives zeros.

    float32, the shape of `values`.
    """
    centred = values.astype(np.float64)
    centred -= centred.mean(axis=axes, keepdims=True)
    deviation = centred.std(axis=axes, keepdims=True)
    if (deviation > 0).all():
        centred /= deviation
    else:
        centred = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0)
    return centred.astype(np.float32)


def with_channel(values: np.ndarray, sample_rate: int) -> np.ndarray:
    """An array with one channel at its end, as Keras's image layers take it: (…) → (…, 1)."""
    return values[..., np.newaxis]
