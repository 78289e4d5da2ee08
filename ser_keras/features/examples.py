"""What a model is fed: rows of feature stores."""

from dataclasses import dataclass

import numpy as np

from ser_keras.features.store import Features

BATCH = 64  # examples that are in memory at once while moments are gathered


@dataclass(frozen=True)
class Examples:
    """Rows of one or more feature stores, one after another, with the class number of each.

    Parameters
    ----------
    sources : (features, row numbers) pairs: originals first, then altered copies
    classes : int (n,), class number of each example
    columns : int (m,), entries of a feature vector that are taken, in this order; None: all
    """

    sources: tuple[tuple[Features, np.ndarray], ...]
    classes: np.ndarray
    columns: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.classes)

    def arrays(self, numbers: np.ndarray) -> np.ndarray:
        """Model inputs with these numbers: float32 (len(numbers), …)."""
        starts = np.cumsum([0, *(len(rows) for _, rows in self.sources)])
        source = np.searchsorted(starts, numbers, side="right") - 1
        out = np.empty((len(numbers), *self.sources[0][0].shape), np.float32)
        for which, (features, rows) in enumerate(self.sources):
            here = np.flatnonzero(source == which)
            out[here] = features.rows(rows[numbers[here] - starts[which]])
        return out if self.columns is None else out[:, self.columns]


def moments(examples: Examples, kept: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (n in the denominator) over all examples, gathered batch by batch in float64.

    Parameters
    ----------
    examples : at least one
    kept : axes of a batch (0 is the example's number) that are not averaged over

    Returns
    -------
    mean, variance : float64, of the sizes of the kept axes
    """
    shift = None  # sums of squares are taken about the first example's mean, so that nothing cancels
    total = squares = count = 0.0
    for start in range(0, len(examples), BATCH):
        batch = examples.arrays(np.arange(start, min(start + BATCH, len(examples)))).astype(np.float64)
        reduced = tuple(axis for axis in range(batch.ndim) if axis not in kept)
        if shift is None:
            shift = batch[:1].mean(axis=reduced, keepdims=True)
        total = total + (batch - shift).sum(axis=reduced)
        squares = squares + ((batch - shift) ** 2).sum(axis=reduced)
        count += batch.size / np.size(total)
    mean = total / count
    return mean + shift.reshape(np.shape(mean)), np.maximum(squares / count - mean**2, 0.0)
