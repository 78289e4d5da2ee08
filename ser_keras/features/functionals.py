"""Functionals of openSMILE: one vector of statistics a clip, the field's own handcrafted features.

openSMILE is an extra (`pip install "ser_keras[baseline]"`): its licence allows private, research and educational use
alone. It is imported where it is called. In a process that has loaded TensorFlow its native library corrupts memory
(opensmile 2.6 beside tensorflow 2.21, by glibc's malloc check); from there it is called in a process of its own.
"""

import importlib.util
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from joblib.externals.loky import ProcessPoolExecutor

from ser_keras.errors import AudioError, DependencyError
from ser_keras.features.pipeline import Pipeline, step

if TYPE_CHECKING:
    import opensmile

SAMPLE_RATE = 16_000  # the lowest of our corpora: of all of them the features then see the same band
N_EGEMAPS = 88


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

    Source: Eyben et al. (2016), The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and
    affective computing, IEEE Transactions on Affective Computing 7; computed by the package `opensmile`.
    """
    check_installed()
    if "tensorflow" in sys.modules:
        values = _other_process().submit(_functionals, "eGeMAPSv02", wave, sample_rate).result()
    else:
        values = _functionals("eGeMAPSv02", wave, sample_rate)
    if not np.isfinite(values).all():
        raise AudioError(f"openSMILE gives no functionals for {len(wave) / sample_rate:.3f} s: leave the recording out")
    return values


def _functionals(feature_set: str, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a short wave, which gives NaN
        return _extractor(feature_set)(wave, sample_rate).reshape(-1)


@cache
def _other_process() -> ProcessPoolExecutor:
    """One that holds nothing but openSMILE; it ends with this one."""
    return ProcessPoolExecutor(max_workers=1)


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
