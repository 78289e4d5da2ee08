"""Recordings of every kind that a folder of strangers' files may hold, made from numbers alone.

`KINDS` maps a name to a `Kind`: how the file is made, and what reading it must give: the sound, or one line that says
why not. The sound is a tone of 440 Hz, half of full scale, in the first channel.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE  # codec numbers of WAV


@dataclass(frozen=True)
class Kind:
    """One kind of recording.

    Parameters
    ----------
    make : writes it at a path
    says : pattern of the error's line; None: it is read
    rate : hertz, as read
    samples : as read; None: not the same in all encoders
    tone : float32, what is read; None: not told
    within : largest difference from it, of full scale
    """

    make: Callable[[Path], object]
    says: str | None = None
    rate: int = RATE
    samples: int | None = None
    tone: np.ndarray | None = None
    within: float = 0.0


def tone(rate: int = RATE, samples: int | None = None) -> np.ndarray:
    """440 Hz at half of full scale: float32 (samples,), three quarters of a second if not told."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(samples or rate * 3 // 4) / rate)).astype(np.float32)


def pcm(wave: np.ndarray) -> bytes:
    """Samples as 16-bit little-endian integers, rounded."""
    return np.round(wave * 32768).clip(-32768, 32767).astype("<i2").tobytes()


def wav(
    data: bytes,
    *,
    codec: int = PCM,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    align: int | None = None,
    says_bytes: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A WAV file with exactly these fields in its header, whatever they claim."""
    align = channels * bits // 8 if align is None else align
    form = struct.pack("<HHIIHH", codec, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    said = len(data) if says_bytes is None else says_bytes
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", said) + data + after
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def raw(content: bytes) -> Callable[[Path], object]:
    """A file with this content."""
    return lambda path: path.write_bytes(content)


def encoded(wave: np.ndarray, *, rate: int = RATE, **given: str) -> Callable[[Path], object]:
    """A file that libsndfile writes: format, subtype, endian."""
    return lambda path: soundfile.write(path, wave, rate, **given)


def _read(make: Callable[[Path], object], wave: np.ndarray, within: float, rate: int = RATE) -> Kind:
    return Kind(make, rate=rate, samples=len(wave), tone=wave, within=within)


def _subtype(name: str, within: float, form: str = "WAV", **given: str) -> Kind:
    return _read(encoded(TONE, format=form, subtype=name, **given), TONE, within)


def _lossy(form: str, **given: str) -> Kind:
    return Kind(encoded(tone(44_100, 44_100), rate=44_100, format=form, **given), rate=44_100, samples=None)


def _sparse(seconds: int, rate: int) -> Callable[[Path], object]:
    """A tone, then zeros that take no room on the disk."""

    def make(path: Path) -> None:
        data = 2 * seconds * rate
        with path.open("wb") as file:
            file.write(wav(pcm(tone(rate)), says_bytes=data, rate=rate))
            file.truncate(44 + data)

    return make


def _spoilt(value: float, *channels: int) -> np.ndarray:
    """The tone in two channels, with one sample of some replaced."""
    wave = np.stack([TONE, TONE], axis=1)
    wave[99, list(channels)] = value
    return wave


def _rifx() -> bytes:
    """The big-endian twin of WAV."""
    data = np.frombuffer(pcm(TONE), "<i2").astype(">i2").tobytes()
    form = struct.pack(">HHIIHH", PCM, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"fmt " + struct.pack(">I", 16) + form + b"data" + struct.pack(">I", len(data)) + data
    return b"RIFX" + struct.pack(">I", 4 + len(chunks)) + b"WAVE" + chunks


TONE = tone()
STEP = 1 / 32768  # of 16 bits
_whole = wav(pcm(TONE))
_no_file = "no readable recording"
_rest = b"LIST" + struct.pack("<I", 18) + b"INFOISFT" + struct.pack("<I", 6) + b"maker\0" + b"odds\x04\0\0\0ends"

KINDS: dict[str, Kind] = {
    # nothing to read
    "empty": Kind(raw(b""), _no_file),
    "four bytes": Kind(raw(b"RIFF"), _no_file),
    "header cut short": Kind(raw(_whole[:30]), _no_file),
    "header only": Kind(raw(wav(b"")), "holds no samples"),
    "header that promises a second": Kind(raw(wav(b"", says_bytes=2 * RATE)), "holds no samples"),
    "no data chunk": Kind(raw(_whole[:36]), f"{_no_file}|holds no samples"),
    "text": Kind(raw(b"This is no sound.\n"), _no_file),
    "text of a Git LFS pointer": Kind(
        raw(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), _no_file
    ),
    "web page": Kind(raw(b"<!DOCTYPE html><html><title>Sign in</title></html>"), _no_file),
    "ZIP archive": Kind(raw(b"PK\x03\x04" + bytes(60)), _no_file),
    "PNG image": Kind(raw(b"\x89PNG\r\n\x1a\n" + bytes(60)), _no_file),
    "MP4 film": Kind(raw(b"\0\0\0\x18ftypmp42" + bytes(60)), _no_file),
    "folder": Kind(lambda path: path.mkdir(), f"{_no_file}.*not a file"),
    "named pipe": Kind(os.mkfifo, f"{_no_file}.*not a file"),
    "link to nowhere": Kind(lambda path: path.symlink_to("nowhere.wav"), "is not there"),
    "missing": Kind(lambda path: None, "is not there"),
    # headers that lie
    "rate 0": Kind(raw(wav(pcm(TONE), rate=0)), f"{_no_file}|says it has 0 samples"),
    "rate 1": Kind(raw(wav(pcm(TONE), rate=1)), "says it has 1 samples a second"),
    "rate 4 294 967 295": Kind(raw(wav(pcm(TONE), rate=2**32 - 1)), f"{_no_file}|samples a second"),
    "0 channels": Kind(raw(wav(pcm(TONE), channels=0)), _no_file),
    "65 535 channels": Kind(raw(wav(pcm(TONE), channels=65_535)), _no_file),
    "2^31 channels": Kind(
        raw(b".snd" + struct.pack(">IIIII", 24, 2 * len(TONE), 3, RATE, 2**31) + pcm(TONE)), _no_file
    ),
    "0 bits": Kind(raw(wav(pcm(TONE), bits=0)), _no_file),
    "unknown codec": Kind(raw(wav(pcm(TONE), codec=0x1234)), _no_file),
    "chunk of 4 GiB": Kind(
        raw(_whole[:16] + b"\xff\xff\xff\xff" + _whole[20:]), f"{_no_file}|holds no samples|samples a second"
    ),
    "data beyond the file": _read(raw(wav(pcm(TONE), says_bytes=10**9)), TONE, STEP),
    "data of a stream, 4 GiB": _read(raw(wav(pcm(TONE), says_bytes=2**32 - 1)), TONE, STEP),
    "cut in the middle": _read(raw(_whole[: len(_whole) // 2]), TONE[:5989], STEP),  # (24 044 / 2 − 44) / 2
    "cut within a sample": _read(raw(_whole[:-1]), TONE[:-1], STEP),
    "other chunks before and after": _read(raw(wav(pcm(TONE), before=_rest, after=_rest)), TONE, STEP),
    "rubbish after the sound": _read(raw(wav(pcm(TONE), after=b"\xff" * 1001)), TONE, STEP),
    # ways to write a sample
    "8 bits": _subtype("PCM_U8", 1 / 64),
    "16 bits": _subtype("PCM_16", STEP),
    "24 bits": _subtype("PCM_24", 2**-22),
    "32 bits": _subtype("PCM_32", 2**-22),  # float32 holds 24
    "float": _subtype("FLOAT", 0.0),
    "double": _subtype("DOUBLE", 0.0),
    "A-law": _subtype("ALAW", 0.02),  # 16 steps to the octave below: 1/32 of 0.5
    "µ-law": _subtype("ULAW", 0.02),
    "IMA ADPCM": Kind(encoded(TONE, format="WAV", subtype="IMA_ADPCM"), samples=None),
    "Microsoft ADPCM": Kind(encoded(TONE, format="WAV", subtype="MS_ADPCM"), samples=None),
    "GSM 6.10": Kind(encoded(TONE, format="WAV", subtype="GSM610"), samples=None),
    "WAVE_EXTENSIBLE": _subtype("PCM_16", STEP, "WAVEX"),
    "RF64": _subtype("PCM_16", STEP, "RF64"),
    "Wave64": _subtype("PCM_16", STEP, "W64"),
    "big-endian RIFX": _read(raw(_rifx()), TONE, STEP),
    "big-endian AIFF": _subtype("PCM_16", STEP, "AIFF", endian="BIG"),
    "big-endian AU": _subtype("PCM_16", STEP, "AU", endian="BIG"),
    "Core Audio": _subtype("PCM_16", STEP, "CAF"),
    "NIST SPHERE": _subtype("PCM_16", STEP, "NIST"),
    "FLAC named .wav": _subtype("PCM_16", STEP, "FLAC"),
    "MP3 named .wav": _lossy("MP3"),
    "Vorbis named .wav": _lossy("OGG"),
    # sounds out of the ordinary
    "1 sample": _read(raw(wav(pcm(np.array([0.25])))), np.array([0.25], np.float32), STEP),
    "10 ms": _read(raw(wav(pcm(TONE[:160]))), TONE[:160], STEP),
    "one hour": Kind(_sparse(3600, RATE), samples=3600 * RATE),
    "one hour at 192 kHz": Kind(_sparse(3600, 192_000), "lasts 60 minutes, which is too long"),
    "zeros": Kind(raw(wav(bytes(RATE))), "is silent"),
    "direct current": _read(raw(wav(pcm(np.full(8000, 0.5)))), np.full(8000, 0.5, np.float32), STEP),
    "one step of noise": _read(
        raw(wav(np.resize([0, 1], 8000).astype("<i2").tobytes())), np.resize(np.float32([0, STEP]), 8000), 0.0
    ),
    "clipped": _read(encoded(4 * TONE, format="WAV", subtype="PCM_16"), np.clip(4 * TONE, -1, 1), STEP),
    "float beyond full scale": _read(encoded(4 * TONE, format="WAV", subtype="FLOAT"), 4 * TONE, 0.0),
    "float of 3e38": Kind(encoded(np.float32(3e38) * np.sign(_spoilt(0)), format="WAV", subtype="FLOAT"), "infinite"),
    "NaN": Kind(encoded(_spoilt(np.nan, 0, 1), format="WAV", subtype="FLOAT"), "NaN"),
    "NaN in one channel": Kind(encoded(_spoilt(np.nan, 1), format="WAV", subtype="FLOAT"), "NaN"),
    "infinity": Kind(encoded(_spoilt(np.inf, 0), format="WAV", subtype="FLOAT"), "infinite"),
    "minus infinity against infinity": Kind(
        encoded(np.where(_spoilt(9, 0) == 9, np.inf, _spoilt(-np.inf, 1)), format="WAV", subtype="FLOAT"), "NaN"
    ),
    "one dead channel": _read(
        encoded(np.stack([TONE, 0 * TONE], axis=1), format="WAV", subtype="PCM_16"), TONE / 2, STEP
    ),
    "channels that cancel": Kind(encoded(np.stack([TONE, -TONE], axis=1), format="WAV", subtype="FLOAT"), "is silent"),
    "six channels": _read(encoded(np.stack([TONE] * 6, axis=1), format="WAV", subtype="PCM_16"), TONE, STEP),
    "4 kHz": _read(encoded(tone(4000), rate=4000, format="WAV"), tone(4000), STEP, 4000),
    "192 kHz": _read(encoded(tone(192_000), rate=192_000, format="WAV"), tone(192_000), STEP, 192_000),
}
