"""A paper's printed figures, as `published.json` holds them, read as numbers: scale, digits, counts behind percents.

JSON drops trailing zeros (79.50 is stored as 79.5), so the digits of a value are those of the most exact value
of its kind in the same table. A kind (precision and recall together, F1 by itself: tables mix both scales) is in
percent when one of its values is above 1, else a fraction.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from ser_keras.errors import PaperError
from ser_keras.evaluation.metrics import KINDS, MACRO, uar

FUZZ = 1e-9  # what float arithmetic may add to half a unit of the last printed place
AVERAGES = re.compile(r"(macro|weighted)_(precision|recall|f1)")


@dataclass(frozen=True)
class Form:
    """How values of a kind are printed: times `scale` (1 or 100), with so many decimals."""

    scale: float
    decimals: int

    @property
    def half(self) -> float:
        """Half a unit of the last printed place."""
        return 0.5 * 10.0**-self.decimals

    @property
    def places(self) -> int:
        """Decimals of the value as a fraction: two more than a percentage has."""
        return self.decimals + (2 if self.scale == 100 else 0)

    def text(self, value: float) -> str:
        """A fraction as it would be printed."""
        return f"{value * self.scale:.{self.decimals}f}"


@dataclass(frozen=True)
class Misfit:
    """A printed percentage (or, with column None, a whole row) that no whole number of clips gives.

    For a cell, `printed` and `nearest` are percents; for a row, the clips that its cells stand for and its support.
    """

    row: int
    column: int | None
    printed: float
    nearest: float


@dataclass(frozen=True)
class Recovered:
    """Counts behind a percent matrix: int64 (classes, classes), or None where a row has no or several solutions.

    `cut` says that they are printed so only where digits are cut off, not rounded.
    """

    counts: np.ndarray | None
    misfits: tuple[Misfit, ...]
    ambiguous: tuple[int, ...]
    cut: bool = False


def decimals(values: Iterable[float]) -> int:
    """Most decimals that any of the values is written with; 0 without values."""
    return max((max(0, -Decimal(repr(value)).normalize().as_tuple().exponent) for value in values), default=0)


def form(values: Iterable[float]) -> Form:
    """How the values of one kind in one table are printed."""
    known = tuple(values)
    return Form(100.0 if max(known, default=0) > 1 else 1.0, decimals(known))


def report_forms(report: Mapping[str, Mapping[str, float]]) -> dict[str, Form]:
    """How precision and recall (in one scale) and F1 are printed in a report; kinds that it lacks are left out."""
    values = {kind: [row[kind] for row in report.values() if kind in row] for kind in KINDS}
    shared = form(values["precision"] + values["recall"]).scale
    scales = {"precision": shared, "recall": shared, "f1": form(values["f1"]).scale}
    return {kind: Form(scales[kind], decimals(known)) for kind, known in values.items() if known}


def accuracy(result: Mapping[str, object], others: Iterable[Mapping[str, object]] = ()) -> tuple[float, Form] | None:
    """Printed accuracy as a fraction, and how it is printed; None when there is none.

    `others` are the paper's other results: those from the same table tell how many digits that table has.
    """
    for key, scale in (("accuracy_percent", 100.0), ("accuracy", 1.0)):
        if key in result:
            table = _table(result)
            same = [other[key] for other in others if key in other and table and _table(other) == table]
            return result[key] / scale, Form(scale, decimals([result[key], *same]))
    return None


def other_accuracies(result: Mapping[str, object]) -> Iterator[tuple[str, float, Form, int | None]]:
    """Accuracies of the other parts: name, value as printed, how it is printed, clips (`n_train`) where they are."""
    for part in ("train", "validation"):
        for suffix, scale in (("_percent", 100.0), ("", 1.0)):
            if f"{part}_accuracy{suffix}" in result:
                value = result[f"{part}_accuracy{suffix}"]
                yield f"{part}_accuracy", value, Form(scale, decimals([value])), result.get(f"n_{part}")


def _table(result: Mapping[str, object]) -> str:
    return re.split(r"[,;(]", str(result.get("source", "")))[0].strip()


def test_clips(result: Mapping[str, object]) -> int | None:
    """Number of test clips: as printed, else the sum of supports or of the matrix; None when nothing tells."""
    if "n_test" in result:
        return int(result["n_test"])
    if "support" in result:
        return int(sum(result["support"]))
    return int(np.sum(result["confusion_counts"])) if "confusion_counts" in result else None


def class_clips(result: Mapping[str, object]) -> list[int] | None:
    """Test clips of each class: the printed supports, else the rows of the matrix; None without both."""
    if "support" in result:
        return [int(clips) for clips in result["support"]]
    if "confusion_counts" in result:
        return [int(clips) for clips in np.sum(result["confusion_counts"], axis=1)]
    return None


def confusion(result: Mapping[str, object]) -> Recovered | None:
    """Counts of the printed matrix, given as they are or recovered from percents; None when no matrix is printed.

    Raises
    ------
    PaperError : matrix and classes differ in size, counts are not whole, or percents are printed without supports
    """
    size = len(result.get("classes", ()))
    if "confusion_counts" in result:
        counts = np.asarray(result["confusion_counts"])
        _check_shape(counts, size)
        if np.any(counts != np.rint(counts)) or np.any(counts < 0):
            raise PaperError("confusion_counts holds numbers that are no counts of clips")
        return Recovered(counts.astype(np.int64), (), ())
    if "confusion_percent" not in result:
        return None
    if "support" not in result:
        raise PaperError("confusion_percent needs support beside it: the test clips of each class")
    percent = np.asarray(result["confusion_percent"], dtype=float)
    _check_shape(percent, size)
    return recovered_counts(percent, result["support"], decimals(value for row in percent.tolist() for value in row))


def _check_shape(matrix: np.ndarray, size: int) -> None:
    if matrix.shape != (size, size):
        raise PaperError(f"a printed matrix has the shape {matrix.shape}, expected ({size}, {size}): a row a class")


def recovered_counts(confusion_percent: np.ndarray, support: Sequence[int], decimals: int) -> Recovered:
    """Whole counts that, as percents of their row's support, are printed as `confusion_percent`, rounded or cut off.

    Parameters
    ----------
    confusion_percent : float (classes, classes), percent of the true class
    support : test clips of each class
    decimals : digits after the point that the percents are printed with

    Returns
    -------
    Recovered : counts when every row has exactly one solution that adds up to its support, however its digits were
        shortened; a support below 50 · 10 ** decimals (5000 at two digits) leaves no choice in a cell that is rounded

    Raises
    ------
    PaperError : the matrix is not square, or there is not one support a row
    """
    percent, unit = np.asarray(confusion_percent, dtype=float), 10.0**-decimals
    _check_shape(percent, len(support))
    rounded, cut = (
        [_solved(cells, int(clips), below, above) for cells, clips in zip(percent, support, strict=True)]
        for below, above in ((unit / 2, unit / 2), (0.0, unit))
    )
    ways = [way for way in (rounded, cut) if not any(isinstance(row, list) for row in way)]
    misfits = [Misfit(number, *one) for number, row in enumerate(rounded) if isinstance(row, list) for one in row]
    rows = [_agreed(solutions) for solutions in zip(*(ways or [rounded]), strict=True)]
    ambiguous = tuple(number for number, row in enumerate(rows) if row is None)
    counts = np.array(rows, dtype=np.int64) if ways and not ambiguous else None
    return Recovered(counts, () if ways else tuple(misfits), ambiguous, bool(ways) and ways[0] is cut)


Solution = np.ndarray | list[tuple[int | None, float, float]] | None


def _agreed(solutions: Sequence[Solution]) -> Solution:
    """What all ways of printing a row lead to; None where they differ."""
    first = solutions[0]
    return first if all(np.array_equal(first, other) for other in solutions[1:]) else None


def _solved(cells: np.ndarray, clips: int, below: float, above: float) -> Solution:
    """A row's counts; None when several rows of counts are printed so; or what doesn't fit.

    A printed percentage stands for true ones from so much `below` it to so much `above`.
    """
    low = np.maximum(np.ceil((cells - below - FUZZ) * clips / 100), 0).astype(np.int64)
    high = np.floor((cells + above + FUZZ) * clips / 100).astype(np.int64)
    if clips == 0:
        high[np.abs(cells) > below + FUZZ] = -1
    wrong = np.flatnonzero(low > high)
    if len(wrong):
        return [(int(column), float(cells[column]), _nearest(cells[column], clips)) for column in wrong]
    if not low.sum() <= clips <= high.sum():
        return [(None, float(low.sum() if low.sum() > clips else high.sum()), float(clips))]
    free = np.flatnonzero(low < high)
    if len(free) == 1:
        low[free] += clips - low.sum()
    if low.sum() == clips:
        return low
    return high if high.sum() == clips else None


def _nearest(percent: float, clips: int) -> float:
    return 100 * min(clips, max(0, round(percent * clips / 100))) / clips if clips else 0.0


def printed_uar(result: Mapping[str, object]) -> float | None:
    """UAR of the printed matrix, in [0, 1]; without one, the printed macro recall or mean recall; None without both."""
    recovered = confusion(result)
    if recovered is not None and recovered.counts is not None:
        return uar(recovered.counts)
    report = result.get("report", {})
    forms = report_forms(report)
    if "recall" in report.get(MACRO, {}):
        return report[MACRO]["recall"] / forms["recall"].scale
    recalls = [report[name]["recall"] for name in result.get("classes", ()) if "recall" in report.get(name, {})]
    return math.fsum(recalls) / len(recalls) / forms["recall"].scale if recalls else None


def granular(accuracy: float, clips: int, decimals: int) -> bool:
    """Whether some whole number of right answers out of `clips` is an accuracy that rounds to the printed one.

    Source: Brown and Heathers (2017), The GRIM test, Social Psychological and Personality Science 8(4).
    """
    return bool(_whole(accuracy, np.array([clips]), decimals)[0])


def possible_test_sizes(accuracy: float, decimals: int, limit: int) -> tuple[int, ...]:
    """Numbers of test clips, up to `limit`, that can give a printed accuracy.

    Parameters
    ----------
    accuracy : in [0, 1]
    decimals : digits of that fraction (4 for 89.26 %)
    limit : largest number of clips that is tried
    """
    sizes = np.arange(1, limit + 1)
    return tuple(sizes[_whole(accuracy, sizes, decimals)].tolist())


def _whole(accuracy: float, clips: np.ndarray, decimals: int) -> np.ndarray:
    return np.abs(np.rint(accuracy * clips) / clips - accuracy) <= 0.5 * 10.0**-decimals + FUZZ / 100
