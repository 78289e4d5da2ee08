"""Extract once, in parallel; keep on disk; read memory-mapped.

A store is a folder for each pipeline, `ROOT/NAME-FINGERPRINT/`: `pipeline.json` says what was computed, and parts are
only ever added: `part-….npy` holds the arrays of some clips, `part-….csv` beside it tells which (id, size and time of
the file) and, for a clip that could not be used, why. A part counts once its CSV is there, which is written last; so a
run that is killed loses at most the parts it was at, and two runs at once do no harm but work twice. Parts that are
damaged are extracted again.
"""

import contextlib
import csv
import hashlib
import io
import math
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ser_keras.cluster import on_cluster, with_bar
from ser_keras.cores import own_core
from ser_keras.errors import AudioError
from ser_keras.features.pipeline import Pipeline
from ser_keras.files import remove_left, write_atomically, write_json
from ser_keras.memory import keep_freed

HELD = 2**24  # bytes of features that are kept in memory whole
PART = 32  # clips of one part: what is lost at most, a worker, when a run is killed
ABOUT = "pipeline.json"
FIELDS = ("clip", "bytes", "mtime_ns", "error")


@dataclass(frozen=True)
class Recording:
    """A clip's id and the file it is in."""

    clip: str
    path: str


@dataclass(frozen=True, eq=False)
class Part:
    """The array of a part on disk; it is mapped when a row is asked for, and not for ever: a mapping holds a file open.

    Parameters
    ----------
    path : of the file
    dtype, shape, order, offset : of the array in it, as `numpy.memmap` takes them
    """

    path: Path
    dtype: np.dtype
    shape: tuple[int, ...]
    order: str
    offset: int

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, row: int) -> np.ndarray:
        return _mapped(self)[row]

    def read(self) -> np.ndarray:
        """The whole array, in memory; it takes less than to map it."""
        return np.fromfile(self.path, self.dtype, math.prod(self.shape), offset=self.offset).reshape(
            self.shape, order=self.order
        )


def mapped_at_a_time(open_files: int) -> int:
    """How many parts are mapped at a time: half of the files that a process may have open, 16 to 1024.

    A part that is not mapped is mapped anew for every clip where clips come in random order.
    """
    return 1024 if open_files == resource.RLIM_INFINITY else min(1024, max(16, open_files // 2))


@lru_cache(maxsize=mapped_at_a_time(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
def _mapped(part: Part) -> np.ndarray:
    return np.asarray(np.memmap(part.path, part.dtype, "r", part.offset, part.shape, part.order))


@dataclass(frozen=True)
class Features:
    """The arrays of some clips, in their order, memory-mapped; small ones are in memory once a row was asked for.

    `errors` maps the number of a clip that could not be used to the reason; asking for its array raises KeyError.
    """

    shape: tuple[int, ...]
    errors: dict[int, str]
    _parts: tuple[Part | np.ndarray, ...] = field(repr=False)
    _places: dict[int, tuple[int, int]] = field(repr=False)

    def __len__(self) -> int:
        return len(self._places) + len(self.errors)

    def __getstate__(self) -> dict:
        return {name: value for name, value in self.__dict__.items() if name != "_held"}

    def rows(self, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
        """Arrays of the clips with these numbers: (len(numbers), *shape) as they are stored, a copy in memory."""
        if self._held is None:
            return self._gathered(numbers)
        arrays, row_of = self._held
        return arrays[[row_of[number] for number in numbers]]

    @cached_property
    def _held(self) -> tuple[np.ndarray, dict[int, int]] | None:
        """All parts in memory, and the row of each number, where they are small: a row is less work than its part."""
        sizes = [math.prod(part.shape) for part in self._parts]
        if sum(sizes) * self._parts[0].dtype.itemsize > HELD:
            return None
        starts = np.cumsum([0, *(len(part) for part in self._parts)]).tolist()
        row_of = {number: starts[part] + place for number, (part, place) in self._places.items()}
        return np.concatenate([part if isinstance(part, np.ndarray) else part.read() for part in self._parts]), row_of

    def _gathered(self, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
        out = np.empty((len(numbers), *self.shape), self._parts[0].dtype)
        for row, number in enumerate(numbers):
            part, place = self._places[int(number)]
            out[row] = self._parts[part][place]
        return out


Key = tuple[str, int, int]  # a clip's id, size and time of its file
Place = tuple[Part | None, int, str]  # the part, the clip's row there, why there is none ("" for one)


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
    AudioError : no clip could be used, or the clips give arrays of different shapes; a recording went or changed
        meanwhile
    """
    folder = root / f"{pipeline.name}-{pipeline.fingerprint}"
    keys = [_key(recording) for recording in recordings]
    known = _index(folder)
    todo = [(recording, key) for recording, key in zip(recordings, keys, strict=True) if key not in known]
    parts = [todo[start : start + PART] for start in range(0, len(todo), PART)]
    if parts:
        folder.mkdir(parents=True, exist_ok=True)
        remove_left(folder)
        write_json(folder / ABOUT, {"pipeline": pipeline.description(), "libraries": list(pipeline.libraries)})
        processes = min(jobs, len(parts)) if jobs > 0 else jobs
        extracted = _extract_part_on_own_core if _one_each(processes) else _extract_part
        calls = ((pipeline, part, folder) for part in parts)
        with_bar(extracted, calls, processes=processes, total=len(todo), label=label)
        known = _index(folder)
    return _features([known[key] for key in keys])


def _one_each(processes: int) -> bool:
    """Whether there is a worker for every core; on a cluster there should be."""
    import joblib

    return on_cluster() or 1 < joblib.cpu_count() <= joblib.effective_n_jobs(processes)


def _key(recording: Recording) -> Key:
    try:
        status = os.stat(recording.path)
    except OSError as error:
        raise AudioError(f"{recording.path} can't be read ({error.strerror}): fetch the corpus again") from error
    return recording.clip, status.st_size, status.st_mtime_ns


def _extract_part_on_own_core(pipeline: Pipeline, part: list[tuple[Recording, tuple]], folder: Path) -> int:
    with own_core():
        return _extract_part(pipeline, part, folder)


def _extract_part(pipeline: Pipeline, part: list[tuple[Recording, tuple]], folder: Path) -> int:
    keep_freed()
    arrays, rows = [], []
    for recording, key in part:
        try:
            arrays.append(pipeline.array(recording.path, recording.clip))
            error = ""
        except AudioError as refused:
            error = str(refused)
        _check_unchanged(recording, key)
        rows.append((*key, error))
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise AudioError(
            f"pipeline {pipeline.name} gives arrays of shapes {sorted(shapes)}: fix their length in a step"
        )
    name = "part-" + hashlib.sha256(repr([key for _, key in part]).encode()).hexdigest()[:16]
    if arrays:
        write_atomically(folder / f"{name}.npy", lambda path: np.save(path, np.stack(arrays)), tidy=False)
    write_atomically(folder / f"{name}.csv", lambda path: _write_rows(path, rows), tidy=False)
    return len(part)


def _check_unchanged(recording: Recording, key: tuple[str, int, int]) -> None:
    """What was computed of a file that goes or is written meanwhile must not be kept as what it was before."""
    if _key(recording) != key:
        raise AudioError(f"{recording.path} changed while it was read: run again when nothing writes to it")


def _write_rows(path: Path, rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(rows)


def _index(folder: Path) -> dict[Key, Place]:
    """Where each clip of a store is."""
    known = {}
    for path in sorted(folder.glob("part-*.csv")):
        # a damaged part holds nothing; that the system can't open it now tells nothing of it
        with contextlib.suppress(FileNotFoundError, ValueError, EOFError, csv.Error):
            known.update(_part(path))
    return known


def _part(path: Path) -> list[tuple[Key, Place]]:
    rows = index_rows(path)
    usable = sum(not error for *_, error in rows)
    part = _array(path.with_suffix(".npy")) if usable else None
    if usable and part.shape[0] != usable:
        raise ValueError(f"{path} is not of the array beside it")
    found, place = [], 0
    for clip, size, moment, error in rows:
        found.append(((clip, int(size), int(moment)), (None if error else part, place, error)))
        place += not error
    return found


def index_rows(path: Path) -> list[list[str]]:
    """The rows of a part's CSV, one a clip, of the columns `FIELDS`.

    Raises
    ------
    ValueError, csv.Error : it is no index of a part
    """
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    if tuple(header) != FIELDS:
        raise ValueError(f"{path} is no index of a part")
    return rows


def _array(path: Path) -> Part:
    """Where the array of a file lies in it, all of which has to be there.

    `numpy.load` does the same in five times as long, of which an opened store has hundreds.
    """
    with path.open("rb") as file:
        start = file.read(10)
        header = file.read(int.from_bytes(start[8:], "little"))
        size = os.fstat(file.fileno()).st_size
    shape, is_fortran, dtype = _header(start + header)
    part = Part(path, dtype, shape, "F" if is_fortran else "C", len(start + header))
    if dtype.hasobject or part.offset + math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"{path} is cut off, or holds objects")
    return part


@lru_cache(maxsize=64)
def _header(start: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and dtype by the beginning of a file as `numpy.save` writes it; the same for nearly all parts."""
    stream = io.BytesIO(start)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array of another version of the format than parts have")
    return np.lib.format.read_array_header_1_0(stream)


def _features(entries: list[Place]) -> Features:
    errors = {number: error for number, (_, _, error) in enumerate(entries) if error}
    if len(errors) == len(entries):
        raise AudioError(f"none of {len(entries)} recordings can be used; the first: {next(iter(errors.values()), '')}")
    parts = dict.fromkeys(part for part, _, error in entries if not error)
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise AudioError(f"the clips give arrays of shapes {sorted(shapes)}: fix their length in a step")
    number_of = {part: number for number, part in enumerate(parts)}
    places = {number: (number_of[part], place) for number, (part, place, error) in enumerate(entries) if not error}
    return Features(shapes.pop(), errors, tuple(parts), places)
