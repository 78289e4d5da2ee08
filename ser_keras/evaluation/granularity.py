"""Which numbers of test clips can give a printed accuracy: a whole number of right clips over a whole number of clips.

Source: Brown and Heathers (2017), The GRIM test: a simple technique detects numerous anomalies in the reporting of
results in psychology, Social Psychological and Personality Science 8(4).
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
    """A number of test clips, how many of them are right, and which usual share of the clips it is ("" for none)."""

    clips: int
    right: int
    share: str


def usual_sizes(clips: int) -> Iterator[tuple[int, str]]:
    """Numbers of test clips that usual divisions of `clips` give, and in words which; simple shares of all come first.

    Where a share is no whole number both neighbours are given.
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


def fitting_sizes(accuracy: float, decimals: int, clips: int) -> tuple[Size, ...]:
    """Of the usual numbers of test clips, those that can give a printed accuracy, each once.

    Parameters
    ----------
    accuracy : in [0, 1], as printed
    decimals : digits of that fraction (4 for 89.26 %)
    clips : of the whole experiment
    """
    found: dict[int, Size] = {}
    for size, share in usual_sizes(clips):
        if size and size not in found and granular(accuracy, size, decimals):
            found[size] = Size(size, round(accuracy * size), share)
    return tuple(found.values())
