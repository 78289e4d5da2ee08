"""What a folder of feature stores holds, and which of it no present version would use."""

import contextlib
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from ser_keras.features.pipeline import fingerprint
from ser_keras.features.store import ABOUT, index_rows

NAME = re.compile(r"(?P<name>.+)-(?P<fingerprint>[0-9a-f]{16})")


@dataclass(frozen=True)
class Stored:
    """One pipeline's store: how many clips and bytes, when it was last added to, and whether it is of present versions.

    `superseded` are the rows beyond one a clip: of files that have changed since, or that two processes took at once.
    `is_present` is False where a release of a library or of ours has come since, and for stores that do not say what
    they hold: the next extraction would not use them.
    """

    folder: Path
    name: str
    clips: int
    superseded: int
    bytes: int
    changed: datetime
    is_present: bool


def stored(root: Path) -> list[Stored]:
    """The stores in a folder, by name and then the newest first; none where there is no folder."""
    found = [_stored(folder, known["name"]) for folder, known in _named(root) if any(_files(folder))]
    return sorted(found, key=lambda one: (one.name, -one.changed.timestamp()))


def _named(root: Path) -> Iterator[tuple[Path, re.Match]]:
    for folder in root.iterdir() if root.is_dir() else ():
        if (known := NAME.fullmatch(folder.name)) and folder.is_dir() and not folder.is_symlink():
            yield folder, known


def _files(folder: Path) -> list[Path]:
    """What the store has written, and nothing else that may lie there."""
    return [path for pattern in ("part-*.npy", "part-*.csv", ABOUT) for path in folder.glob(pattern)]


def _stored(folder: Path, name: str) -> Stored:
    files = [(path, path.stat()) for path in _files(folder)]
    rows = [clip for path, _ in files if path.suffix == ".csv" for clip in _clips(path)]
    clips = len(set(rows))
    changed = datetime.fromtimestamp(max(status.st_mtime for _, status in files)).astimezone()
    size = sum(status.st_size for _, status in files)
    return Stored(folder, name, clips, len(rows) - clips, size, changed, _is_present(folder))


def _clips(index: Path) -> list[str]:
    """Ids of a part's clips; none where its index is damaged, or has gone meanwhile, which the store takes for none."""
    with contextlib.suppress(FileNotFoundError, ValueError, csv.Error):
        return [clip for clip, *_ in index_rows(index)]
    return []


def _is_present(folder: Path) -> bool:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        present = fingerprint(about["pipeline"], tuple(about["libraries"]))
    except (OSError, ValueError, KeyError, TypeError, PackageNotFoundError):
        return False
    return folder.name.endswith(f"-{present}")


def remove(one: Stored) -> None:
    """Take a store's own files away, and its folder if nothing else lies there."""
    for path in _files(one.folder):
        path.unlink(missing_ok=True)
    if not any(one.folder.iterdir()):
        one.folder.rmdir()
