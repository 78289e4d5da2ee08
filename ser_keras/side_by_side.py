"""Trainings side by side, each in a process of its own: small networks don't use a second core.

What a training gives does not depend on it: each process has as many threads as one alone would, the features of runs
are taken before by all cores, and what is killed goes on as ever.
"""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import current_process, resource_tracker
from typing import TypeVar

from ser_keras import cli
from ser_keras.cluster import each as each_in_turn
from ser_keras.cluster import on_cluster
from ser_keras.errors import RunError
from ser_keras.tasks import PUBLISHED

T = TypeVar("T")

LOOK_S = 0.2  # between two looks whether the command that started a process lives


def shared(processes: int, runs: int, protocol: str) -> tuple[int, int]:
    """How many of the runs that are to be trained are at a time, and how many folds of each: folds, where runs are few.

    A cluster's workers are a process each, which share runs and folds as they can.
    """
    if on_cluster() or not runs:
        return 1, 1
    return (1, processes) if runs < processes and protocol != PUBLISHED else (processes, 1)


def each(
    function: Callable[..., T], calls: Sequence[tuple], processes: int, ahead: Callable[..., object] | None = None
) -> Iterator[T]:
    """`function(*call)` of each call, in their order: by the cluster where there is one, else `processes` at a time.

    To be closed when not all are taken: a call that nobody waits for is stopped then.

    Parameters
    ----------
    function, calls : pickled as loky does it, a function of an importable module by its name; results are too
    processes : 1: here, one by one
    ahead : done with each call before, in this process, if they are not carried out here

    Raises
    ------
    RunError : a process was killed from outside
    Exception : what `function` raises
    """
    processes = min(processes, len(calls))
    if ahead is not None and (on_cluster() or processes > 1):
        for call in calls:
            ahead(*call)
    if on_cluster() or processes < 2:
        yield from each_in_turn(function, calls)
        return
    yield from _in_processes(function, calls, processes)


def _in_processes(function: Callable[..., T], calls: Sequence[tuple], processes: int) -> Iterator[T]:
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.backend import get_context
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # a process whose memory has grown is replaced, which is nobody's concern
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    given = (os.getpid(), processes, get_context("loky").RLock(), "keras" in sys.modules)
    workers = ProcessPoolExecutor(processes, initializer=_begin, initargs=given)
    try:
        with _deaf_to_interrupts():
            found = [workers.submit(_carried_out, function, call) for call in calls]
        for one in found:
            result = one.result()
            cli.clear_progress()
            yield result
    except TerminatedWorkerError:
        raise RunError(
            "a process that trained was killed from outside, for want of memory perhaps: the same command goes on, "
            "with a smaller --parallel in less memory"
        ) from None
    finally:
        workers.shutdown(kill_workers=True)
        cli.clear_progress()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started within don't hear Ctrl-C, which a terminal sends to them too: who started them ends them."""
    resource_tracker.ensure_running()  # it would be started within, and let Ctrl-C through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int, processes: int, lock: object, networks: bool) -> None:
    """What a process does first: its progress has a line of its own, and it ends with its parent."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    number = int(current_process().name.rpartition("-")[2])  # they are counted
    os.environ["TQDM_POSITION"] = str(number % processes)  # read when tqdm is imported
    from tqdm import tqdm

    tqdm.set_lock(lock)
    if networks:
        with cli.quiet_imports():
            from ser_keras import fitting

            fitting.make_deterministic()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


def _carried_out(function: Callable[..., T], call: tuple) -> T:
    import joblib

    with joblib.parallel_config(backend="sequential"):  # the machine's other cores have processes of their own
        return function(*call)
