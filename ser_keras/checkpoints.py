"""The state of a training after an epoch, in one file; so that a run that is killed goes on from there.

A state is all that the rest of a training depends on: the model's variables (with the generators of its dropout
layers), the optimizer's (with its step and rate), the weights that early stopping would go back to, Python's
generator (Keras draws the order of the batches from it) and the history. Early stopping and the plateau are functions
of the history, so they are told it again; the order of the examples is a function of seed and epoch. Only what a
layer draws from Keras's global generator (`keras.random.…` without a seed) can't be kept; no model here does.

Not `keras.callbacks.BackupAndRestore`: it keeps neither early stopping nor plateau nor Python's generator, and writes
weights and epoch to two files, which a kill can leave of different epochs.
"""

import hashlib
import json
import os
import random
import shutil
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ser_keras.errors import RunError
from ser_keras.files import write_atomically, write_json
from ser_keras.tasks import UNFINISHED, WHOLE

SECONDS = 30.0  # between two states of short epochs: what is lost at most, or one epoch where that takes longer
VARIABLE = "SER_KERAS_CHECKPOINT_SECONDS"


@dataclass(frozen=True)
class State:
    """What a file holds.

    Parameters
    ----------
    history : one row an epoch
    ended : whether no further epoch is to be run
    generator : state of Python's generator
    model, optimizer : values of their variables, in their order
    best : weights that early stopping would go back to; () for none
    """

    history: tuple[dict, ...]
    ended: bool
    generator: tuple
    model: tuple[np.ndarray, ...]
    optimizer: tuple[np.ndarray, ...]
    best: tuple[np.ndarray, ...]


def interval() -> float:
    """Seconds between two states of a training whose epochs are shorter: $SER_KERAS_CHECKPOINT_SECONDS, or 30.

    Raises
    ------
    RunError : the variable is not a number from 0 on
    """
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text) if text else SECONDS
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise RunError(f"{VARIABLE}={text!r} is not a number of seconds: give one from 0 on, or unset it")
    return seconds


def read(path: Path, model: keras.Model) -> State | None:
    """The state in a file; None where there is no file, or it is not whole, or not of this compiled model."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(bytes(arrays["about"]))
        version, words, spare = about["generator"]
        model_values, optimizer_values, best = (
            tuple(arrays[f"{kind}-{number}"] for number in range(about[kind]))
            for kind in ("model", "optimizer", "best")
        )
        history, ended = tuple(about["history"]), about["ended"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    model.optimizer.build(model.trainable_variables)
    state = State(history, ended, (version, tuple(words), spare), model_values, optimizer_values, best)
    fits = _shapes(model.variables) == _shapes(model_values) and _shapes(model.optimizer.variables) == _shapes(
        optimizer_values
    )
    return state if fits else None


def _shapes(values: Sequence) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in values]


def _write(path: Path, state: State) -> None:
    groups = {"model": state.model, "optimizer": state.optimizer, "best": state.best}
    about = {
        "history": state.history,
        "ended": state.ended,
        "generator": state.generator,
        **{kind: len(values) for kind, values in groups.items()},
    }
    arrays = {f"{kind}-{number}": value for kind, values in groups.items() for number, value in enumerate(values)}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    write_atomically(path, lambda temporary: np.savez(temporary, **arrays))


class Keeper(keras.callbacks.Callback):
    """Keeps the history, and from time to time the state; brings a state back before the first epoch.

    It comes last of all callbacks, since it keeps what they have made of an epoch.

    Parameters
    ----------
    path : file of the state; None: nothing is kept
    state : where the training goes on from; None: at the start
    told : callbacks that are functions of the history, with early stopping (`watch`) among them or not
    seconds : of each epoch so far, a list that grows
    """

    def __init__(
        self,
        path: Path | None,
        state: State | None,
        told: Sequence[keras.callbacks.Callback],
        watch: keras.callbacks.EarlyStopping,
        seconds: list[float],
    ) -> None:
        super().__init__()
        self.history = [] if state is None else list(state.history)
        self._path, self._state, self._told, self._watch, self._seconds = path, state, told, watch, seconds
        self._interval, self._written = interval(), 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._written = time.monotonic()
        if self._state is None:
            return
        for epoch, row in enumerate(self._state.history):
            for callback in self._told:
                callback.on_epoch_end(epoch, dict(row))
        for variable, value in zip(self.model.variables, self._state.model, strict=True):
            variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self._state.optimizer, strict=True):
            variable.assign(value)
        if self._watch in self._told and self._watch.restore_best_weights:
            self._watch.best_weights = list(self._state.best) or self.model.get_weights()
        random.setstate(self._state.generator)
        self.model.stop_training = False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        row = {**(logs or {}), "seconds": self._seconds[-1]}
        self.history.append(row)
        due = time.monotonic() - self._written >= self._interval
        if due and np.isfinite(row["loss"]):
            self.keep(ended=self.model.stop_training)

    def keep(self, *, ended: bool, best: bool = True) -> None:
        """Write the state; with `best` the weights that early stopping would go back to."""
        if self._path is None:
            return
        weights = self._watch.best_weights if best and self._watch in self._told else None
        values = (
            tuple(keras.ops.convert_to_numpy(variable) for variable in variables)
            for variables in (self.model.variables, self.model.optimizer.variables)
        )
        _write(self._path, State(tuple(self.history), ended, random.getstate(), *values, tuple(weights or ())))
        self._written = time.monotonic()


def prepared(folder: Path, declared: Mapping) -> Path:
    """A run's folder for states, with those that are there if they are of this declaration; all else is removed.

    A finished run that is trained again stays, to be read, until the new one is put in its place. The states of its
    successor name its record; those that name none are what a kill left of its own training.
    """
    place, record = folder / UNFINISHED, folder / "run.json"
    declared = json.loads(json.dumps(declared))
    replaced = hashlib.sha256(record.read_bytes()).hexdigest() if record.exists() else None
    found = _read_json(place / "declaration.json")
    of_record = found.pop("replaces", None) if isinstance(found, dict) else None
    same = found == declared and replaced in (None, of_record)
    shutil.rmtree(place / WHOLE if same else place, ignore_errors=True)
    if replaced is None:
        _empty(folder, place)
    for path in place.glob(".*"):  # what was being written when the run was killed
        path.unlink()
    write_json(place / "declaration.json", {**declared, "replaces": replaced} if replaced else declared)
    return place


def put(folder: Path) -> None:
    """Put a run's files, which are written whole, in the place of those of a finished run that it replaces, if any.

    The record is the first to go and the last to come, so that what is half there is not taken for a run.
    """
    place = folder / UNFINISHED
    (folder / "run.json").unlink(missing_ok=True)
    _empty(folder, place)
    for path in sorted((place / WHOLE).iterdir(), key=lambda path: path.name == "run.json"):
        path.replace(folder / path.name)


def _empty(folder: Path, place: Path) -> None:
    """Remove what is in a folder but for the place of states."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir() and path != place:
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()


def removed(folder: Path) -> None:
    """Remove the states of a run that is finished."""
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
