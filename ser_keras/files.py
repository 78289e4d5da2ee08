"""Files that are whole or not there: written under a temporary name beside their own, then renamed."""

import glob
import json
import os
import platform
import re
from collections.abc import Callable
from pathlib import Path

from ser_keras.errors import RunError


def write_atomically(path: Path, write: Callable[[Path], None], *, tidy: bool = True) -> None:
    """Let `write` fill a temporary file beside `path`, of the same ending, and put it in place when it is whole.

    `tidy`: whether to remove first what a killed process left of it, for which the whole folder is listed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if tidy:
        remove_left(path.parent, glob.escape(path.stem), glob.escape(path.suffix))
    temporary = path.with_name(f".{path.stem}.{platform.node()}-{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error  # of a full disk: what could not be written
    finally:
        temporary.unlink(missing_ok=True)


def remove_left(folder: Path, stem: str = "*", suffix: str = ".*") -> None:
    """Remove the temporary files that killed processes of this machine left in a folder; `stem`, `suffix`: globs."""
    for path in folder.glob(f".{stem}.{glob.escape(platform.node())}-*{suffix}"):
        process = re.search(r"-(\d+)(\.[^.]*)?$", path.name)
        if process and not is_running(int(process[1])):
            path.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether there is a process of this number, whoever's it is."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """`text` as the whole content of `path`, in UTF-8; of names that are none, the bytes as escapes."""
    write_atomically(path, lambda temporary: _encode(temporary, text))


def _encode(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, value: object) -> None:
    """`value` as JSON, indented; NaN and infinity are refused with ValueError."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_record(path: Path) -> dict | None:
    """The record of what is finished; None where there is none.

    Raises
    ------
    RunError : it can't be read
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read ({error}): remove the folder or use --force") from error
