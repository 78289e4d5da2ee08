"""One experiment, one seed → one run on disk: predictions, history, model, and where all of it comes from.

The run folder holds `model.keras`, `predictions.csv` (clip, speaker, true, predicted, one probability a class),
`history.csv` (not where weights were loaded), `split.csv` (every example and its part) and, written last, `run.json`:
a run is finished when that file is there. Reports read nothing else. A protocol of several folds has a model a fold
(`model-1.keras`) and a column `fold` in each table. Until then `unfinished/` keeps the state of each fold's training:
a run that is killed goes on from there when it is asked for again, and gives the same bytes.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import starmap
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from ser_keras import checkpoints, cluster, devices, fitting, preparation
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.declaration import changed, decisive, finished, planned, set_apart, standing
from ser_keras.errors import AudioError, PaperError
from ser_keras.experiment import Choices, Training
from ser_keras.files import write_atomically, write_json
from ser_keras.locks import alone
from ser_keras.precision import built
from ser_keras.provenance import computed_by, provenance
from ser_keras.splits import Split, kept
from ser_keras.tasks import WHOLE, Settings, Task, run_folder


def run(task: Task, corpora: LoadedCorpora, settings: Settings) -> Path:
    """Carry one task out, unless its folder already holds the finished run; the folder is returned.

    Raises
    ------
    RunError : the folder holds a finished run with other settings, or there are fewer devices than are asked for
    ProtocolError, AudioError : the clips don't allow the split or the features, or `strict` not one that can't be used
    PaperError : the authors' weights are asked for where there are none
    """
    deterministic = fitting.make_deterministic()
    plan = planned(task, corpora, settings)
    choices, recipe, declared, folder = plan.choices, plan.recipe, plan.declared, plan.folder
    with alone(folder, task.name):  # of a finished run too: another process may be training it again
        if settings.force or not finished(folder, declared):
            _train(task, corpora, settings, choices, recipe, declared, folder, deterministic=deterministic)
        checkpoints.removed(folder)
        set_aside = json.loads((folder / "run.json").read_text(encoding="utf-8"))["set_aside"]
    _check_strict(settings, set_aside)
    return folder


def extract(task: Task, corpora: LoadedCorpora, settings: Settings) -> None:
    """Take all features that a run needs and that are not in the store, unless a finished one is in its place.

    Raises
    ------
    ProtocolError, AudioError : as `run`
    RunError : the folder's record can't be read
    """
    choices = resolved(task.choices, settings.choose)
    folder = run_folder(task, settings.out, changed(task, choices), **set_apart(settings))
    real = not settings.quick and not any(one.synthetic for one in corpora.reports.values())
    if not settings.force and standing(folder, for_figures=real):
        return
    pool = _pool(task, corpora, choices, settings)
    for split in _splits(task, pool, choices):
        preparation.parts(pool, split)


def _pool(task: Task, corpora: LoadedCorpora, choices: Choices, settings: Settings) -> preparation.Pool:
    return preparation.pool(task, corpora.clips, choices, settings.out / "cache" / "features", settings.jobs)


def _splits(task: Task, pool: preparation.Pool, choices: Choices) -> list[Split]:
    """The folds, without the clips that can't be used."""
    return [kept(split, sorted(pool.errors)) for split in preparation.splits(task, pool.table, choices)]


def _train(
    task: Task,
    corpora: LoadedCorpora,
    settings: Settings,
    choices: Choices,
    recipe: Training,
    declared: dict,
    folder: Path,
    *,
    deterministic: bool,
) -> None:
    """The run itself, from where an earlier call was killed on."""
    devices.check(settings.devices)
    states = checkpoints.prepared(folder, {**decisive(declared), **computed_by(), "devices": settings.devices})
    started, clock = datetime.now(UTC), time.perf_counter()
    pool = _pool(task, corpora, choices, settings)
    _check_strict(settings, pool.set_aside)
    splits = _splits(task, pool, choices)
    features_s = time.perf_counter() - clock
    calls = [
        (split, _fold_name(task, number, len(splits)), states / f"fold-{number}.npz")
        for number, split in enumerate(splits, start=1)
    ]
    spread = cluster.each if len(calls) > 1 else starmap
    carried_out = partial(cluster.apart, partial(_carried_out, task, recipe, pool, choices, settings))
    folds = list(spread(carried_out, calls))
    total_s = time.perf_counter() - clock + sum(_earlier_s(fold.fitted) for fold in folds)
    prediction_s = sum(fold.prediction_s for fold in folds)
    durations = {
        "features_s": features_s,
        "training_s": total_s - features_s - prediction_s,
        "prediction_s": prediction_s,
        "total_s": total_s,
    }
    record = {
        **declared,
        "set_aside": pool.set_aside,
        "split": _pooled_split(
            [preparation.split_record(pool, fold.split, task.classes, fold.fitted.normalised) for fold in folds]
        ),
        "training": {**declared["training"], **_fit_record(folds)},
        "model": fitting.layer_table(folds[0].fitted.model),
        "provenance": {
            **provenance(),
            "devices": settings.devices,
            "deterministic": deterministic and settings.devices == 1,
        },
        "durations": {key: round(value, 3) for key, value in durations.items()},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    resumed = [fold.fitted.resumed_after for fold in folds]
    _write_run(states / WHOLE, folds, pool, {**record, "resumed_after": resumed} if any(resumed) else record)
    checkpoints.put(folder)


def _check_strict(settings: Settings, set_aside: Sequence[Mapping[str, str]]) -> None:
    if settings.strict and set_aside:
        raise AudioError(
            f"{len(set_aside)} of the recordings can't be used, and --strict sets none aside: {set_aside[0]['reason']}"
        )


@dataclass(frozen=True)
class _Fold:
    """One split carried out: its model, how many examples it was fitted on, and its predictions."""

    split: Split
    fitted: fitting.Fitted
    examples: int
    predictions: pd.DataFrame
    prediction_s: float


def _fold_name(task: Task, number: int, folds: int) -> str:
    return task.name if folds == 1 else f"{task.name} fold {number} of {folds}"


def _carried_out(
    task: Task,
    recipe: Training,
    pool: preparation.Pool,
    choices: Choices,
    settings: Settings,
    split: Split,
    name: str,
    state: Path,
) -> _Fold:
    """A model fitted on a split's training part, or filled with the authors' weights, and its predictions."""
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
                label=name,
                line=settings.line,
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
    return _Fold(split, fitted, len(parts.train), predictions, time.perf_counter() - clock)


def _log_folder(task: Task, settings: Settings, state: Path) -> Path | None:
    """OUT/logs/PAPER/EXPERIMENT/…/fold-N, where a log is wanted."""
    if not settings.log:
        return None
    return settings.out / "logs" / state.parents[1].relative_to(settings.out) / state.stem


def _earlier_s(fitted: fitting.Fitted) -> float:
    """Seconds of the epochs that an earlier call ran, before it was killed."""
    return float(fitted.history["seconds"][: fitted.resumed_after].sum()) if fitted.resumed_after else 0.0


def _published(task: Task, model: keras.Model, folder: Path) -> fitting.Fitted:
    if task.variant.weights is None:
        raise PaperError(f"{task.name}: its authors published no weights that are known here: leave out --weights")
    task.variant.weights(model, folder / task.paper)
    return fitting.Fitted(model, pd.DataFrame(), 0, False)


def _fit_record(folds: Sequence[_Fold]) -> dict:
    """Of several folds the longest training, the largest part; each by itself under `folds`."""
    model = folds[0].fitted.model
    each = [
        {
            "epochs_run": len(fold.fitted.history),
            "best_epoch": fold.fitted.kept_epoch,
            "stopped_early": fold.fitted.stopped_early,
            "examples": fold.examples,
        }
        for fold in folds
    ]
    sizes = {
        "parameters": model.count_params(),
        "trainable_parameters": int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
    }
    if len(each) == 1:
        return {**each[0], **sizes}
    longest = {key: max(fold[key] for fold in each) for key in ("epochs_run", "stopped_early", "examples")}
    return {**longest, "best_epoch": None, **sizes, "folds": each}


def _pooled_split(records: Sequence[dict]) -> dict:
    """The record of one split; of several, test supports and leaks added up, other parts as in the first fold."""
    first = records[0]
    if len(records) == 1:
        return first
    tested = {name: sum(record["supports"]["test"][name] for record in records) for name in first["supports"]["test"]}
    leaks = {
        kind: None if count is None else sum(record["leaks"][kind] or 0 for record in records)
        for kind, count in first["leaks"].items()
    }
    shared = {one for record in records for one in set(record["speakers"]["train"]) & set(record["speakers"]["test"])}
    return {
        **first,
        "supports": {**first["supports"], "test": tested},
        "speakers": {
            **first["speakers"],
            "test": sorted({one for record in records for one in record["speakers"]["test"]}),
        },
        "shared_speakers": sorted(shared),
        "leaks": leaks,
        "twins_in_training": leaks["twin"] or 0,
        "watched_test_clips": leaks["watched"],
        "n_folds": len(records),
        "note": f"{len(records)} folds, each clip tested once; training and validation are those of the first fold.",
    }


def _write_run(folder: Path, folds: Sequence[_Fold], pool: preparation.Pool, record: dict) -> None:
    """One file of each kind; of several folds told apart by a column `fold`, with a model each."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[pd.DataFrame]] = {"history": [], "split": [], "predictions": []}
    for number, fold in enumerate(folds, start=1):
        name = "model.keras" if len(folds) == 1 else f"model-{number}.keras"
        write_atomically(folder / name, lambda path, model=fold.fitted.model: model.save(path))
        split = preparation.split_table(pool, fold.split, fold.fitted.normalised)
        made = (fold.fitted.history, split, fold.predictions)
        for kind, table in zip(tables, made, strict=True):
            if len(table):
                place = 4 if kind == "predictions" else 0
                if len(folds) > 1:
                    table.insert(place, "fold", number)
                tables[kind].append(table)
    for kind, parts in tables.items():
        if parts:
            whole = pd.concat(parts, ignore_index=True)
            write_atomically(folder / f"{kind}.csv", lambda path, whole=whole: whole.to_csv(path, index=False))
    write_json(folder / "run.json", record)
