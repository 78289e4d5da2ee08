"""A chain of steps from a clip to an array, with a fingerprint that changes when what it computes can change."""

import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ser_keras import audio
from ser_keras.errors import AudioError

FEATURES_VERSION = 2  # raise it when a step of ours computes something else under the same name and parameters
LIBRARIES = (
    "librosa",
    "numpy",
    "praat-parselmouth",
    "scipy",
    "soundfile",
    "soxr",
)  # those whose release can move a feature
OURS = ("ser_keras", "papers")  # packages whose steps FEATURES_VERSION stands for
MOVED = {"ser_keras.stretching": "ser_keras.audio"}  # module → where its steps were once: stores and runs name that


@dataclass(frozen=True)
class Step:
    """One function of a pipeline and its keyword arguments, sorted; `random` ones are given `rng` as well."""

    function: Callable[..., np.ndarray]
    parameters: tuple[tuple[str, object], ...]
    random: bool

    @property
    def name(self) -> str:
        module = self.function.__module__
        return f"{MOVED.get(module, module)}.{self.function.__qualname__}"


def step(function: Callable[..., np.ndarray], *, random: bool = False, **parameters: object) -> Step:
    """A step that calls `function(values, sample_rate, **parameters)`, and with `rng` when it is `random`."""
    return Step(function, tuple(sorted(parameters.items())), random)


def fingerprint(description: dict, libraries: tuple[str, ...]) -> str:
    """What a pipeline of this description is called with the present versions; `libraries` as those of a pipeline."""
    versions = {name: version(name) for name in (*LIBRARIES, *libraries)}
    text = json.dumps([FEATURES_VERSION, versions, description], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sources(steps: tuple[Step, ...]) -> dict[str, str]:
    """Module → 16 hexadecimal digits of the SHA-256 of its text, for the steps of other packages than ours.

    Nobody raises a number when such a step is changed. A module without a text, as a compiled one, is left out.
    """
    found = {}
    for function in (step.function for step in steps):
        name = str(function.__module__)
        if name.partition(".")[0] not in OURS:
            try:
                text = inspect.getsource(inspect.getmodule(function))
            except (OSError, TypeError):
                continue
            found[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


@dataclass(frozen=True)
class Pipeline:
    """Clip → array: read as one channel at `sample_rate` (None: the file's own), then each step in turn.

    `seed` decides what random steps draw; each clip has a stream of its own, so order and number of workers do
    not matter. `names` are those of the entries of a feature vector, () for other arrays. A silent recording is an
    error unless `silence` is True. `libraries` are packages whose release can move what these steps give, beside those
    that every fingerprint holds.
    """

    name: str
    sample_rate: int | None
    steps: tuple[Step, ...]
    seed: int = 0
    names: tuple[str, ...] = ()
    silence: bool = False
    libraries: tuple[str, ...] = ()

    @property
    def is_random(self) -> bool:
        return any(step.random for step in self.steps)

    def description(self) -> dict:
        """All that decides what the pipeline gives, as JSON values."""
        steps = [{"function": step.name, "parameters": dict(step.parameters)} for step in self.steps]
        seeds = {"seed": self.seed} if self.is_random else {}
        accepted = {"silence": True} if self.silence else {}
        sources = {"sources": found} if (found := _sources(self.steps)) else {}
        return {"name": self.name, "sample_rate": self.sample_rate, "steps": steps, **seeds, **accepted, **sources}

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the SHA-256 of the description, our version of the steps and the libraries'."""
        return fingerprint(self.description(), self.libraries)

    def array(self, path: str | Path, clip: str) -> np.ndarray:
        """What the pipeline gives for one recording.

        Parameters
        ----------
        path : the recording
        clip : its id, which with the seed decides what random steps draw

        Returns
        -------
        float32 array; float64 for a vector of named numbers, which tables print to the last digit

        Raises
        ------
        AudioError : the recording can't be used; the message names it
        """
        wave, rate = audio.read(path, self.sample_rate, silence=self.silence)
        return self.applied(wave, rate, clip, name=str(path))

    def applied(self, wave: np.ndarray, sample_rate: int, clip: str, name: str | None = None) -> np.ndarray:
        """What the steps give for a wave; `clip` as for `array`, `name` for error messages."""
        rng = None
        if self.is_random:
            drawn_by = hashlib.sha256(clip.encode(errors="surrogateescape"))  # a name may be no Unicode
            rng = np.random.default_rng([self.seed, *drawn_by.digest()])
        values = wave
        for step in self.steps:
            drawn = {"rng": rng} if step.random else {}
            try:
                values = step.function(values, sample_rate, **dict(step.parameters), **drawn)
            except AudioError as error:
                raise AudioError(f"{name or clip}: {error}") from error
            if values.size == 0:
                raise AudioError(f"{name or clip}: nothing is left after {step.name}: the recording is too short")
        if not np.isfinite(values).all():
            raise AudioError(f"{name or clip}: the features hold NaN or infinity: leave the recording out")
        return values.astype(np.float64 if self.names else np.float32, copy=False)
