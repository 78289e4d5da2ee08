"""Reports, written where something has changed since the last time: looking takes no time, drawing takes seconds.

Beside a report's files lies `.written.json`, checksums of two lists of files with their sizes and times: what the
report was written from (stored runs, printed results, this package) and what was written. While both are as they
were, so is the report. What draws is imported when there is something to draw.
"""

import glob
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ser_keras import discovery
from ser_keras.errors import RunError
from ser_keras.files import read_record, write_json

WRITTEN = ".written.json"
OF_A_RUN = ("run.json", "predictions.csv", "history.csv", "split.csv")
OF_A_CELL = ("cell.json", "predictions.csv")
PACKAGE = Path(__file__).parents[1]


def paper_report(out: Path, paper: str) -> Path:
    """OUT/PAPER/report as `write.write_report` writes it; the page's path is returned.

    Raises
    ------
    RunError, PaperError : as there
    """

    def write() -> None:
        from ser_keras.report.write import write_report

        write_report(out, paper)

    runs = [path for name in OF_A_RUN for path in (out / paper).glob(f"*/*/*/seed-*/{name}")]
    return _page(out / paper / "report", [*runs, *_printed([paper])], write)


def summary(out: Path) -> Path:
    """OUT/report as `summary.write_summary` writes it; the page's path is returned.

    Raises
    ------
    RunError : as there
    """

    def write() -> None:
        from ser_keras.report.summary import write_summary

        write_summary(out)

    runs = [path for name in OF_A_RUN for path in out.glob(f"*/*/*/*/seed-*/{name}")]
    return _page(out / "report", [*runs, *_printed(discovery.paper_names())], write)


def comparison_report(folder: Path) -> Path:
    """FOLDER/report as `comparison_write.write_report` writes it; the page's path is returned.

    Raises
    ------
    RunError : as there
    """

    def write() -> None:
        from ser_keras.report.comparison_write import write_report

        write_report(folder)

    cells = [path for name in OF_A_CELL for path in folder.glob(f"cells/*/*/*/seed-*/{name}")]
    return _page(folder / "report", cells, write)


def ablation_files(folder: Path, name: str, entry: Mapping[str, object]) -> None:
    """FOLDER/NAME.html and its like as `ablation_write.write_ablation` writes them, from what they tell."""

    def write() -> None:
        from ser_keras.report.ablation_write import write_ablation

        write_ablation(folder, name, entry)

    told = hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()
    _unless_current(
        folder / f".{name}{WRITTEN}", f"{told} {_states(_code())}", lambda: folder.glob(f"{glob.escape(name)}.*"), write
    )


def _printed(papers: Iterable[str]) -> list[Path]:
    """The printed results of those papers that are installed."""
    return [discovery.room(name) / "published.json" for name in papers if name in discovery.paper_names()]


def _page(folder: Path, sources: Iterable[Path], write: Callable[[], None]) -> Path:
    """The page in a report's folder."""
    _unless_current(folder / WRITTEN, _states([*sources, *_code()]), lambda: _inside(folder), write)
    return folder / "index.html"


def _unless_current(
    stamp: Path, sources: str, written: Callable[[], Iterable[Path]], write: Callable[[], None]
) -> None:
    """Have files written that were written from something else, or are not what was written.

    Parameters
    ----------
    stamp : where it is kept what was written, and from what
    sources : what they are to be written from, told before it is read, so that what changes meanwhile counts next time
    written : the files as they are
    write : writes them
    """
    try:
        stored = read_record(stamp)
    except RunError:
        stored = None
    if stored != {"sources": sources, "written": _states(written())}:
        write()
        write_json(stamp, {"sources": sources, "written": _states(written())})


def _code() -> Iterator[Path]:
    """The files of this package."""
    return (path for path in _inside(PACKAGE) if path.suffix != ".pyc")


def _inside(folder: Path) -> Iterator[Path]:
    """Files in a folder and in those below it, without hidden ones."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _states(files: Iterable[Path]) -> str:
    """A checksum that changes with the names of files, their sizes, and the time each was written."""
    told = []
    for path in files:
        try:
            status = path.stat()
        except OSError:  # it went meanwhile
            continue
        told.append(f"{os.path.abspath(path)}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}")
    return hashlib.sha256("\n".join(sorted(told)).encode(errors="surrogateescape")).hexdigest()
