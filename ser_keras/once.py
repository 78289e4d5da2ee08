"""A task's run, told at once where it is there already; Keras is loaded where there is something to train.

A run that another process may be at (its folder has `unfinished/`), or that has to be refused, is left to `training`,
which holds the folder's lock meanwhile.
"""

from pathlib import Path

from ser_keras import cli
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.declaration import finished, planned
from ser_keras.files import read_record
from ser_keras.recipes import is_told
from ser_keras.tasks import UNFINISHED, Settings, Task


def run(task: Task, corpora: LoadedCorpora, settings: Settings) -> Path:
    """The folder of a task's finished run, which is trained first where it is not there.

    Raises
    ------
    SerError : of `training.run`
    """
    folder = finished_run(task, corpora, settings)
    if folder is not None:
        return folder
    with cli.quiet_imports():
        from ser_keras import training

    return training.run(task, corpora, settings)


def extract(task: Task, corpora: LoadedCorpora, settings: Settings) -> None:
    """Take all features that a task's run needs, unless it is finished.

    Raises
    ------
    SerError : of `training.extract`
    """
    if finished_run(task, corpora, settings) is None:
        with cli.quiet_imports():
            from ser_keras import training

        training.extract(task, corpora, settings)


def finished_run(task: Task, corpora: LoadedCorpora, settings: Settings) -> Path | None:
    """The folder of a task's run, where it is finished and nothing is left to do; told without Keras.

    None too where a recipe's optimizer is no value of `recipes`: telling it would start the backend before `training`
    has said how it is to compute.

    Raises
    ------
    RunError : the folder holds a finished run with other settings, or one that can't be read
    """
    recipe = task.variant.training(resolved(task.choices, settings.choose))
    if settings.force or not is_told(recipe):
        return None
    plan = planned(task, corpora, settings)
    if (plan.folder / UNFINISHED).exists() or not finished(plan.folder, plan.declared):
        return None
    stored = read_record(plan.folder / "run.json")
    is_whole = stored is not None and not (settings.strict and stored["set_aside"])
    return plan.folder if is_whole else None
