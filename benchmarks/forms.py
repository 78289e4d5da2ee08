"""`python -m benchmarks.forms`: the store's form on disk beside others, by the same deeds with the same rows.

Rows are those of real recordings, over and over: log-mel images as yadav2022's, vectors of numbers as rastogi2025's.
Told are seconds of the processor, which other programs on the machine move less than those of the clock; the latter as
well. Nothing is synchronised with the disk, as in our store: what a killed machine loses is another matter.
"""

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from benchmarks.growth import RATE, SAMPLES, recordings
from benchmarks.machine import five_minute_load
from benchmarks.reading import BATCH
from benchmarks.stored_as import FORMS, Values
from ser_keras import cli
from ser_keras.errors import CorpusError, DependencyError
from ser_keras.features.store import PART, Recording
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found") / "forms.json"
PACKAGES = ("zarr", "pyarrow")
KINDS = {"vectors": "rastogi2025-acoustic", "images": "yadav2022-log-mel"}
OPENINGS = 3
PATIENCE_S = 30.0  # by the clock, for reading rows


@dataclass(frozen=True)
class Taken:
    """Seconds of a deed, of the processor and by the clock."""

    processor: float
    clock: float


def taken(deed: Callable[..., object], *given: object) -> Taken:
    """What a deed takes."""
    clock, processor = time.perf_counter(), time.process_time()
    deed(*given)
    return Taken(time.process_time() - processor, time.perf_counter() - clock)


def measured(make: Callable[[Path, Values], object], values: Values, clips: int, reads: int) -> dict:
    """What one form takes to write so many rows, to open, to read some in an order that is drawn, and to change.

    Raises
    ------
    ValueError : it gives other rows than were written
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "clips").mkdir()
        files = recordings(root / "clips", clips + PART)
        form = make(root / "rows", values)
        written = taken(form.write, files[:clips])
        opened = [taken(form.open, files[:clips]) for _ in range(OPENINGS)]
        first = np.arange(min(BATCH, clips))
        if not np.array_equal(form.rows(first), values.rows(first)):
            raise ValueError(f"{form} gives other rows than were written")
        read, rows = _read(form, np.random.default_rng(0).permutation(clips)[:reads])
        there = [path.stat() for path in (root / "rows").rglob("*") if path.is_file()]
        appended = taken(form.append, files, clips)
        form.open(files)
        changed(files[0])
        replaced = taken(form.replace, files, 0)
    return {
        "write": both(written, clips),
        "open": {key: statistics.median(getattr(one, key) for one in opened) for key in ("processor", "clock")},
        "row": both(read, rows),
        "append": vars(appended),
        "replace": vars(replaced),
        "mb": round(sum(one.st_size for one in there) / 1e6, 2),
        "files": len(there),
    }


def both(spent: Taken, rows: int) -> dict[str, float]:
    """Seconds a row."""
    return {"processor": spent.processor / rows, "clock": spent.clock / rows}


def _read(form: object, order: np.ndarray) -> tuple[Taken, int]:
    """What reading rows in some order takes, in batches, as long as there is patience for it; and how many it were."""
    done, clock, processor = 0, time.perf_counter(), time.process_time()
    for start in range(0, len(order), BATCH):
        done += len(form.rows(order[start : start + BATCH]))
        if time.perf_counter() - clock > PATIENCE_S:
            break
    return Taken(time.process_time() - processor, time.perf_counter() - clock), done


def changed(recording: Recording) -> None:
    """Another file in a recording's place; others are links to the same one."""
    path = Path(recording.path)
    path.unlink()
    path.write_bytes(bytes(2 * SAMPLES + RATE))


def real_rows(pipeline: str, sample: int, data: Path | None) -> Values:
    """Rows of a pipeline's recordings.

    Raises
    ------
    CorpusError : there are none
    """
    with cli.quiet_imports():
        from benchmarks.extraction import subjects

        subject = subjects(data)[pipeline]
    if not subject.paths:
        raise CorpusError(f"no recordings for {pipeline}: name the folder of its corpora with --data")
    return Values(np.stack([subject.pipeline.array(path, path) for path in subject.some(sample)]))


def check_packages() -> None:
    """Refuse to begin without the packages that other forms take.

    Raises
    ------
    DependencyError : one is missing
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise DependencyError(f"this benchmark needs {' and '.join(missing)}: pip install {' '.join(missing)}")


@click.command()
@cli.data_option
@click.option("--rows", type=click.IntRange(1), default=10_898, show_default=True, help="Number of rows to store.")
@click.option("--reads", type=click.IntRange(1), default=10_000, show_default=True, help="Number of rows to read.")
@click.option("--sample", type=click.IntRange(1), default=128, show_default=True, help="Number of different rows.")
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(data: Path | None, rows: int, reads: int, sample: int, out: Path) -> None:
    """Measure forms of storage: ours, one .npy, Zarr, Parquet. Needs zarr and pyarrow."""
    check_packages()
    with cli.quiet_imports():
        from ser_keras.provenance import provenance

        where = provenance()
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware")}
    found |= {"others": {name: version(name) for name in PACKAGES}, "rows": rows, "kinds": {}}
    for kind, pipeline in KINDS.items():
        values = real_rows(pipeline, sample, data)
        one = found["kinds"][kind] = {"shape": values.real.shape[1:], "dtype": str(values.real.dtype), "forms": {}}
        click.echo(f"{kind}: {values.real.shape[1:]}, {values.real.dtype}")
        for name, make in FORMS.items():
            measured(make, values, PART, PART)  # imports, which are not of the form
            spent = one["forms"][name] = measured(make, values, rows, reads)
            click.echo(f"{name:37}{line(spent)}")
    found["load"] = five_minute_load()
    write_json(out, found)
    click.echo(out)


def line(one: dict) -> str:
    """A form's figures, of the processor."""
    seconds = {key: one[key]["processor"] for key in ("write", "open", "row", "append", "replace")}
    told = (
        f"write {1e6 * seconds['write']:6.0f} us/row  open {seconds['open']:6.3f} s  row {1e6 * seconds['row']:7.1f} us"
    )
    changes = f"append {1e3 * seconds['append']:6.1f} ms  replace {1e3 * seconds['replace']:6.1f} ms"
    return f"{told}  {changes}  {one['mb']:8.1f} MB  {one['files']:6} files"


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.forms")
