"""A finished run's network, or the one in the box, asked for the emotion of new recordings.

Of a run the pipeline is rebuilt by the paper's room from the run's choices, so that a new recording goes the way that
the training clips went, and Keras loads the network. An exported folder tells its pipeline itself, and its ONNX network
needs neither Keras nor TensorFlow.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras import audio
from ser_keras.errors import AudioError, RunError
from ser_keras.features.pipeline import Pipeline
from ser_keras.prediction.networks import Network
from ser_keras.prediction.sounds import Sound, cut, sound, windows
from ser_keras.prediction.tables import Heard, Segment

BOXED = Path(__file__).parents[1] / "boxed"
DEFAULT = "cremad"
EXPORTED = "model.json"  # what an exported folder has and a run's folder has not

Source = str | os.PathLike | np.ndarray


@dataclass(frozen=True)
class Predictor:
    """Recordings in, emotions out, in the manner of scikit-learn.

    Parameters
    ----------
    name : the model's, for people
    networks : one, or one a fold: then their probabilities are averaged
    pipeline : sound → what the models are fed
    columns : places in a feature vector that are taken, in this order; None: all
    classes_ : names in the order of the probabilities
    """

    name: str
    networks: tuple[Network, ...]
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
        length = len(whole.wave) / whole.sample_rate
        if seconds is None:
            return Heard(str(clip), self.scores(self.features(whole)[np.newaxis])[0], seconds=length)
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
        mean = np.mean([one.scores for one in parts if one.scores is not None], axis=0)
        return Heard(str(clip), mean, parts, seconds=length)

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
        except TypeError as error:
            raise RunError(
                f"{self.name}: a step of its pipeline can't take what it is given ({error}): export the run again"
            ) from error
        taken = values if self.columns is None else values[self.columns]
        if taken.shape != self.networks[0].shape:
            raise RunError(
                f"{self.name} takes {self.networks[0].shape}, its pipeline gives {taken.shape}: train it again"
            )
        return taken.astype(np.float32)

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Mean probabilities of the models: (n, …) → float32 (n, classes)."""
        return np.mean([network.answer(inputs) for network in self.networks], axis=0).astype(np.float32)


def load(run: str | os.PathLike | None = None, fold: int | None = None) -> Predictor:
    """The predictor of a finished run or an exported folder; None or a boxed model's name: of the model in the box.

    Parameters
    ----------
    run : folder with run.json and model.keras, or model-1.keras … of a run of several folds; or a folder that
        `ser_keras.export` wrote as Keras or ONNX
    fold : which of several models, from 1; None: the mean of their probabilities

    Raises
    ------
    RunError : neither a finished run nor an export, or its paper has changed since
    PaperError : its paper is not installed
    """
    boxed = run is None or str(run) in boxed_names()
    folder = BOXED / (DEFAULT if run is None else str(run)) if boxed else Path(run)
    if (folder / EXPORTED).is_file():
        from ser_keras.prediction.exported import opened
    else:
        from ser_keras.prediction.stored import opened
    name, networks, pipeline, columns, classes = opened(folder, fold)
    return Predictor(name, networks, pipeline, columns, np.array(classes))


def boxed_names() -> tuple[str, ...]:
    """Names of the models that come with the package."""
    return tuple(sorted(path.parent.name for path in BOXED.glob("*/run.json")))
