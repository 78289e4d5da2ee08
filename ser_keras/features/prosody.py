"""Prosodic measures of a recording by Praat and librosa, and the vector of numbers that they make.

Waves are float32 `(samples,)` in [-1, 1], as recorded. Times are in seconds, frequencies in hertz. Frames have 2048
samples and a hop of 512; pitch frames are 10 ms apart.
"""

import numpy as np
import parselmouth
import scipy

from ser_keras.audio import frame_rms
from ser_keras.errors import AudioError
from ser_keras.features.cepstral import log_mel_128, mfcc_of_bands
from ser_keras.features.spectral import decibels, power_spectrum, squared, window

FRAME, HOP = 2048, 512
N_MFCC = 13
TIME_STEP = 0.01
SCALARS = (
    "duration_sec",
    "sample_rate",
    "mean_amplitude",
    "peak_amplitude",
    "rms_mean",
    "rms_std",
    "intensity_db_mean",
    "tempo_bpm",
    "zcr_mean",
    "zcr_std",
    "pitch_mean",
    "pitch_median",
    "pitch_std",
    "pitch_variation",
    "voiced_ratio",
    "jitter",
    "shimmer",
)
MFCC_MEANS = tuple(f"mfcc_mean_{number}" for number in range(N_MFCC))
MFCCS = tuple(f"mfcc_{kind}_{number}" for number in range(N_MFCC) for kind in ("mean", "std"))
SPECTRAL = ("spectral_centroid_mean", "spectral_rolloff_mean", "spectral_flux_mean")
ACOUSTIC = SCALARS + MFCCS  # the 43 numbers of Rastogi (2025), Table 2, in the order of Figure 3


def pitch_contour(wave: np.ndarray, sample_rate: int, *, floor: float = 75.0, ceiling: float = 600.0) -> np.ndarray:
    """Fundamental frequency every 10 ms, 0 where nothing is voiced: float64 (frames,), hertz.

    Parameters
    ----------
    floor, ceiling : float, hertz

    Returns
    -------
    float64 (frames,); empty for a recording shorter than three periods of the floor

    Source: Praat's "To Pitch" (autocorrelation, Boersma 1993), other settings its defaults.
    """
    sound = parselmouth.Sound(wave.astype(np.float64), sampling_frequency=sample_rate)
    try:
        pitch = sound.to_pitch(time_step=TIME_STEP, pitch_floor=floor, pitch_ceiling=ceiling)
    except parselmouth.PraatError:
        return np.empty(0)
    return pitch.selected_array["frequency"]


def pitch_times(contour: np.ndarray, duration: float) -> np.ndarray:
    """Middles of the frames of `pitch_contour`: float64 (frames,), seconds.

    Parameters
    ----------
    contour : (frames,)
    duration : of the recording, seconds

    Source: Praat puts frames 10 ms apart, as many before the recording's middle as after it.
    """
    frames = len(contour)
    return duration / 2 + TIME_STEP * (np.arange(frames) - (frames - 1) / 2)


def pitch_statistics(contour: np.ndarray) -> dict[str, float]:
    """Mean, median and standard deviation of the voiced frames, and their share; all 0 where nothing is voiced.

    Parameters
    ----------
    contour : hertz (frames,), 0 for an unvoiced frame
    """
    voiced = contour[contour > 0]
    if not len(voiced):
        return dict.fromkeys(("pitch_mean", "pitch_median", "pitch_std", "voiced_ratio"), 0.0)
    return {
        "pitch_mean": float(voiced.mean()),
        "pitch_median": float(np.median(voiced)),
        "pitch_std": float(voiced.std()),
        "voiced_ratio": len(voiced) / len(contour),
    }


def jitter(contour: np.ndarray) -> float:
    """Mean change between consecutive voiced frames over the mean pitch, a ratio; 0 with fewer than two voiced ones.

    Source: Rastogi (2025), code. Not Praat's jitter, which is of periods.
    """
    voiced = contour[contour > 0]
    return float(np.abs(np.diff(voiced)).mean() / voiced.mean()) if len(voiced) > 1 else 0.0


def shimmer(rms: np.ndarray) -> float:
    """Standard deviation of the frames' RMS over their mean, a ratio; 0 for silence.

    Source: Rastogi (2025), code. Not Praat's shimmer, which is of periods.
    """
    mean = float(rms.mean())
    return float(rms.std() / mean) if mean > 0 else 0.0


def zero_crossing_rate(wave: np.ndarray) -> np.ndarray:
    """Share of samples of each frame at which the sign changes: float64 (1 + samples // 512,).

    Source: `librosa.feature.zero_crossing_rate`.
    """
    negative = np.pad(wave, FRAME // 2, mode="edge") < -1e-10
    at = 1 + np.flatnonzero(negative[1:] != negative[:-1])  # once, though frames overlap
    starts = np.arange(0, len(negative) - FRAME + 1, HOP)
    return (np.searchsorted(at, starts + FRAME) - np.searchsorted(at, starts + 1)) / FRAME


def intensity(rms: np.ndarray) -> np.ndarray:
    """Frames' RMS in dB re 1, not below -100 dB nor more than 80 dB below the loudest.

    Source: `librosa.amplitude_to_db`, its defaults; Rastogi (2025), code, puts RMS at 1e-9 at least before.
    """
    return decibels(np.square(np.maximum(rms, 1e-9)), amin=1e-10, top_db=80.0)


def onset_strength(log_mel: np.ndarray) -> np.ndarray:
    """Mean rise of the bands since the frame before, two frames late for the centring: float32 (frames,).

    Source: `librosa.onset.onset_strength`, which would load what takes a worker half a second and 50 MB.
    """
    rises = np.maximum(0, np.diff(log_mel, axis=1)).mean(axis=0)
    return np.pad(rises, (1 + FRAME // (2 * HOP), 0))[: log_mel.shape[1]]


def mean_tempogram(onsets: np.ndarray, lags: int) -> np.ndarray:
    """Local autocorrelation of onset strength, 1 at lag 0, averaged over frames: float64 (lags,).

    An autocorrelation is the inverse transform of a power spectrum, and largest at lag 0, where it is the energy. Mean
    and inverse transform are linear: one transform of the mean of the frames' spectra, each divided by its energy,
    gives what the mean of `librosa.feature.tempogram` takes a transform a frame for.
    """
    padded = np.pad(onsets, lags // 2, mode="linear_ramp", end_values=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, lags)[: len(onsets)] * window("hann", lags)
    energies = np.einsum("fl,fl->f", windows, windows)
    shares = np.divide(1, energies, out=np.zeros_like(energies), where=energies > 0) / len(onsets)
    size = scipy.fft.next_fast_len(2 * lags - 1, real=True)
    return scipy.fft.irfft(shares @ squared(scipy.fft.rfft(windows, size)), size)[:lags]


def tempo(log_mel: np.ndarray, sample_rate: int) -> float:
    """Beats a minute of the onset strength: the strongest repetition within 8 s, an octave from 120 counting less.

    Source: `librosa.feature.tempo`, its defaults: a log-normal prior at 120 of one octave, nothing above 320.
    """
    lags = 8 * sample_rate // HOP
    strength = mean_tempogram(onset_strength(log_mel), lags)[1:]
    beats = 60 * sample_rate / (HOP * np.arange(1, lags))
    likely = np.where(beats < 320, -0.5 * np.log2(beats / 120) ** 2, -np.inf)
    return float(beats[np.argmax(np.log1p(1e6 * strength) + likely)])


def spectral_means(magnitudes: np.ndarray, sample_rate: int) -> dict[str, float]:
    """Means over frames of spectral centroid, roll-off at 85 % (both hertz) and flux.

    The flux of a frame is the Euclidean distance of its magnitudes from those of the frame before.

    Source: `librosa.feature.spectral_centroid`, `spectral_rolloff`; Rastogi (2025), pseudocode, gives no formula.
    """
    flux = np.sqrt((np.diff(magnitudes, axis=1) ** 2).sum(axis=0))
    bins = np.linspace(0, sample_rate / 2, len(magnitudes))
    sums = magnitudes.sum(axis=0, dtype=np.float64)
    centroid = bins @ (magnitudes / np.where(sums > 0, sums, 1)).astype(np.float32)
    reached = np.cumsum(magnitudes, axis=0)
    rolloff = bins[np.argmax(reached >= 0.85 * reached[-1], axis=0)]
    return {
        "spectral_centroid_mean": float(centroid.mean()),
        "spectral_rolloff_mean": float(rolloff.mean()),
        "spectral_flux_mean": float(flux.mean()) if len(flux) else 0.0,
    }


def acoustic(
    wave: np.ndarray,
    sample_rate: int,
    *,
    pitch_floor: float = 75.0,
    pitch_ceiling: float = 600.0,
    relative_variation: bool = False,
    spectral: bool = False,
) -> np.ndarray:
    """The numbers named in `ACOUSTIC`, and with `spectral` those in `SPECTRAL` after them; what is not defined is 0.

    Parameters
    ----------
    wave : float32 (samples,)
    sample_rate : int, hertz
    pitch_floor, pitch_ceiling : float, hertz
    relative_variation : whether pitch_variation is the deviation in percent of the mean; else it is pitch_std again
    spectral : whether centroid, roll-off and flux are there

    Returns
    -------
    float64 (43,) or (46,)

    Raises
    ------
    AudioError : `wave` is not one-dimensional

    Source: Rastogi (2025), Table 2, and the code that gives Figure 3.
    """
    if wave.ndim != 1:
        raise AudioError(f"acoustic takes one channel (samples,), got shape {wave.shape}")
    frames, crossings = frame_rms(wave), zero_crossing_rate(wave)
    power = power_spectrum(wave, n_fft=FRAME, hop_length=HOP)  # serves mel bands, onsets, MFCCs and means
    bands = log_mel_128(power, sample_rate)
    contour = pitch_contour(wave, sample_rate, floor=pitch_floor, ceiling=pitch_ceiling)
    pitch = pitch_statistics(contour)
    variation = pitch["pitch_std"]
    if relative_variation:
        variation = 100 * pitch["pitch_std"] / pitch["pitch_mean"] if pitch["pitch_mean"] else 0.0
    coefficients = mfcc_of_bands(bands, N_MFCC)
    values = {
        "duration_sec": len(wave) / sample_rate,
        "sample_rate": float(sample_rate),
        "mean_amplitude": np.abs(wave).mean(),
        "peak_amplitude": np.abs(wave).max(),
        "rms_mean": frames.mean(),
        "rms_std": frames.std(),
        "intensity_db_mean": intensity(frames).mean(),
        "tempo_bpm": tempo(bands, sample_rate),
        "zcr_mean": crossings.mean(),
        "zcr_std": crossings.std(),
        **pitch,
        "pitch_variation": variation,
        "jitter": jitter(contour),
        "shimmer": shimmer(frames),
        **dict(zip((f"mfcc_mean_{number}" for number in range(N_MFCC)), coefficients.mean(axis=1), strict=True)),
        **dict(zip((f"mfcc_std_{number}" for number in range(N_MFCC)), coefficients.std(axis=1), strict=True)),
        **(spectral_means(np.sqrt(power), sample_rate) if spectral else {}),
    }
    names = ACOUSTIC + SPECTRAL if spectral else ACOUSTIC
    return np.nan_to_num(np.array([values[name] for name in names], np.float64), posinf=0.0, neginf=0.0)
