"""Whether a model is right as often as it is sure: reliability by bins of confidence, expected calibration error.

Conventions: `scores` are class probabilities, float (clips, classes); `true` is the number of each clip's class; the
confidence of a clip is the largest of its probabilities, whose class is the one that is predicted.
"""

from dataclasses import dataclass

import numpy as np

from ser_keras.errors import RunError

BINS = 15  # Guo et al. (2017), section 5
ROUNDING = 1e-3  # how far probabilities may sum up to other than 1: they are kept in float32


@dataclass(frozen=True)
class Bin:
    """Clips whose confidence is in (low, high]: how many, their mean confidence and their accuracy; 0.0 for none."""

    low: float
    high: float
    clips: int
    confidence: float
    accuracy: float


def validate(scores: np.ndarray, true: np.ndarray) -> None:
    """Refuse what are no probabilities of these clips.

    Raises
    ------
    RunError : no clip, lengths that differ, a class number that has no column, or rows that are no probabilities
    """
    if scores.ndim != 2 or len(scores) != len(true) or not len(true):
        raise RunError(f"probabilities of shape {scores.shape} for {len(true)} clips: expected one row a clip")
    if not ((true >= 0) & (true < scores.shape[1])).all():
        raise RunError(f"class numbers {true.min()} to {true.max()} for {scores.shape[1]} columns of probabilities")
    if not np.isfinite(scores).all() or (scores < 0).any() or (np.abs(scores.sum(axis=1) - 1) > ROUNDING).any():
        raise RunError("the scores are no probabilities: each row must be finite, not negative and sum up to 1")


def reliability(scores: np.ndarray, true: np.ndarray, *, bins: int = BINS) -> tuple[Bin, ...]:
    """Confidence and accuracy in bins of equal width over (0, 1].

    Raises
    ------
    RunError : as `validate`

    Source: DeGroot and Fienberg (1983), The comparison and evaluation of forecasters, The Statistician 32; bins as in
    Guo et al. (2017), On calibration of modern neural networks, ICML, section 2.
    """
    scores, true = np.asarray(scores, dtype=float), np.asarray(true)
    validate(scores, true)
    sure = scores.max(axis=1)
    right = scores.argmax(axis=1) == true
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    clips = np.bincount(place, minlength=bins)
    confidence, accuracy = (np.bincount(place, weights=values, minlength=bins) for values in (sure, right))
    return tuple(
        Bin(low, high, int(n), float(all_sure / n) if n else 0.0, float(all_right / n) if n else 0.0)
        for low, high, n, all_sure, all_right in zip(
            edges[:-1].tolist(), edges[1:].tolist(), clips, confidence, accuracy, strict=True
        )
    )


def expected_calibration_error(table: tuple[Bin, ...]) -> float:
    """Mean distance of confidence and accuracy over the bins, weighted by their clips, in [0, 1].

    Few clips a bin raise it: of a calibrated model it is above 0 as well.

    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning, AAAI.
    """
    clips = sum(one.clips for one in table)
    return sum(one.clips * abs(one.accuracy - one.confidence) for one in table) / clips
