"""Worker processes side by side, each on a core of its own."""

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "\0ser_keras-core-{}"  # abstract: of no file, and gone with the process that holds it, however that ends


@contextmanager
def own_core() -> Iterator[int | None]:
    """Within, this thread and those that it starts keep to a core that no other process has taken this way.

    Gives its number; None, and nothing is kept to, where all cores are taken, there is but one, or the system has no
    such thing (it is Linux's). Praat's pitch starts a thread for every core it may use, which costs more than it gives
    where the other cores have workers of their own; and a worker that is moved to another core leaves its caches
    behind.

    Source: sched_setaffinity(2), unix(7), and our measurement.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    with contextlib.ExitStack() as stack:
        core = next((one for one in sorted(cores) if _taken(one, stack)), None) if len(cores) > 1 else None
        if core is not None:
            os.sched_setaffinity(0, {core})
            stack.callback(os.sched_setaffinity, 0, cores)
        yield core


def _taken(core: int, stack: contextlib.ExitStack) -> bool:
    """Whether the core was free, and is ours until the stack is left."""
    with contextlib.ExitStack() as held, contextlib.suppress(OSError):  # in use, or the system has no such sockets
        held.enter_context(socket.socket(socket.AF_UNIX)).bind(NAME.format(core))
        stack.enter_context(held.pop_all())
        return True
    return False
