"""Runs in object storage: worked on in the user's cache, and copied through fsspec from and to the URL of `--out`.

A folder of the cache stands for each URL. Before work, runs that are there are brought, so that they count as finished;
while work goes on, and at its end, what is finished is sent, reports too. Features, synthetic recordings and states of
unfinished trainings stay here: they are read as memory maps and guarded by locks, of which an object store has neither.
Nothing is removed there but the record of a run that is being replaced, until the new one is there as a whole.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras import storage
from ser_keras.errors import RunError, SerError, one_line
from ser_keras.files import read_record, write_atomically, write_json
from ser_keras.locks import alone
from ser_keras.tasks import UNFINISHED

if TYPE_CHECKING:
    import fsspec

MARK = ".remote.json"  # {"url": …, "known": name → the file here, and there, when both were the same}
CACHE, REPORT = "cache", "report"  # folders whose files are made again where they are missing
RECORDS = ("run.json", "cell.json")  # with which a run counts as finished: sent when all else of it is there
VERSION = ("size", "ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "modify", "created", "updated")
SIGN = b"Runs of ser_keras: python -m ser_keras.report URL\n"
PAUSE_S = 60.0
OTHERS = (ValueError, NotImplementedError, EOFError)  # of an address that is none, a kind without folders, a lost line
State = list[int]  # size and time of a file
Known = dict[str, dict]


def folder(url: str) -> Path:
    """The folder of this machine that stands for a folder of runs elsewhere; `kept_in_step` fills it.

    Raises
    ------
    RunError : the URL names no folder
    """
    if not url.rstrip("/").partition("://")[2]:
        raise RunError(f"{url} names no folder: give one, as in s3://BUCKET/runs")
    place = storage.folder("remote-runs", url)
    if not (place / MARK).exists():
        write_json(place / MARK, {"url": url.rstrip("/"), "known": {}})
    return place


@contextmanager
def kept_in_step(place: Path, *, is_read: bool = False, sends: bool = True) -> Iterator[None]:
    """Bring what is there before, send what is finished every minute and after; where no URL is meant, do nothing.

    Parameters
    ----------
    place : folder of runs, or one that `folder` gave
    is_read : there has to be something
    sends : else nothing is sent

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
    if not sends:
        yield
        return
    count = [send(place)]  # of a call that was killed; and where nothing can be sent, this is told before any work
    ended = threading.Event()
    sender = threading.Thread(target=_send_now_and_then, args=(place, ended, count), daemon=True)
    sender.start()
    try:
        yield
    except BaseException:
        _end(sender, ended)
        try:
            send(place)
        except SerError as error:  # told beside what happened, which is raised again
            print(one_line(error), file=sys.stderr)
        raise
    _end(sender, ended)
    count.append(send(place))
    print(f"{url}: {sum(count)} files sent", file=sys.stderr)


def _end(sender: threading.Thread, ended: threading.Event) -> None:
    ended.set()
    sender.join()


def _send_now_and_then(place: Path, ended: threading.Event, count: list[int]) -> None:
    is_told = False
    while not ended.wait(PAUSE_S):
        try:
            count.append(send(place))
        except Exception as error:  # of whatever kind: it is tried again, at last when the work is done
            if not is_told:
                print(f"{one_line(error)}; tried again every minute", file=sys.stderr)
            is_told = True


def bring(place: Path) -> int:
    """Bring what has changed there since both were the same, without reports.

    Where a file of a run has changed here since, or a training goes on, the run is left as it is here.

    Returns
    -------
    how many files came

    Raises
    ------
    DependencyError, RunError : as `kept_in_step`
    """
    with _opened(place, "read") as (system, root, known):
        there = _there(system, root, place)
        for name in set(known) - set(there):
            del known[name]  # it went there, and is sent again
        own = {_parent(name) for name in _changed(place, known)}

        def is_wanted(name: str) -> bool:
            if REPORT in name.split("/") or _parent(name) in own or (place / _parent(name) / UNFINISHED).exists():
                return False
            return not (place / name).exists() or known.get(name, {}).get("there", there[name]) != there[name]

        def bring_one(name: str, before: State | None) -> None:
            def fetch(path: Path) -> None:
                system.get_file(f"{root}/{name}", str(path))
                if _state(place / name) != before:
                    raise _Meanwhile

            with suppress(_Meanwhile):
                write_atomically(place / name, fetch, tidy=False)
                known[name] = {"here": _state(place / name), "there": there[name]}

        wanted = {name: _state(place / name) for name in there if is_wanted(name)}
        _copied(system, bring_one, wanted)
    return len(wanted)


class _Meanwhile(Exception):
    """A file was finished here while it came from there."""


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
        changed = _changed(place, known)
        replaced = {f"{_parent(name)}/{record}" for name in changed for record in RECORDS} & set(known)
        sent: list[str] = []

        def send_one(name: str, state: State) -> None:
            _make_folder(system, _parent(f"{root}/{name}"))
            try:
                system.put_file(str(place / name), f"{root}/{name}")
            except FileNotFoundError:
                if (place / name).exists():
                    raise
                return  # it went meanwhile
            known[name] = {"here": state, "there": ""}
            sent.append(name)

        _make_folder(system, root)
        system.pipe_file(f"{root}/.ser_keras", SIGN)  # so that what can't be written to is known before any work
        for record in replaced:
            system.rm_file(f"{root}/{record}")
            del known[record]
        _copied(system, send_one, changed | {name: now for name in replaced if (now := _state(place / name))})
        if sent:
            there = _there(system, root, place)
            for name in sent:
                known[name]["there"] = there.get(name, "")
    return len(sent)


@contextmanager
def _opened(place: Path, doing: str) -> Iterator[tuple["fsspec.AbstractFileSystem", str, Known]]:
    """The storage, the folder in it, and what is known of its files, which is kept whatever happens."""
    url = read_record(place / MARK)["url"]
    with alone(place / MARK, f"copying {url}"), storage.telling(url, RunError, *OTHERS, doing=doing):
        known = read_record(place / MARK)["known"]
        system, root = storage.opened(url, RunError, skip_instance_cache=True)  # a line of its own, which is not old
        try:
            yield system, root.rstrip("/"), known
        finally:
            write_json(place / MARK, {"url": url, "known": known})


def _there(system: "fsspec.AbstractFileSystem", root: str, place: Path) -> dict[str, str]:
    """Name below `root` → its version, of all files there that have their place here."""
    system.invalidate_cache()
    try:
        system.ls(root)  # which tells what `find` passes over, that nothing can be read
        found = system.find(root, detail=True)
    except FileNotFoundError:
        return {}
    named = {path.removeprefix(f"{root}/"): about for path, about in found.items() if path.startswith(f"{root}/")}
    return {
        name: " ".join(str(about[key]) for key in VERSION if key in about)
        for name, about in named.items()
        if storage.has_place(name, place) and not _stays(name)
    }


def _make_folder(system: "fsspec.AbstractFileSystem", path: str) -> None:
    """Make a folder where there are any: object stores have buckets and keys, and buckets are not ours to make."""
    if not getattr(system, "async_impl", False):
        system.makedirs(path, exist_ok=True)


def _finished(place: Path) -> Iterator[str]:
    """Names of the files here that are to be there."""
    for at, folders, files in os.walk(place):
        below = Path(at).relative_to(place)
        folders[:] = sorted(one for one in folders if not one.startswith(".") and not _stays((below / one).as_posix()))
        yield from ((below / one).as_posix() for one in sorted(files) if not one.startswith("."))


def _changed(place: Path, known: Known) -> dict[str, State]:
    """Name → state, of the files here that are to be there and were not the same when both were looked at."""
    states = {name: _state(place / name) for name in _finished(place)}
    return {name: now for name, now in states.items() if now and known.get(name, {}).get("here") != now}


def _stays(name: str) -> bool:
    """Whether a file or folder of OUT is of use on this machine alone."""
    parts = name.split("/")
    return parts[0] == CACHE or UNFINISHED in parts


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _state(path: Path) -> State | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _copied(system: "fsspec.AbstractFileSystem", copy: Callable[..., None], named: dict[str, State | None]) -> None:
    """`copy(name, state)` of each, records when all else is done."""
    for is_record in (False, True):
        storage.each(
            system, copy, [one for one in named.items() if (one[0].rpartition("/")[2] in RECORDS) == is_record]
        )
