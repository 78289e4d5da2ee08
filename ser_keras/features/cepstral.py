"""Cepstral features of a waveform. Waves are float32 `(samples,)` in [-1, 1]."""

import librosa
import numpy as np

from ser_keras.errors import AudioError


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
    return librosa.feature.mfcc(
        y=wave,
        sr=sample_rate,
        n_mfcc=n_mfcc,
        dct_type=2,
        norm="ortho",
        lifter=0,
        mel_norm="slaney",
        n_fft=n_fft,
        hop_length=hop_length,
        win_length=n_fft,
        window="hann",
        center=True,
        pad_mode="constant",
        power=2.0,
        n_mels=128,
        fmin=0.0,
        fmax=sample_rate / 2,
        htk=False,
    ).astype(np.float32)
