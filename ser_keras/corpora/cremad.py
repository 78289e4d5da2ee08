"""CREMA-D: `1001_IEO_ANG_HI.wav` is actor 1001, sentence IEO, angry, level high.

Some copies write one level `X` for `XX` (`1040_ITH_SAD_X.wav`).

Source: Cao et al. (2014); `FEMALE` is the column Sex of the corpus's `VideoDemographics.csv`.
"""

import re

from ser_keras.corpora.manifest import Labels

EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
FEMALE = frozenset({
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029,
    1030, 1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073,
    1074, 1075, 1076, 1078, 1079, 1082, 1084, 1089, 1091,
})  # fmt: skip
NAME = re.compile(
    r"(10[0-8]\d|109[01])_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX|X)\.wav", re.IGNORECASE | re.ASCII
)


def labels(path: str) -> Labels | None:
    """What a path says, whatever folders it lies in; None if it is no clip of CREMA-D."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    actor, sentence, code, level = match.groups()
    code, level = code.upper(), level.upper()
    extras = (("sentence", sentence.upper()), ("level", "XX" if level == "X" else level))
    return Labels(EMOTIONS[code], code, actor, "female" if int(actor) in FEMALE else "male", extras)


def text(clip: Labels) -> str:
    """Which sentence is said: "DFA", "IEO", …"""
    return dict(clip.extras)["sentence"]
