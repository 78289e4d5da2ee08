"""EMO-DB: `03a01Fa.wav` is speaker 03, text a01, Freude (happy), version a.

Source: Burkhardt et al. (2005) and the code tables of the database's home page (letters stand for German words).
"""

import re

from ser_keras.corpora.manifest import Labels

EMOTIONS = {
    "W": "angry",
    "L": "bored",
    "E": "disgust",
    "A": "fear",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
MALE = frozenset({"03", "10", "11", "12", "15"})
NAME = re.compile(r"(03|08|09|1[0-6])([ab]\d\d)([WLEAFTN])([a-z])\.wav", re.IGNORECASE | re.ASCII)


def labels(path: str) -> Labels | None:
    """What a path says, whatever folders it lies in; None if it is no clip of EMO-DB."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    speaker, sentence, code, version = match.groups()
    code = code.upper()
    extras = (("text", sentence.lower()), ("version", version.lower()))
    return Labels(EMOTIONS[code], code, speaker, "male" if speaker in MALE else "female", extras)


def text(clip: Labels) -> str:
    """Which sentence is said: "a01" … "b10"."""
    return dict(clip.extras)["text"]
