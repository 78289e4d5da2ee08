"""A waveform at another speed, or at another pitch: a phase vocoder, as librosa has one, without librosa.

Waves are float32 `(samples,)` in [-1, 1]; sample rates are in hertz. Every function takes `(wave, sample_rate)` first,
so that it serves as a step of a pipeline; random ones take a `numpy.random.Generator` as `rng`. Values are librosa's to
the last bit, so the kinds of numbers and the order of operations are its own, and also what it loses: phases are added
up in float32. To load librosa, with numba, took a worker two seconds and 270 MB.
"""

from __future__ import annotations

import math

import numpy as np
import scipy

from ser_keras import audio
from ser_keras.errors import AudioError
from ser_keras.features import spectral

N_FFT, HOP = 2048, 512  # samples, librosa's own: a sample lies in four frames
OVERLAP = N_FFT // HOP
BINS = 1 + N_FFT // 2
USUAL = HOP * np.fft.rfftfreq(N_FFT, 1 / (2 * np.pi))  # what each bin's phase gains from frame to frame, radians
# scipy.signal's Hann window to the last bit, which NumPy's own misses
WINDOW = 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, N_FFT + 1)[:-1])


def time_stretched(wave: np.ndarray, sample_rate: int, *, rate: float) -> np.ndarray:
    """The wave `rate` times as fast at the same pitch: float32 (round(samples / rate),).

    Raises
    ------
    AudioError : `rate` is not positive, or `wave` is not one channel of finite samples

    Source: `librosa.effects.time_stretch` (phase vocoder, n_fft 2048, hop 512).
    """
    if not rate > 0:
        raise AudioError(f"the rate is {rate}, expected a positive number: 2 is twice as fast")
    audio.check(wave, silence=True)
    magnitudes, phases = _polar(wave)
    return _wave(_vocoded(magnitudes, phases, rate), round(len(wave) / rate))


def pitch_shifted(wave: np.ndarray, sample_rate: int, *, semitones: float) -> np.ndarray:
    """The wave with its pitch moved by `semitones` at the same length: float32 (samples,).

    Raises
    ------
    AudioError : `wave` is not one channel of finite samples

    Source: `librosa.effects.pitch_shift` (12 bins an octave, phase vocoder, `soxr_hq`).
    """
    rate = 2.0 ** (-semitones / 12)
    stretched = time_stretched(wave, sample_rate, rate=rate)
    shifted = audio.resampled(stretched, sample_rate / rate, target_rate=sample_rate)[: len(wave)]
    return np.pad(shifted, (0, len(wave) - len(shifted)))


def randomly_time_stretched(
    wave: np.ndarray, sample_rate: int, *, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """The wave at a rate drawn evenly from 1 - `spread` to 1 + `spread`: see `time_stretched`."""
    return time_stretched(wave, sample_rate, rate=rng.uniform(1 - spread, 1 + spread))


def randomly_pitch_shifted(
    wave: np.ndarray, sample_rate: int, *, semitones: float, rng: np.random.Generator
) -> np.ndarray:
    """The wave with its pitch moved by up to `semitones` down or up, drawn evenly: see `pitch_shifted`."""
    return pitch_shifted(wave, sample_rate, semitones=rng.uniform(-semitones, semitones))


def _polar(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes and phases of the short-time spectrum, and of two frames of zeros after it: float32 (frames, bins)."""
    frames = spectral.frames(wave, n_fft=N_FFT, hop_length=HOP)
    magnitudes, phases = np.zeros((2, len(frames) + 2, BINS), np.float32)
    for part in spectral.parts(len(frames)):
        spectrum = spectral.spectra(frames[part] * WINDOW)
        np.abs(spectrum, out=magnitudes[part])
        np.arctan2(spectrum.imag, spectrum.real, out=phases[part])
    return magnitudes, phases


def _vocoded(magnitudes: np.ndarray, phases: np.ndarray, rate: float) -> np.ndarray:
    """The spectrum read `rate` frames at a time: complex64 (frames / rate, bins).

    Magnitudes are those between two frames; each phase goes on from the one before by what lies between them.
    """
    places = np.arange(0, len(magnitudes) - 2, rate)  # rounding may give one more than there are frames
    before, shares = places.astype(int), (places % 1.0)[:, np.newaxis]
    spectrum = np.zeros((len(places), BINS), np.complex64)
    phase = phases[0].astype(np.float64)
    for part in spectral.parts(len(places)):
        first, share, turned = before[part], shares[part], spectrum[part]
        gains = _gains(phases[first[0] : first[-1] + 2])
        for angles, number in zip(turned.imag, first - first[0], strict=True):
            angles[:] = phase  # rounded
            np.add(angles, gains[number], out=phase)
        magnitude = (1.0 - share) * magnitudes[first] + share * magnitudes[first + 1]
        # of imaginary numbers: the C library's sine and cosine, as numba calls them; np.cos has other last bits
        np.multiply(np.exp(turned), magnitude, out=turned, casting="same_kind")
    return spectrum


def _gains(phases: np.ndarray) -> np.ndarray:
    """What each phase gains to the next frame, by half a turn at most more or less than usual: float64."""
    surplus = phases[1:] - phases[:-1] - USUAL
    surplus -= 2 * np.pi * np.rint(surplus / (2 * np.pi))
    surplus += USUAL
    return surplus


def _wave(spectrum: np.ndarray, samples: int) -> np.ndarray:
    """The wave whose short-time spectrum is nearest to this one: float32 (samples,).

    Source: Griffin and Lim (1984), equation 6; `librosa.istft`.
    """
    frames = min(len(spectrum), math.ceil((samples + N_FFT) / HOP))
    sums = np.zeros((frames + OVERLAP - 1, HOP), np.float32)
    for part in spectral.parts(frames):
        _add(WINDOW * scipy.fft.irfft(spectrum[part], n=N_FFT, axis=1), sums[part.start :])
    weights = _weights(frames)
    np.divide(sums, weights, out=sums, where=weights > np.finfo(np.float32).tiny)
    wave = sums.ravel()[N_FFT // 2 :][:samples]
    return np.pad(wave, (0, samples - len(wave)))


def _add(pieces: np.ndarray, sums: np.ndarray) -> None:
    """Add pieces that begin `HOP` apart, (frames, n_fft), to sums of `HOP` samples a row.

    Each sum gets its last quarter of a piece, then the third quarter of the next one, and so on: the order in which it
    would get them from one piece after another.
    """
    quarters = pieces.reshape(-1, OVERLAP, HOP)
    for number in reversed(range(OVERLAP)):
        sums[number : number + len(pieces)] += quarters[:, number]


def _weights(frames: int) -> np.ndarray:
    """The squared windows of so many frames, added up: float32 (frames + 3, hop). In the middle they repeat."""
    few = min(frames, OVERLAP)
    weights = np.zeros((few + OVERLAP - 1, HOP), np.float32)
    _add(np.tile(np.square(WINDOW), (few, 1)), weights)
    counts = np.ones(len(weights), int)
    counts[few - 1] += frames - few
    return np.repeat(weights, counts, axis=0)
