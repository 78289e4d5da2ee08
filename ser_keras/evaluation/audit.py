"""What a paper's printed tables say against themselves: every value recomputed from what else is printed.

The checks are in `checks`; a value is contradicted when it is further off than half a unit of its last printed place.
A bare accuracy still tells of its test clips: which numbers of them can give it is in `granularity`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ser_keras.errors import PaperError
from ser_keras.evaluation import checks, printed
from ser_keras.evaluation.checks import BASES, CLIPS, MATRIX, PART, ROWS, SUPPORT, WHOLE, Check
from ser_keras.evaluation.granularity import Size, fitting_sizes, least_size, usual_sizes
from ser_keras.evaluation.metrics import KINDS, MACRO, WEIGHTED
from ser_keras.evaluation.printed import FUZZ, possible_test_sizes, recovered_counts

__all__ = ["Examined", "Finding", "audit", "examined", "examined_paper", "possible_test_sizes", "recovered_counts"]

Result = Mapping[str, object]
NOTHING = "neither matrix nor rows are printed that the accuracy could be held against"


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
    can; else those of usual divisions, the likeliest first. `least` is the least number that can, 0 without accuracy.
    """

    source: str
    cells: int
    checked: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    sizes: tuple[Size, ...] = ()
    least: int = 0


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
    faults, notes, cells = list(checks.total_faults(result)), [], np.empty(0)
    if recovered is not None:
        cells = np.asarray(result.get("confusion_counts", result.get("confusion_percent")), dtype=float)
        faults = [*checks.matrix_faults(result, cells, recovered), *faults]
        notes += _matrix_notes(result, recovered)
    made = checks.row_checks(result, others) if counts is None else checks.matrix_checks(result, counts, others)
    made = list(made)
    contradicted: dict[str, Check] = {}
    for check in (one for one in made if not one.holds):
        contradicted.setdefault(check.where, check)  # the first basis tells enough of a value
    findings = [Finding(experiment, *fault, source) for fault in faults]
    findings += [_finding(check, experiment, source, result, others) for check in contradicted.values()]
    sizes, least = _sizes(result, counts, others), _least(result, others)
    if not made:
        notes.append(NOTHING if sizes else _nothing_note(result, others, least))
    notes += _other_test_parts(result, others)
    return Examined(source, cells.size, len(made), tuple(findings), tuple(notes), sizes, least)


def _finding(check: Check, experiment: str, source: str, result: Result, others: Mapping[str, Result]) -> Finding:
    basis, hint = check.basis, _hint(check, result, others)
    if basis == MATRIX and any(one.where == check.where and not one.holds for one in checks.average_checks(result)):
        basis = f"{MATRIX} and {ROWS}"
    recomputed, digits = float(check.recomputed), check.form.decimals
    return Finding(experiment, check.where, check.printed, recomputed, digits, basis, source, hint)


def _sizes(result: Result, counts: np.ndarray | None, others: Mapping[str, Result]) -> tuple[Size, ...]:
    """Numbers of test clips that can give the accuracy; without a printed one those of sibling experiments first."""
    found, tested, clips = printed.accuracy(result, others.values()), printed.test_clips(result), result.get("clips")
    if found is None:
        return ()
    accuracy, form = found
    if tested is None:
        siblings = [
            (printed.test_clips(other), f"as in {name}")
            for name, other in others.items()
            if "corpora" in result and other.get("corpora") == result["corpora"] and printed.test_clips(other)
        ]
        return fitting_sizes(accuracy, form.places, [*siblings, *usual_sizes(clips or 0)])
    share = f"{100 * tested / clips:.1f} % of {clips}" if clips else ""
    if counts is not None:
        right = int(np.trace(counts))
        return (Size(tested, right, share, right, right),)
    return fitting_sizes(accuracy, form.places, [(tested, share)])


def _least(result: Result, others: Mapping[str, Result]) -> int:
    found = printed.accuracy(result, others.values())
    return least_size(found[0], found[1].places) if found else 0


def _nothing_note(result: Result, others: Mapping[str, Result], least: int) -> str:
    """Why nothing could be checked, and the least that the accuracy tells about its test clips."""
    found = printed.accuracy(result, others.values())
    if found is None or printed.test_clips(result):
        return NOTHING
    return f"{NOTHING}, nor a number of test clips ({found[1].text(found[0])} needs {least} or more)"


def _other_test_parts(result: Result, others: Mapping[str, Result]) -> list[str]:
    """Experiments that are set side by side but can't have been tested on the same clips."""
    own, told = printed.class_clips(result), []
    for name, other in others.items():
        theirs = printed.class_clips(other)
        alike = result.get("corpora") == other.get("corpora") and result.get("classes") == other.get("classes")
        if own and theirs and alike and sum(own) == sum(theirs) and own != theirs:
            told.append(f"{name} has as many test clips, but not of each class: the two were tested on different clips")
    return told


def _check_rows(result: Result) -> None:
    known = {*result.get("classes", ()), MACRO, WEIGHTED}
    for name, row in result.get("report", {}).items():
        if name not in known:
            raise PaperError(f"the report has a row {name!r}, which is no class and no average")
        if not set(row) <= set(KINDS):
            raise PaperError(f"row {name!r} of the report holds {', '.join(row)}; known are {', '.join(KINDS)}")
    if "support" in result and len(result["support"]) != len(result.get("classes", ())):
        raise PaperError(f"{len(result['support'])} supports for {len(result.get('classes', ()))} classes")


def _matrix_notes(result: Result, recovered: printed.Recovered) -> list[str]:
    if recovered.misfits:
        return ["the matrix is not of whole counts, so scores are held against the printed rows alone"]
    names = ", ".join(result["classes"][row] for row in recovered.ambiguous)
    notes = ["the matrix's digits are cut off, not rounded"] if recovered.cut else []
    return notes + ([f"several counts are printed as the row of {names}, so none is taken"] if names else [])


def _hint(check: Check, result: Result, others: Mapping[str, Result]) -> str:
    """Where a contradicted value may come from: another table, another definition, cut digits, another size."""
    row, _, kind = check.where.rpartition(" ")
    for name, other in others.items():
        if row and other.get("report", {}).get(row, {}).get(kind) == check.printed:
            return f"it is the {label(check.where)} of {name} ({other.get('source', 'no source')})"
    averages = result.get("report", {}).get(row, {})
    if kind == "f1" and row in (MACRO, WEIGHTED) and {"precision", "recall"} <= set(averages):
        forms = printed.report_forms(result["report"])
        pair = (averages[one] / forms[one].scale for one in ("precision", "recall"))
        if abs(checks.f1(*pair) * check.form.scale - check.printed) <= 2 * check.form.half:
            return "it is the F1 of the averaged precision and recall, not the average F1"
    if check.basis in (CLIPS, PART):
        return _size_hint(check)
    unit = 2 * check.form.half
    cut = math.floor(check.low / unit + FUZZ) * unit
    return "digits are cut off there, not rounded" if abs(cut - check.printed) <= FUZZ else ""


def _size_hint(check: Check) -> str:
    sizes = possible_test_sizes(check.printed / check.form.scale, check.form.places, 2 * check.clips)
    near = min(sizes, key=lambda size: abs(size - check.clips), default=None)
    return f"no whole number of {check.clips} clips gives it" + (f"; {near} clips could" if near else "")
