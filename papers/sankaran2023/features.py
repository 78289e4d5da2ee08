"""The MFCCs of Sankaran et al. (2023): over time, or their means."""

from ser_keras.experiment import Choices
from ser_keras.features import cepstral, spectral, windows
from ser_keras.features.pipeline import Pipeline, Step, step


def means(choices: Choices) -> Pipeline:
    """Clip → (n_mfcc,): each coefficient averaged over time (section 2.4.1)."""
    return _pipeline("sankaran2023-mfcc-means", choices, step(windows.time_mean))


def sequence(choices: Choices) -> Pipeline:
    """Clip → (frames, n_mfcc), zeros at the end of a shorter clip (section 2.2.1)."""
    padded = step(windows.fixed_frames, frames=n_frames(choices))
    return _pipeline("sankaran2023-mfcc", choices, step(windows.time_first), padded)


def image(choices: Choices) -> Pipeline:
    """Clip → (frames, n_mfcc, 1): the sequence as an image of one channel (section 2.1.2)."""
    padded = step(windows.fixed_frames, frames=n_frames(choices))
    return _pipeline("sankaran2023-mfcc-image", choices, step(windows.time_first), padded, step(spectral.with_channel))


def n_frames(choices: Choices) -> int:
    """Frames of 3.0 s: 130 at 22 050 Hz; the longest clip of TESS has 2.985 s."""
    return 1 + round(3.0 * choices["sample_rate"]) // 512


def _pipeline(name: str, choices: Choices, *shaping: Step) -> Pipeline:
    coefficients = step(cepstral.mfcc, n_mfcc=choices["n_mfcc"], n_fft=2048, hop_length=512)
    return Pipeline(name, choices["sample_rate"], (coefficients, *shaping))
