"""Prosodic measures of a recording by Praat and librosa, and the vector of numbers that they make.

Waves are float32 `(samples,)` in [-1, 1], as recorded. Times are in seconds, frequencies in hertz. Frames have 2048
samples and a hop of 512; pitch frames are 10 ms apart.
"""

import librosa
import numpy as np
import parselmouth

from ser_keras.errors import AudioError

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


def rms(wave: np.ndarray) -> np.ndarray:
    """RMS of each frame: float32 (1 + samples // 512,). Source: `librosa.feature.rms`."""
    return librosa.feature.rms(y=wave, frame_length=FRAME, hop_length=HOP, center=True, pad_mode="constant")[0]


def zero_crossing_rate(wave: np.ndarray) -> np.ndarray:
    """Share of samples of each frame at which the sign changes: float64 (1 + samples // 512,).

    Source: `librosa.feature.zero_crossing_rate`.
    """
    return librosa.feature.zero_crossing_rate(wave, frame_length=FRAME, hop_length=HOP, center=True)[0]


def intensity(rms: np.ndarray) -> np.ndarray:
    """Frames' RMS in dB re 1, not below -100 dB nor more than 80 dB below the loudest.

    Source: `librosa.amplitude_to_db`, its defaults; Rastogi (2025), code, puts RMS at 1e-9 at least before.
    """
    return librosa.amplitude_to_db(np.maximum(rms, 1e-9), ref=1.0, amin=1e-5, top_db=80.0)


def magnitudes(wave: np.ndarray) -> np.ndarray:
    """Magnitudes of the short-time spectrum, Hann: float32 (1025, 1 + samples // 512). Source: `librosa.stft`."""
    return np.abs(
        librosa.stft(
            wave, n_fft=FRAME, hop_length=HOP, win_length=FRAME, window="hann", center=True, pad_mode="constant"
        )
    )


def log_mel_128(magnitudes: np.ndarray, sample_rate: int) -> np.ndarray:
    """128 Slaney mel bands in dB re 1, 80 dB below the peak kept; what librosa's MFCC and onset strength begin with."""
    power = librosa.feature.melspectrogram(
        S=magnitudes**2,
        sr=sample_rate,
        n_fft=FRAME,
        n_mels=128,
        fmin=0.0,
        fmax=sample_rate / 2,
        htk=False,
        norm="slaney",
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)


def tempo(log_mel: np.ndarray, sample_rate: int) -> float:
    """Beats a minute of the onset strength, prior at 120. Source: `librosa.feature.tempo`, its defaults."""
    onsets = librosa.onset.onset_strength(S=log_mel, sr=sample_rate, hop_length=HOP, lag=1, max_size=1)
    found = librosa.feature.tempo(
        onset_envelope=onsets,
        sr=sample_rate,
        hop_length=HOP,
        start_bpm=120.0,
        std_bpm=1.0,
        ac_size=8.0,
        max_tempo=320.0,
    )
    return float(found[0])


def mfcc(log_mel: np.ndarray) -> np.ndarray:
    """13 cepstral coefficients of log-mel bands: (13, frames). Source: `librosa.feature.mfcc`, its defaults."""
    return librosa.feature.mfcc(S=log_mel, n_mfcc=N_MFCC, dct_type=2, norm="ortho", lifter=0)


def spectral_means(magnitudes: np.ndarray, sample_rate: int) -> dict[str, float]:
    """Means over frames of spectral centroid, roll-off at 85 % (both hertz) and flux.

    The flux of a frame is the Euclidean distance of its magnitudes from those of the frame before.

    Source: `librosa.feature.spectral_centroid`, `spectral_rolloff`; Rastogi (2025), pseudocode, gives no formula.
    """
    flux = np.sqrt((np.diff(magnitudes, axis=1) ** 2).sum(axis=0))
    return {
        "spectral_centroid_mean": float(librosa.feature.spectral_centroid(S=magnitudes, sr=sample_rate).mean()),
        "spectral_rolloff_mean": float(
            librosa.feature.spectral_rolloff(S=magnitudes, sr=sample_rate, roll_percent=0.85).mean()
        ),
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
    frames, crossings = rms(wave), zero_crossing_rate(wave)
    spectrum = magnitudes(wave)  # the one that mel bands, onsets, MFCCs and the spectral means share
    bands = log_mel_128(spectrum, sample_rate)
    contour = pitch_contour(wave, sample_rate, floor=pitch_floor, ceiling=pitch_ceiling)
    pitch = pitch_statistics(contour)
    variation = pitch["pitch_std"]
    if relative_variation:
        variation = 100 * pitch["pitch_std"] / pitch["pitch_mean"] if pitch["pitch_mean"] else 0.0
    coefficients = mfcc(bands)
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
        **(spectral_means(spectrum, sample_rate) if spectral else {}),
    }
    names = ACOUSTIC + SPECTRAL if spectral else ACOUSTIC
    return np.nan_to_num(np.array([values[name] for name in names], np.float64), posinf=0.0, neginf=0.0)
