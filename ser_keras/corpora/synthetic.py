"""Synthetic corpora: speech-like clips in the layout and naming of a real corpus, with all its speakers and classes.

Made with Praat's KlattGrid synthesizer (Weenink 2009) through parselmouth. They show that everything works and that a
model learns; figures from them are comparable with no paper, and a corpus of them is marked by `SYNTHETIC.json`.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras.cluster import with_bar
from ser_keras.corpora import folder, voices
from ser_keras.corpora.manifest import Entry, manifest
from ser_keras.errors import CorpusError
from ser_keras.files import write_atomically, write_json
from ser_keras.locks import alone

VOICES_VERSION = 1  # raise it when the same settings give other sounds
RATES = {"ravdess": 48_000, "emodb": 16_000, "tess": 24_414, "savee": 44_100, "cremad": 16_000}  # of the real corpora
OTHER_RATE = 16_000  # of corpora that others register
KLATTGRID_RATE = 44_100  # of KlattGrid's "To Sound"
LEVEL = -27.0  # dB re full scale, RMS of a neutral clip
FLOOR = -78.0  # dB re full scale, noise of the room
BATCH = 8


def rate_of(name: str) -> int:
    """Sample rate in Hz of a synthetic corpus's clips."""
    return RATES.get(name, OTHER_RATE)


def synthesize(name: str, out: Path, *, clips_per_class: int = 20, seed: int = 0, jobs: int = 1) -> Path:
    """A synthetic corpus of `name`'s layout in OUT/NAME; the folder is given back.

    Parameters
    ----------
    name : of the corpus that is imitated
    out : a data folder
    clips_per_class : of each emotion, spread evenly over speakers; all names of a class that has fewer
    seed : the same seed gives the same bytes, whatever `jobs`
    jobs : worker processes; -1: one a core

    Returns
    -------
    the corpus's folder; one with the same settings is completed or left as it is, one with others is written anew

    Raises
    ------
    CorpusError : no such corpus, no clips asked for, or OUT/NAME holds recordings that are not synthetic
    """
    if clips_per_class < 1:
        raise CorpusError(f"{clips_per_class} clips a class: ask for one or more")
    chosen = selection(manifest(name).entries, clips_per_class, seed)
    target = out / name
    marker = {**_generator(), "seed": seed, "clips_per_class": clips_per_class, "clips": len(chosen)}
    with alone(target, f"the synthetic clips in {target}"):
        _complete(name, target, chosen, marker, jobs)
    return target


def _complete(name: str, target: Path, chosen: tuple[Entry, ...], marker: dict, jobs: int) -> None:
    _claim(target, marker)
    todo = [entry for entry in chosen if not (target / entry.file).is_file()]
    batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]
    if batches:
        processes = min(jobs, len(batches)) if jobs > 0 else jobs
        calls = ((name, batch, target, marker["seed"]) for batch in batches)
        with_bar(_write_batch, calls, processes=processes, total=len(todo), label=f"synthetic {name}")
    write_json(target / folder.SYNTHETIC, {**marker, "complete": True})


def selection(entries: tuple[Entry, ...], clips_per_class: int, seed: int) -> tuple[Entry, ...]:
    """Clips of each emotion, taken from the speakers in turn; the next emotion goes on with the next speaker."""
    rng = np.random.default_rng([seed, 0])
    speakers = sorted({entry.labels.speaker for entry in entries})
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.labels.speaker, entry.labels.emotion), []).append(entry)
    turn, chosen = 0, []
    for emotion in sorted({entry.labels.emotion for entry in entries}):
        of = {one: groups.get((one, emotion), []) for one in speakers}
        waiting = {one: [of[one][number] for number in rng.permutation(len(of[one]))] for one in speakers}
        wanted = min(clips_per_class, sum(map(len, waiting.values())))
        while wanted:
            clips = waiting[speakers[turn % len(speakers)]]
            turn += 1
            if clips:
                chosen.append(clips.pop())
                wanted -= 1
    return tuple(sorted(chosen, key=lambda entry: entry.file))


def _generator() -> dict:
    import parselmouth

    return {
        "generator": "KlattGrid",
        "generator_version": f"Praat {parselmouth.PRAAT_VERSION}, voices {VOICES_VERSION}",
    }


def _claim(target: Path, marker: dict) -> None:
    """Mark a folder as synthetic before the first clip is in it; clips of other settings are removed."""
    path = target / folder.SYNTHETIC
    wavs = (found for found in target.rglob("*") if found.suffix.lower() == ".wav") if target.is_dir() else ()
    recordings = [found for found in wavs if not found.name.startswith(".")]  # hidden: half written ones
    if recordings and not path.is_file():
        raise CorpusError(f"{target} holds recordings that are not synthetic: give another folder with --out")
    if path.is_file():
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            stored = {}
        if any(stored.get(key) != value for key, value in marker.items()):
            _check_synthetic(target, recordings)
            for recording in recordings:
                recording.unlink()
    write_json(path, {**marker, "complete": False})


def _check_synthetic(target: Path, recordings: list[Path]) -> None:
    """Refuse to remove what was not made here: recordings of other names, and those of people (by their checksum)."""
    real = {entry.file: entry for entry in manifest(target.name).entries}
    for recording in recordings:
        entry = real.get(recording.relative_to(target).as_posix())
        same_size = entry is not None and recording.stat().st_size == entry.bytes
        if entry is None or (same_size and hashlib.sha256(recording.read_bytes()).hexdigest() == entry.sha256):
            raise CorpusError(
                f"{recording} is not synthetic, and {target} would be written anew: move it away, or give another "
                "folder with --out"
            )


def _write_batch(name: str, entries: list[Entry], target: Path, seed: int) -> int:
    import soundfile

    for entry in entries:
        wave = utterance(name, entry, seed)
        sound = io.BytesIO()  # of a full disk soundfile says no more than "System error"
        soundfile.write(sound, wave, rate_of(name), "PCM_16", format="WAV")
        write_atomically(target / entry.file, lambda temporary, sound=sound: temporary.write_bytes(sound.getvalue()))
    return len(entries)


def _rng(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng([seed, *hashlib.sha256("/".join(names).encode()).digest()])


def utterance(name: str, entry: Entry, seed: int) -> np.ndarray:
    """One clip: its text decides the syllables, its speaker the voice, its emotion the profile, its file the rest.

    Returns
    -------
    float64 (samples,) at `rate_of(name)`, peak under 1
    """
    import soxr

    labels = entry.labels
    voice = voices.speaker(labels.gender, _rng(seed, name, "speaker", labels.speaker))
    said = voices.syllables(_rng(seed, name, "text", folder.loader(name).text(labels)))
    rng = _rng(seed, name, "clip", entry.file)
    profile = voices.performed(voices.PROFILES[labels.emotion], rng)
    spoken = _spoken(said, voice, profile, rng)
    wave = soxr.resample(spoken, KLATTGRID_RATE, rate_of(name), quality="HQ")
    wave = wave * 10 ** ((LEVEL + profile.level) / 20) / np.sqrt(np.mean(wave**2))
    wave = wave + 10 ** (FLOOR / 20) * rng.standard_normal(len(wave))
    peak = np.abs(wave).max()
    return wave * min(1.0, 0.97 / peak)


@dataclass(frozen=True)
class _Timed:
    """A syllable in time: seconds at which its onset, its vowel and the next syllable begin."""

    syllable: voices.Syllable
    start: float
    vowel: float
    end: float


def _timed(
    said: tuple[voices.Syllable, ...], voice: voices.Speaker, profile: voices.Profile, rng: np.random.Generator
) -> list[_Timed]:
    clock, timed = float(rng.uniform(0.2, 0.4)), []
    for number, syllable in enumerate(said):
        final = 1.4 if number == len(said) - 1 else 1.0  # lengthening before a pause
        length = syllable.length * final * float(np.exp(rng.normal(0, 0.08))) / (voice.rate * profile.rate)
        onset = 0.0 if voices.ONSETS[syllable.onset] == "none" else 0.35 * length
        timed.append(_Timed(syllable, clock, clock + onset, clock + length))
        clock += length
    return timed


def _spoken(
    said: tuple[voices.Syllable, ...], voice: voices.Speaker, profile: voices.Profile, rng: np.random.Generator
) -> np.ndarray:
    """The utterance at 44 100 Hz, at whatever level KlattGrid gives it."""
    from parselmouth.praat import call, run

    timed = _timed(said, voice, profile, rng)
    duration = timed[-1].end + float(rng.uniform(0.25, 0.45))
    grid = call("Create KlattGrid", "utterance", 0, duration, 5, 0, 0, 1, 0, 0, 0)
    _add_pitch(grid, timed, voice, profile, rng)
    _add_source(grid, timed, profile, rng)
    _add_formants(grid, timed, voice, rng)
    run(f"random_initializeWithSeedUnsafelyButPredictably ({int(rng.integers(1, 2**31))})")  # Praat's own noise
    return call(grid, "To Sound").values[0]


def _add_pitch(
    grid: object, timed: list[_Timed], voice: voices.Speaker, profile: voices.Profile, rng: np.random.Generator
) -> None:
    """A melody with one target a syllable, a slope over the utterance, and jitter every 10 ms."""
    from parselmouth.praat import call

    begin, end = timed[0].start, timed[-1].end
    knots = np.array([(one.vowel + one.end) / 2 for one in timed])
    targets = profile.pitch + profile.span * rng.standard_normal(len(timed))
    targets += profile.slope * ((knots - begin) / (end - begin) - 0.5)
    for time in np.arange(begin, end, 0.01):
        semitones = np.interp(time, knots, targets)
        hertz = voice.pitch * 2 ** (semitones / 12) * (1 + profile.jitter * rng.standard_normal())
        call(grid, "Add pitch point", float(time), float(np.clip(hertz, 55, 600)))


def _add_source(grid: object, timed: list[_Timed], profile: voices.Profile, rng: np.random.Generator) -> None:
    """Voicing with shimmer in the vowels, noise or silence in the onsets; tilt and breathiness throughout."""
    from parselmouth.praat import call

    call(grid, "Add spectral tilt point", 0.0, profile.tilt)
    call(grid, "Add flutter point", 0.0, 0.1)
    call(grid, "Add voicing amplitude point", max(timed[0].start - 0.02, 0.0), 0.0)
    call(grid, "Add frication amplitude point", 0.0, 0.0)
    call(grid, "Add breathiness amplitude point", 0.0, 0.0)
    for one in timed:
        kind = voices.ONSETS[one.syllable.onset]
        stress = float(rng.normal(0, 1.5))
        if kind == "nasal":
            call(grid, "Add voicing amplitude point", one.start + 0.01, 48.0)
        elif kind != "none":
            call(grid, "Add voicing amplitude point", one.start + 0.01, 0.0)
            call(grid, "Add voicing amplitude point", one.vowel - 0.005, 0.0)
            first = one.start + 0.02 if kind == "fricative" else one.vowel - 0.02  # a stop has a short burst alone
            loud = 42.0 if kind == "fricative" else 48.0
            for time, decibels in ((first, 0.0), (first + 0.008, loud), (one.vowel - 0.006, loud), (one.vowel, 0.0)):
                call(grid, "Add frication amplitude point", float(time), decibels)
        for time in np.arange(one.vowel + 0.015, one.end - 0.01, 0.02):
            decibels = 60.0 + stress + profile.shimmer * rng.standard_normal()
            call(grid, "Add voicing amplitude point", float(time), float(decibels))
        call(grid, "Add breathiness amplitude point", one.vowel, profile.breath)
    call(grid, "Add voicing amplitude point", timed[-1].end + 0.06, 0.0)
    call(grid, "Add breathiness amplitude point", timed[-1].end, profile.breath)
    call(grid, "Add breathiness amplitude point", timed[-1].end + 0.08, 0.0)


def _add_formants(grid: object, timed: list[_Timed], voice: voices.Speaker, rng: np.random.Generator) -> None:
    """Vowel formants held over the middle of each vowel and gliding between; F4 and F5 stay."""
    from parselmouth.praat import call

    widths = (70.0, 90.0, 130.0, 200.0, 260.0)
    for one in timed:
        vowel = (*voices.VOWELS[one.syllable.vowel], 3500.0, 4500.0)
        length = one.end - one.vowel
        for formant, (hertz, width) in enumerate(zip(vowel, widths, strict=True), start=1):
            placed = hertz * voice.formants * float(np.exp(rng.normal(0, 0.02)))
            for time in (one.vowel + 0.3 * length, one.vowel + 0.7 * length):
                call(grid, "Add oral formant frequency point", formant, float(time), placed)
            call(grid, "Add oral formant bandwidth point", formant, float(one.vowel), width)
    call(grid, "Add frication formant frequency point", 1, 0.0, 4200.0 * voice.formants)
    call(grid, "Add frication formant bandwidth point", 1, 0.0, 1500.0)
    call(grid, "Add frication formant amplitude point", 1, 0.0, 45.0)
