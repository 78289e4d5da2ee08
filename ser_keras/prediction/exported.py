"""A folder that `ser_keras.export` wrote, opened for prediction; an ONNX network is run without Keras or TensorFlow.

`model.json` tells the pipeline. It may name steps of our own waveform and feature modules alone, so that a folder from
a stranger calls nothing else.
"""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ser_keras.errors import RunError
from ser_keras.features.pipeline import MOVED, Pipeline, Step
from ser_keras.prediction.networks import Network, of_keras, of_onnx

FILES = {"keras": "model.keras", "onnx": "model.onnx"}
MODULES = (
    "ser_keras.audio",
    *(f"ser_keras.features.{name}" for name in ("cepstral", "functionals", "prosody", "spectral", "windows")),
)
KINDS = {"format": str, "name": str, "classes": list, "pipeline": dict, "inputs": list | None}


def opened(folder: Path, fold: int | None) -> tuple[str, tuple[Network, ...], Pipeline, np.ndarray | None, list[str]]:
    """Name, networks, pipeline, columns and classes of an exported folder.

    Raises
    ------
    RunError : it can't be read, is of a format that is not run here, or a fold is asked for
    """
    path = folder / "model.json"
    if fold is not None:
        raise RunError(f"{folder} holds one model, and no folds: leave the fold out")
    described = _described(path)
    form, classes, numbers = described["format"], described["classes"], described["inputs"]
    if form not in FILES:
        raise RunError(f"{folder} holds {form}, which is not run here: export the run as {' or '.join(FILES)}")
    network = (of_onnx if form == "onnx" else of_keras)(folder / FILES[form], len(classes))
    columns = None if numbers is None else np.array(numbers, dtype=np.int64)
    return described["name"], (network,), _pipeline(path, described["pipeline"]), columns, classes


def _described(path: Path) -> dict:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read ({error}): export the run again") from None
    whole = isinstance(found, dict) and all(key in found and isinstance(found[key], KINDS[key]) for key in KINDS)
    if not whole or not all(isinstance(name, str) for name in found["classes"]) or not found["classes"]:
        raise RunError(f"{path} does not tell {', '.join(KINDS)} as this version does: export the run again")
    if not all(isinstance(number, int) and number >= 0 for number in found["inputs"] or ()):
        raise RunError(f"{path} names inputs that are no places in a vector: export the run again")
    return found


def _pipeline(path: Path, told: Mapping) -> Pipeline:
    """The pipeline that a description tells, without the names of its numbers."""
    try:
        rate, told_steps, silence = told["sample_rate"], told["steps"], bool(told.get("silence"))
        steps = tuple(_step(path, one["function"], one["parameters"]) for one in told_steps)
        name = str(told["name"])
    except (KeyError, TypeError, AttributeError):
        raise RunError(f"{path} does not tell its pipeline as this version does: export the run again") from None
    if "seed" in told:
        raise RunError(f"{path} tells a pipeline that draws random numbers, which is not for prediction")
    if not (rate is None or (isinstance(rate, int) and rate > 0)):
        raise RunError(f"{path} tells the sample rate {rate!r}: export the run again")
    return Pipeline(name, rate, steps, silence=silence)


def _step(path: Path, name: str, parameters: Mapping) -> Step:
    function = _function(path, name)
    try:
        inspect.signature(function).bind("values", "sample_rate", **parameters)
    except TypeError as error:
        raise RunError(
            f"{path} tells the step {name} otherwise than this version has it ({error}): export the run again"
        ) from None
    return Step(function, tuple(sorted((key, _tuples(value)) for key, value in parameters.items())), False)


def _function(path: Path, name: str) -> Callable[..., np.ndarray]:
    module, _, own = name.rpartition(".")
    if module not in MODULES or own.startswith("_"):
        raise RunError(f"{path} names the step {name!r}, which is none of ours: export the run again")
    for place in (module, *(new for new, old in MOVED.items() if old == module)):
        found = getattr(importlib.import_module(place), own, None)
        if callable(found) and getattr(found, "__module__", None) == place:
            return found
    raise RunError(f"{path} names the step {name!r}, which this version lacks: export the run again")


def _tuples(value: object) -> object:
    """JSON's lists as the tuples that they were."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
