"""Finished runs as they lie on disk, OUT/PAPER/EXPERIMENT/VARIANT/PROTOCOL/seed-N[,…], read and checked.

A folder without `run.json` is unfinished and left out; a finished one that can't be read stops the report, because a
mean over the others would be a mean over chosen runs.
"""

import csv
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_keras.errors import RunError
from ser_keras.tasks import UNFINISHED, WHOLE, folder_name

SCHEMA = 1
PUTTING_S = 2.0  # that a run's files may take to be put in place of another's, which is a few renamings
SCALAR = (str, int, float, type(None))  # of a choice
COLUMNS = ("clip", "speaker", "true", "predicted")
RECORD = {
    "schema": int,
    "paper": str,
    "experiment": str,
    "title": str,
    "variant": str,
    "protocol": str,
    "seed": int,
    "quick": bool,
    "classes": list,
    "published": dict,
    "choices": list,
    "corpora": dict,
    "set_aside": list,
    "split": dict,
    "training": dict,
    "provenance": dict,
    "durations": dict,
}
PARTS = {
    "choices": ("key", "value", "default", "reason", "alternatives"),
    "corpora": ("clips", "expected", "synthetic"),
    "set_aside": ("clip", "reason"),
}


@dataclass(frozen=True)
class Run:
    """One finished run.

    Parameters
    ----------
    folder : where it lies
    record : its run.json
    clips, speakers, y_true, y_pred : one entry a test clip
    folds : the fold of each, () for a run of one split
    history : column of history.csv → one value an epoch; `val_…` columns only where there was a validation part;
        empty where the authors' own weights were evaluated
    """

    folder: Path
    record: Mapping[str, object]
    clips: tuple[str, ...]
    speakers: tuple[str, ...]
    y_true: tuple[str, ...]
    y_pred: tuple[str, ...]
    history: Mapping[str, tuple[float, ...]]
    folds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """One training: its name, its columns of history.csv, and the epoch whose weights were kept (from 1), if known."""

    name: str
    history: Mapping[str, Sequence[float]]
    kept: int | None


def papers_with_runs(out: Path) -> tuple[str, ...]:
    """Names of the papers that have finished runs in a folder, sorted."""
    return tuple(sorted({path.relative_to(out).parts[0] for path in out.glob("*/*/*/*/seed-*/run.json")}))


def finished_runs(out: Path, paper: str) -> tuple[Run, ...]:
    """A paper's finished runs, by experiment, variant and protocol; ours, then those with changed choices; by seed.

    Raises
    ------
    RunError : there is none, or one can't be read
    """
    folders = [path for path in (out / paper).glob("*/*/*/seed-*") if _is_put(path) or _moment(path)]
    runs = [run for folder in folders for run in _if_finished(folder)]
    if not runs:
        raise RunError(f"{out / paper} holds no finished run: python -m ser_keras.reproduce {paper} --out {out}")

    def place(run: Run) -> tuple:
        ours = not changed_choices(run.record) and trained_as_usual(run.record)
        return run.folder.parent.parts, not ours, run.record["seed"], run.folder.name

    return tuple(sorted(runs, key=place))


def trained_as_usual(record: Mapping) -> bool:
    """Whether a run's weights were trained here, in float32."""
    return record.get("weights", "trained") == "trained" and precision(record["training"]) == "float32"


def precision(training: Mapping) -> str:
    """What a network computed in, by a run's or an entry's record of its training."""
    return training.get("precision", "float32")


def changed_choices(record: Mapping) -> dict[str, object]:
    """The choices of a run that are not at our values: key → value."""
    return {one["key"]: one["value"] for one in record["choices"] if one["value"] != one["default"]}


def read(folder: Path) -> Run:
    """The finished run in a folder; where another process puts a new one in its place meanwhile, that one.

    Raises
    ------
    RunError : a file of it is missing, cut off, or does not fit the others
    """
    deadline = time.monotonic() + PUTTING_S
    while True:
        before, fault = _moment(folder), None
        try:
            run = _read(folder)
        except RunError as error:
            fault = error
        is_put = _is_put(folder) and time.monotonic() < deadline  # asked before the record, which is the last to come
        if before == _moment(folder) and (before or not is_put):
            if fault:
                raise fault
            return run
        time.sleep(0.01)


def _if_finished(folder: Path) -> Iterator[Run]:
    """The run in a folder; none where its record is gone, as after a kill just before it came."""
    try:
        yield read(folder)
    except RunError:
        if _moment(folder):
            raise


def _moment(folder: Path) -> tuple[int, int] | None:
    """What tells a run's record from another one that takes its place; None where there is none."""
    try:
        status = (folder / "run.json").stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _is_put(folder: Path) -> bool:
    """Whether a run's files are about to be put in their place."""
    return (folder / UNFINISHED / WHOLE / "run.json").exists()


def _read(folder: Path) -> Run:
    record = _record(folder / "run.json")
    columns = _predictions(folder / "predictions.csv", record["classes"])
    tested = sum(record["split"]["supports"]["test"].values())
    if len(columns["clip"]) != tested:
        raise _wrong(
            folder / "predictions.csv", f"has {len(columns['clip'])} rows for the {tested} test clips of run.json"
        )
    history = {} if record.get("weights") == "published" else _history(folder / "history.csv")
    tested = (columns[name] for name in COLUMNS)
    return Run(folder, record, *tested, history, columns.get("fold", ()))


def curves(run: Run) -> list[Curve]:
    """The learning curve of a run, or of each of its folds; [] where nothing was trained."""
    seed, training = run.record["seed"], run.record["training"]
    if not run.history:
        return []
    if "fold" not in run.history:
        return [Curve(f"seed {seed}", run.history, training.get("best_epoch"))]
    fits, found = training.get("folds", []), []
    for number, fold in enumerate(dict.fromkeys(run.history["fold"])):
        rows = [row for row, one in enumerate(run.history["fold"]) if one == fold]
        history = {key: tuple(values[row] for row in rows) for key, values in run.history.items()}
        kept = fits[number].get("best_epoch") if number < len(fits) else None
        found.append(Curve(f"seed {seed} fold {fold:.0f}", history, kept))
    return found


def _wrong(path: Path, fault: str) -> RunError:
    return RunError(f"{path} {fault}: remove the run's folder and train it again")


def _record(path: Path) -> dict:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{path.parent} holds no finished run: name the folder with its run.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, f"can't be read ({error})") from None
    if not isinstance(record, dict):
        raise _wrong(path, f"holds a {type(record).__name__}, expected an object")
    for key, kind in RECORD.items():
        if key not in record:
            raise _wrong(path, f"lacks {key!r}")
        if not isinstance(record[key], kind):
            raise _wrong(path, f"has {key} of the type {type(record[key]).__name__}, expected {kind.__name__}")
    if record["schema"] != SCHEMA:
        raise _wrong(path, f"is of schema {record['schema']}; this version reads {SCHEMA}")
    _check_parts(path, record)
    *place, name = path.parent.parts[-5:]
    said = [str(record[key]) for key in ("paper", "experiment", "variant", "protocol")]
    set_apart = record.get("weights", "trained"), precision(record["training"])
    full = folder_name(record["seed"], changed_choices(record), *set_apart)
    if place != said or name not in (full, f"seed-{record['seed']}"):
        raise RunError(f"{path} is of {'/'.join(said)}/{full}, which is not where it lies: put it there")
    return record


def _check_parts(path: Path, record: dict) -> None:
    if not record["classes"] or not all(isinstance(name, str) for name in record["classes"]):
        raise _wrong(path, "names no classes")
    for key, wanted in PARTS.items():
        parts = record[key].values() if isinstance(record[key], dict) else record[key]
        for part in parts:
            missing = [name for name in wanted if not isinstance(part, dict) or name not in part]
            if missing:
                raise _wrong(path, f"lacks {missing[0]!r} in {key}")
    for choice in record["choices"]:
        if not isinstance(choice["key"], str) or not all(
            isinstance(choice[one], SCALAR) for one in ("value", "default")
        ):
            raise _wrong(path, f"has a choice {choice['key']!r:.40} that is no name with a value and a default")
    for key, kind in (("supports", dict), ("speakers", list)):
        parts = record["split"].get(key)
        if not isinstance(parts, dict) or not {"train", "validation", "test"} <= set(parts):
            raise _wrong(path, f"lacks the {key} of train, validation and test in split")
        if not all(isinstance(part, kind) for part in parts.values()):
            raise _wrong(path, f"has {key} of a part that are no {kind.__name__}")
    for part, supports in record["split"]["supports"].items():
        if set(supports) != set(record["classes"]):
            raise _wrong(path, f"has supports of the {part} part that are not one a class")
        if not all(type(clips) is int and clips >= 0 for clips in supports.values()):
            raise _wrong(path, f"has supports of the {part} part that are no numbers of clips")


def rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a run's CSV.

    Raises
    ------
    RunError : it can't be read, has no rows, or one of another length than the header
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            header, *told = list(csv.reader(stream)) or [[]]
    except (OSError, ValueError, csv.Error) as error:
        raise _wrong(path, f"can't be read ({error})") from None
    for number, row in enumerate(told, start=2):
        if len(row) != len(header):
            raise _wrong(path, f"has {len(row)} values in line {number} for {len(header)} columns")
    if not told:
        raise _wrong(path, "has no rows")
    return header, told


def _predictions(path: Path, classes: list[str]) -> dict[str, tuple[str, ...]]:
    header, told = rows(path)
    if header not in ([*COLUMNS, *classes], [*COLUMNS, "fold", *classes]):
        raise _wrong(path, f"has the columns {', '.join(header)}; expected {', '.join([*COLUMNS, *classes])}")
    for number, row in enumerate(told, start=2):
        unknown = [label for label in row[2:4] if label not in classes]
        if unknown:
            raise _wrong(path, f"names {unknown[0]!r} in line {number}, which is none of the run's classes")
    names = (*COLUMNS, "fold") if "fold" in header[:5] else COLUMNS
    return {name: tuple(row[column] for row in told) for column, name in enumerate(names)}


def _history(path: Path) -> dict[str, tuple[float, ...]]:
    header, told = rows(path)
    missing = {"epoch", "loss", "accuracy"} - set(header)
    if missing:
        raise _wrong(path, f"lacks the column {sorted(missing)[0]}")
    try:
        return {name: tuple(float(row[column]) for row in told) for column, name in enumerate(header)}
    except ValueError as error:
        raise _wrong(path, f"holds something else than numbers ({error})") from None
