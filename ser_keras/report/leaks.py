"""How accurate runs are on the leaking and on the clean part of their test set, from their stored tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.errors import ProtocolError, RunError
from ser_keras.evaluation.leakage import KINDS, OTHER_KINDS, Leaks
from ser_keras.leakage import checked
from ser_keras.report.runs import Run, rows

if TYPE_CHECKING:
    from ser_keras.evaluation.leakage import Columns

ANY = "any"
WORDS = {
    **{kind: f"{what} is in training" for kind, what in KINDS.items()},
    "speaker": "speaker is in training",
    "twin": "augmented copy or original is in training",
    "watched": "used for validation",
    "fitted": "normalisation or selection is fitted on it",
    ANY: "any of these",
}
SHORT = {
    "fitted": "fitted on",
    "twin": "augmented copies",
    "recording": "same recording",
    "watched": "used for validation",
    "take": "takes",
    "speaker_text": "sentences",
    "speaker": "speakers",
}  # the worst first


def found(run: Run) -> Leaks | None:
    """The leaks of a run's split, in the order of its predictions; None where it kept no split.

    Raises
    ------
    RunError : the split is not that of the predictions
    """
    table = _split(run)
    return None if table is None else checked(table)


def shares_speakers(leakage: Mapping | None) -> bool:
    """Whether test clips have their speaker in training, by what `summary` gives; where nothing is known they may."""
    kinds = {} if leakage is None else {row["kind"]: row["clips"] for row in leakage["kinds"]}
    return kinds.get("speaker") != 0


def tested(run: Run) -> Columns | None:
    """The rows of a run's split that are tested, in the order of its predictions; None where it kept no split.

    Raises
    ------
    RunError : the split is not that of the predictions
    """
    table = _split(run)
    return None if table is None else _tested(table)


def _tested(table: Columns) -> Columns:
    numbers = [number for number, part in enumerate(table["part"]) if "test" in part.split("+")]
    return {name: [cells[number] for number in numbers] for name, cells in table.items()}


def _split(run: Run) -> Columns | None:
    path = run.folder / "split.csv"
    if not path.is_file():
        return None
    header, told = rows(path)
    try:
        table = {name: [row[place] for row in told] for place, name in enumerate(header)}
        checked(table)
        clips = tuple(_tested(table)["clip"])
    except (KeyError, ProtocolError) as error:
        raise RunError(f"{path} can't be read ({error}): remove the run's folder and train it again") from None
    if clips != run.clips:
        raise RunError(f"{path} has other test clips than the predictions: remove the run's folder and train it again")
    return table


def summary(runs: Sequence[Run]) -> dict | None:
    """Leaks of several runs, pooled; None where one kept no split.

    Returns
    -------
    {"tested": int, "kinds": one dict a kind and one of any}: `kind`, `what` in words, `clips` (None: not known),
    `share`, `accuracy` on these, `accuracy_clean` on the others; None where there are none
    """
    all_found = [found(run) for run in runs]
    if not all(all_found):
        return None
    right = np.array([true == said for run in runs for true, said in zip(run.y_true, run.y_pred, strict=True)])
    kinds = []
    for kind in (*KINDS, *OTHER_KINDS, ANY):
        each = [one.leaking if kind == ANY else one.all_kinds[kind] for one in all_found]
        row = {
            "kind": kind,
            "what": WORDS[kind],
            "clips": None,
            "share": None,
            "accuracy": None,
            "accuracy_clean": None,
        }
        if all(which is not None for which in each):
            which = np.fromiter(chain.from_iterable(each), dtype=bool)
            row |= {"clips": int(which.sum()), "share": float(which.mean())}
            row |= {"accuracy": _share(right[which]), "accuracy_clean": _share(right[~which])}
        kinds.append(row)
    return {"tested": len(right), "kinds": kinds}


def _share(right: np.ndarray) -> float | None:
    return float(right.mean()) if len(right) else None


def short(leakage: dict | None) -> str:
    """What leaks, the worst kinds first, with the share of test clips; "nothing" where nothing does."""
    if leakage is None:
        return ""
    share = {row["kind"]: row["share"] for row in leakage["kinds"]}
    told = [f"{words} {_percent(share[kind])}" for kind, words in SHORT.items() if share.get(kind)]
    return ", ".join(told) or "nothing"


def _percent(share: float) -> str:
    """A share that is not nothing."""
    return "under 1 %" if share < 0.005 else f"{100 * share:.0f} %"
