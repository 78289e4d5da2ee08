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
from datetime import UTC, datetime
from functools import partial
from itertools import starmap
from pathlib import Path

import numpy as np
import pandas as pd

from ser_keras import checkpoints, cluster, devices, fitting, preparation, side_by_side
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.declaration import changed, decisive, finished, planned, set_apart, standing
from ser_keras.errors import AudioError
from ser_keras.experiment import Choices, Training
from ser_keras.files import write_atomically, write_json
from ser_keras.folds import Fold, carried_out, fold_name
from ser_keras.locks import alone
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
    for split in splits if settings.parallel > 1 else ():
        preparation.parts(pool, split)  # altered copies too are made before, by all cores
    features_s = time.perf_counter() - clock
    calls = [
        (split, fold_name(task, number, len(splits)), states / f"fold-{number}.npz")
        for number, split in enumerate(splits, start=1)
    ]
    fitted_apart = partial(cluster.apart, partial(carried_out, task, recipe, pool, choices, settings))
    spread = partial(side_by_side.each, processes=settings.parallel) if len(calls) > 1 else starmap
    folds = list(spread(fitted_apart, calls))
    total_s = time.perf_counter() - clock + sum(fold.earlier_s for fold in folds)
    prediction_s = sum(fold.prediction_s for fold in folds)
    durations = {
        "features_s": features_s,
        "training_s": max(0.0, total_s - features_s - prediction_s),  # folds side by side predict at once
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


def _fit_record(folds: Sequence[Fold]) -> dict:
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


def _write_run(folder: Path, folds: Sequence[Fold], pool: preparation.Pool, record: dict) -> None:
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
