"""A downloader for pooch that goes on where a broken download stopped, over TLS alone."""

import ipaddress
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util import Retry

from ser_keras import __version__
from ser_keras.errors import CorpusError

TIMEOUT = (20, 60)  # seconds, to connect and between two pieces
ATTEMPTS = 3  # answers in a row that bring nothing new
BLOCK = 1 << 13  # bytes; what has come of a block when the connection breaks is lost
BUSY = Retry(  # asked again if a server is busy; broken connections are our own affair
    total=None,
    connect=0,
    read=0,
    other=0,
    status=3,
    backoff_factor=1,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
)
PASSING = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


def tls_session(address: str) -> requests.Session:
    """A session that speaks HTTPS alone, redirects included; a loopback address may also be reached by HTTP.

    Raises
    ------
    CorpusError : the address is neither
    """
    parts = urlsplit(address)
    local = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not local:
        raise CorpusError(f"{address}: refused, expected an address that starts with https://")
    session = requests.Session()
    session.headers.update({"User-Agent": f"ser_keras/{__version__}", "Accept-Encoding": "identity"})
    session.adapters.clear()
    session.mount("https://", HTTPAdapter(max_retries=BUSY))
    if local:
        session.mount(f"http://{parts.netloc}/", HTTPAdapter(max_retries=BUSY))
        session.trust_env = False  # no proxy stands between this machine and itself
    return session


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resumable(
    session: requests.Session, part: Path, *, size: int | None = None, progress: bool = True, pause: float = 1.0
) -> Callable[[str, str, object], None]:
    """A downloader as pooch calls it: `(address, output_file, pooch)`.

    Parameters
    ----------
    part : where the bytes are gathered; what lies there from a broken download is gone on with
    size : int or None, bytes that the whole must have, if known
    progress : whether a bar goes to stderr
    pause : float, seconds between two attempts

    Raises
    ------
    CorpusError : refused, not there, of another size, or broken off; after a break `part` is kept
    """

    def download(address: str, output_file: str, _pooch: object) -> None:
        fruitless, best = 0, 0
        while (reason := _ask(session, address, part, size, progress)) is not None:
            here = _size(part)
            fruitless, best = (0, here) if here > best else (fruitless + 1, best)
            if fruitless == ATTEMPTS:
                raise CorpusError(_gave_up(address, part, size, reason))
            time.sleep(pause)
        os.replace(part, output_file)

    return download


def _gave_up(address: str, part: Path, size: int | None, reason: str) -> str:
    if not _size(part):
        return f"{address} cannot be reached ({reason}): see to the network, or name another --from address"
    of = f" of {size}" if size else ""
    return (
        f"{address} broke off after {_size(part)}{of} bytes ({reason}): they are kept in {part}, "
        "and the same command goes on from there"
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _ask(session: requests.Session, address: str, part: Path, size: int | None, progress: bool) -> str | None:
    """Ask once for what is lacking and write it; why the file is not whole yet, or None if it is."""
    start = _size(part)
    ask = {"Range": f"bytes={start}-"} if start else {}
    try:
        with session.get(address, headers=ask, stream=True, timeout=TIMEOUT) as answer:
            begin, total = _extent(answer, address)
            if None not in (size, total) and size != total:
                part.unlink(missing_ok=True)
                raise CorpusError(f"{address} is {total} bytes long, expected {size}: it is not the file we know")
            if begin not in (0, start) or (answer.status_code == 416 and total != start):
                part.unlink(missing_ok=True)  # what is asked for next is the whole
                return "other bytes came than were asked for"
            if answer.status_code != 416:
                _write(answer, part, begin, total, progress)
    except requests.exceptions.SSLError as error:
        raise CorpusError(f"{address}: no trusted connection ({error})") from error
    except PASSING as error:
        return str(error)
    except requests.RequestException as error:
        raise CorpusError(f"{address} cannot be fetched ({error})") from error
    return None if total is None or _size(part) == total else "the answer was short"


def _extent(answer: requests.Response, address: str) -> tuple[int, int | None]:
    """Where an answer begins in the file, and how long the whole file is, if the answer says so."""
    if answer.status_code == 200:
        length = answer.headers.get("Content-Length")
        return 0, int(length) if length else None
    stated = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if answer.status_code in (206, 416) and stated:
        begin, total = stated.groups()
        return int(begin or 0), None if total == "*" else int(total)
    if answer.status_code == 416:
        return 0, None
    raise CorpusError(f"{address} answered {answer.status_code} {answer.reason}: try later, or another --from address")


def _write(answer: requests.Response, part: Path, begin: int, total: int | None, progress: bool) -> None:
    bar = tqdm(total=total, initial=begin, desc="fetching", unit="B", unit_scale=True, disable=not progress)
    with bar, part.open("ab" if begin else "wb") as target:
        for block in answer.iter_content(BLOCK):
            target.write(block)
            bar.update(len(block))
