"""Forms in which rows of numbers can lie on disk, each with the same few deeds; `benchmarks.forms` measures them.

All keep what our store keeps of a clip beside its row: id, size and time of its file, and why it can't be used; and all
are opened as ours is, by asking the system for size and time of every file and looking each of them up. Zarr and
pyarrow are loaded where they are used: they are dependencies of this benchmark alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras.features import store
from ser_keras.features.store import FIELDS, PART, Recording

INDEX = "index.parquet"


@dataclass(frozen=True)
class Values:
    """Rows of any number, real ones over and over."""

    real: np.ndarray

    def rows(self, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
        """(len(numbers), …) as they are stored."""
        return self.real[np.asarray(numbers) % len(self.real)]

    def blocks(self, first: int, last: int) -> list[tuple[int, int]]:
        """Begin and end of each work unit between two numbers."""
        return [(start, min(start + PART, last)) for start in range(first, last, PART)]


@dataclass(frozen=True)
class Given:
    """A pipeline that computes nothing: the row of a clip's number."""

    values: Values
    name = "given"
    fingerprint = "0123456789abcdef"
    libraries = ()

    def description(self) -> dict:
        return {"name": self.name}

    def array(self, path: str, clip: str) -> np.ndarray:
        return self.values.rows([int(Path(clip).stem)])[0]


class Ours:
    """The store of this package: parts in .npy files with a .csv each."""

    def __init__(self, folder: Path, values: Values) -> None:
        self.folder, self.given = folder, Given(values)

    def write(self, recordings: Sequence[Recording]) -> None:
        self.features = store.extract(self.given, recordings, self.folder)

    open = write

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        return self.features.rows(numbers)

    def append(self, recordings: Sequence[Recording], first: int) -> None:
        self.write(recordings)

    def replace(self, recordings: Sequence[Recording], number: int) -> None:
        self.write(recordings)


class _Indexed:
    """What the forms have in common that keep all rows in one array, and what is known of clips in a Parquet table."""

    def __init__(self, folder: Path, values: Values) -> None:
        self.folder, self.values = folder, values
        folder.mkdir(parents=True, exist_ok=True)

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        return self.array[self.places[numbers]]

    def _write_index(self, recordings: Sequence[Recording]) -> None:
        _write_table(self.folder / INDEX, list(map(store._key, recordings)))

    def _read_index(self, recordings: Sequence[Recording]) -> None:
        import pyarrow.parquet as pq

        known = {key: place for place, key in enumerate(_keys(pq.read_table(self.folder / INDEX)))}
        self.places = np.array([known[store._key(one)] for one in recordings])


def _write_table(path: Path, keys: list, rows: np.ndarray | None = None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [list(column) for column in zip(*keys, strict=True)] + [[""] * len(keys)]
    table = pa.table(dict(zip(FIELDS, columns, strict=True)))
    if rows is not None:
        listed = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows[0].size)
        table = table.append_column("row", listed)
    pq.write_table(table, path)


def _keys(table: object) -> list[store.Key]:
    return list(zip(*(table[name].to_pylist() for name in FIELDS[:3]), strict=True))


class OneFile(_Indexed):
    """One .npy, memory-mapped, and a Parquet index; grown at its end, where NumPy leaves its header room to be."""

    @property
    def path(self) -> Path:
        return self.folder / "rows.npy"

    def write(self, recordings: Sequence[Recording]) -> None:
        shape = (len(recordings), *self.values.real.shape[1:])
        array = np.lib.format.open_memmap(self.path, "w+", self.values.real.dtype, shape)
        for start, stop in self.values.blocks(0, len(recordings)):
            array[start:stop] = self.values.rows(range(start, stop))
        array.flush()
        self._write_index(recordings)

    def open(self, recordings: Sequence[Recording]) -> None:
        self.array = np.load(self.path, mmap_mode="r")
        self._read_index(recordings)

    def append(self, recordings: Sequence[Recording], first: int) -> None:
        with self.path.open("r+b") as file:
            np.lib.format.read_magic(file)
            shape, order, dtype = np.lib.format.read_array_header_1_0(file)
            begin = file.tell()
            file.seek(0, 2)
            file.write(self.values.rows(range(first, len(recordings))).tobytes())
            file.seek(0)
            header = {"shape": (len(recordings), *shape[1:]), "fortran_order": order, "descr": dtype.str}
            np.lib.format.write_array_header_1_0(file, header)
            if file.tell() != begin:
                raise ValueError(f"{self.path}: the header has no room to grow in")
        self._write_index(recordings)

    def replace(self, recordings: Sequence[Recording], number: int) -> None:
        array = np.load(self.path, mmap_mode="r+")
        array[number] = self.values.rows([number])[0]
        array.flush()
        self._write_index(recordings)


class Zarr(_Indexed):
    """One Zarr array of version 3, in chunks of so many rows, and a Parquet index."""

    def __init__(self, folder: Path, values: Values, *, chunk: int, compressed: bool) -> None:
        super().__init__(folder, values)
        self.chunk, self.compressors = chunk, "auto" if compressed else None

    @property
    def path(self) -> str:
        return str(self.folder / "rows.zarr")

    def write(self, recordings: Sequence[Recording]) -> None:
        import zarr

        shape, dtype = self.values.real.shape[1:], self.values.real.dtype
        array = zarr.create_array(
            self.path,
            shape=(len(recordings), *shape),
            chunks=(self.chunk, *shape),
            dtype=dtype,
            compressors=self.compressors,
            zarr_format=3,
        )
        for start, stop in self.values.blocks(0, len(recordings)):
            array[start:stop] = self.values.rows(range(start, stop))
        self._write_index(recordings)

    def open(self, recordings: Sequence[Recording]) -> None:
        import zarr

        self.array = zarr.open_array(self.path, mode="r+")
        self._read_index(recordings)

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        return self.array.oindex[self.places[numbers]]

    def append(self, recordings: Sequence[Recording], first: int) -> None:
        self.array.append(self.values.rows(range(first, len(recordings))))
        self._write_index(recordings)

    def replace(self, recordings: Sequence[Recording], number: int) -> None:
        self.array[number] = self.values.rows([number])[0]
        self._write_index(recordings)


class Parquet:
    """Parts as ours, each a Parquet file that holds the rows as well."""

    def __init__(self, folder: Path, values: Values) -> None:
        self.folder, self.values = folder, values
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, recordings: Sequence[Recording], first: int = 0) -> None:
        for start, stop in self.values.blocks(first, len(recordings)):
            self._add(recordings[start:stop], start)

    append = write

    def _add(self, recordings: Sequence[Recording], first: int) -> None:
        name = f"part-{len(list(self.folder.iterdir())):06}.parquet"
        rows = self.values.rows(range(first, first + len(recordings)))
        _write_table(self.folder / name, list(map(store._key, recordings)), rows)

    def replace(self, recordings: Sequence[Recording], number: int) -> None:
        self._add(recordings[number : number + 1], number)

    def open(self, recordings: Sequence[Recording]) -> None:
        import pyarrow.parquet as pq

        known = {}
        for path in sorted(self.folder.iterdir()):
            keys = _keys(pq.read_table(path, columns=list(FIELDS), memory_map=True))
            known.update({key: (path, place) for place, key in enumerate(keys)})
        self.places = [known[store._key(one)] for one in recordings]

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        import pyarrow.parquet as pq

        shape = self.values.real.shape[1:]
        out = np.empty((len(numbers), *shape), self.values.real.dtype)
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for row, number in enumerate(numbers):
            path, place = self.places[number]
            wanted.setdefault(path, []).append((row, place))
        for path, rows in wanted.items():  # a part is decoded as a whole
            column = pq.read_table(path, columns=["row"], memory_map=True)["row"].combine_chunks()
            values = column.flatten().to_numpy().reshape(-1, *shape)
            for row, place in rows:
                out[row] = values[place]
        return out


FORMS: dict[str, Callable[[Path, Values], object]] = {
    "`.npy` parts with `.csv` (ours)": Ours,
    "one `.npy`, Parquet index": OneFile,
    "Zarr, chunks of 32 rows": lambda folder, values: Zarr(folder, values, chunk=PART, compressed=False),
    "Zarr, chunks of 32 rows, compressed": lambda folder, values: Zarr(folder, values, chunk=PART, compressed=True),
    "Zarr, chunks of 1 row": lambda folder, values: Zarr(folder, values, chunk=1, compressed=False),
    "Zarr, chunks of 1 row, compressed": lambda folder, values: Zarr(folder, values, chunk=1, compressed=True),
    "Parquet parts": Parquet,
}
