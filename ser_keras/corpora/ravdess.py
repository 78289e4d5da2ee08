"""RAVDESS speech: `03-01-05-02-01-02-24.wav` is audio, speech, angry, strong, statement 1, repetition 2, actor 24.

Source: Livingstone & Russo (2018), "Filename convention"; odd actors are male, even ones female.
"""

import re

from ser_keras.corpora.manifest import Labels

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
NAME = re.compile(r"03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])\.wav", re.IGNORECASE | re.ASCII)


def labels(path: str) -> Labels | None:
    """What a path says, whatever folders it lies in; None if it is no speech clip of RAVDESS (its songs are none)."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    code, intensity, statement, repetition, actor = match.groups()
    extras = (("intensity", intensity), ("statement", statement), ("repetition", repetition))
    return Labels(EMOTIONS[code], code, actor, "male" if int(actor) % 2 else "female", extras)


def text(clip: Labels) -> str:
    """Which sentence is said: "01" (kids) or "02" (dogs)."""
    return dict(clip.extras)["statement"]
