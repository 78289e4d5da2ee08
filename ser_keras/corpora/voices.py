"""Voices for synthetic corpora: vowels, speakers, and how emotions change a voice.

Vowels: mean formants of men from Hillenbrand, Getty, Clark and Wheeler (1995), Table V. Emotions: directions of the
cues (rate, level, pitch and its variability, high-frequency energy, irregularity) after Juslin and Laukka (2003,
Table 11), Banse and Scherer (1996), Scherer (2003) and Murray and Arnott (1993); boredom after Burkhardt and
Sendlmeier (2000). The amounts are ours: they keep classes apart on average and let single clips overlap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import numpy as np

VOWELS: tuple[tuple[float, float, float], ...] = (  # F1, F2, F3 in hertz: i ɪ e ɛ æ ɑ ɔ o ʊ u ʌ ɝ
    (342, 2322, 3000),
    (427, 2034, 2684),
    (476, 2089, 2691),
    (580, 1799, 2605),
    (588, 1952, 2601),
    (768, 1333, 2522),
    (652, 997, 2538),
    (497, 910, 2459),
    (469, 1122, 2434),
    (378, 997, 2343),
    (623, 1200, 2550),
    (474, 1379, 1710),
)
ONSETS = ("fricative", "stop", "nasal", "none")


@dataclass(frozen=True)
class Profile:
    """How a voice speaks, relative to the same speaker at rest.

    Parameters
    ----------
    pitch : semitones above the speaker's mean
    span : semitones, standard deviation of the melody
    slope : semitones from the start of the utterance to its end
    rate : syllables a second, as a factor
    level : dB
    tilt : dB that the voice source loses at 3 kHz, more is duller
    breath : dB of breathiness in KlattGrid's terms
    jitter : share of the period by which neighbouring periods differ
    shimmer : dB by which neighbouring voice amplitudes differ
    """

    pitch: float = 0.0
    span: float = 1.6
    slope: float = -2.0
    rate: float = 1.0
    level: float = 0.0
    tilt: float = 8.0
    breath: float = 35.0
    jitter: float = 0.006
    shimmer: float = 0.5


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "neutral": Profile(),
        "calm": Profile(pitch=-1.0, span=1.2, rate=0.88, level=-3, tilt=11, breath=42, jitter=0.004, shimmer=0.4),
        "happy": Profile(pitch=5.5, span=3.4, slope=0.0, rate=1.12, level=4, tilt=5, jitter=0.008, shimmer=0.6),
        "sad": Profile(pitch=-1.5, span=0.8, slope=-3.5, rate=0.74, level=-7, tilt=15, breath=47, jitter=0.010),
        "angry": Profile(
            pitch=4.5, span=2.8, slope=-3.0, rate=1.18, level=9, tilt=1, breath=28, jitter=0.014, shimmer=1.0
        ),
        "fear": Profile(
            pitch=7.5, span=1.3, slope=1.0, rate=1.28, level=-1, tilt=9, breath=45, jitter=0.018, shimmer=1.2
        ),
        "disgust": Profile(pitch=-2.0, span=1.9, slope=-4.0, rate=0.84, level=0, tilt=5, jitter=0.022, shimmer=1.5),
        "surprise": Profile(pitch=8.0, span=4.4, slope=6.0, rate=1.05, level=3, tilt=6, breath=40, jitter=0.007),
        "bored": Profile(pitch=-2.5, span=0.7, slope=-1.5, rate=0.70, level=-4, tilt=10, jitter=0.004, shimmer=0.3),
    }
)


@dataclass(frozen=True)
class Speaker:
    """One voice: mean pitch in hertz, formants as a factor on men's, syllables a second."""

    pitch: float
    formants: float
    rate: float


def speaker(gender: str, rng: np.random.Generator) -> Speaker:
    """A voice of a gender: women's pitch near 205 Hz and formants a sixth higher, men's near 118 Hz."""
    pitch, formants = (205.0, 1.17) if gender == "female" else (118.0, 1.0)
    return Speaker(
        pitch=pitch * 2 ** (rng.normal(0, 1.5) / 12),
        formants=formants * float(np.exp(rng.normal(0, 0.03))),
        rate=4.6 * float(np.exp(rng.normal(0, 0.06))),
    )


@dataclass(frozen=True)
class Syllable:
    """An onset and a vowel (numbers of `ONSETS` and `VOWELS`), and how long against the others it lasts."""

    onset: int
    vowel: int
    length: float


def syllables(rng: np.random.Generator) -> tuple[Syllable, ...]:
    """What is said: five to nine syllables."""
    count = int(rng.integers(5, 10))
    return tuple(
        Syllable(int(rng.integers(len(ONSETS))), int(rng.integers(len(VOWELS))), float(rng.uniform(0.8, 1.25)))
        for _ in range(count)
    )


SPREAD = Profile(  # standard deviations from clip to clip; of rate and the two irregularities, of the logarithm
    pitch=1.2, span=0.6, slope=1.5, rate=0.08, level=2.0, tilt=2.5, breath=4.0, jitter=0.35, shimmer=0.35
)


def performed(profile: Profile, rng: np.random.Generator) -> Profile:
    """A profile as one clip has it: no two takes of an emotion are the same."""
    drawn = {}
    for field in fields(Profile):
        value, spread = getattr(profile, field.name), getattr(SPREAD, field.name)
        step = float(rng.normal(0, spread))
        drawn[field.name] = value * float(np.exp(step)) if field.name in ("rate", "jitter", "shimmer") else value + step
    return replace(profile, **{**drawn, "span": max(drawn["span"], 0.2), "tilt": max(drawn["tilt"], 0.0)})
