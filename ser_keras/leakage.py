"""Anybody's split, checked for what its test part shares with its training part; for use in a project's own tests.

    python -m ser_keras.leakage SPLIT.csv            exit 1 when something leaks
    python -m ser_keras.leakage SPLIT.csv --allow speaker

SPLIT.csv has one row a clip: `clip` (an id) or `path` (of the recording, against the CSV's folder), `speaker` and
`part` (train, validation or test, or several joined by "+"; none, unused or nothing for a clip that is left aside);
and where they are known `text`, `emotion`, `take`, `copy_of`, `sha256`, `fitted` ("yes" where a normalisation or
selection was fitted on the clip) and `fold` (then each fold is a split of its own). Clips of one speaker, text and
emotion are takes of one utterance; where text or emotion is not known, those of one speaker and `take`. Recordings that
are there are compared by their samples as well, and by `sha256` whether they are there or not.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from ser_keras import cli
from ser_keras.errors import ProtocolError
from ser_keras.evaluation.leakage import KINDS, NO, OTHER_KINDS, YES, Leaks, columns, leaks, linked, pooled

if TYPE_CHECKING:
    from ser_keras.evaluation.leakage import Columns, Table

NO_PART = ("", "-", "none", "unused")
PARTS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
         "dev": "validation", "development": "validation", "test": "test", "eval": "test"}  # fmt: skip


def read_split(path: Path) -> dict[str, list[str]]:
    """A split as it lies on disk, column → cells, which are checked and have no blanks around them; `sha256` is one for
    what has the same samples, where recordings are there, or the same `sha256` in the file.

    Raises
    ------
    ProtocolError : no such file, no CSV, a column that is needed is missing, or a cell says what is not understood
    """
    table = _table(path)
    missing = [name for name in ("speaker", "part") if name not in table]
    missing += [] if {"clip", "path"} & set(table) else ["clip or path"]
    if missing:
        lacking = f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise ProtocolError(f"{path} lacks the {lacking}; it has {', '.join(table) or 'none'}")
    table.setdefault("clip", table.get("path", []))
    _check_cells(path, table)
    given = [one.lower() for one in table.get("sha256", [""] * len(table["clip"]))]
    if "path" in table:
        samples = [_samples_sha256(path.parent / one) for one in table["path"]]
        table["sha256"] = linked(zip(samples, given, strict=True))
    elif "sha256" in table:
        table["sha256"] = given
    return table


def _table(path: Path) -> dict[str, list[str]]:
    """The columns of a CSV."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except FileNotFoundError:
        raise ProtocolError(f"{path} is not there: give the CSV of a split") from None
    except (OSError, ValueError, csv.Error) as error:
        raise ProtocolError(f"{path} is no CSV that can be read ({' '.join(str(error).split())})") from None
    if not rows:
        raise ProtocolError(f"{path} is no CSV that can be read (it is empty)")
    (_, header), *rows = rows
    names = [name.lower() for name in header]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ProtocolError(f"{path} has the column {twice[0]} more than once: leave one")
    for number, row in rows:
        if len(row) != len(names):
            raise ProtocolError(f"{path}, line {number}: {len(row)} cells, expected {len(names)}, one a column")
    return {name: [row[place] for _, row in rows] for place, name in enumerate(names)}


def _check_cells(path: Path, table: Mapping[str, Sequence[str]]) -> None:
    for number, (speaker, part) in enumerate(zip(table["speaker"], table["part"], strict=True), start=2):
        wrong = [one for one in _parts(part) if one not in PARTS and one not in NO_PART]
        if wrong:
            raise ProtocolError(
                f"{path}, line {number}: {wrong[0]!r} is no part; expected train, validation, test, several joined by "
                "+, or none"
            )
        if not speaker:
            raise ProtocolError(f"{path}, line {number}: the speaker is empty: name one, if only by a number")
    for number, fitted in enumerate(table.get("fitted", ()), start=2):
        if fitted.lower() not in (*YES, *NO):
            raise ProtocolError(f"{path}, line {number}: `fitted` is {fitted!r}; expected yes, no or nothing")


def _parts(text: str) -> set[str]:
    return {part.strip() for part in text.lower().split("+")}


def _samples_sha256(path: Path) -> str:
    """SHA-256 of a recording's samples, whatever its header says; "" where it can't be read."""
    import soundfile

    if not path.is_file():
        return ""
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError):
        return ""
    return hashlib.sha256(repr((rate, samples.shape)).encode() + samples.tobytes()).hexdigest()


def checked(table: Table) -> Leaks:
    """The leaks of a split table, of all its folds where it has a column `fold`; examples in the table's order.

    Parameters
    ----------
    table : one row an example, as a DataFrame or column → cells

    Raises
    ------
    ProtocolError : nothing is trained, or nothing tested
    """
    told = columns(table)
    if "fold" not in told:
        return _checked_split(told)
    rows_of: dict[str, list[int]] = {}
    for row, fold in enumerate(told["fold"]):
        rows_of.setdefault(fold, []).append(row)
    folds = ({name: [cells[row] for row in rows] for name, cells in told.items()} for rows in rows_of.values())
    return pooled([_checked_split(fold) for fold in folds])


def _checked_split(table: Columns) -> Leaks:
    parts = [{PARTS[name] for name in _parts(one) if name in PARTS} for one in table["part"]]
    numbers = {part: np.flatnonzero([part in one for one in parts]) for part in ("train", "validation", "test")}
    for part in ("train", "test"):
        if not len(numbers[part]):
            known = ", ".join(sorted(set(table["part"]))[:5])
            raise ProtocolError(
                f"no row is of the {part} part: expected train, validation, test in `part`, got {known}"
            )
    return leaks(table, numbers["train"], numbers["validation"], numbers["test"])


def lines(found: Leaks) -> list[str]:
    """The leaks for people, a line a kind."""
    told = [f"{found.tested} test clips"]
    for kind, count in found.counts.items():
        what = f"whose {KINDS[kind]} is in training" if kind in KINDS else OTHER_KINDS[kind]
        share = (
            "not known: no such column, or an empty one"
            if count is None
            else f"{count} ({100 * count / found.tested:.1f} %)"
        )
        told.append(f"  {kind:<13} {share:>14}  {what}{_in_part(found, kind)}")
    return told


def _values(found: Leaks) -> dict:
    """The same for programs; `known`: of how many of the `clips` that are trained on or tested."""
    return {"tested": found.tested, "leaks": found.counts, "clips": found.clips, "known": found.known}


def _in_part(found: Leaks, kind: str) -> str:
    known = found.known.get(kind, found.clips)
    return f" (known for {known} of {found.clips} clips)" if 0 < known < found.clips else ""


@click.command()
@click.argument("split", type=click.Path(path_type=Path), metavar="SPLIT.csv")
@click.option(
    "--allow", multiple=True, type=click.Choice([*KINDS, *OTHER_KINDS]), help="A leak that is meant; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@cli.debug_option
def leakage(split: Path, allow: tuple[str, ...], as_json: bool) -> int:
    """Count what the test part of a split shares with its training part; exit 1 when something leaks.

    SPLIT.csv has one row a clip. It needs the columns clip (an id) or path, speaker, and part: train, validation,
    test, several joined by +, or none. Where they are known: text (what is said), emotion, take, copy_of (the clip
    that an altered one was made of), sha256, fitted (yes: a normalisation was fitted on it), fold. Clips of one
    speaker, text and emotion are takes of one utterance; where text or emotion is not known, those of one speaker and
    take. Recordings that are found at their path are compared by their samples.
    """
    table = read_split(split)
    try:
        found = checked(table)
    except ProtocolError as error:
        raise ProtocolError(f"{split}: {error}") from None
    if "path" in table and (lost := sum(not one for one in table["sha256"])):
        click.echo(
            f"note: {lost} of {len(table['path'])} recordings can't be read: they are compared by name alone", err=True
        )
    if as_json:
        click.echo(json.dumps(_values(found), indent=1))
    else:
        click.echo("\n".join(lines(found)))
    return int(any(count for kind, count in found.counts.items() if kind not in allow))


if __name__ == "__main__":
    cli.run(leakage, name="python -m ser_keras.leakage")
