"""All that decides a run, as JSON values; and whether a folder holds the finished run of a declaration."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ser_keras.choices import resolved
from ser_keras.corpora.table import CorpusReport, LoadedCorpora
from ser_keras.errors import RunError
from ser_keras.experiment import Choices, Training, Value
from ser_keras.features.pipeline import Pipeline
from ser_keras.files import read_record
from ser_keras.recipes import is_told
from ser_keras.tasks import Settings, Task, run_folder

SCHEMA = 1
QUICK_EPOCHS = 3
BEFORE = {"precision": "float32"}  # of a training, where a record is older than the setting
# a change of these is another run
DECISIVE = ("quick", "classes", "choices", "corpora", "training", "pipeline", "weights")


@dataclass(frozen=True)
class Plan:
    """What a task comes to under the command line's settings.

    Parameters
    ----------
    choices, recipe : those of the run
    declared : all that decides it
    folder : where it lies, or is to lie
    """

    choices: Choices
    recipe: Training
    declared: dict
    folder: Path


def planned(task: Task, corpora: LoadedCorpora, settings: Settings) -> Plan:
    """The run of a task; Keras is loaded where the recipe's optimizer is none of `recipes`, which then tells itself.

    Raises
    ------
    PaperError : a choice that the task has not, or a value that it can't have
    """
    choices = resolved(task.choices, settings.choose)
    recipe = shortened(task.variant.training(choices), settings)
    apart = set_apart(settings)
    declared = declaration(task, choices, recipe, corpora, quick=settings.quick, **apart)
    return Plan(choices, recipe, declared, run_folder(task, settings.out, changed(task, choices), **apart))


def set_apart(settings: Settings) -> dict[str, str]:
    """What sets a run apart from those of the same choices: whose weights, and what they compute in."""
    return {"weights": "trained" if settings.weights is None else "published", "precision": settings.precision}


def shortened(recipe: Training, settings: Settings) -> Training:
    """A paper's recipe with fewer epochs where the command line asks for it, never with more."""
    epochs = min(settings.epochs or recipe.epochs, recipe.epochs)
    return replace(recipe, epochs=min(epochs, QUICK_EPOCHS) if settings.quick else epochs)


def declaration(
    task: Task,
    choices: Choices,
    recipe: Training,
    corpora: LoadedCorpora,
    *,
    quick: bool,
    weights: str = "trained",
    precision: str = "float32",
) -> dict:
    """What two runs have in common that give the same figures."""
    return {
        "schema": SCHEMA,
        "paper": task.paper,
        "experiment": task.experiment.name,
        "title": task.experiment.title,
        "variant": task.variant.name,
        "summary": task.variant.summary,
        "protocol": task.protocol,
        "seed": task.seed,
        "quick": quick,
        "weights": weights,
        "classes": list(task.classes),
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
            for choice in task.choices
        ],
        "corpora": {name: corpus_record(report) for name, report in corpora.reports.items()},
        "missing_corpora": [name for name in task.experiment.corpora if name not in corpora.reports],
        "recipe_epochs": task.variant.training(choices).epochs,
        "training": {**training_record(recipe), "precision": precision},
        "pipeline": _pipeline_record(task, choices),
    }


def changed(task: Task, choices: Choices) -> dict[str, Value]:
    """The choices that are not at our values."""
    return {one.key: choices[one.key] for one in task.choices if choices[one.key] != one.value}


def corpus_record(report: CorpusReport) -> dict:
    """What of a corpus was there, as JSON values."""
    return {
        "clips": report.clips,
        "expected": report.expected,
        "synthetic": report.synthetic,
        "manifest_sha256": report.manifest_sha256,
        "altered": len(report.altered),
        "foreign": report.foreign,
    }


def training_record(recipe: Training) -> dict:
    """A training recipe as JSON values."""
    plateau = recipe.plateau
    return {
        "optimizer": _optimizer_name(recipe),
        "loss": f"{recipe.loss} of logits" if recipe.from_logits else recipe.loss,
        "batch_size": recipe.batch_size,
        "epochs_limit": recipe.epochs,
        "monitor": recipe.monitor,
        "patience": recipe.patience,
        "validation_share": recipe.validation_share,
        "restore_best": recipe.restore_best,
        "plateau": None
        if plateau is None
        else f"{plateau.monitor} x {plateau.factor:g} after {plateau.patience}, down to {plateau.min_learning_rate:g}",
    }


def _optimizer_name(recipe: Training) -> str:
    optimizer = recipe.optimizer if is_told(recipe) else recipe.optimizer()
    rate = np.float32(float(optimizer.learning_rate))  # as Keras keeps it, which the last printed digit may tell
    momentum = getattr(optimizer, "momentum", 0)
    name = f"{type(optimizer).__name__}, learning rate {float(rate):g}"
    return f"{name}, momentum {momentum:g}" if momentum and type(optimizer).__name__ == "SGD" else name


def _pipeline_record(task: Task, choices: Choices) -> dict:
    variant = task.variant
    before = variant.copies(choices, task.seed) if variant.copies else ()
    after = variant.augmentation(choices, task.seed) if variant.augmentation else ()

    def described(pipeline: Pipeline) -> dict:
        return {**pipeline.description(), "fingerprint": pipeline.fingerprint}

    return {
        **described(variant.pipeline(choices)),
        "columns": list(variant.columns(choices)) if variant.columns else None,
        "copies": [described(pipeline) for pipeline in before],
        "augmentation": [described(pipeline) for pipeline in after],
    }


def decisive(declared: dict) -> dict:
    """The part of a declaration that figures depend on, as `finished` compares it."""
    return {key: _decisive(declared, declared, key) for key in (*DECISIVE, "seed")}


def finished(folder: Path, declared: dict) -> bool:
    """Whether the folder holds a finished run of this declaration.

    A quick run, or one on synthetic recordings, gives way to one that is neither: its figures are worth nothing.

    Raises
    ------
    RunError : it holds a finished run of another declaration, or one that can't be read
    """
    stored = standing(folder, for_figures=_for_figures(declared))
    if stored is None:
        return False
    other = [
        _told(key, stored, declared)
        for key in DECISIVE
        if _decisive(stored, declared, key) != _decisive(declared, declared, key)
    ]
    if other:
        raise RunError(
            f"{folder} holds a finished run with other settings ({', '.join(other)}): give another --out, or --force "
            "to train it again"
        )
    return True


def _told(key: str, stored: dict, declared: dict) -> str:
    """What differs, in a word; of corpora, whose recordings."""
    before, now = (_decisive(record, declared, key) for record in (stored, declared))
    if key != "corpora" or not before or not now:
        return key
    return f"recordings of {' and '.join(name for name in {**before, **now} if before.get(name) != now.get(name))}"


def standing(folder: Path, *, for_figures: bool) -> dict | None:
    """The record of a folder's finished run; None where there is none, or one that gives way to a run `for_figures`.

    Raises
    ------
    RunError : it can't be read
    """
    stored = read_record(folder / "run.json")
    return None if stored is None or (for_figures and not _for_figures(stored)) else stored


def _for_figures(record: dict) -> bool:
    """Whether a run is on real recordings, by more than a few epochs."""
    return not record["quick"] and not any(corpus["synthetic"] for corpus in record["corpora"].values())


def _decisive(record: dict, declared: dict, key: str) -> object:
    """The part of a record that figures depend on: of choices the values, of training what is declared beforehand."""
    value = json.loads(json.dumps(record.get(key)))
    if key == "choices" and value is not None:
        return {choice["key"]: choice["value"] for choice in value}
    if key == "corpora" and value is not None:  # stray files enter no clips; 0 as in the states of earlier releases
        return {name: {**corpus, "foreign": 0} for name, corpus in value.items()}
    if key == "training" and value is not None:
        return {name: value.get(name, BEFORE.get(name)) for name in declared["training"]}
    return value
