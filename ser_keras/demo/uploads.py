"""The folder of uploads: private, swept, and gone with the server."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ser_keras.demo.limits import SWEEP_EVERY_S, SWEPT_AFTER_S, SWEPT_AT_LAST_S
from ser_keras.files import is_running

PREFIX = "ser-keras-demo-"


def inside(path: object, folder: Path) -> bool:
    """Whether a path, its links followed, lies below a folder."""
    try:
        return isinstance(path, str) and folder.resolve() in Path(path).resolve().parents
    except (OSError, ValueError):
        return False


def held(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(size for _, size, _ in _files(folder))


def _files(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Path, bytes and last change of each file below a folder; one that vanishes meanwhile is left out."""
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.lstat(os.path.join(place, name))
                yield Path(place, name), status.st_size, status.st_mtime


def delete(path: Path, folder: Path) -> None:
    """Remove an upload and the folder that Gradio made for it."""
    path.unlink(missing_ok=True)
    if path.parent != folder:
        with contextlib.suppress(OSError):  # another one lies in it
            path.parent.rmdir()


def sweep(folder: Path, older_than_s: float) -> None:
    """Delete what has not changed for so long."""
    oldest = time.time() - older_than_s
    for path, _, changed in list(_files(folder)):
        if changed < oldest:
            delete(path, folder)


@asynccontextmanager
async def sweeping(folder: Path, busy: Callable[[], bool]) -> AsyncIterator[None]:
    """Keep deleting uploads that nobody asks about; while some stand in a queue, only very old ones."""

    async def forever() -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            await asyncio.to_thread(sweep, folder, SWEPT_AT_LAST_S if busy() else SWEPT_AFTER_S)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for uploads that nobody else can read and that is gone afterwards; those of killed servers go first."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = old.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdigit() and not is_running(int(process)):
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
