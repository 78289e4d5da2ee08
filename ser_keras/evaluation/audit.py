"""What a paper's printed tables say against themselves: every value recomputed from what else is printed.

With a matrix, all scores are recomputed from its counts. Without one, averages are held against the printed rows,
F1 against precision and recall, recall against printed counts, accuracy against what whole clips allow. A value is
contradicted when it is further off than half a unit of its last printed place.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ser_keras.errors import PaperError
from ser_keras.evaluation import metrics, printed
from ser_keras.evaluation.granularity import Size, fitting_sizes
from ser_keras.evaluation.metrics import KINDS, MACRO, WEIGHTED
from ser_keras.evaluation.printed import FUZZ, Form, possible_test_sizes, recovered_counts

__all__ = ["Examined", "Finding", "audit", "examined", "examined_paper", "possible_test_sizes", "recovered_counts"]

Result = Mapping[str, object]
MATRIX, ROWS, PAIR, SHARE, CLIPS = "matrix", "rows", "precision and recall", "counts", "clips"
SUPPORT, WHOLE = "support", "whole row"
NOTHING = "neither matrix nor rows are printed that the accuracy could be held against"
BASES = {
    MATRIX: "by its matrix",
    ROWS: "by its printed rows",
    f"{MATRIX} and {ROWS}": "by its matrix and by its printed rows",
    PAIR: "by its printed precision and recall",
    SHARE: "by its printed counts",
    CLIPS: "the nearest that its test clips allow",
    SUPPORT: "the nearest that its support allows",
    WHOLE: "for a whole row",
}


@dataclass(frozen=True)
class Finding:
    """A printed value that is contradicted by what else its paper prints.

    Parameters
    ----------
    experiment : str
    where : which value: "accuracy", "macro_avg f1", "angry recall", "confusion angry fear", "confusion angry" (a row)
    printed, recomputed : float, both as printed (percents stay percents)
    decimals : int, digits that the value is printed with
    basis : what contradicts it, a key of `BASES`
    source : figures and tables of the paper
    hint : where the value may come from, or ""
    """

    experiment: str
    where: str
    printed: float
    recomputed: float
    decimals: int
    basis: str
    source: str
    hint: str = ""

    def __str__(self) -> str:
        digits = self.decimals or (0 if self.basis in (SUPPORT, WHOLE) else 2)
        told = f"{label(self.where)}: {self.printed:.{self.decimals}f} printed, {self.recomputed:.{digits}f} "
        told += BASES[self.basis]
        return f"{told}; {self.hint}" if self.hint else told


@dataclass(frozen=True)
class Examined:
    """One experiment's audit: how many matrix cells and printed scores were held against something, what came of it.

    `sizes` are numbers of test clips that can give the printed accuracy: the one that is printed, where one is and it
    can; else those of usual divisions, the likeliest first.
    """

    source: str
    cells: int
    checked: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    sizes: tuple[Size, ...] = ()


@dataclass(frozen=True)
class _Check:
    where: str
    printed: float
    low: float
    high: float
    form: Form
    basis: str

    @property
    def holds(self) -> bool:
        margin = self.form.half + FUZZ
        return self.low - margin <= self.printed <= self.high + margin

    @property
    def recomputed(self) -> float:
        return (self.low + self.high) / 2


def label(where: str) -> str:
    """A finding's `where` in words: "macro_avg f1" is "macro F1"."""
    row, _, kind = where.rpartition(" ")
    if row == "confusion":
        return f"sum of the row of {kind}"
    if row.startswith("confusion "):
        return f"confusion of {row.removeprefix('confusion ')} with {kind}"
    kind = "F1" if kind == "f1" else kind
    if row in (MACRO, WEIGHTED):
        return f"{row.removesuffix('_avg')} {kind}"
    return f"{kind} of {row}" if row else {"n_test": "test clips"}.get(kind, kind.replace("_", " "))


def audit(result: Result, experiment: str = "", others: Mapping[str, Result] | None = None) -> tuple[Finding, ...]:
    """Printed values of one result that are contradicted by what else is printed.

    Parameters
    ----------
    result : an experiment's entry of `published.json`
    experiment : its name
    others : the paper's other results by name, to tell where a contradicted value may come from

    Raises
    ------
    PaperError : the entry is not whole (sizes differ, percents without supports, a row of no class)
    """
    return examined(result, experiment, others).findings


def examined_paper(published: Mapping[str, object]) -> dict[str, Examined]:
    """Every experiment of a `published.json`, by name."""
    results = published["results"]
    return {
        name: examined(result, name, {other: entry for other, entry in results.items() if other != name})
        for name, result in results.items()
    }


def examined(result: Result, experiment: str = "", others: Mapping[str, Result] | None = None) -> Examined:
    """As `audit`, with what was checked and what could not be."""
    others = others or {}
    source = str(result.get("source", ""))
    try:
        recovered = printed.confusion(result)
        _check_rows(result)
    except PaperError as error:
        raise PaperError(f"printed results of {experiment or 'an experiment'}: {error}; mend published.json") from None
    counts = None if recovered is None else recovered.counts
    findings, notes = [], []
    if recovered is not None:
        cells = np.asarray(result.get("confusion_counts", result.get("confusion_percent")), dtype=float)
        findings += [Finding(experiment, *one, source) for one in _matrix_faults(result, cells, recovered)]
        notes += _matrix_notes(result, recovered)
    checks = list(_matrix_checks(result, counts, others)) if counts is not None else list(_row_checks(result, others))
    for check in (one for one in checks if not one.holds):
        basis = check.basis
        if basis == MATRIX and any(one.where == check.where and not one.holds for one in _average_checks(result)):
            basis = f"{MATRIX} and {ROWS}"
        hint = _hint(check, result, others)
        recomputed, digits = float(check.recomputed), check.form.decimals
        findings.append(Finding(experiment, check.where, check.printed, recomputed, digits, basis, source, hint))
    sizes = _sizes(result, counts, others)
    if not checks:
        notes.append(NOTHING if sizes else _nothing_note(result, others))
    size = 0 if recovered is None else cells.size
    return Examined(source, size, len(checks), tuple(findings), tuple(notes), sizes)


def _sizes(result: Result, counts: np.ndarray | None, others: Mapping[str, Result]) -> tuple[Size, ...]:
    found, tested, clips = printed.accuracy(result, others.values()), printed.test_clips(result), result.get("clips")
    if found is None:
        return ()
    accuracy, form = found
    if tested is None:
        return fitting_sizes(accuracy, form.places, clips) if clips else ()
    if counts is None and not printed.granular(accuracy, tested, form.places):
        return ()
    right = round(accuracy * tested) if counts is None else int(np.trace(counts))
    return (Size(tested, right, f"{100 * tested / clips:.1f} % of {clips}" if clips else ""),)


def _nothing_note(result: Result, others: Mapping[str, Result]) -> str:
    """Why nothing could be checked, and the least that the accuracy tells about its test clips."""
    found = printed.accuracy(result, others.values())
    if found is None or printed.test_clips(result):
        return NOTHING
    accuracy, form = found
    sizes = possible_test_sizes(accuracy, form.places, 10**form.places)
    return f"{NOTHING}, nor a number of test clips ({form.text(accuracy)} needs {sizes[0]} or more)"


def _check_rows(result: Result) -> None:
    known = {*result.get("classes", ()), MACRO, WEIGHTED}
    for name, row in result.get("report", {}).items():
        if name not in known:
            raise PaperError(f"the report has a row {name!r}, which is no class and no average")
        if not set(row) <= set(KINDS):
            raise PaperError(f"row {name!r} of the report holds {', '.join(row)}; known are {', '.join(KINDS)}")
    if "support" in result and len(result["support"]) != len(result.get("classes", ())):
        raise PaperError(f"{len(result['support'])} supports for {len(result.get('classes', ()))} classes")


def _matrix_faults(
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
    margin = 0.5 * 10.0**-digits * len(classes) if in_percent else 0.0
    for name, row, sum_ in zip(classes, cells, whole or cells.sum(axis=1), strict=True):
        if abs(math.fsum(row) - sum_) > margin + FUZZ:
            yield f"confusion {name}", math.fsum(row), float(sum_), digits, WHOLE
    total = sum(result["support"]) if "support" in result else cells.sum()
    if "n_test" in result and total != result["n_test"]:
        yield "n_test", float(result["n_test"]), float(total), 0, SUPPORT if "support" in result else MATRIX


def _matrix_notes(result: Result, recovered: printed.Recovered) -> list[str]:
    if recovered.misfits:
        return ["the matrix is not of whole counts, so scores are held against the printed rows alone"]
    names = ", ".join(result["classes"][row] for row in recovered.ambiguous)
    return [f"several counts round to the printed row of {names}, so none is taken"] if names else []


def _matrix_checks(result: Result, counts: np.ndarray, others: Mapping[str, Result]) -> Iterator[_Check]:
    table = metrics.classification_table(counts, result["classes"])
    found = printed.accuracy(result, others.values())
    if found:
        yield _exact("accuracy", found[0] * found[1].scale, metrics.accuracy(counts), found[1])
    forms = printed.report_forms(result.get("report", {}))
    for name, row in result.get("report", {}).items():
        for kind, value in row.items():
            yield _exact(f"{name} {kind}", value, table[name][kind], forms[kind])
    for key, value in result.items():
        if match := printed.AVERAGES.fullmatch(key):
            yield _exact(key, value, table[f"{match[1]}_avg"][match[2]], printed.form([value]))


def _exact(where: str, value: float, fraction: float, form: Form) -> _Check:
    return _Check(where, value, fraction * form.scale, fraction * form.scale, form, MATRIX)


def _row_checks(result: Result, others: Mapping[str, Result]) -> Iterator[_Check]:
    yield from _average_checks(result)
    yield from _pair_checks(result)
    forms = printed.report_forms(result.get("report", {}))
    for name, (right, clips) in result.get("confusion_diagonal_of_support", {}).items():
        if "recall" in result.get("report", {}).get(name, {}):
            share = right / clips * forms["recall"].scale
            yield _Check(f"{name} recall", result["report"][name]["recall"], share, share, forms["recall"], SHARE)
    found, clips = printed.accuracy(result, others.values()), printed.test_clips(result)
    if found and clips:
        accuracy, form = found
        if 0.5 / clips > form.half / form.scale:  # with more clips than that, every printed value is possible
            near = round(accuracy * clips) / clips * form.scale
            yield _Check("accuracy", accuracy * form.scale, near, near, form, CLIPS)


def _average_checks(result: Result) -> Iterator[_Check]:
    """Printed averages against the printed rows, each of which may be off by half a unit."""
    report, classes = result.get("report", {}), result.get("classes", ())
    weights = {MACRO: [1] * len(classes), WEIGHTED: result.get("support")}
    for kind, form in printed.report_forms(report).items():
        rows = [report.get(name, {}).get(kind) for name in classes]
        for name, weight in weights.items():
            if kind in report.get(name, {}) and weight is not None and rows and None not in rows:
                mean = float(np.average(rows, weights=weight))
                yield _Check(f"{name} {kind}", report[name][kind], mean - form.half, mean + form.half, form, ROWS)


def _pair_checks(result: Result) -> Iterator[_Check]:
    """Printed F1 against the printed precision and recall of its row."""
    report = result.get("report", {})
    forms = printed.report_forms(report)
    for name in result.get("classes", ()):
        row = report.get(name, {})
        if set(row) == set(KINDS):
            low, high = (
                _f1(*((row[kind] + side * forms[kind].half) / forms[kind].scale for kind in ("precision", "recall")))
                for side in (-1, 1)
            )
            form = forms["f1"]
            yield _Check(f"{name} f1", row["f1"], low * form.scale, high * form.scale, form, PAIR)


def _f1(precision: float, recall: float) -> float:
    precision, recall = max(precision, 0.0), max(recall, 0.0)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _hint(check: _Check, result: Result, others: Mapping[str, Result]) -> str:
    """Where a contradicted value may come from: another table, another definition, cut digits, another size."""
    row, _, kind = check.where.rpartition(" ")
    for name, other in others.items():
        if row and other.get("report", {}).get(row, {}).get(kind) == check.printed:
            return f"it is the {label(check.where)} of {name} ({other.get('source', 'no source')})"
    averages = result.get("report", {}).get(row, {})
    if kind == "f1" and row in (MACRO, WEIGHTED) and {"precision", "recall"} <= set(averages):
        forms = printed.report_forms(result["report"])
        of_averages = _f1(*(averages[one] / forms[one].scale for one in ("precision", "recall"))) * check.form.scale
        if abs(of_averages - check.printed) <= 2 * check.form.half:
            return "it is the F1 of the averaged precision and recall, not the average F1"
    if check.basis == CLIPS:
        return _size_hint(check, printed.test_clips(result))
    unit = 2 * check.form.half
    cut = math.floor(check.low / unit + FUZZ) * unit
    return "digits are cut off there, not rounded" if abs(cut - check.printed) <= FUZZ else ""


def _size_hint(check: _Check, clips: int) -> str:
    sizes = possible_test_sizes(check.printed / check.form.scale, check.form.places, 2 * clips)
    near = min(sizes, key=lambda size: abs(size - clips), default=None)
    return f"no whole number of {clips} clips gives it" + (f"; {near} clips could" if near else "")
