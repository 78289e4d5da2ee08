"""Two settings compared seed by seed or clip by clip, and what several comparisons at once are worth.

Conventions: shares are in [0, 1]; a difference is the other setting minus the base; an interval is (low, high).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from ser_keras.evaluation.intervals import CONFIDENCE, Interval

SAME = 1e-12  # differences of shares that are equal but for rounding


@dataclass(frozen=True)
class Difference:
    """A mean difference over pairs, its interval and two-sided p value; both None where no test is possible."""

    pairs: int
    mean: float
    interval: Interval | None
    p: float | None


def over_seeds(base: Sequence[float], other: Sequence[float], confidence: float = CONFIDENCE) -> Difference:
    """Difference of two settings from runs with the same seeds: Student's t on the differences of the pairs.

    Seeds are independent draws of start, order and split of the same clips, so that it speaks of the mean over all
    seeds on this corpus. It says nothing of other recordings: splits of one corpus share clips, and for those the
    interval is too narrow (Nadeau and Bengio 2003, Inference for the generalization error, Machine Learning 52).

    Parameters
    ----------
    base, other : accuracy or UAR of each run, in the same order of seeds

    Returns
    -------
    Difference : no interval and no p with one pair, or where all pairs differ by the same, which leaves nothing to
        measure their spread by; of pairs without any difference p is 1

    Raises
    ------
    ValueError : no pair, or not equally many of both

    Source: Student (1908), The probable error of a mean, Biometrika 6; the same as `scipy.stats.ttest_rel`.
    """
    if len(base) != len(other) or not len(base):
        raise ValueError(f"{len(base)} runs of the base and {len(other)} of the other setting: expected pairs")
    apart = np.asarray(other, dtype=float) - np.asarray(base, dtype=float)
    mean, pairs = float(apart.mean()), len(apart)
    if pairs == 1 or np.ptp(apart) < SAME:
        nothing = pairs > 1 and abs(mean) < SAME
        return Difference(pairs, mean, None, 1.0 if nothing else None)
    error = float(apart.std(ddof=1)) / math.sqrt(pairs)
    half = float(scipy.special.stdtrit(pairs - 1, (1 + confidence) / 2)) * error
    return Difference(
        pairs, mean, (mean - half, mean + half), float(2 * scipy.special.stdtr(pairs - 1, -abs(mean) / error))
    )


def mcnemar(only_base: int, only_other: int) -> float:
    """Two-sided p value that two trained models are right on the same clips equally often; exact.

    Only clips that one of the two gets right count, and each falls to either side with probability a half. It compares
    two trained models, not two ways to train one: another seed may turn the result. Clips are taken as independent.

    Parameters
    ----------
    only_base, only_other : clips that the base alone, or the other alone, gets right

    Raises
    ------
    ValueError : a negative count

    Source: McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12; in its exact binomial form. Dietterich (1998), Approximate statistical tests for comparing
    supervised classification learning algorithms, Neural Computation 10, on what it can tell.
    """
    if min(only_base, only_other) < 0:
        raise ValueError(f"{only_base} and {only_other} clips: counts are not negative")
    fewer, clips = min(only_base, only_other), only_base + only_other
    ways, all_ways = 1, 1  # to fall to one side: none of the clips; up to `fewer` of them
    for number in range(fewer):
        ways = ways * (clips - number) // (number + 1)
        all_ways += ways
    return min(1.0, 2 * all_ways / 2**clips)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for being several: with those below 0.05 held to differ, one error in 20 sets of comparisons.

    Valid however the comparisons depend on each other; here they share a base.

    Returns
    -------
    list of float, in the order of `p_values`: the smallest times their number m, the next times m − 1, …, none smaller
        than the one before it, none above 1

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted.tolist()
