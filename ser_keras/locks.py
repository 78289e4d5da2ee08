"""One process at a time where two would be in each other's way: the second waits, and says so in one line.

The lock is the kernel's (flock, through filelock), on a file beside what is guarded: it goes with the process that
holds it, however that ends, so the file, which is left in place as filelock advises, blocks nobody.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def alone(path: Path, doing: str) -> Iterator[bool]:
    """Be the only process that works on `path`, which need not be there; gives whether it had to wait for that.

    Parameters
    ----------
    path : file or folder; the lock is beside it, and hidden
    doing : what is done to it, for the line that tells of waiting
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    waited = False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another process to finish {doing}", file=sys.stderr, flush=True)
        lock.acquire()
        waited = True
    try:
        yield waited
    finally:
        lock.release()
