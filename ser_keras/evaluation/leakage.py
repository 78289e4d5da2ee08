"""What of a test part is in the training part as well: speakers, sentences, takes, recordings, altered copies.

Knows a clip table and index sets, nothing else. Columns are `clip` (an id), `speaker` and, where known, `text` (what is
said), `emotion`, `take` (which utterances are takes of one: where it is missing, speaker, text and emotion together),
`copy_of` (id of the clip that an altered copy was made from, "" for an original), `sha256` (of the recording) and
`fitted` ("yes" where a normalisation or a selection of features was fitted on the clip, whatever its part).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "speaker": "speaker",
    "speaker_text": "speaker and sentence",
    "take": "speaker, sentence and emotion (another take)",
    "recording": "very recording",
    "twin": "altered copy, or original,",
}
OTHER_KINDS = {
    "watched": "that are watched while training",
    "fitted": "that a normalisation or selection is fitted on",
}
YES = ("yes", "true", "1", "1.0")


@dataclass(frozen=True)
class Leaks:
    """Which test examples leak, by kind: bool (tested,) each; None where the table can't tell.

    `kinds` are those of what a test example shares with training (`KINDS`); `watched` are those that are in the
    validation part as well, or whose recording is: they decide when training stops; `fitted` those that a
    normalisation or selection was fitted on.
    """

    tested: int
    kinds: dict[str, np.ndarray | None]
    watched: np.ndarray
    fitted: np.ndarray | None = None

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
    return Leaks(sum(fold.tested for fold in folds), kinds, joined("watched"), joined("fitted"))


def leaks(table: "pd.DataFrame", train: Sequence[int], validation: Sequence[int], test: Sequence[int]) -> Leaks:
    """What of a split's test part is in its training part.

    Parameters
    ----------
    table : one row an example, columns as above; "" or a missing value: not known
    train, validation, test : row numbers

    Returns
    -------
    Leaks, of the test examples in their order
    """
    told = table.drop(columns="path", errors="ignore")  # where a clip lies tells nothing, and may be no Unicode
    table = told.fillna("").astype(str).reset_index(drop=True)
    train, test = np.asarray(train, dtype=np.int64), np.asarray(test, dtype=np.int64)
    keys = _keys(table)
    found = {kind: _shared(one, train, test) for kind, one in keys.items()}
    found["twin"] = _twins(table, train, test)
    validation = np.asarray(validation, dtype=np.int64)
    watched = np.isin(test, validation)
    if (same := _shared(keys["recording"], validation, test)) is not None:
        watched = watched | same
    return Leaks(len(test), {kind: found[kind] for kind in KINDS}, watched, _fitted(table, test))


def _fitted(table: "pd.DataFrame", test: np.ndarray) -> np.ndarray | None:
    if "fitted" not in table:
        return None
    return table["fitted"].str.lower().isin(YES).iloc[test].to_numpy()


def _keys(table: "pd.DataFrame") -> "dict[str, pd.Series | None]":
    """What two rows must have in common to leak; "" in a row: it is not known."""
    recording = table["clip"]
    if "sha256" in table:
        recording = table["sha256"].where(table["sha256"] != "", table["clip"])
    return {
        "speaker": _joined(table, ["speaker"]),
        "speaker_text": _joined(table, ["speaker", "text"]),
        "take": _joined(table, ["take"]) if "take" in table else _joined(table, ["speaker", "text", "emotion"]),
        "recording": recording,
    }


def _joined(table: "pd.DataFrame", columns: list[str]) -> "pd.Series | None":
    if not set(columns) <= set(table):
        return None
    whole = (table[columns] != "").all(axis=1)
    return table[columns].agg("\x1f".join, axis=1).where(whole, "")


def _shared(keys: "pd.Series | None", train: np.ndarray, test: np.ndarray) -> np.ndarray | None:
    if keys is None or not (keys != "").any():
        return None
    return keys.iloc[test].isin(set(keys.iloc[train]) - {""}).to_numpy()


def _twins(table: "pd.DataFrame", train: np.ndarray, test: np.ndarray) -> np.ndarray | None:
    """Test examples of which an altered copy, or the original, or another copy of it, is in training."""
    if "copy_of" not in table:
        return None
    original = table["copy_of"].where(table["copy_of"] != "", table["clip"])
    return original.iloc[test].isin(set(original.iloc[train])).to_numpy()
