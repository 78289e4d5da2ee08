"""One experiment, one seed → one run on disk: predictions, history, model, and where all of it comes from.

The run folder holds `model.keras`, `predictions.csv` (clip, speaker, true, predicted, one probability a class),
`history.csv` (not where weights were loaded), `split.csv` (every example and its part) and, written last, `run.json`:
a run is finished when that file is there. Reports read nothing else.
"""

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from ser_keras import fitting
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.declaration import changed, declaration, finished
from ser_keras.errors import PaperError
from ser_keras.experiment import Training
from ser_keras.files import write_atomically, write_json
from ser_keras.preparation import Prepared, prepared, split_record, split_table
from ser_keras.provenance import provenance
from ser_keras.tasks import Settings, Task, run_folder

QUICK_EPOCHS = 3


def run(task: Task, corpora: LoadedCorpora, settings: Settings) -> Path:
    """Carry one task out, unless its folder already holds the finished run; the folder is returned.

    Raises
    ------
    RunError : the folder holds a finished run with other settings
    ProtocolError, AudioError : the clips don't allow the split or the features
    PaperError : the authors' weights are asked for where there are none
    """
    deterministic = fitting.make_deterministic()
    choices = resolved(task.choices, settings.choose)
    recipe = _recipe(task.variant.training(choices), settings)
    weights = "trained" if settings.weights is None else "published"
    declared = declaration(task, choices, recipe, corpora, quick=settings.quick, weights=weights)
    folder = run_folder(task, settings.out, changed(task, choices), weights)
    if not settings.force and finished(folder, declared):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    started, clock = datetime.now(UTC), time.perf_counter()
    data = prepared(task, corpora.clips, choices, settings.out / "cache" / "features", settings.jobs)
    features_s = time.perf_counter() - clock

    keras.utils.set_random_seed(task.seed)
    model = task.variant.build(len(task.classes), choices)
    if task.variant.start and settings.weights is None:
        task.variant.start(model, choices)
    fitted = _fitted(task, model, recipe, data, settings)
    training_s = time.perf_counter() - clock - features_s
    scores = fitting.probabilities(
        fitted.model, data.test, n_classes=len(task.classes), batch_size=max(recipe.batch_size, 32)
    )
    total_s = time.perf_counter() - clock
    durations = {"features_s": features_s, "training_s": training_s, "prediction_s": total_s - features_s - training_s}
    record = {
        **declared,
        "set_aside": data.set_aside,
        "split": split_record(data, task.classes),
        "training": {**declared["training"], **_fit_record(fitted, data)},
        "model": fitting.layer_table(fitted.model),
        "provenance": {**provenance(), "deterministic": deterministic},
        "durations": {key: round(value, 3) for key, value in {**durations, "total_s": total_s}.items()},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    tested = data.table.iloc[data.split.test]
    predictions = fitting.predictions_table(tested["clip"], tested["speaker"], tested["emotion"], scores, task.classes)
    _write_run(folder, fitted, data, predictions, record)
    return folder


def _recipe(recipe: Training, settings: Settings) -> Training:
    epochs = settings.epochs or recipe.epochs
    return replace(recipe, epochs=min(epochs, QUICK_EPOCHS) if settings.quick else epochs)


def _fitted(task: Task, model: keras.Model, recipe: Training, data: Prepared, settings: Settings) -> fitting.Fitted:
    """The model trained, or filled with the authors' own weights."""
    if settings.weights is None:
        classes = len(task.classes)
        return fitting.fit(
            model, recipe, data.train, data.validation, n_classes=classes, seed=task.seed, label=task.name
        )
    if task.variant.weights is None:
        raise PaperError(f"{task.name}: its authors published no weights that are known here: leave out --weights")
    task.variant.weights(model, settings.weights / task.paper)
    return fitting.Fitted(model, pd.DataFrame(), 0, False)


def _fit_record(fitted: fitting.Fitted, data: Prepared) -> dict:
    return {
        "epochs_run": len(fitted.history),
        "best_epoch": fitted.kept_epoch,
        "stopped_early": fitted.stopped_early,
        "examples": len(data.train),
        "parameters": fitted.model.count_params(),
        "trainable_parameters": int(sum(np.prod(weight.shape) for weight in fitted.model.trainable_weights)),
    }


def _write_run(folder: Path, fitted: fitting.Fitted, data: Prepared, predictions: pd.DataFrame, record: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "model.keras", lambda path: fitted.model.save(path))
    tables = {"history": fitted.history, "split": split_table(data), "predictions": predictions}
    for name, table in tables.items():
        if len(table):
            write_atomically(folder / f"{name}.csv", lambda path, table=table: table.to_csv(path, index=False))
    write_json(folder / "run.json", record)
