"""Corpora that lie in object storage or behind HTTP: brought through fsspec into the user's cache, and read there.

A folder of the cache stands for each URL and names it in `REMOTE.json`; what is asked for of a corpus is brought before
it is looked for, once, file by file.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras import storage
from ser_keras.errors import CorpusError
from ser_keras.files import remove_left, write_atomically, write_json
from ser_keras.locks import alone

if TYPE_CHECKING:
    import fsspec

MARK = "REMOTE.json"


def folder(url: str) -> Path:
    """The folder of this machine that stands for a data folder elsewhere; corpora come when they are asked for."""
    place = storage.folder("remote", url)
    if not (place / MARK).exists():
        write_json(place / MARK, {"url": url.rstrip("/")})
    return place


def refuse_to_write(place: Path) -> None:
    """Refuse a folder that stands for a URL, for what is written into it would not come there.

    Raises
    ------
    CorpusError : it does
    """
    if url := _url(place):
        raise CorpusError(f"{url} is only read: fetch into a folder of this machine, and copy it there")


def _url(place: Path) -> str | None:
    """The URL that a folder stands for, if it does."""
    try:
        return json.loads((place / MARK).read_text(encoding="utf-8"))["url"]
    except FileNotFoundError:
        return None


def bring(place: Path, names: Sequence[str], endings: Sequence[str]) -> None:
    """Bring the folders of these names, whatever their case, if `place` stands for a URL; else do nothing.

    Parameters
    ----------
    place : data folder
    names : of a corpus's folder
    endings : of the files that count

    Raises
    ------
    DependencyError : fsspec, or what it needs for this kind of URL, is not installed
    CorpusError : it can't be read
    """
    url = _url(place)
    if url is None:
        return
    wanted = {name.casefold() for name in names}
    of_others = (ValueError, NotImplementedError)  # of an address that is none, of a kind that has no folders
    with storage.telling(url, CorpusError, *of_others):
        system, root = storage.opened(url, CorpusError)
        listed = system.ls(root, detail=False)
    for found in listed:
        name = found.rstrip("/").rpartition("/")[2]
        if name.casefold() in wanted:
            with alone(place / name, f"bringing {url}/{name}"), storage.telling(url, CorpusError):
                _mirrored(system, found, place / name, tuple(endings))


def _mirrored(system: "fsspec.AbstractFileSystem", source: str, target: Path, endings: tuple[str, ...]) -> None:
    there = dict(_files(system, source, target, endings))
    for path in [target, *target.rglob("*")]:
        name = path.relative_to(target).as_posix()
        if path.is_dir():
            remove_left(path)
        elif path.is_file() and name not in there and not storage.is_hidden(name):
            path.unlink()  # it is no longer there
    missing = [name for name, size in there.items() if not _is_here(target / name, size)]
    storage.each(system, partial(_fetched, system, source.rstrip("/"), target), ((name,) for name in missing))


def _files(
    system: "fsspec.AbstractFileSystem", source: str, target: Path, endings: tuple[str, ...]
) -> Iterator[tuple[str, int | None]]:
    """Path below `source` and size, where it is told, of each file that counts and has its place below `target`."""
    for path, about in system.find(source, detail=True).items():
        name = path.removeprefix(f"{source.rstrip('/')}/")
        if name != path and name.casefold().endswith(endings) and storage.has_place(name, target):
            yield name, about.get("size")


def _is_here(path: Path, size: int | None) -> bool:
    return path.is_file() and size in (None, path.stat().st_size)


def _fetched(system: "fsspec.AbstractFileSystem", source: str, target: Path, name: str) -> None:
    write_atomically(target / name, lambda path: system.get_file(f"{source}/{name}", str(path)), tidy=False)
