"""Functionals of openSMILE: one vector of statistics a clip, the field's own handcrafted features.

openSMILE is an extra (`pip install "ser_keras[baseline]"`): its licence allows private, research and educational use
alone. It is imported where it is called. In a process that has loaded TensorFlow its native library corrupts memory
(opensmile 2.6 beside tensorflow 2.21, by glibc's malloc check); from there it is called in a process of its own.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from functools import cache
from typing import IO, TYPE_CHECKING

import numpy as np

from ser_keras.errors import AudioError, DependencyError, SerError
from ser_keras.features.pipeline import Pipeline, step

if TYPE_CHECKING:
    import opensmile

SAMPLE_RATE = 16_000  # the lowest of our corpora: of all of them the features then see the same band
N_EGEMAPS = 88
_ONE_BY_ONE = threading.Lock()  # for the pipes to the other process


@cache
def _extractor(feature_set: str) -> "opensmile.Smile":
    """An extractor a process: setting one up takes longer than a clip does."""
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals)


def egemaps(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The 88 functionals of eGeMAPS, version 02: float32 (88,).

    Raises
    ------
    AudioError : the wave is too short for one frame
    DependencyError : openSMILE is not installed
    SerError : the process that openSMILE has to itself ended

    Source: Eyben et al. (2016), The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and
    affective computing, IEEE Transactions on Affective Computing 7; computed by the package `opensmile`.
    """
    check_installed()
    if "tensorflow" in sys.modules:
        values = _elsewhere("eGeMAPSv02", wave, sample_rate)
    else:
        values = _functionals("eGeMAPSv02", wave, sample_rate)
    if not np.isfinite(values).all():
        raise AudioError(f"openSMILE gives no functionals for {len(wave) / sample_rate:.3f} s: leave the recording out")
    return values


def _functionals(feature_set: str, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a short wave, which gives NaN
        return _extractor(feature_set)(wave, sample_rate).reshape(-1)


def _elsewhere(feature_set: str, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The same as `_functionals`, by the other process."""
    with _ONE_BY_ONE:
        child = _other_process()
        try:
            _send(child.stdin, wave, feature_set=feature_set, sample_rate=sample_rate)
            return _received(child.stdout)[0]
        except (BrokenPipeError, EOFError):
            _other_process.cache_clear()
            raise SerError(
                f"the process of openSMILE ended with {child.wait()} and told nothing: is there memory enough for it?"
            ) from None


@cache
def _other_process() -> subprocess.Popen:
    """One that holds nothing but openSMILE; it ends with this one.

    No pool of processes: a worker of Dask is a daemon, which may not have any.
    """
    command = [sys.executable, "-m", "ser_keras.features.functionals"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _answer() -> None:
    """Carry out what `_elsewhere` asks for, until the asking process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the asking process
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what openSMILE prints is no answer
        while True:
            try:
                wave, about = _received(sys.stdin.buffer)
            except EOFError:
                return
            _send(answers, _functionals(about["feature_set"], wave, about["sample_rate"]))


def _send(stream: IO[bytes], array: np.ndarray, **about: str | int) -> None:
    """A line of JSON and the array's bytes: nothing that would have to be unpickled."""
    told = {**about, "dtype": array.dtype.str, "shape": array.shape}
    stream.write(json.dumps(told).encode() + b"\n" + array.tobytes())
    stream.flush()


def _received(stream: IO[bytes]) -> tuple[np.ndarray, dict]:
    """What `_send` sent: the array, and what was told with it.

    Raises
    ------
    EOFError : the stream ended
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    about = json.loads(line)
    size = np.dtype(about["dtype"]).itemsize * int(np.prod(about["shape"]))
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return np.frombuffer(data, about["dtype"]).reshape(about["shape"]), about


def egemaps_pipeline() -> Pipeline:
    """Clip → (88,) at 16 kHz, its level as recorded.

    Raises
    ------
    DependencyError : openSMILE is not installed
    """
    check_installed()
    return Pipeline("egemaps", SAMPLE_RATE, (step(egemaps),), libraries=("opensmile",))


def check_installed() -> None:
    """Say how to get openSMILE where it is not there.

    Raises
    ------
    DependencyError
    """
    if importlib.util.find_spec("opensmile") is None:
        raise DependencyError('opensmile is not installed: pip install "ser_keras[baseline]"')


if __name__ == "__main__":
    _answer()
