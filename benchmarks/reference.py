"""Each paper's features the plain way: one call of librosa, scipy or Praat a measure, one file after another.

Written from the papers, with our choices where these leave something open, and independent of the core: what it is
held against (`tests/benchmarks`), and what its speed is told in multiples of.
"""

import librosa
import numpy as np
import parselmouth
import scipy.signal


def kanoun2024(path: str) -> np.ndarray:
    """Log-mel image of 2.5 s: (64, 79, 1)."""
    wave, rate = librosa.load(path, sr=16_000)
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    if len(loud):
        wave = wave[loud[0] : loud[-1] + 1]
    if wave.any():
        wave = wave / np.abs(wave).max()
    wave = librosa.util.fix_length(wave, size=round(2.5 * rate))
    power = librosa.feature.melspectrogram(
        y=wave, sr=rate, n_fft=1024, hop_length=512, n_mels=64, fmax=8000, htk=True, norm=None, pad_mode="reflect"
    )
    return librosa.power_to_db(power, top_db=None)[..., np.newaxis]


def salian2021(path: str) -> np.ndarray:
    """Six windows over the mel periodogram: (6, 128, 128, 1)."""
    wave, rate = librosa.load(path, sr=21_500)
    wave = wave[rate // 2 :].astype(np.float64)
    wave = librosa.util.fix_length((wave - wave.mean()) / wave.std(), size=65_000).astype(np.float32)
    spectrum = librosa.stft(wave, n_fft=512, win_length=256, hop_length=128, window="hamming")
    bands = librosa.feature.melspectrogram(
        S=np.abs(spectrum) ** 2 / 512, sr=rate, n_fft=512, n_mels=128, fmax=4000, htk=True, norm=None
    )
    decibels = librosa.power_to_db(bands, ref=np.max, top_db=80)
    return np.stack([decibels[:, start : start + 128] for start in range(0, 321, 64)])[..., np.newaxis]


def sankaran2023_sequence(path: str) -> np.ndarray:
    """MFCCs of 3 s: (130, 40)."""
    wave, rate = librosa.load(path, sr=22_050)
    frames = librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=40).T
    return librosa.util.fix_length(frames, size=130, axis=0)


def sankaran2023_image(path: str) -> np.ndarray:
    """The sequence with one channel: (130, 40, 1)."""
    return sankaran2023_sequence(path)[..., np.newaxis]


def sankaran2023_means(path: str) -> np.ndarray:
    """MFCCs averaged over time: (40,)."""
    wave, rate = librosa.load(path, sr=22_050)
    return librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=40).mean(axis=1)


def yadav2022(path: str) -> np.ndarray:
    """Log-mel image of 3 s, z-scored: (128, 259, 1)."""
    wave, rate = librosa.load(path, sr=44_100)
    wave, _ = librosa.effects.trim(wave, top_db=30)
    with np.errstate(divide="ignore", invalid="ignore"):
        wave = scipy.signal.wiener(wave.astype(np.float64), mysize=3).astype(np.float32)
    wave = librosa.util.fix_length(wave, size=3 * rate)
    power = librosa.feature.melspectrogram(y=wave, sr=rate, n_mels=128, htk=True)
    image = librosa.power_to_db(power, top_db=None).astype(np.float64)
    return ((image - image.mean()) / image.std())[..., np.newaxis]


def rastogi2025_coded(path: str) -> np.ndarray:
    """The 43 numbers of the code, Praat reading the file itself: (43,)."""
    wave, rate = librosa.load(path, sr=None)
    sound = parselmouth.Sound(str(path)).convert_to_mono()
    return _acoustic(wave, rate, sound, floor=75, ceiling=600, described=False)


def rastogi2025_described(path: str) -> np.ndarray:
    """The 46 numbers of the text: (46,)."""
    wave, rate = librosa.load(path, sr=48_000)
    if wave.any():
        wave = wave / np.abs(wave).max()
    wave, _ = librosa.effects.trim(wave, top_db=40)
    sound = parselmouth.Sound(wave.astype(np.float64), sampling_frequency=rate)
    return _acoustic(wave, rate, sound, floor=50, ceiling=500, described=True)


def _acoustic(
    wave: np.ndarray, rate: int, sound: parselmouth.Sound, *, floor: float, ceiling: float, described: bool
) -> np.ndarray:
    rms = librosa.feature.rms(y=wave)[0]
    crossings = librosa.feature.zero_crossing_rate(wave)[0]
    mfcc = librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=13)
    contour = sound.to_pitch(time_step=0.01, pitch_floor=floor, pitch_ceiling=ceiling).selected_array["frequency"]
    voiced = contour[contour > 0]
    mean, median, std = (voiced.mean(), np.median(voiced), voiced.std()) if len(voiced) else (0.0, 0.0, 0.0)
    numbers = [
        librosa.get_duration(y=wave, sr=rate),
        rate,
        np.mean(np.abs(wave)),
        np.max(np.abs(wave)),
        np.mean(rms),
        np.std(rms),
        np.mean(librosa.amplitude_to_db(np.maximum(rms, 1e-9))),
        librosa.feature.tempo(y=wave, sr=rate)[0],
        np.mean(crossings),
        np.std(crossings),
        mean,
        median,
        std,
        (100 * std / mean if mean else 0.0) if described else std,
        len(voiced) / len(contour),
        np.abs(np.diff(voiced)).mean() / mean if len(voiced) > 1 else 0.0,
        np.std(rms) / np.mean(rms) if rms.any() else 0.0,
    ]
    for coefficient in mfcc:
        numbers += [coefficient.mean(), coefficient.std()]
    if described:
        magnitudes = np.abs(librosa.stft(wave))
        numbers += [
            librosa.feature.spectral_centroid(y=wave, sr=rate).mean(),
            librosa.feature.spectral_rolloff(y=wave, sr=rate, roll_percent=0.85).mean(),
            np.sqrt((np.diff(magnitudes, axis=1) ** 2).sum(axis=0)).mean(),
        ]
    return np.array(numbers, np.float64)


REFERENCES = {  # by the name of the core's pipeline
    "kanoun2024-log-mel": kanoun2024,
    "rastogi2025-acoustic": rastogi2025_coded,
    "rastogi2025-acoustic-described": rastogi2025_described,
    "salian2021-windows": salian2021,
    "sankaran2023-mfcc-means": sankaran2023_means,
    "sankaran2023-mfcc": sankaran2023_sequence,
    "sankaran2023-mfcc-image": sankaran2023_image,
    "yadav2022-log-mel": yadav2022,
}
