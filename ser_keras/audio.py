"""A waveform in, a waveform out: read, trim, denoise, fix the length, add noise.

Waves are float32 `(samples,)` in [-1, 1]; sample rates are in hertz. Every function takes `(wave, sample_rate)`
first, so that it serves as a step of a pipeline; random ones take a `numpy.random.Generator` as `rng`. soundfile and
soxr are imported where they are called: commands that read no recording should not pay for them.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.errors import AudioError

if TYPE_CHECKING:
    import soundfile

SILENCE = 1e-6  # peak below which a recording holds nothing: under half a step of 16-bit audio (1 / 65536)
RATES = (1000, 768_000)  # hertz, of recordings that are taken: below, nothing of a voice is left
SAMPLES = 2**26  # of a channel, before and after resampling: over an hour at 16 kHz, and a quarter of a GiB
BLOCK = 2**20  # samples of all channels that are decoded at once


def read(
    path: str | Path, sample_rate: int | None = None, *, silence: bool = False, longest_s: float | None = None
) -> tuple[np.ndarray, int]:
    """A recording as one channel, resampled if asked for.

    Parameters
    ----------
    path : file of any kind that libsndfile reads
    sample_rate : int or None, hertz; None keeps the file's own
    silence : whether a silent recording is accepted
    longest_s : seconds; a longer recording is refused before it is decoded, or once its header proves to have lied

    Returns
    -------
    float32 (samples,), and its sample rate in hertz; channels are averaged

    Raises
    ------
    AudioError : unreadable, empty, silent, holding NaN or infinity, too long, or at a rate beyond `RATES`
    """
    import soundfile

    try:
        if not Path(path).exists():
            raise AudioError(f"{path} is not there: fetch the corpus again, or verify it")
        if not Path(path).is_file():  # opening a pipe would wait for somebody to write to it
            raise AudioError(f"{path} is no readable recording (not a file): replace it by one")
        with soundfile.SoundFile(_name(path)) as file:
            native_rate = file.samplerate
            _check_size(path, file.frames, native_rate, sample_rate, longest_s)
            wave = _one_channel(file, SAMPLES if longest_s is None else int(longest_s * native_rate))
        _check_size(path, len(wave), native_rate, sample_rate, longest_s)  # the header may have said less, or nothing
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(f"{path} is no readable recording ({error}): replace the file") from error
    check(wave, str(path), silence=silence)
    if sample_rate is not None and sample_rate != native_rate:
        wave = resampled(wave, native_rate, target_rate=sample_rate)
    return wave, sample_rate or native_rate


def _name(path: str | Path) -> str | bytes:
    """The name as soundfile takes it: as bytes where it is no Unicode."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return str(path)


def _check_size(
    path: str | Path, samples: int, native_rate: int, sample_rate: int | None, longest_s: float | None
) -> None:
    if not RATES[0] <= native_rate <= RATES[1]:
        raise AudioError(
            f"{path} says it has {native_rate} samples a second, expected {RATES[0]} to {RATES[1]}: replace the file"
        )
    if longest_s is not None and samples > longest_s * native_rate:
        raise AudioError(f"{path} is longer than {longest_s:g} s: cut it into clips")
    if samples * max(1.0, (sample_rate or native_rate) / native_rate) > SAMPLES:
        raise AudioError(f"{path} lasts {samples / native_rate / 60:.0f} minutes, which is too long: cut it into clips")


def _one_channel(file: soundfile.SoundFile, most: int) -> np.ndarray:
    """The mean of a file's channels, decoded in blocks until there are more than `most` samples.

    A header may promise any number of samples and channels.
    """
    blocks, rows = [], max(1, BLOCK // file.channels)
    while sum(map(len, blocks)) <= most:
        channels = file.read(rows, dtype="float32", always_2d=True)
        with np.errstate(invalid="ignore", over="ignore"):  # what comes of it is not finite, and refused as such
            blocks.append(channels.mean(axis=1) if file.channels > 1 else channels[:, 0])
        if len(channels) < rows:
            break
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def check(wave: np.ndarray, name: str = "the wave", *, silence: bool = False) -> None:
    """Refuse what no feature can be taken from.

    Raises
    ------
    AudioError : `wave` is not one-dimensional, empty, not finite, or silent (unless `silence` is True)
    """
    if wave.ndim != 1:
        raise AudioError(f"{name} has shape {wave.shape}, expected (samples,): average its channels first")
    if wave.size == 0:
        raise AudioError(f"{name} holds no samples: replace the file")
    lowest, highest = wave.min(), wave.max()  # both NaN where one sample is
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise AudioError(f"{name} holds NaN or infinite samples: replace the file")
    if not silence and max(-lowest, highest) < SILENCE:
        raise AudioError(f"{name} is silent (peak under {SILENCE:g}): replace the file or leave it out")


def resampled(wave: np.ndarray, sample_rate: float, *, target_rate: int) -> np.ndarray:
    """The wave at another rate: float32 (ceil(samples · target_rate / sample_rate),).

    Source: `librosa.resample`, its default `soxr_hq`, without what that does for several channels.
    """
    import soxr

    size = math.ceil(len(wave) * (target_rate / sample_rate))
    made = soxr.resample(wave, sample_rate, target_rate, quality="HQ")[:size]
    return made if len(made) == size else np.pad(made, (0, size - len(made)))


def trimmed(wave: np.ndarray, sample_rate: int, *, top_db: float | None) -> np.ndarray:
    """The wave without leading and trailing frames more than `top_db` dB below its loudest frame.

    Parameters
    ----------
    top_db : float or None, dB; None trims nothing

    Raises
    ------
    AudioError : `top_db` is not positive

    Source: `librosa.effects.trim` (frames of 2048 samples, hop 512, RMS).
    """
    if top_db is None:
        return wave
    if top_db <= 0:
        raise AudioError(f"trim_top_db is {top_db}, expected a positive number of decibels or none")
    squares = np.square(np.pad(wave, (1024, 1024 + -len(wave) % 512)))
    sums = squares.reshape(-1, 512).sum(axis=1)  # of four, a frame
    powers = (sums[:-3] + sums[1:-2] + sums[2:-1] + sums[3:])[: 1 + len(wave) // 512] / 2048
    powers = np.maximum(powers, 1e-10)
    loud = np.flatnonzero(10 * np.log10(powers / powers.max()) > -top_db)
    return wave[512 * loud[0] : 512 * (loud[-1] + 1)] if loud.size else wave[:0]


def frame_rms(wave: np.ndarray) -> np.ndarray:
    """RMS of frames of 2048 samples, 512 apart, centred, zeros beyond both ends: float32 (1 + samples // 512,).

    Source: `librosa.feature.rms`, to its last bit.
    """
    squares = np.square(np.pad(wave, 1024))  # once, though frames overlap
    frames = np.lib.stride_tricks.sliding_window_view(squares, 2048)[::512]
    return np.sqrt(frames.T.mean(axis=0))


def trimmed_to_level(wave: np.ndarray, sample_rate: int, *, level: float) -> np.ndarray:
    """The wave from its first to its last sample whose magnitude is above `level`; all of it where there is none.

    Source: Kanoun et al. (2024), their code.
    """
    loud = np.flatnonzero(np.abs(wave) > level)
    return wave[loud[0] : loud[-1] + 1] if loud.size else wave


def peak_normalised(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The wave divided by its largest magnitude, which becomes 1; zeros stay zeros."""
    peak = np.abs(wave).max()
    return wave / peak if peak > 0 else wave


def wiener_filtered(wave: np.ndarray, sample_rate: int, *, size: int) -> np.ndarray:
    """The wave after a local Wiener filter of `size` samples; the noise power is the mean local variance.

    Parameters
    ----------
    size : odd int, samples; 1 filters nothing

    Raises
    ------
    AudioError : `size` is not odd and positive

    Source: `scipy.signal.wiener`, computed in float64.
    """
    if size < 1 or size % 2 == 0:
        raise AudioError(f"wiener_size is {size}, expected an odd number of samples, 1 or more")
    if size == 1:
        return wave
    samples = wave.astype(np.float64)
    means = _local_means(samples, size)
    variances = _local_means(np.square(samples), size)
    variances -= np.square(means)
    noise = variances.mean()
    kept = np.maximum(variances, noise, out=variances)
    np.divide(noise, kept, out=kept, where=noise > 0)  # else all are 0: nothing is taken away
    np.subtract(1, kept, out=kept)
    samples -= means
    samples *= kept
    samples += means
    return samples.astype(np.float32)


def _local_means(values: np.ndarray, size: int) -> np.ndarray:
    """Of `size` values around each, zeros beyond both ends."""
    means = np.convolve(values, np.ones(size))[size // 2 :][: len(values)]
    means /= size
    return means


def from_offset(wave: np.ndarray, sample_rate: int, *, seconds: float) -> np.ndarray:
    """The wave without its first `seconds`.

    Raises
    ------
    AudioError : nothing is left
    """
    start = round(seconds * sample_rate)
    if len(wave) <= start:
        raise AudioError(
            f"the recording has {len(wave) / sample_rate:.2f} s, and nothing after {seconds:g} s: leave it out"
        )
    return wave[start:]


def fixed_length(wave: np.ndarray, sample_rate: int, *, seconds: float, keep: str = "start") -> np.ndarray:
    """The wave at exactly `seconds`: zeros are added at the end of a shorter one, a longer one is cut.

    Parameters
    ----------
    seconds : float
    keep : "start", "centre" or "end": which part of a longer wave stays

    Returns
    -------
    float32 (round(seconds · sample_rate),)

    Raises
    ------
    AudioError : unknown `keep`
    """
    size = round(seconds * sample_rate)
    surplus = max(len(wave) - size, 0)
    starts = {"start": 0, "centre": surplus // 2, "end": surplus}
    if keep not in starts:
        raise AudioError(f"keep is {keep!r}, expected one of {', '.join(starts)}")
    kept = wave[starts[keep] :][:size]
    return kept if len(kept) == size else np.pad(kept, (0, size - len(kept)))


def with_noise(
    wave: np.ndarray, sample_rate: int, *, scale: float, level: str = "fixed", rng: np.random.Generator
) -> np.ndarray:
    """The wave plus white Gaussian noise, its standard deviation measured against the wave's peak.

    Parameters
    ----------
    scale : float, standard deviation as a share of the peak
    level : "fixed": exactly `scale`; "uniform": drawn evenly from 0 to `scale`

    Returns
    -------
    float32 (samples,), which may leave [-1, 1]

    Raises
    ------
    AudioError : unknown `level`
    """
    if level not in ("fixed", "uniform"):
        raise AudioError(f"noise_level is {level!r}, expected fixed or uniform")
    share = scale * (rng.uniform() if level == "uniform" else 1.0)
    noise = rng.standard_normal(len(wave), dtype=np.float32)
    return (wave + np.float32(share) * np.abs(wave).max() * noise).astype(np.float32)
