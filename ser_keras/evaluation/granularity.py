"""Which numbers of test clips can give a printed accuracy: a whole number of right clips over a whole number of clips.

Source: Brown and Heathers (2017), The GRIM test: a simple technique detects numerous anomalies in the reporting of
results in psychology, Social Psychological and Personality Science 8(4).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ser_keras.evaluation.printed import granular

SHARES = (10, 12, 15, 20, 25, 30)  # percent of all clips that papers usually test
WATCHED = (
    (20, 10),
    (10, 10),
    (10, 20),
    (20, 20),
    (15, 15),
    (25, 20),
)  # percent of the rest, after a test part of so many


@dataclass(frozen=True)
class Size:
    """A number of test clips that can give a printed accuracy.

    Parameters
    ----------
    clips : int
    right : int, how many of them are right; with few digits and many clips several numbers fit, this is the middle one
    share : which usual share of the experiment's clips it is, or where else it is printed; "" for neither
    least, most : int, the least and the greatest number of right clips that fit
    """

    clips: int
    right: int
    share: str
    least: int
    most: int

    def __str__(self) -> str:
        right = f"{self.least} to {self.most}" if self.least < self.most else str(self.right)
        return f"{right} of {self.clips}" + (f" ({self.share})" if self.share else "")


def usual_sizes(clips: int) -> Iterator[tuple[int, str]]:
    """Numbers of test clips that usual divisions of `clips` give, and in words which.

    Simple shares of all come first, the smallest part first: a division that takes one step is likelier than one that
    takes two, and where a tenth fits, so do in the main a fifth and the other multiples. Where a share is no whole
    number both neighbours are given.
    """
    for percent in SHARES:
        for size in _rounded(clips * percent):
            yield size, f"{percent} % of {clips}"
    for percent, tested in WATCHED:
        for rest in (clips - size for size in _rounded(clips * tested)):
            for size in _rounded(rest * percent):
                yield size, f"{percent} % of the {100 - tested} % that a test part of {tested} % leaves"


def _rounded(hundredfold: int) -> tuple[int, ...]:
    low = hundredfold // 100
    return (low,) if hundredfold % 100 == 0 else (low, low + 1)


def fitting_sizes(accuracy: float, decimals: int, sizes: Iterable[tuple[int, str]]) -> tuple[Size, ...]:
    """Those of some numbers of test clips that can give a printed accuracy, each once and in their order.

    Parameters
    ----------
    accuracy : in [0, 1], as printed
    decimals : digits of that fraction (4 for 89.26 %)
    sizes : numbers of clips, each with words that tell where it comes from; as from `usual_sizes`
    """
    found: dict[int, Size] = {}
    for clips, share in sizes:
        if clips and clips not in found and granular(accuracy, clips, decimals):
            found[clips] = Size(clips, round(accuracy * clips), share, *right_clips(accuracy, clips, decimals))
    return tuple(found.values())


def right_clips(accuracy: float, clips: int, decimals: int) -> tuple[int, int]:
    """The least and the greatest number of right clips whose share of `clips` rounds to the printed accuracy."""
    low, high = _bounds(accuracy, decimals)
    return math.ceil(low * clips), math.floor(high * clips)


def least_size(accuracy: float, decimals: int) -> int:
    """The least number of test clips that can give a printed accuracy: the denominator of the simplest fraction."""
    return _simplest(*_bounds(accuracy, decimals)).denominator


def _bounds(accuracy: float, decimals: int) -> tuple[Fraction, Fraction]:
    """The shares that are printed as `accuracy`, both ends with them: halves are rounded up or to even."""
    unit = Fraction(1, 10**decimals)
    value = round(accuracy * 10**decimals) * unit
    return max(value - unit / 2, Fraction(0)), min(value + unit / 2, Fraction(1))


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the least denominator in [low, high], by continued fractions."""
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    return whole - 1 + 1 / _simplest(1 / (high - whole + 1), 1 / (low - whole + 1))
