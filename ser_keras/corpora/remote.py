"""Corpora that lie in object storage or behind HTTP: brought through fsspec into the user's cache, and read there.

A folder of the cache stands for each URL and names it in `REMOTE.json`; what is asked for of a corpus is brought before
it is looked for, once, file by file.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import platformdirs

from ser_keras.errors import CorpusError, DependencyError
from ser_keras.files import write_atomically, write_json

if TYPE_CHECKING:
    import fsspec

MARK = "REMOTE.json"
AT_ONCE = 8  # files


def is_url(text: str) -> bool:
    """Whether a data folder is named by a URL: s3://BUCKET/corpora, https://HOST/corpora, …"""
    return "://" in text


def folder(url: str) -> Path:
    """The folder of this machine that stands for a data folder elsewhere; corpora come when they are asked for."""
    url = url.rstrip("/")
    place = platformdirs.user_cache_path("ser_keras") / "remote" / hashlib.sha256(url.encode()).hexdigest()[:16]
    if not (place / MARK).exists():
        write_json(place / MARK, {"url": url})
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
    system, root = _opened(url)
    wanted = {name.casefold() for name in names}
    try:
        for found in system.ls(root, detail=False):
            name = found.rstrip("/").rpartition("/")[2]
            if name.casefold() in wanted:
                _mirrored(system, found, place / name, tuple(endings))
    except Exception as error:  # each kind of storage has its own
        told = " ".join(f"{type(error).__name__} {error}".split())
        raise CorpusError(f"{url} can't be read ({told[:200]}): look at the address and at what it asks for") from error


def _opened(url: str) -> tuple["fsspec.AbstractFileSystem", str]:
    try:
        import fsspec
    except ImportError:
        raise DependencyError(f'{url} needs fsspec: pip install "ser_keras[remote]"') from None
    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise DependencyError(f"{url} needs a package that is missing: {error}") from None
    except ValueError as error:
        raise CorpusError(f"{url} is of no kind that fsspec knows ({error})") from None


def _mirrored(system: "fsspec.AbstractFileSystem", source: str, target: Path, endings: tuple[str, ...]) -> None:
    there = dict(_files(system, source, endings))
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target).as_posix() not in there:
            path.unlink()  # it is no longer there
    missing = [name for name, size in there.items() if not _is_here(target / name, size)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(_fetched, system, source.rstrip("/"), target), missing))


def _files(
    system: "fsspec.AbstractFileSystem", source: str, endings: tuple[str, ...]
) -> Iterator[tuple[str, int | None]]:
    """Path below `source` and size, where it is told, of each file that counts."""
    for path, about in system.find(source, detail=True).items():
        name = path[len(source.rstrip("/")) + 1 :]
        if name.casefold().endswith(endings) and ".." not in PurePosixPath(name).parts:
            yield name, about.get("size")


def _is_here(path: Path, size: int | None) -> bool:
    return path.is_file() and size in (None, path.stat().st_size)


def _fetched(system: "fsspec.AbstractFileSystem", source: str, target: Path, name: str) -> None:
    write_atomically(target / name, lambda path: system.get_file(f"{source}/{name}", str(path)), tidy=False)
