"""One experiment, one seed → one run on disk: predictions, history, model, and where all of it comes from.

The run folder holds `model.keras`, `predictions.csv` (clip, speaker, true, predicted, one probability a class),
`history.csv`, `scaler.npz` where inputs are scaled, and, written last, `run.json`: a run is finished when that file
is there. Reports read nothing else.
"""

import json
import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from ser_keras import fitting
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import ProtocolError, RunError
from ser_keras.experiment import Choices, Training
from ser_keras.features.examples import Examples, fitted_scaler
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import Features, Recording, extract
from ser_keras.files import write_atomically, write_json
from ser_keras.provenance import provenance
from ser_keras.splits import Split, kept, with_validation
from ser_keras.tasks import PROTOCOL, Settings, Task, run_folder

SCHEMA = 1
QUICK_EPOCHS = 3
DECISIVE = ("quick", "classes", "choices", "corpora", "training", "pipeline")  # a change of these is another run


def run(task: Task, corpora: LoadedCorpora, settings: Settings) -> Path:
    """Carry one task out, unless its folder already holds the finished run; the folder is returned.

    Raises
    ------
    RunError : the folder holds a finished run with other settings
    ProtocolError, AudioError : the clips don't allow the split or the features
    """
    deterministic = fitting.make_deterministic()
    folder = run_folder(task, settings.out)
    choices = resolved(task.experiment.choices, settings.choose)
    recipe = _recipe(task.variant.training(choices), settings)
    declared = _declaration(task, choices, recipe, corpora, settings.quick)
    if not settings.force and _finished(folder, declared):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    started, clock = datetime.now(UTC), time.perf_counter()
    clips = corpora.clips[corpora.clips["emotion"].isin(task.experiment.classes)].reset_index(drop=True)
    split = task.variant.split(clips, task.seed)
    split = with_validation(split, clips["emotion"], share=recipe.validation_share, seed=task.seed)
    data = _prepared(task, clips, split, choices, settings)
    features_s = time.perf_counter() - clock

    keras.utils.set_random_seed(task.seed)
    model = task.variant.build(len(task.experiment.classes), choices)
    classes = len(task.experiment.classes)
    fitted = fitting.fit(model, recipe, data.train, data.validation, n_classes=classes, seed=task.seed, label=task.name)
    training_s = time.perf_counter() - clock - features_s
    scores = fitting.probabilities(fitted.model, data.test, n_classes=classes, batch_size=recipe.batch_size)
    total_s = time.perf_counter() - clock
    durations = {"features_s": features_s, "training_s": training_s, "prediction_s": total_s - features_s - training_s}
    record = {
        **declared,
        "set_aside": data.set_aside,
        "split": _split_record(clips, data.split, task.experiment.classes),
        "training": {**declared["training"], **_fit_record(fitted, data.train)},
        "provenance": {**provenance(), "deterministic": deterministic},
        "durations": {key: round(value, 3) for key, value in {**durations, "total_s": total_s}.items()},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    tested = clips.iloc[data.split.test]
    table = fitting.predictions_table(
        tested["clip"], tested["speaker"], tested["emotion"], scores, task.experiment.classes
    )
    _write_run(folder, fitted, data.train, table, record)
    return folder


@dataclass(frozen=True)
class _Data:
    train: Examples
    validation: Examples | None
    test: Examples
    split: Split
    set_aside: list[dict]


def _recipe(recipe: Training, settings: Settings) -> Training:
    epochs = settings.epochs or recipe.epochs
    return replace(recipe, epochs=min(epochs, QUICK_EPOCHS) if settings.quick else epochs)


def _declaration(task: Task, choices: Choices, recipe: Training, corpora: LoadedCorpora, quick: bool) -> dict:
    """All that decides a run, as JSON values; two runs with the same declaration give the same figures."""
    return {
        "schema": SCHEMA,
        "paper": task.paper,
        "experiment": task.experiment.name,
        "title": task.experiment.title,
        "variant": task.variant.name,
        "protocol": PROTOCOL,
        "seed": task.seed,
        "quick": quick,
        "classes": list(task.experiment.classes),
        "published": dict(task.published),
        "citation": dict(task.citation),
        "choices": [
            {
                "key": choice.key,
                "value": choices[choice.key],
                "default": choice.value,
                "reason": choice.reason,
                "alternatives": list(choice.alternatives),
            }
            for choice in task.experiment.choices
        ],
        "corpora": {name: _corpus_record(corpora.reports[name]) for name in task.experiment.corpora},
        "training": {
            "optimizer": _optimizer_name(recipe),
            "loss": recipe.loss,
            "batch_size": recipe.batch_size,
            "epochs_limit": recipe.epochs,
            "monitor": recipe.monitor,
            "patience": recipe.patience,
            "validation_share": recipe.validation_share,
            "restore_best": recipe.restore_best,
        },
        "pipeline": _pipeline_record(task, choices),
    }


def _corpus_record(report: object) -> dict:
    return {
        "clips": report.clips,
        "expected": report.expected,
        "synthetic": report.synthetic,
        "manifest_sha256": report.manifest_sha256,
        "altered": len(report.altered),
        "foreign": report.foreign,
    }


def _optimizer_name(recipe: Training) -> str:
    optimizer = recipe.optimizer()
    return f"{type(optimizer).__name__}, learning rate {float(optimizer.learning_rate):g}"


def _pipeline_record(task: Task, choices: Choices) -> dict:
    altered = task.variant.augmentation(choices, task.seed) if task.variant.augmentation else ()
    axes = task.variant.scaling(choices) if task.variant.scaling else None

    def described(pipeline: Pipeline) -> dict:
        return {**pipeline.description(), "fingerprint": pipeline.fingerprint}

    return {
        **described(task.variant.pipeline(choices)),
        "scaled_axes": None if axes is None else list(axes),
        "augmentation": [described(pipeline) for pipeline in altered],
    }


def _finished(folder: Path, declared: dict) -> bool:
    """Whether the folder holds a finished run of this declaration; one of another declaration raises RunError."""
    path = folder / "run.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read ({error}): remove the folder or use --force") from error
    changed = [key for key in DECISIVE if _decisive(stored, declared, key) != _decisive(declared, declared, key)]
    if changed:
        raise RunError(
            f"{folder} holds a finished run with other settings ({', '.join(changed)}): give another --out, or --force "
            "to train it again"
        )
    return True


def _decisive(record: dict, declared: dict, key: str) -> object:
    """The part of a record that figures depend on: of choices the values, of training what is declared beforehand."""
    value = json.loads(json.dumps(record.get(key)))
    if key == "choices" and value is not None:
        return {choice["key"]: choice["value"] for choice in value}
    if key == "training" and value is not None:
        return {name: value.get(name) for name in declared["training"]}
    return value


def _prepared(task: Task, clips: pd.DataFrame, split: Split, choices: Choices, settings: Settings) -> _Data:
    """Features of all parts; clips that can't be used are set aside, augmented copies join the training part."""
    store = settings.out / "cache" / "features"
    recordings = [Recording(clip, path) for clip, path in zip(clips["clip"], clips["path"], strict=True)]
    pipeline = task.variant.pipeline(choices)
    features = extract(pipeline, recordings, store, jobs=settings.jobs, label=pipeline.name)
    split = kept(split, sorted(features.errors))
    set_aside = [{"clip": clips["clip"][number], "reason": reason} for number, reason in features.errors.items()]
    number_of = {name: number for number, name in enumerate(task.experiment.classes)}
    classes = clips["emotion"].map(number_of).to_numpy()

    copies = []
    for altered in task.variant.augmentation(choices, task.seed) if task.variant.augmentation else ():
        chosen = [recordings[number] for number in split.train]
        copy = extract(altered, chosen, store, jobs=settings.jobs, label=altered.name)
        if copy.errors:
            raise ProtocolError(f"an altered copy can't be made: {next(iter(copy.errors.values()))}")
        copies.append((copy, np.arange(len(chosen))))
    axes = task.variant.scaling(choices) if task.variant.scaling else None
    train = Examples(((features, split.train), *copies), np.tile(classes[split.train], 1 + len(copies)))
    scaler = None if axes is None else fitted_scaler(train, axes)
    validation = _part(features, split.validation, classes, scaler) if len(split.validation) else None
    test = _part(features, split.test, classes, scaler)
    return _Data(replace(train, scaler=scaler), validation, test, split, set_aside)


def _part(features: Features, numbers: np.ndarray, classes: np.ndarray, scaler: object) -> Examples:
    return Examples(((features, numbers),), classes[numbers], scaler)


def _split_record(clips: pd.DataFrame, split: Split, classes: tuple[str, ...]) -> dict:
    parts = {part: clips.iloc[getattr(split, part)] for part in ("train", "validation", "test")}
    supports = {
        part: {name: int((table["emotion"] == name).sum()) for name in classes} for part, table in parts.items()
    }
    speakers = {part: sorted(set(table["speaker"])) for part, table in parts.items()}
    return {"supports": supports, "speakers": speakers, "note": split.note}


def _fit_record(fitted: fitting.Fitted, train: Examples) -> dict:
    return {
        "epochs_run": len(fitted.history),
        "best_epoch": fitted.kept_epoch,
        "stopped_early": fitted.stopped_early,
        "examples": len(train),
        "parameters": fitted.model.count_params(),
    }


def _write_run(folder: Path, fitted: fitting.Fitted, train: Examples, table: pd.DataFrame, record: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "model.keras", lambda path: fitted.model.save(path))
    if train.scaler is not None:
        scaler = train.scaler
        write_atomically(
            folder / "scaler.npz", lambda path: np.savez(path, mean=scaler.mean, deviation=scaler.deviation)
        )
    write_atomically(folder / "history.csv", lambda path: fitted.history.to_csv(path, index=False))
    write_atomically(folder / "predictions.csv", lambda path: table.to_csv(path, index=False))
    write_json(folder / "run.json", record)
