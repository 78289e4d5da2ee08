"""Runs in object storage: worked on in the user's cache, and copied through fsspec from and to the URL of `--out`.

A folder of the cache stands for each URL. Before work what is there is brought, so that finished runs are recognised;
while work goes on, and at its end, what is finished is sent. Features, synthetic recordings and states of unfinished
trainings stay here: they are read as memory maps and guarded by locks, of which an object store has neither. Nothing is
ever removed from it.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras import storage
from ser_keras.errors import RunError, SerError
from ser_keras.files import read_record, write_atomically, write_json
from ser_keras.locks import alone
from ser_keras.tasks import UNFINISHED

if TYPE_CHECKING:
    import fsspec

MARK = ".remote.json"  # {"url": …, "known": name → the file here, and there, when both were the same}
CACHE = "cache"  # of OUT: what is computed again where it is missing
RECORDS = ("run.json", "cell.json")  # with which a run counts as finished: sent when all else of it is there
VERSION = ("size", "ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "modify", "created", "updated")
SIGN = b"Runs of ser_keras: python -m ser_keras.report URL\n"
PAUSE_S = 60.0
AT_ONCE = 8  # files


def folder(url: str) -> Path:
    """The folder of this machine that stands for a folder of runs elsewhere; `kept_in_step` fills it."""
    place = storage.folder("remote-runs", url)
    if not (place / MARK).exists():
        write_json(place / MARK, {"url": url.rstrip("/"), "known": {}})
    return place


@contextmanager
def kept_in_step(place: Path, *, is_read: bool = False) -> Iterator[None]:
    """Bring what is there before, send what is finished every minute and after; where no URL is meant, do nothing.

    `is_read` : there has to be something

    Raises
    ------
    DependencyError : fsspec, or what it needs for this kind of URL, is not installed
    RunError : it can't be read or written; what was finished stays here, and is sent by the next call
    """
    if not (place / MARK).exists():
        yield
        return
    url = read_record(place / MARK)["url"]
    bring(place)
    if is_read and not any(_finished(place)):
        raise RunError(f"{url} holds no runs: name the URL that was given to reproduce as --out")
    count = [send(place)]  # of a call that was killed; and where nothing can be sent, this is told before any work
    ended = threading.Event()
    sender = threading.Thread(target=_send_now_and_then, args=(place, ended, count), daemon=True)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()
        count.append(send(place))
        print(f"{url}: {sum(count)} files sent", file=sys.stderr)


def _send_now_and_then(place: Path, ended: threading.Event, count: list[int]) -> None:
    while not ended.wait(PAUSE_S):
        with suppress(SerError):  # what fails is tried again, at last when the work is done, which tells
            count.append(send(place))


def bring(place: Path) -> int:
    """Bring what has changed there since both were the same; what has changed here since is left as it is.

    Returns
    -------
    how many files came

    Raises
    ------
    DependencyError, RunError : as `kept_in_step`
    """
    with _opened(place, "read") as (system, root, known):
        there = _there(system, root, place)

        def is_wanted(name: str) -> bool:
            if not (place / name).exists():
                return True
            same = known.get(name, {})
            return same.get("here") == _state(place / name) and same["there"] != there[name]

        def bring_one(name: str) -> None:
            write_atomically(place / name, lambda path: system.get_file(f"{root}/{name}", str(path)), tidy=False)
            known[name] = {"here": _state(place / name), "there": there[name]}

        wanted = [name for name in there if is_wanted(name)]
        for part in _records_last(wanted):
            _each(bring_one, part)
    return len(wanted)


def send(place: Path) -> int:
    """Send what is finished here and has changed since both were the same.

    Returns
    -------
    how many files went

    Raises
    ------
    DependencyError, RunError : as `kept_in_step`
    """
    with _opened(place, "written") as (system, root, known):
        states = {name: _state(place / name) for name in _finished(place)}
        changed = [name for name, state in states.items() if state and known.get(name, {}).get("here") != state]

        def send_one(name: str) -> None:
            system.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
            system.put_file(str(place / name), f"{root}/{name}")
            known[name] = {"here": states[name], "there": ""}

        system.makedirs(root, exist_ok=True)
        system.pipe_file(f"{root}/.ser_keras", SIGN)  # so that what can't be written to is known before any work
        for part in _records_last(changed):
            _each(send_one, part)
        if changed:
            there = _there(system, root, place)
            for name in changed:
                known[name]["there"] = there.get(name, "")
    return len(changed)


@contextmanager
def _opened(place: Path, doing: str) -> Iterator[tuple["fsspec.AbstractFileSystem", str, dict[str, dict]]]:
    """The storage, the folder in it, and what is known of its files, which is kept whatever happens."""
    url = read_record(place / MARK)["url"]
    with (
        alone(place / MARK, f"copying {url}"),
        storage.reading(url, RunError, ValueError, NotImplementedError, doing=doing),
    ):
        known = read_record(place / MARK)["known"]
        system, root = storage.opened(url, RunError)
        system.invalidate_cache()
        try:
            yield system, root.rstrip("/"), known
        finally:
            write_json(place / MARK, {"url": url, "known": known})


def _there(system: "fsspec.AbstractFileSystem", root: str, place: Path) -> dict[str, str]:
    """Name below `root` → its version, of all files there that have their place here."""
    system.invalidate_cache()
    try:
        found = system.find(root, detail=True)
    except FileNotFoundError:
        return {}
    named = {path.removeprefix(f"{root}/"): about for path, about in found.items() if path.startswith(f"{root}/")}
    return {
        name: " ".join(str(about[key]) for key in VERSION if key in about)
        for name, about in named.items()
        if storage.has_place(name, place) and not _stays(name)
    }


def _finished(place: Path) -> Iterator[str]:
    """Names of the files here that are to be there."""
    for at, folders, files in os.walk(place):
        below = Path(at).relative_to(place)
        folders[:] = sorted(one for one in folders if not one.startswith(".") and not _stays((below / one).as_posix()))
        yield from ((below / one).as_posix() for one in sorted(files) if not one.startswith("."))


def _stays(name: str) -> bool:
    """Whether a file or folder of OUT is of use on this machine alone."""
    parts = name.split("/")
    return parts[0] == CACHE or UNFINISHED in parts


def _state(path: Path) -> list[int] | None:
    """Size and time of a file; None where there is none, any more."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _records_last(names: list[str]) -> tuple[list[str], list[str]]:
    records = [name for name in names if name.rpartition("/")[2] in RECORDS]
    return [name for name in names if name not in set(records)], records


def _each(copy: Callable[[str], None], names: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(copy, names))
