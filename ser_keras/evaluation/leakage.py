"""What of a test part is in the training part as well: speakers, sentences, takes, recordings, altered copies.

Knows a clip table and index sets, nothing else. Columns are `clip` (an id), `speaker` and, where known, `text` (what is
said), `emotion`, `take` (which utterances of a speaker are takes of one, where text or emotion is not known),
`copy_of` (id of the clip that an altered copy was made from, "" for an original), `sha256` (of the recording) and
`fitted` ("yes" where a normalisation or a selection of features was fitted on the clip, whatever its part). Computes
with cells as text: to load pandas would take longer than all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    Table = pd.DataFrame | Mapping[str, Sequence[str]]
    Columns = dict[str, list[str]]

KINDS = {
    "speaker": "speaker",
    "speaker_text": "speaker and sentence",
    "take": "speaker, sentence and emotion (another take)",
    "recording": "very recording",
    "twin": "augmented copy, or original,",
}
OTHER_KINDS = {
    "watched": "that are used for validation",
    "fitted": "that a normalisation or selection is fitted on",
}
YES = ("yes", "y", "true", "1", "1.0")
NO = ("", "no", "n", "false", "0", "0.0")


@dataclass(frozen=True)
class Leaks:
    """Which test examples leak, by kind: bool (tested,) each; None where the table can't tell.

    `kinds` are those of what a test example shares with training (`KINDS`); `watched` are those that are in the
    validation part as well, or whose recording is: they decide when training stops; `fitted` those that a
    normalisation or selection was fitted on. `known` is for how many of the `clips` that are trained on or tested the
    table says what a kind compares: one that is known for some of them may be there more often than it is counted.
    """

    tested: int
    kinds: dict[str, np.ndarray | None]
    watched: np.ndarray
    fitted: np.ndarray | None = None
    clips: int = 0
    known: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_kinds(self) -> dict[str, np.ndarray | None]:
        """Every kind, `watched` and `fitted` among them."""
        return {**self.kinds, "watched": self.watched, "fitted": self.fitted}

    @property
    def counts(self) -> dict[str, int | None]:
        """Number of leaking test examples by kind."""
        return {kind: None if which is None else int(which.sum()) for kind, which in self.all_kinds.items()}

    @property
    def leaking(self) -> np.ndarray:
        """bool (tested,): test examples that leak in any way."""
        return np.any([which for which in self.all_kinds.values() if which is not None], axis=0)


def pooled(folds: Sequence[Leaks]) -> Leaks:
    """The leaks of several folds as one, fold after fold; a kind that one fold can't tell is not known."""

    def joined(kind: str) -> np.ndarray | None:
        found = [fold.all_kinds[kind] for fold in folds]
        return None if any(which is None for which in found) else np.concatenate(found)

    kinds = {kind: joined(kind) for kind in KINDS}
    known = {kind: sum(fold.known[kind] for fold in folds) for kind in folds[0].known}
    tested, clips = (sum(counts) for counts in zip(*((fold.tested, fold.clips) for fold in folds), strict=True))
    return Leaks(tested, kinds, joined("watched"), joined("fitted"), clips, known)


def leaks(table: Table, train: Sequence[int], validation: Sequence[int], test: Sequence[int]) -> Leaks:
    """What of a split's test part is in its training part.

    Parameters
    ----------
    table : one row an example, columns as above, as a DataFrame or column → cells; "" or a missing value: not known
    train, validation, test : row numbers

    Returns
    -------
    Leaks, of the test examples in their order
    """
    told = columns(table)
    train, validation, test = (np.asarray(rows, dtype=np.int64) for rows in (train, validation, test))
    keys = _keys(told)
    found = {kind: _shared(one, train, test) for kind, one in keys.items()}
    watched = np.isin(test, validation)
    if (same := _shared(keys["recording"], validation, test)) is not None:
        watched = watched | same
    used = np.union1d(train, test).tolist()
    known = {kind: 0 if one is None else sum(one[row] != "" for row in used) for kind, one in keys.items()}
    return Leaks(len(test), found, watched, _fitted(told, test), len(used), known)


def columns(table: Table) -> Columns:
    """A table's cells as text, column by column; where a clip lies tells nothing, and may be no Unicode."""
    if isinstance(table, Mapping):
        return {name: list(cells) for name, cells in table.items() if name != "path"}
    told = table.drop(columns="path", errors="ignore").fillna("").astype(str)
    return {name: told[name].tolist() for name in told}


def linked(rows: Iterable[Sequence[str]]) -> list[str]:
    """One name for all rows that have an entry in common, if only through other rows; "" for a row without entries."""
    above: dict[str, str] = {}

    def first(one: str) -> str:
        while (higher := above.get(one, one)) != one:
            above[one] = above.get(higher, higher)
            one = higher
        return one

    kept = [[one for one in row if one] for row in rows]
    for row in kept:
        for one in row[1:]:
            above[first(one)] = first(row[0])
    return [first(row[0]) if row else "" for row in kept]


def _fitted(table: Columns, test: np.ndarray) -> np.ndarray | None:
    said = [cell.strip().lower() for cell in table.get("fitted", ())]
    return np.array([said[row] in YES for row in test.tolist()], dtype=bool) if any(said) else None


def _keys(table: Columns) -> dict[str, list[str] | None]:
    """What two rows must have in common to leak, by kind; "" in a row: it is not known."""
    take, numbered = _joined(table, "speaker", "text", "emotion"), _joined(table, "speaker", "take")
    if take is None or numbered is None:
        take = numbered if take is None else take
    else:
        take = [one or other for one, other in zip(take, numbered, strict=True)]
    return {
        "speaker": _joined(table, "speaker"),
        "speaker_text": _joined(table, "speaker", "text"),
        "take": take,
        "recording": _recordings(table),
        "twin": _originals(table),
    }


def _recordings(table: Columns) -> list[str]:
    """The same for rows of one clip or one checksum."""
    if "sha256" not in table:
        return table["clip"]
    names = [[cell and f"{column} {cell}" for cell in table[column]] for column in ("clip", "sha256")]
    return linked(zip(*names, strict=True))


def _originals(table: Columns) -> list[str] | None:
    """The same for an original and all its altered copies, copies of copies among them."""
    return linked(zip(table["clip"], table["copy_of"], strict=True)) if "copy_of" in table else None


def _joined(table: Columns, *names: str) -> list[str] | None:
    if not set(names) <= set(table):
        return None
    return ["\x1f".join(row) if all(row) else "" for row in zip(*(table[name] for name in names), strict=True)]


def _shared(keys: list[str] | None, train: np.ndarray, test: np.ndarray) -> np.ndarray | None:
    if keys is None or not any(keys):
        return None
    trained = {keys[row] for row in train.tolist()} - {""}
    return np.array([keys[row] in trained for row in test.tolist()], dtype=bool)
