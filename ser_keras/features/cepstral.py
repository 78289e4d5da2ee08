"""Cepstral features of a waveform. Waves are float32 `(samples,)` in [-1, 1]."""

import numpy as np
import scipy

from ser_keras.errors import AudioError
from ser_keras.features import spectral


def mfcc(wave: np.ndarray, sample_rate: int, *, n_mfcc: int, n_fft: int = 2048, hop_length: int = 512) -> np.ndarray:
    """Mel-frequency cepstral coefficients: orthonormal DCT-II of 128 Slaney mel bands in dB, 80 dB below the peak kept.

    Parameters
    ----------
    wave : float32 (samples,)
    sample_rate : int, hertz
    n_mfcc : int, 1 to 128
    n_fft, hop_length : int, samples

    Returns
    -------
    float32 (n_mfcc, 1 + samples // hop_length)

    Raises
    ------
    AudioError : `wave` is not one-dimensional or not finite, or `n_mfcc` is out of range

    Source: `librosa.feature.mfcc` with its defaults.
    """
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise AudioError(f"mfcc takes one channel of finite samples (samples,), got shape {wave.shape}")
    if not 1 <= n_mfcc <= 128:
        raise AudioError(f"n_mfcc is {n_mfcc}, expected 1 to 128, the number of mel bands")
    power = spectral.power_spectrum(wave, n_fft=n_fft, hop_length=hop_length)
    return mfcc_of_bands(log_mel_128(power, sample_rate), n_mfcc)


def log_mel_128(power: np.ndarray, sample_rate: int) -> np.ndarray:
    """128 Slaney mel bands in dB re 1, 80 dB below the peak kept; what librosa's MFCC and onset strength begin with."""
    bands = spectral.mel_bands(power, sample_rate, n_mels=128, htk=False, norm="slaney")
    return spectral.decibels(bands, top_db=80.0)


def mfcc_of_bands(log_mel: np.ndarray, n_mfcc: int) -> np.ndarray:
    """The first `n_mfcc` coefficients of log-mel bands: (bands, frames) → (n_mfcc, frames).

    Source: `librosa.feature.mfcc`.
    """
    return scipy.fft.dct(log_mel, type=2, norm="ortho", axis=0)[:n_mfcc]
