"""New recordings as waves: files, folders of files, arrays; and the windows of a long one.

Waves are float32 `(samples,)` in [-1, 1] at a rate in hertz.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras import audio
from ser_keras.errors import AudioError

OVERLAP = 0.5  # share of a window that the next one hears again
SHORTEST_S = 0.2  # about a syllable: of less, features can be computed, but nothing is said in it


@dataclass(frozen=True)
class Sound:
    """One recording: its name for people, its wave and rate."""

    name: str
    wave: np.ndarray
    sample_rate: int


@dataclass(frozen=True)
class Window:
    """A part of a sound, in seconds from its start."""

    start_s: float
    end_s: float


def files(paths: Sequence[Path]) -> list[Path]:
    """Files as given, and of each folder every file of a kind that libsndfile reads, sorted; each once.

    Raises
    ------
    AudioError : a path is not there, or a folder holds no recording
    """
    import soundfile

    # headerless files can't be told from others: they are read when they are named, not when a folder is
    kinds = {f".{kind.lower()}" for kind in soundfile.available_formats() if kind != "RAW"} | {".aif", ".aifc", ".oga"}
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in kinds and one.is_file())
            if not inside:
                raise AudioError(f"{path} holds no recording that can be read: name another folder, or its files")
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None
        else:
            raise AudioError(f"{path} is not there: name a recording or a folder of recordings")
    return list(found)


def sound(
    source: str | os.PathLike | np.ndarray,
    sr: int | None = None,
    name: str = "the array",
    longest_s: float | None = None,
) -> Sound:
    """A recording of any rate and channels as one wave; channels are averaged.

    Parameters
    ----------
    source : a file of any kind that libsndfile reads, or an array as soundfile gives it: (samples,) or
        (samples, channels), floats in [-1, 1] or whole numbers, which are scaled by their kind's range
    sr : int, hertz; of an array alone
    name : of an array, for messages
    longest_s : seconds; a longer file is refused before it is decoded

    Raises
    ------
    AudioError : unreadable, empty, silent, not finite, or shorter than `SHORTEST_S`; an array without a rate, or of
        another shape or kind
    """
    if isinstance(source, str | os.PathLike):
        if sr is not None:
            raise AudioError(f"{source} is a file, which tells its own sample rate: leave sr out")
        if not Path(source).exists():
            raise AudioError(f"{source} is not there: name a recording")
        return _long_enough(Sound(str(source), *audio.read(source, longest_s=longest_s)))
    if sr is None or not np.isfinite(sr) or sr <= 0:
        raise AudioError(f"{name} has sr {sr}, expected its sample rate in hertz")
    wave = _scaled(np.asarray(source), name)
    if wave.ndim == 2:
        if wave.shape[1] > wave.shape[0]:
            raise AudioError(f"{name} has shape {wave.shape}, expected (samples, channels): transpose it")
        wave = wave.mean(axis=1)
    audio.check(wave, name)
    return _long_enough(Sound(name, wave, int(sr)))


def _long_enough(recording: Sound) -> Sound:
    seconds = len(recording.wave) / recording.sample_rate
    if seconds < SHORTEST_S:
        raise AudioError(
            f"{recording.name} is too short: it has {seconds:.3f} s, expected {SHORTEST_S} s or more: leave it out"
        )
    return recording


def _scaled(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if values.dtype.kind not in "iu":
        raise AudioError(f"{name} holds {values.dtype}, expected floats in [-1, 1] or whole numbers")
    half = 2.0 ** (8 * values.dtype.itemsize - 1)
    middle = half if values.dtype.kind == "u" else 0.0
    return ((values.astype(np.float64) - middle) / half).astype(np.float32)


def windows(samples: int, sample_rate: int, seconds: float) -> list[Window]:
    """Windows of `seconds`, each half over the one before; the last ends where the sound does.

    A sound that is shorter is one window.

    Raises
    ------
    AudioError : `seconds` is less than `SHORTEST_S`
    """
    if not seconds >= SHORTEST_S:
        raise AudioError(f"windows of {seconds} s are too short: give {SHORTEST_S} s or more")
    whole = samples / sample_rate
    if whole <= seconds:
        return [Window(0.0, whole)]
    hop = seconds * (1 - OVERLAP)
    starts = [number * hop for number in range(int((whole - seconds) / hop + 1e-9) + 1)]
    if whole - (starts[-1] + seconds) > 0.5 / sample_rate:
        starts.append(whole - seconds)
    return [Window(start, start + seconds) for start in starts]


def cut(whole: Sound, window: Window) -> Sound:
    """The part of a sound that a window hears.

    Raises
    ------
    AudioError : it is silent
    """
    rate = whole.sample_rate
    wave = whole.wave[round(window.start_s * rate) : round(window.end_s * rate)]
    name = f"{whole.name} from {window.start_s:.2f} to {window.end_s:.2f} s"
    audio.check(wave, name)
    return Sound(name, wave, rate)
