"""Extract once, in parallel; keep on disk; read memory-mapped.

A store is a folder for each pipeline, `ROOT/NAME-FINGERPRINT/`, of parts that are only ever added: `part-….npy`
holds the arrays of some clips, `part-….csv` beside it tells which (id, size and time of the file) and, for a clip
that could not be used, why. A part counts once its CSV is there, which is written last; so a run that is killed loses
at most the parts it was at, and two runs at once do no harm but work twice.
"""

import contextlib
import csv
import ctypes
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import joblib
import numpy as np
from tqdm import tqdm

from ser_keras.errors import AudioError
from ser_keras.features.pipeline import Pipeline
from ser_keras.files import remove_left, write_atomically

KEPT = 2**25  # bytes of freed arrays that a process keeps at hand; the most that glibc allows
PART = 32  # clips of one part: what is lost at most, a worker, when a run is killed
FIELDS = ("clip", "bytes", "mtime_ns", "error")


@dataclass(frozen=True)
class Recording:
    """A clip's id and the file it is in."""

    clip: str
    path: str


@dataclass(frozen=True)
class Features:
    """The arrays of some clips, in their order, memory-mapped.

    `errors` maps the number of a clip that could not be used to the reason; asking for its array raises KeyError.
    """

    shape: tuple[int, ...]
    errors: dict[int, str]
    _parts: tuple[np.ndarray, ...] = field(repr=False)
    _places: dict[int, tuple[int, int]] = field(repr=False)

    def __len__(self) -> int:
        return len(self._places) + len(self.errors)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
        """Arrays of the clips with these numbers: (len(numbers), *shape) as they are stored, a copy in memory."""
        out = np.empty((len(numbers), *self.shape), self._parts[0].dtype)
        for row, number in enumerate(numbers):
            part, place = self._places[int(number)]
            out[row] = self._parts[part][place]
        return out


def extract(
    pipeline: Pipeline, recordings: Sequence[Recording], root: Path, *, jobs: int = 1, label: str = "features"
) -> Features:
    """The features of all recordings: from the store where they are in it, else computed and added.

    Parameters
    ----------
    pipeline : what to compute
    recordings : which clips, each id once
    root : folder of the store
    jobs : worker processes; -1: one a core
    label : what the progress bar on stderr is called

    Returns
    -------
    Features in the order of `recordings`

    Raises
    ------
    AudioError : no clip could be used, or the clips give arrays of different shapes
    """
    folder = root / f"{pipeline.name}-{pipeline.fingerprint}"
    keys = [_key(recording) for recording in recordings]
    known = _index(folder)
    todo = [(recording, key) for recording, key in zip(recordings, keys, strict=True) if key not in known]
    parts = [todo[start : start + PART] for start in range(0, len(todo), PART)]
    if parts:
        folder.mkdir(parents=True, exist_ok=True)
        remove_left(folder)
        workers = joblib.Parallel(n_jobs=min(jobs, len(parts)) if jobs > 0 else jobs, return_as="generator_unordered")
        calls = (joblib.delayed(_extract_part)(pipeline, part, folder) for part in parts)
        with tqdm(total=len(todo), desc=label, unit="clip") as bar:
            for done in workers(calls):
                bar.update(done)
        known = _index(folder)
    return _features([known[key] for key in keys])


def _key(recording: Recording) -> tuple[str, int, int]:
    try:
        status = Path(recording.path).stat()
    except OSError as error:
        raise AudioError(f"{recording.path} can't be read ({error.strerror}): fetch the corpus again") from error
    return recording.clip, status.st_size, status.st_mtime_ns


@cache
def _keep_freed_memory() -> None:
    """Have glibc keep what arrays have freed: to get it from the system again takes up to a tenth of the time."""
    with contextlib.suppress(AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(-1, KEPT)  # M_TRIM_THRESHOLD
        libc.mallopt(-3, KEPT)  # M_MMAP_THRESHOLD


def _extract_part(pipeline: Pipeline, part: list[tuple[Recording, tuple]], folder: Path) -> int:
    _keep_freed_memory()
    arrays, rows = [], []
    for recording, key in part:
        try:
            arrays.append(pipeline.array(recording.path, recording.clip))
            error = ""
        except AudioError as refused:
            error = str(refused)
        rows.append((*key, error))
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise AudioError(
            f"pipeline {pipeline.name} gives arrays of shapes {sorted(shapes)}: fix their length in a step"
        )
    name = "part-" + hashlib.sha256(repr([key for _, key in part]).encode()).hexdigest()[:16]
    if arrays:
        write_atomically(folder / f"{name}.npy", lambda path: np.save(path, np.stack(arrays)))
    write_atomically(folder / f"{name}.csv", lambda path: _write_rows(path, rows))
    return len(part)


def _write_rows(path: Path, rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(rows)


def _index(folder: Path) -> dict[tuple[str, int, int], tuple[Path, int, str]]:
    """Key of every clip in a store → its part, its place there, and the error ("" for none)."""
    known = {}
    for path in sorted(folder.glob("part-*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            place = 0
            for row in csv.DictReader(file):
                key = row["clip"], int(row["bytes"]), int(row["mtime_ns"])
                known[key] = path.with_suffix(".npy"), place, row["error"]
                place += not row["error"]
    return known


def _features(entries: list[tuple[Path, int, str]]) -> Features:
    errors = {number: error for number, (_, _, error) in enumerate(entries) if error}
    if len(errors) == len(entries):
        raise AudioError(f"none of {len(entries)} recordings can be used; the first: {next(iter(errors.values()), '')}")
    paths = sorted({path for path, _, error in entries if not error})
    arrays = tuple(map(_stored, paths))
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        raise AudioError(f"the clips give arrays of shapes {sorted(shapes)}: fix their length in a step")
    number_of = {path: number for number, path in enumerate(paths)}
    places = {number: (number_of[path], place) for number, (path, place, error) in enumerate(entries) if not error}
    return Features(shapes.pop(), errors, arrays, places)


def _stored(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise AudioError(f"{path} holds no features ({error}): remove the folder, they are computed again") from None
