"""SAVEE: `DC/sa05.wav` or `DC_sa05.wav` is speaker DC, the fifth sentence said sadly.

Sentences are numbered within an emotion, so `a05` and `d05` are different ones.

Source: Haq & Jackson (2009), and `Info.txt` beside the recordings.
"""

import re

from ser_keras.corpora.manifest import Labels

EMOTIONS = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}
PATH = re.compile(r"(?:.*[/_])?(DC|JE|JK|KL)[/_](sa|su|[adfhn])([0-3]\d)\.wav", re.IGNORECASE | re.ASCII)


def labels(path: str) -> Labels | None:
    """What a path says, flat or foldered; None if it is no clip of SAVEE."""
    match = PATH.fullmatch(path)
    if match is None:
        return None
    speaker, code, sentence = match.groups()
    code = code.lower()
    return Labels(EMOTIONS[code], code, speaker.upper(), "male", (("sentence", sentence),))


def text(clip: Labels) -> str:
    """Which sentence is said: "a01" … "su15"."""
    return clip.code + dict(clip.extras)["sentence"]
