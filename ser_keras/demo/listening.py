"""One recording of a visitor: within the limits, heard by the chosen networks, measured; knows no web."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ser_keras.demo.limits import HIGHEST_RATE, LARGEST, LOADED, LONGEST_S, SIDE_BY_SIDE
from ser_keras.errors import AudioError, SerError
from ser_keras.features import prosody
from ser_keras.features.voice import voice_quality
from ser_keras.prediction import predictor, stored
from ser_keras.prediction.sounds import Sound, sound
from ser_keras.report import runs


@dataclass(frozen=True)
class Answer:
    """What one network says: a probability a class, the classes by name, or why it says nothing."""

    model: str
    classes: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Measure:
    """A number of a recording with its unit."""

    title: str
    value: float
    unit: str


MEASURES = {
    "duration_sec": ("Duration", 1, "s"),
    "sample_rate": ("Sample rate", 1, "Hz"),
    "pitch_mean": ("Pitch (f0), mean", 1, "Hz"),
    "pitch_median": ("Pitch (f0), median", 1, "Hz"),
    "pitch_std": ("Pitch (f0), standard deviation", 1, "Hz"),
    "pitch_variation": ("Pitch (f0), standard deviation over mean", 1, "%"),
    "voiced_ratio": ("Voiced frames", 100, "%"),
    "jitter_local": ("Jitter, local: change from period to period", 100, "%"),
    "shimmer_local": ("Shimmer, local: change of amplitude from period to period", 100, "%"),
    "hnr_db": ("Harmonics-to-noise ratio (HNR), mean", 1, "dB"),
    "f1_mean": ("First formant (F1), mean", 1, "Hz"),
    "f2_mean": ("Second formant (F2), mean", 1, "Hz"),
    "f3_mean": ("Third formant (F3), mean", 1, "Hz"),
    "jitter": ("Change of f0 from frame to frame over its mean", 100, "%"),
    "shimmer": ("Standard deviation of the frames' RMS over its mean", 100, "%"),
    "intensity_db_mean": ("Intensity, mean", 1, "dB re full scale"),
    "rms_mean": ("RMS, mean", 1, "of full scale"),
    "rms_std": ("RMS, standard deviation", 1, "of full scale"),
    "mean_amplitude": ("Amplitude, mean", 1, "of full scale"),
    "peak_amplitude": ("Amplitude, peak", 1, "of full scale"),
    "zcr_mean": ("Zero crossings, mean", 100, "% of samples"),
    "zcr_std": ("Zero crossings, standard deviation", 100, "% of samples"),
    "tempo_bpm": ("Tempo", 1, "beats a minute"),
    "spectral_centroid_mean": ("Spectral centroid, mean", 1, "Hz"),
    "spectral_rolloff_mean": ("Spectral roll-off at 85 %, mean", 1, "Hz"),
    "spectral_flux_mean": ("Spectral flux, mean", 1, "magnitude"),
}  # name of the core → title, factor, unit


def available(out: Path) -> tuple[dict[str, Path | None], list[str]]:
    """Networks to choose from, the one in the box first, and why some runs are left out.

    Parameters
    ----------
    out : folder of runs; it need not be there

    Returns
    -------
    name → folder of its run, None for the one in the box; one line a run that can't predict
    """
    found: dict[str, Path | None] = {stored.checked(predictor.BOXED / predictor.DEFAULT): None}
    refused = []
    for paper in runs.papers_with_runs(out):
        for path in sorted((out / paper).glob("*/*/*/seed-*/run.json")):
            try:
                found[stored.checked(path.parent)] = path.parent
            except SerError as error:
                refused.append(str(error))
    return found, refused


@lru_cache(maxsize=LOADED)
def loaded(run: Path | None) -> predictor.Predictor:
    """The predictor of a run, kept until `LOADED` others were asked for."""
    return predictor.load(run)


def recording(path: Path, name: str) -> Sound:
    """A visitor's file as a sound, within the limits.

    Parameters
    ----------
    path : where it lies; no message tells it
    name : what the visitor calls it

    Raises
    ------
    AudioError : too large, too long, at too high a rate, or as in `sounds.sound`
    """
    try:
        if path.stat().st_size > LARGEST:
            raise AudioError(f"{name} has over {LARGEST // 2**20} MB: cut it, or compress it")
        found = sound(path, longest_s=LONGEST_S)
    except FileNotFoundError:
        raise AudioError(f"{name} is no longer here: give it again") from None
    except AudioError as error:
        raise AudioError(str(error).replace(str(path), name)) from None
    if found.sample_rate > HIGHEST_RATE:
        raise AudioError(f"{name} has {found.sample_rate} samples a second, expected {HIGHEST_RATE} or fewer")
    return Sound(name, found.wave, found.sample_rate)


def answers(heard: Sound, models: Mapping[str, Path | None]) -> list[Answer]:
    """What each network says of a sound; one that can't use it says why."""
    return [_answer(heard, name, run) for name, run in models.items()]


def _answer(heard: Sound, name: str, run: Path | None) -> Answer:
    try:
        model = loaded(run)
        scores = model.scores(model.features(heard)[np.newaxis])[0]
    except SerError as error:
        return Answer(name, error=str(error) if run is None else str(error).replace(str(run), name))
    shares = sorted(zip(map(str, model.classes_), map(float, scores), strict=True))
    return Answer(name, *(tuple(column) for column in zip(*shares, strict=True)))


def measures(heard: Sound) -> tuple[list[Measure], list[tuple[float, float]]]:
    """The measures of `MEASURES`, and mean and standard deviation of each of the 13 MFCCs.

    Source: `prosody.acoustic`, `voice_quality`; without a voiced frame the measures of pitch are NaN.
    """
    names = prosody.ACOUSTIC + prosody.SPECTRAL
    numbers = prosody.acoustic(heard.wave, heard.sample_rate, relative_variation=True, spectral=True)
    values = dict(zip(names, map(float, numbers), strict=True)) | voice_quality(heard.wave, heard.sample_rate)
    if not values["voiced_ratio"]:
        values |= dict.fromkeys(("pitch_mean", "pitch_median", "pitch_std", "pitch_variation", "jitter"), np.nan)
    table = [Measure(title, factor * values[name], unit) for name, (title, factor, unit) in MEASURES.items()]
    coefficients = [(values[f"mfcc_mean_{one}"], values[f"mfcc_std_{one}"]) for one in range(prosody.N_MFCC)]
    return table, coefficients


def chosen(names: Sequence[str], models: Mapping[str, Path | None]) -> dict[str, Path | None]:
    """The networks of these names, in the order of `models`.

    Raises
    ------
    AudioError : none, more than `SIDE_BY_SIDE`, or one that there is not
    """
    if not names:
        raise AudioError("no model is chosen: tick one or more")
    if len(set(names)) > SIDE_BY_SIDE:
        raise AudioError(f"{len(set(names))} models are chosen, expected {SIDE_BY_SIDE} or fewer: untick some")
    if unknown := [name for name in names if name not in models]:
        raise AudioError(f"there is no model {unknown[0]!r}: reload the page")
    return {name: run for name, run in models.items() if name in names}
