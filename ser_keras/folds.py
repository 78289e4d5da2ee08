"""One fold of a run: a model fitted on its training part, or filled with its authors' weights, and its predictions.

What a process of its own, or a cluster's worker, is given and gives back.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import pandas as pd

from ser_keras import devices, fitting, preparation
from ser_keras.errors import PaperError
from ser_keras.experiment import Choices, Training
from ser_keras.precision import built
from ser_keras.splits import Split
from ser_keras.tasks import Settings, Task


@dataclass(frozen=True)
class Fold:
    """One split carried out: its model, how many examples it was fitted on, and its predictions."""

    split: Split
    fitted: fitting.Fitted
    examples: int
    predictions: pd.DataFrame
    prediction_s: float

    @property
    def earlier_s(self) -> float:
        """Seconds of the epochs that an earlier call ran, before it was killed."""
        known = self.fitted.resumed_after
        return float(self.fitted.history["seconds"][:known].sum()) if known else 0.0


def fold_name(task: Task, number: int, folds: int) -> str:
    """What a fold is called, from 1 on; the task's name where it is the only one."""
    return task.name if folds == 1 else f"{task.name} fold {number} of {folds}"


def carried_out(
    task: Task,
    recipe: Training,
    pool: preparation.Pool,
    choices: Choices,
    settings: Settings,
    split: Split,
    label: str,
    state: Path,
) -> Fold:
    """A model fitted on a split's training part, or filled with the authors' weights, and its predictions.

    Parameters
    ----------
    label : what its progress is called
    state : file of its training's state

    Raises
    ------
    PaperError : the authors' weights are asked for where there are none
    RunError : of `fitting.fit`
    """
    fitting.make_deterministic()
    parts = preparation.parts(pool, split)
    classes = len(task.classes)
    keras.utils.clear_session()  # else layers are named after what this process has trained before
    keras.utils.set_random_seed(task.seed)
    with devices.spread(settings.devices):
        model = built(lambda: task.variant.build(classes, choices), settings.precision)
        if settings.weights is None:
            if task.variant.start:
                task.variant.start(model, choices)
            fitted = fitting.fit(
                model,
                recipe,
                parts.train,
                parts.validation,
                n_classes=classes,
                seed=task.seed,
                label=label,
                state=state,
                log=_log_folder(task, settings, state),
            )
        else:
            fitted = _published(task, model, settings.weights)
    if settings.devices > 1:
        fitted = replace(fitted, model=devices.alone(fitted.model))
    clock = time.perf_counter()
    scores = fitting.probabilities(fitted.model, parts.test, n_classes=classes, batch_size=max(recipe.batch_size, 32))
    tested = pool.table.iloc[split.test]
    predictions = fitting.predictions_table(tested["clip"], tested["speaker"], tested["emotion"], scores, task.classes)
    return Fold(split, fitted, len(parts.train), predictions, time.perf_counter() - clock)


def _log_folder(task: Task, settings: Settings, state: Path) -> Path | None:
    """OUT/logs/PAPER/EXPERIMENT/…/fold-N, where a log is wanted."""
    if not settings.log:
        return None
    return settings.out / "logs" / state.parents[1].relative_to(settings.out) / state.stem


def _published(task: Task, model: keras.Model, folder: Path) -> fitting.Fitted:
    if task.variant.weights is None:
        raise PaperError(f"{task.name}: its authors published no weights that are known here: leave out --weights")
    task.variant.weights(model, folder / task.paper)
    return fitting.Fitted(model, pd.DataFrame(), 0, False)
