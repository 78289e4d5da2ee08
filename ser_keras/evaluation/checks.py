"""Printed values beside what else is printed: each check is a value and the range that the rest of the table allows.

With a matrix, all scores are recomputed from its counts. Without one, averages are held against the printed rows,
F1 against precision and recall, recall against printed counts and supports, accuracy against the rows and against
what whole clips allow.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ser_keras.evaluation import metrics, printed
from ser_keras.evaluation.metrics import KINDS, MACRO, WEIGHTED
from ser_keras.evaluation.printed import FUZZ, Form

Result = Mapping[str, object]
MATRIX, ROWS, PAIR, SHARE, CLIPS = "matrix", "rows", "precision and recall", "counts", "clips"
PART, SUPPORT, WHOLE, RECALL = "part", "support", "whole row", "weighted recall"
BASES = {
    MATRIX: "by its matrix",
    ROWS: "by its printed rows",
    f"{MATRIX} and {ROWS}": "by its matrix and by its printed rows",
    PAIR: "by its printed precision and recall",
    SHARE: "by its printed counts",
    CLIPS: "the nearest that its test clips allow",
    PART: "the nearest that its clips allow",
    SUPPORT: "the nearest that its support allows",
    WHOLE: "for a whole row",
    RECALL: "by its printed weighted recall",
}


@dataclass(frozen=True)
class Check:
    """A printed value and the range that it has to lie in, give or take half a unit of its last printed place.

    Parameters
    ----------
    where : as in `audit.Finding`
    printed, low, high : float, all as printed (percents stay percents)
    form : how the value is printed
    basis : what gives the range, a key of `BASES`
    clips : number of clips that the value is a share of, where that gives the range, else 0
    """

    where: str
    printed: float
    low: float
    high: float
    form: Form
    basis: str
    clips: int = 0

    @property
    def holds(self) -> bool:
        margin = self.form.half + FUZZ
        return self.low - margin <= self.printed <= self.high + margin

    @property
    def recomputed(self) -> float:
        return (self.low + self.high) / 2


def matrix_faults(
    result: Result, cells: np.ndarray, recovered: printed.Recovered
) -> Iterator[tuple[str, float, float, int, str]]:
    """Cells that are no whole counts, and rows that don't add up: (where, printed, recomputed, decimals, basis)."""
    classes, digits = result["classes"], printed.decimals(cells.ravel().tolist())
    for misfit in recovered.misfits:
        if misfit.column is None:
            yield f"confusion {classes[misfit.row]}", misfit.printed, misfit.nearest, 0, WHOLE
        else:
            where = f"confusion {classes[misfit.row]} {classes[misfit.column]}"
            yield where, misfit.printed, misfit.nearest, digits, SUPPORT
    in_percent = "confusion_percent" in result
    whole = [100.0 if clips else 0.0 for clips in result["support"]] if in_percent else result.get("support")
    margin = (1.0 if recovered.cut else 0.5) * 10.0**-digits * len(classes) if in_percent else 0.0
    for name, row, sum_ in zip(classes, cells, whole or cells.sum(axis=1), strict=True):
        if abs(math.fsum(row) - sum_) > margin + FUZZ:
            yield f"confusion {name}", math.fsum(row), float(sum_), digits, WHOLE


def total_faults(result: Result) -> Iterator[tuple[str, float, float, int, str]]:
    """The printed number of test clips where supports or matrix add up to another, in the form of `matrix_faults`."""
    if "n_test" in result and ("support" in result or "confusion_counts" in result):
        basis = SUPPORT if "support" in result else MATRIX
        total = np.sum(result["support"] if "support" in result else result["confusion_counts"])
        if total != result["n_test"]:
            yield "n_test", float(result["n_test"]), float(total), 0, basis


def matrix_checks(result: Result, counts: np.ndarray, others: Mapping[str, Result]) -> Iterator[Check]:
    """Accuracy, scores and averages against a matrix of counts."""
    table = metrics.classification_table(counts, result["classes"])
    found = printed.accuracy(result, others.values())
    if found:
        yield _exact("accuracy", found[0] * found[1].scale, metrics.accuracy(counts), found[1])
    forms = printed.report_forms(result.get("report", {}))
    for name, row in result.get("report", {}).items():
        for kind, value in row.items():
            yield _exact(f"{name} {kind}", value, table[name][kind], forms[kind])
    for key, match in _quoted_averages(result):
        yield _exact(key, result[key], table[f"{match[1]}_avg"][match[2]], printed.form([result[key]]))
    yield from _part_checks(result)


def _exact(where: str, value: float, fraction: float, form: Form) -> Check:
    return Check(where, value, fraction * form.scale, fraction * form.scale, form, MATRIX)


def _quoted_averages(result: Result) -> list[tuple[str, object]]:
    return [(key, match) for key in result if (match := printed.AVERAGES.fullmatch(key))]


def row_checks(result: Result, others: Mapping[str, Result]) -> Iterator[Check]:
    """What can be held against each other where no matrix is printed."""
    yield from average_checks(result)
    yield from _quoted_checks(result)
    yield from _pair_checks(result)
    yield from _recall_checks(result)
    yield from _accuracy_checks(result, others)
    yield from _part_checks(result)


def average_checks(result: Result) -> Iterator[Check]:
    """Printed averages against the printed rows, each of which may be off by half a unit."""
    for kind, form in printed.report_forms(result.get("report", {})).items():
        for name in (MACRO, WEIGHTED):
            value, mean = result["report"].get(name, {}).get(kind), _row_mean(result, name, kind)
            if value is not None and mean is not None:
                yield Check(f"{name} {kind}", value, mean - form.half, mean + form.half, form, ROWS)


def _row_mean(result: Result, average: str, kind: str) -> float | None:
    """A mean of the printed rows, as printed; None where a row or a weight is not printed."""
    classes, report = result.get("classes", ()), result.get("report", {})
    rows = [report.get(name, {}).get(kind) for name in classes]
    weights = [1] * len(classes) if average == MACRO else result.get("support")
    return float(np.average(rows, weights=weights)) if rows and None not in rows and weights and sum(weights) else None


def _quoted_checks(result: Result) -> Iterator[Check]:
    """Averages that the text quotes against the same average of the table, or else against its rows."""
    forms = printed.report_forms(result.get("report", {}))
    for key, match in _quoted_averages(result):
        average, kind = f"{match[1]}_avg", match[2]
        known = result.get("report", {}).get(average, {}).get(kind, _row_mean(result, average, kind))
        if known is not None:
            form, table = printed.form([result[key]]), forms[kind]
            low, high = ((known + side * table.half) / table.scale * form.scale for side in (-1, 1))
            yield Check(key, result[key], low, high, form, ROWS)


def _pair_checks(result: Result) -> Iterator[Check]:
    """Printed F1 against the printed precision and recall of its row."""
    report = result.get("report", {})
    forms = printed.report_forms(report)
    for name in result.get("classes", ()):
        row = report.get(name, {})
        if set(row) == set(KINDS):
            low, high = (
                f1(*((row[kind] + side * forms[kind].half) / forms[kind].scale for kind in ("precision", "recall")))
                for side in (-1, 1)
            )
            form = forms["f1"]
            yield Check(f"{name} f1", row["f1"], low * form.scale, high * form.scale, form, PAIR)


def f1(precision: float, recall: float) -> float:
    """Harmonic mean of precision and recall, 0 where both are 0."""
    precision, recall = max(precision, 0.0), max(recall, 0.0)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _recall_checks(result: Result) -> Iterator[Check]:
    """Printed recall against printed counts of right clips, or else against what the class's support allows."""
    report, counted = result.get("report", {}), result.get("confusion_diagonal_of_support", {})
    forms = printed.report_forms(report)
    supports = dict(zip(result.get("classes", ()), result.get("support", ()), strict=False))
    for name in result.get("classes", ()):
        recall = report.get(name, {}).get("recall")
        if recall is None:
            continue
        if name in counted:
            right, clips = counted[name]
            share = right / clips * forms["recall"].scale
            yield Check(f"{name} recall", recall, share, share, forms["recall"], SHARE)
        else:
            yield from _whole(f"{name} recall", recall, forms["recall"], supports.get(name, 0), SUPPORT)


def _accuracy_checks(result: Result, others: Mapping[str, Result]) -> Iterator[Check]:
    """Accuracy against the rows (it is the weighted recall), and against its number of test clips."""
    found, forms = printed.accuracy(result, others.values()), printed.report_forms(result.get("report", {}))
    if found:
        (accuracy, form), rows = found, _row_mean(result, WEIGHTED, "recall")
        known = result.get("report", {}).get(WEIGHTED, {}).get("recall") if rows is None else rows
        if known is not None:
            low, high = ((known + side * forms["recall"].half) / forms["recall"].scale for side in (-1, 1))
            basis = RECALL if rows is None else ROWS
            yield Check("accuracy", accuracy * form.scale, low * form.scale, high * form.scale, form, basis)
        yield from _whole("accuracy", accuracy * form.scale, form, printed.test_clips(result), CLIPS)


def _part_checks(result: Result) -> Iterator[Check]:
    """Accuracies on training and validation clips against the numbers of these."""
    for where, value, form, clips in printed.other_accuracies(result):
        yield from _whole(where, value, form, clips, PART)


def _whole(where: str, value: float, form: Form, clips: int | None, basis: str) -> Iterator[Check]:
    """A share against the nearest that whole clips give; nothing where every printed value is possible."""
    if clips and 0.5 / clips > form.half / form.scale:
        near = round(value / form.scale * clips) / clips * form.scale
        yield Check(where, value, near, near, form, basis, clips)
