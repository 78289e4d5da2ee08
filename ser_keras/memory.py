"""What the C library does with memory that is freed."""

import ctypes
import platform
from functools import cache

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h


@cache
def keep_freed() -> None:
    """Have the C library, where it is glibc, keep what arrays free for those that come next; for the whole process.

    Arrays of a clip or of a small network's step are of the size that it gives back to the system and takes from it
    anew each time: up to a tenth of an extraction, and up to a third of such a step.

    Source: mallopt(3), and our measurement.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, 2**25)  # the most that it takes
        mallopt(TRIM_THRESHOLD, 2**30)
        mallopt(TOP_PAD, 2**24)
