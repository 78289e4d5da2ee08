"""From a matrix of features over time to what a network takes: means, sequences of one length, rolling windows.

Matrices are (bands, frames) as the feature functions give them, sequences (frames, bands).
"""

import numpy as np

from ser_keras.errors import AudioError


def time_mean(values: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean of each band over time: (bands, frames) → (bands,)."""
    return values.mean(axis=1)


def time_first(values: np.ndarray, sample_rate: int) -> np.ndarray:
    """A matrix as a sequence: (bands, frames) → (frames, bands)."""
    return values.T


def fixed_frames(values: np.ndarray, sample_rate: int, *, frames: int) -> np.ndarray:
    """A sequence of exactly `frames`: zeros are added at the end of a shorter one, a longer one is cut.

    (any, bands) → (frames, bands)
    """
    kept = values[:frames]
    return np.pad(kept, ((0, frames - len(kept)), (0, 0)))


def rolling(values: np.ndarray, sample_rate: int, *, size: int, step: int) -> np.ndarray:
    """Windows of `size` frames, one every `step`: (bands, frames) → (1 + (frames - size) // step, bands, size).

    Raises
    ------
    AudioError : there are fewer frames than a window takes
    """
    frames = values.shape[1]
    if frames < size:
        raise AudioError(f"a window takes {size} frames, got {frames}: the recording is too short")
    return np.stack([values[:, start : start + size] for start in range(0, frames - size + 1, step)])
