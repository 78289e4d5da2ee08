"""Runs trained side by side, each in a process of its own: small networks don't use a second core.

What a run gives does not depend on it: each process computes as one alone would, features are taken before by all
cores, and a run that is killed goes on as ever.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import starmap
from pathlib import Path

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ser_keras import cli, once
from ser_keras.cluster import each, on_cluster
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import RunError
from ser_keras.tasks import Settings, Task

Todo = tuple[Task, LoadedCorpora, Settings]


def folders(todo: Sequence[Todo], processes: int) -> Iterator[Path]:
    """The folder of each run in turn, finished; `processes` of them are worked on at a time, on a cluster as it can.

    Raises
    ------
    RunError : a process was killed from outside
    SerError : of `once.run`
    """
    here = not on_cluster()
    if (here and (processes == 1 or len(todo) < 2)) or all(once.finished_run(*one) for one in todo):
        yield from starmap(once.run, todo)
        return
    for one in todo:
        once.extract(*one)
    if not here:
        yield from each(once.run, todo)
        return
    calls = (
        joblib.delayed(_carried_out)(_names(task), corpora, replace(settings, jobs=1, line=number % processes))
        for number, (task, corpora, settings) in enumerate(todo)
    )
    try:
        yield from joblib.Parallel(n_jobs=min(processes, len(todo)), return_as="generator", batch_size=1)(calls)
    except TerminatedWorkerError:
        raise RunError(
            "a process that trained was killed from outside, for want of memory perhaps: the same command goes on, "
            "with a smaller --parallel in less memory"
        ) from None


def _names(task: Task) -> tuple[str, str, str, str, int]:
    """A task as what it is called: its functions come with its paper, which the other process loads itself."""
    return task.paper, task.experiment.name, task.variant.name, task.protocol, task.seed


def _carried_out(names: tuple[str, str, str, str, int], corpora: LoadedCorpora, settings: Settings) -> Path:
    with cli.quiet_imports():
        from ser_keras.reproduce import tasks_of

        paper, experiment, variant, protocol, seed = names
        [task] = tasks_of([(paper, experiment)], variant, protocol, (seed,))
    return once.run(task, corpora, settings)
