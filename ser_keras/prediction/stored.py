"""A finished run's folder, opened for prediction: its networks, and the pipeline as its paper's room makes it now."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ser_keras import audio, discovery
from ser_keras.choices import resolved
from ser_keras.errors import PaperError, RunError
from ser_keras.experiment import Choice, Choices
from ser_keras.features.pipeline import Pipeline
from ser_keras.prediction.networks import Network, of_keras

RECORD = {
    **dict.fromkeys(("paper", "experiment", "variant", "protocol"), str),
    "seed": int,
    "classes": list,
    "choices": list,
    "pipeline": dict,
}  # of run.json

Opened = tuple[str, tuple[Network, ...], Pipeline, np.ndarray | None, list[str]]


def opened(folder: Path, fold: int | None) -> Opened:
    """Name, networks, pipeline, columns and classes of a finished run.

    Raises
    ------
    RunError : no finished run, or its paper has changed since
    PaperError : its paper is not installed
    """
    record = recorded(folder)
    pipeline, columns = rebuilt(folder, record)
    classes = record["classes"]
    networks = tuple(of_keras(path, len(classes)) for path in _model_files(folder, fold))
    return name(record, fold, len(networks)), networks, pipeline, columns, classes


def checked(folder: Path) -> str:
    """The name that a run's predictor would have, found without loading a network.

    Raises
    ------
    RunError, PaperError : as `opened`, but for a network that can't be read
    """
    record = recorded(folder)
    rebuilt(folder, record)
    return name(record, None, len(_model_files(folder, None)))


def recorded(folder: Path) -> dict:
    """The run.json of a folder.

    Raises
    ------
    RunError : it is missing, or can't be used
    """
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"{path.parent} holds no finished run: name the folder with its run.json, an exported one, "
            "or a bundled model"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} can't be read ({error}): train the run again") from error
    for key, kind in RECORD.items():
        if not isinstance(record, dict) or not isinstance(record.get(key), kind):
            raise RunError(f"{path} lacks {key!r}, or has something else there: train the run again")
    known = all(isinstance(one, dict) and isinstance(one.get("key"), str) for one in record["choices"])
    if not known or not all(isinstance(one, str) for one in record["classes"]):
        raise RunError(f"{path} has choices or classes without names: train the run again")
    rate = record.get("sample_rate")
    if rate is not None and (type(rate) is not int or not audio.RATES[0] <= rate <= audio.RATES[1]):
        raise RunError(f"{path} says that its clips have {rate!r:.40} samples a second: train the run again")
    return record


def rebuilt(folder: Path, record: Mapping) -> tuple[Pipeline, np.ndarray | None]:
    """The run's pipeline and its columns' places as its paper's room makes them now, if they are still the run's.

    Raises
    ------
    RunError : they are others
    PaperError : the paper is not installed, or has another choice
    """
    paper, place = record["paper"], f"{record['experiment']} {record['variant']}"
    experiments = {one.name: one for one in discovery.load_paper(paper).experiments}
    variants = {one.name: one for one in getattr(experiments.get(record["experiment"]), "variants", ())}
    if record["variant"] not in variants:
        raise RunError(f"{folder} is a run of {paper}'s {place}, which {paper} no longer has: train another")
    variant = variants[record["variant"]]
    try:
        choices = _choices(record, experiments[record["experiment"]].choices + variant.choices)
        pipeline = variant.pipeline(choices)
        columns = tuple(variant.columns(choices)) if variant.columns else None
    except KeyError as error:
        raise PaperError(f"{paper} now has the choice {error}, which {folder} does not know: train it again") from None
    stored = record["pipeline"]
    now = json.loads(json.dumps({**pipeline.description(), "columns": columns}))
    if "sources" not in stored:  # a run of an earlier release
        now.pop("sources", None)
    if now != {key: stored.get(key) for key in now} or stored.get("silence", False) != now.get("silence", False):
        raise RunError(f"{paper} makes other features now than when {folder} was trained: train it again")
    if pipeline.sample_rate is None and record.get("sample_rate"):
        pipeline = replace(pipeline, sample_rate=record["sample_rate"])
    return pipeline, None if columns is None else np.array([pipeline.names.index(name) for name in columns])


def _choices(record: Mapping, declared: tuple[Choice, ...]) -> Choices:
    """The run's choices, each of the kind that its paper declares."""
    known = {choice.key for choice in declared}
    given = {one["key"]: one["value"] for one in record["choices"] if one["key"] in known}
    values = resolved(declared, {key: str(value) for key, value in given.items()})
    return {key: values[key] for key in given}


def _model_files(folder: Path, fold: int | None) -> list[Path]:
    single = folder / "model.keras"
    if single.exists():
        if fold is not None:
            raise RunError(f"{folder} holds one model, and no folds: leave the fold out")
        return [single]
    several = sorted(folder.glob("model-[1-9]*.keras"), key=lambda path: int(path.stem.partition("-")[2]))
    if not several:
        raise RunError(f"{folder} holds no model: train the run again")
    if fold is None:
        return several
    if not 1 <= fold <= len(several):
        raise RunError(f"{folder} holds folds 1 to {len(several)}, and no fold {fold}")
    return [several[fold - 1]]


def name(record: Mapping, fold: int | None, models: int) -> str:
    """`cremad (rastogi2025/mlp …)` of a model in the box; `paper/experiment variant protocol seed N …` of a run."""
    network = f"{record['paper']}/{record['experiment']} {record['variant']}"
    if "name" in record:
        return f"{record['name']} ({network})"
    told = f"{network} {record['protocol']} seed {record['seed']}"
    changed = [f"{one['key']}={one['value']}" for one in record["choices"] if one["value"] != one.get("default")]
    if record.get("weights", "trained") != "trained":
        changed.append(f"weights={record['weights']}")
    synthetic = any(isinstance(one, dict) and one.get("synthetic") for one in _corpora(record))
    changed += [word for word, holds in (("synthetic", synthetic), ("quick", record.get("quick"))) if holds]
    folds = f"fold {fold}" if fold is not None else f"mean of {models} folds" if models > 1 else ""
    return " ".join([told, *changed, *([folds] if folds else [])])


def _corpora(record: Mapping) -> list:
    """What a record says of its corpora; [] where it says nothing that can be read."""
    told = record.get("corpora")
    return list(told.values()) if isinstance(told, dict) else []
