"""Corpora that lie in object storage or behind HTTP: brought through fsspec into the user's cache, and read there.

A folder of the cache stands for each URL and names it in `REMOTE.json`; what is asked for of a corpus is brought before
it is looked for, once, file by file.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import platformdirs

from ser_keras.errors import CorpusError, DependencyError, one_line
from ser_keras.files import remove_left, write_atomically, write_json
from ser_keras.locks import alone

if TYPE_CHECKING:
    import fsspec

MARK = "REMOTE.json"
AT_ONCE = 8  # files
ERRORS = (  # of a storage that can't be read, beside OSError: module and class, known where its package is loaded
    ("aiohttp", "ClientError"),  # http, and below s3 and gs
    ("botocore.exceptions", "BotoCoreError"),  # s3: no credentials, no such host; what a server answers is an OSError
    ("gcsfs.retry", "HttpError"),  # gs
    ("gcsfs.retry", "ChecksumError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),  # az
    ("ftplib", "Error"),
    ("paramiko.ssh_exception", "SSHException"),  # sftp
)


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
    wanted = {name.casefold() for name in names}
    with _reading(url, ValueError, NotImplementedError):  # of an address that is none, of a kind that has no folders
        system, root = _opened(url)
        listed = system.ls(root, detail=False)
    for found in listed:
        name = found.rstrip("/").rpartition("/")[2]
        if name.casefold() in wanted:
            with alone(place / name, f"bringing {url}/{name}"), _reading(url):
                _mirrored(system, found, place / name, tuple(endings))


@contextmanager
def _reading(url: str, *more: type[Exception]) -> Iterator[None]:
    """Tell in one line what kinds of storage raise of what can't be read; other errors are nobody's but ours."""
    try:
        yield
    except (OSError, *more, *_known()) as error:
        told = one_line(f"{type(error).__name__} {error}")
        raise CorpusError(f"{url} can't be read ({told[:200]}): look at the address and at what it asks for") from error


def _known() -> tuple[type[Exception], ...]:
    """Of `ERRORS` those that can have been raised: whose package is loaded."""
    loaded = [(sys.modules[module], name) for module, name in ERRORS if module in sys.modules]
    return tuple(getattr(module, name) for module, name in loaded if hasattr(module, name))


def _opened(url: str) -> tuple["fsspec.AbstractFileSystem", str]:
    try:
        import fsspec
    except ImportError:
        raise DependencyError(f'{url} needs fsspec: pip install "ser_keras[remote]"') from None
    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise DependencyError(f"{url} needs a package that is missing: {error}") from None
    except (TypeError, ValueError) as error:  # TypeError: of kinds that take more than an address
        raise CorpusError(f"{url} is of no kind that fsspec knows ({error})") from None


def _mirrored(system: "fsspec.AbstractFileSystem", source: str, target: Path, endings: tuple[str, ...]) -> None:
    there = dict(_files(system, source, target, endings))
    for path in [target, *target.rglob("*")]:
        name = path.relative_to(target).as_posix()
        if path.is_dir():
            remove_left(path)
        elif path.is_file() and name not in there and not _is_hidden(name):
            path.unlink()  # it is no longer there
    missing = [name for name, size in there.items() if not _is_here(target / name, size)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(_fetched, system, source.rstrip("/"), target), missing))


def _files(
    system: "fsspec.AbstractFileSystem", source: str, target: Path, endings: tuple[str, ...]
) -> Iterator[tuple[str, int | None]]:
    """Path below `source` and size, where it is told, of each file that counts and has its place below `target`."""
    for path, about in system.find(source, detail=True).items():
        name = path.removeprefix(f"{source.rstrip('/')}/")
        if name != path and name.casefold().endswith(endings) and _has_place(name, target):
            yield name, about.get("size")


def _has_place(name: str, target: Path) -> bool:
    """Whether a name, in which a storage may have anything, is a plain path to a file below the folder."""
    if _is_hidden(name) or not all(name.split("/")) or any(mark in name for mark in "\\\0"):
        return False
    return not PureWindowsPath(name).drive and (target / name).resolve().is_relative_to(target.resolve())


def _is_hidden(name: str) -> bool:
    """Whether a part of a path is hidden: no recording is looked for there, and temporary files are named so."""
    return any(part.startswith(".") for part in name.split("/"))


def _is_here(path: Path, size: int | None) -> bool:
    return path.is_file() and size in (None, path.stat().st_size)


def _fetched(system: "fsspec.AbstractFileSystem", source: str, target: Path, name: str) -> None:
    write_atomically(target / name, lambda path: system.get_file(f"{source}/{name}", str(path)), tidy=False)
