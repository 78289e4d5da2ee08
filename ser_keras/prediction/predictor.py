"""A finished run's network, or the one in the box, asked for the emotion of new recordings.

The pipeline is rebuilt by the paper's room from the run's choices, so that a new recording goes the way that the
training clips went; Keras's safe mode loads the network.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from ser_keras import audio, discovery
from ser_keras.choices import resolved
from ser_keras.errors import AudioError, PaperError, RunError
from ser_keras.experiment import Choice, Choices
from ser_keras.features.pipeline import Pipeline
from ser_keras.keras_files import load_model
from ser_keras.prediction.sounds import Sound, cut, sound, windows
from ser_keras.prediction.tables import Heard, Segment

BOXED = Path(__file__).parents[1] / "boxed"
DEFAULT = "cremad"

RECORD = {
    **dict.fromkeys(("paper", "experiment", "variant", "protocol"), str),
    "seed": int,
    "classes": list,
    "choices": list,
    "pipeline": dict,
}  # of run.json

Source = str | os.PathLike | np.ndarray


@dataclass(frozen=True)
class Predictor:
    """Recordings in, emotions out, in the manner of scikit-learn.

    Parameters
    ----------
    name : the model's, for people
    models : one, or one a fold: then their probabilities are averaged
    pipeline : sound → what the models are fed
    columns : entries of a feature vector that are taken, in this order; None: all
    classes_ : names in the order of the probabilities
    """

    name: str
    models: tuple[keras.Model, ...]
    pipeline: Pipeline
    columns: np.ndarray | None
    classes_: np.ndarray

    def predict(self, recordings: Source | Sequence[Source], sr: int | None = None) -> np.ndarray:
        """The likeliest class of each recording: str (n,), of one recording (1,). See `predict_proba`."""
        return self.classes_[self.predict_proba(recordings, sr).argmax(axis=1)]

    def predict_proba(self, recordings: Source | Sequence[Source], sr: int | None = None) -> np.ndarray:
        """Probabilities of the classes, in the order of `classes_`.

        Parameters
        ----------
        recordings : one, or a list or tuple of them: a file that soundfile reads, or an array (samples,) or
            (samples, channels) of floats in [-1, 1] or of whole numbers; channels are averaged
        sr : int, hertz, of all arrays; a file tells its own

        Returns
        -------
        float32 (n, classes)

        Raises
        ------
        AudioError : a recording is unreadable, silent, too short or not finite; the message names it
        """
        several = list(recordings) if isinstance(recordings, list | tuple) else [recordings]
        if not several:
            raise AudioError("no recording is given: name one or more")
        heard = []
        for number, one in enumerate(several):
            name = "the array" if len(several) == 1 else f"array {number}"
            of_array = None if isinstance(one, str | os.PathLike) and len(several) > 1 else sr
            heard.append(self.features(sound(one, of_array, name)))
        return self.scores(np.stack(heard))

    def hear(self, clip: Path, seconds: float | None = None) -> Heard:
        """The probabilities of a recording, or of its windows and their mean.

        Parameters
        ----------
        clip : file
        seconds : length of a window; None: the recording is heard as one. A window that can't be used, for it is
            silent, is told as such and left out of the mean

        Raises
        ------
        AudioError : the recording can't be used, or none of its windows
        """
        whole = sound(clip)
        if seconds is None:
            return Heard(str(clip), self.scores(self.features(whole)[np.newaxis])[0])
        cuts, arrays, faults = windows(len(whole.wave), whole.sample_rate, seconds), [], []
        for window in cuts:
            try:
                arrays.append(self.features(cut(whole, window)))
                faults.append("")
            except AudioError as error:
                faults.append(str(error))
        if not arrays:
            raise AudioError(f"{clip}: none of its {len(cuts)} windows can be used; the first: {faults[0]}")
        scores = iter(self.scores(np.stack(arrays)))
        parts = tuple(
            Segment(window, None if fault else next(scores), fault) for window, fault in zip(cuts, faults, strict=True)
        )
        return Heard(str(clip), np.mean([one.scores for one in parts if one.scores is not None], axis=0), parts)

    def features(self, recording: Sound) -> np.ndarray:
        """What the models are fed for a sound: float32, without the batch's axis."""
        wave, rate = recording.wave, self.pipeline.sample_rate
        if rate is not None and rate != recording.sample_rate:
            wave = audio.resampled(wave, recording.sample_rate, target_rate=rate)
        name = Path(recording.name).name
        try:
            values = self.pipeline.applied(wave, rate or recording.sample_rate, name, name=recording.name)
        except (
            ValueError,
            ArithmeticError,
            MemoryError,
        ) as error:  # librosa's and Praat's, of a wave that is too short
            raise AudioError(f"{recording.name}: no feature can be taken ({error}): is it too short?") from error
        taken = values if self.columns is None else values[self.columns]
        if taken.shape != self.models[0].input_shape[1:]:
            raise RunError(
                f"{self.name} takes {self.models[0].input_shape[1:]}, its pipeline gives {taken.shape}: train it again"
            )
        return taken.astype(np.float32)

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Mean probabilities of the models: (n, …) → float32 (n, classes)."""
        each = [keras.ops.convert_to_numpy(model(inputs, training=False)) for model in self.models]
        return np.mean(each, axis=0).astype(np.float32)


def load(run: str | os.PathLike | None = None, fold: int | None = None) -> Predictor:
    """The predictor of a finished run's folder; None or a boxed model's name: that of the model in the box.

    Parameters
    ----------
    run : folder with run.json and model.keras, or model-1.keras … of a run of several folds
    fold : which of several models, from 1; None: the mean of their probabilities

    Raises
    ------
    RunError : no finished run, or its paper has changed since
    PaperError : its paper is not installed
    """
    boxed = run is None or str(run) in boxed_names()
    folder = BOXED / (DEFAULT if run is None else str(run)) if boxed else Path(run)
    record = _record(folder / "run.json")
    pipeline, columns = _rebuilt(folder, record)
    if pipeline.sample_rate is None and record.get("sample_rate"):
        pipeline = replace(pipeline, sample_rate=record["sample_rate"])
    models = tuple(_model(path, len(record["classes"])) for path in _model_files(folder, fold))
    numbers = None if columns is None else np.array([pipeline.names.index(name) for name in columns])
    return Predictor(_name(record, fold, len(models)), models, pipeline, numbers, np.array(record["classes"]))


def boxed_names() -> tuple[str, ...]:
    """Names of the models that come with the package."""
    return tuple(sorted(path.parent.name for path in BOXED.glob("*/run.json")))


def _record(path: Path) -> dict:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"{path.parent} holds no finished run: name the folder with its run.json, or a model in the box "
            f"({', '.join(boxed_names()) or 'none'})"
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


def _rebuilt(folder: Path, record: Mapping) -> tuple[Pipeline, tuple[str, ...] | None]:
    """The run's pipeline and columns as its paper's room makes them now, if they are still those of the run."""
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
    if now != {key: stored.get(key) for key in now} or stored.get("silence", False) != now.get("silence", False):
        raise RunError(f"{paper} makes other features now than when {folder} was trained: train it again")
    return pipeline, columns


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


def _model(path: Path, n_classes: int) -> keras.Model:
    model = load_model(path)
    if model.output_shape[-1] != n_classes:
        raise RunError(f"{path} gives {model.output_shape[-1]} classes, its run.json names {n_classes}: train it again")
    return model


def _name(record: Mapping, fold: int | None, models: int) -> str:
    """`cremad (rastogi2025/mlp …)` of a model in the box; `paper/experiment variant protocol seed N …` of a run."""
    network = f"{record['paper']}/{record['experiment']} {record['variant']}"
    if "name" in record:
        return f"{record['name']} ({network})"
    name = f"{network} {record['protocol']} seed {record['seed']}"
    changed = [f"{one['key']}={one['value']}" for one in record["choices"] if one["value"] != one.get("default")]
    folds = f"fold {fold}" if fold is not None else f"mean of {models} folds" if models > 1 else ""
    return " ".join([name, *changed, *([folds] if folds else [])])
