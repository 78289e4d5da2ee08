"""TESS: `OAF_back_ps.wav` is the older actress saying "back", pleasantly surprised.

Folder names vary in case and wording from copy to copy, so the file name alone is trusted. One official file is
named `OA_bite_neutral.wav`.

Source: Pichora-Fuller & Dupuis (2010).
"""

import re

from ser_keras.corpora.manifest import Labels

EMOTIONS = {
    "neutral": "neutral",
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "fear": "fear",
    "disgust": "disgust",
    "ps": "surprise",
}
NAME = re.compile(rf"([OY])AF?_([a-z]+)_({'|'.join(EMOTIONS)})\.wav", re.IGNORECASE | re.ASCII)


def labels(path: str) -> Labels | None:
    """What a path says, whatever folders it lies in; None if it is no clip of TESS."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    actress, word, code = match.groups()
    code = code.lower()
    return Labels(EMOTIONS[code], code, f"{actress.upper()}AF", "female", (("word", word.lower()),))


def text(clip: Labels) -> str:
    """The word that is said."""
    return dict(clip.extras)["word"]
