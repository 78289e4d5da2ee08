"""Storage behind a URL, through fsspec: folders that stand for it here, and its errors told in one line.

Every command loads it, to know a URL; what only storage needs is imported there.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from ser_keras.errors import DependencyError, SerError, one_line

if TYPE_CHECKING:
    import fsspec

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
    """Whether a folder is named by a URL: s3://BUCKET/corpora, https://HOST/corpora, …"""
    return "://" in text


def folder(kind: str, url: str) -> Path:
    """The folder of the user's cache for a URL; `kind` : what it is kept for."""
    import hashlib

    import platformdirs

    name = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("ser_keras") / kind / name


@contextmanager
def telling(url: str, kind: type[SerError], *more: type[Exception], doing: str = "read") -> Iterator[None]:
    """Tell in one line, as an error of a kind, what kinds of storage raise; other errors are nobody's but ours.

    `more` : errors that count as the storage's, too; `doing` : "read" or "written"
    """
    try:
        yield
    except (OSError, *more, *_known()) as error:
        told = one_line(f"{type(error).__name__} {error}")
        raise kind(f"{url} can't be {doing} ({told[:200]}): look at the address and at what it asks for") from error


def _known() -> tuple[type[Exception], ...]:
    """Of `ERRORS` those that can have been raised: whose package is loaded."""
    loaded = [(sys.modules[module], name) for module, name in ERRORS if module in sys.modules]
    return tuple(getattr(module, name) for module, name in loaded if hasattr(module, name))


def opened(url: str, kind: type[SerError], **options: object) -> tuple["fsspec.AbstractFileSystem", str]:
    """The file system of a URL, of fsspec's options, and what the URL names in it.

    Raises
    ------
    DependencyError : fsspec, or what it needs for this kind of URL, is not installed
    SerError : of the kind that is given; the URL is of no kind that fsspec knows
    """
    try:
        import fsspec
    except ImportError:
        raise DependencyError(f'{url} needs fsspec: pip install "ser_keras[remote]"') from None
    try:
        return fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        raise DependencyError(f"{url} needs a package that is missing: {error}") from None
    except (TypeError, ValueError) as error:  # TypeError: of kinds that take more than an address
        raise kind(f"{url} is of no kind that fsspec knows ({error})") from None


def each(system: "fsspec.AbstractFileSystem", copy: Callable[..., None], calls: Iterable[tuple]) -> None:
    """`copy(*call)` of each call, several at once where the storage is made for it; ftp and sftp have one line."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE if getattr(system, "async_impl", False) else 1) as pool:
        list(pool.map(lambda call: copy(*call), calls))


def has_place(name: str, target: Path) -> bool:
    """Whether a name, in which a storage may have anything, is a plain path to a file below the folder."""
    if is_hidden(name) or not all(name.split("/")) or any(mark in name for mark in "\\\0"):
        return False
    return not PureWindowsPath(name).drive and (target / name).resolve().is_relative_to(target.resolve())


def is_hidden(name: str) -> bool:
    """Whether a part of a path is hidden: no recording is looked for there, and temporary files are named so."""
    return any(part.startswith(".") for part in name.split("/"))
