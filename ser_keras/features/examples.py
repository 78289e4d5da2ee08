"""What a model is fed: rows of feature stores, scaled as the training part says."""

from dataclasses import dataclass

import numpy as np

from ser_keras.features.store import Features


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation by which examples are scaled; arrays that broadcast against one example."""

    mean: np.ndarray
    deviation: np.ndarray

    def applied(self, examples: np.ndarray) -> np.ndarray:
        """Scaled examples, float32, in the shape of `examples` (n, …)."""
        return ((examples - self.mean) / self.deviation).astype(np.float32)


def fitted_scaler(examples: "Examples", axes: tuple[int, ...]) -> Scaler:
    """Mean and deviation over all examples and the given axes of one example, gathered batch by batch.

    A part that never varies gets deviation 1.
    """
    total = squares = count = 0.0
    reduced = (0, *(axis + 1 for axis in axes))
    for start in range(0, len(examples), 64):
        batch = examples.arrays(np.arange(start, min(start + 64, len(examples)))).astype(np.float64)
        total = total + batch.sum(axis=reduced, keepdims=True)
        squares = squares + (batch**2).sum(axis=reduced, keepdims=True)
        count += batch.size / total.size
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0)
    deviation = np.sqrt(variance)
    deviation[deviation < 1e-8] = 1.0
    return Scaler(mean[0], deviation[0])


@dataclass(frozen=True)
class Examples:
    """Rows of one or more feature stores, one after another, with the class number of each.

    Parameters
    ----------
    sources : (features, row numbers) pairs: originals first, then augmented copies
    classes : int (n,), class number of each example
    scaler : applied to what is read, or None
    """

    sources: tuple[tuple[Features, np.ndarray], ...]
    classes: np.ndarray
    scaler: Scaler | None = None

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
        return out if self.scaler is None else self.scaler.applied(out)
