"""File names of every corpus, in the spellings that copies of it have."""

import pytest

from ser_keras.corpora.folder import LOADERS
from ser_keras.corpora.manifest import Labels

RAVDESS = Labels("angry", "05", "24", "female", (("intensity", "02"), ("statement", "01"), ("repetition", "02")))
EMODB = Labels("happy", "F", "03", "male", (("text", "a01"), ("version", "a")))
SURPRISED = Labels("surprise", "ps", "OAF", "female", (("word", "back"),))
BITE = Labels("neutral", "neutral", "OAF", "female", (("word", "bite"),))
SAVEE = Labels("sad", "sa", "DC", "male", (("sentence", "05"),))
CREMAD = Labels("sad", "SAD", "1040", "male", (("sentence", "ITH"), ("level", "XX")))


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("ravdess", "Actor_24/03-01-05-02-01-02-24.wav", RAVDESS),
        ("ravdess", "03-01-05-02-01-02-24.WAV", RAVDESS),
        ("ravdess", "audio_speech_actors_01-24/actor_24/03-01-05-02-01-02-24.wav", RAVDESS),
        ("emodb", "wav/03a01Fa.wav", EMODB),
        ("emodb", "03A01FA.WAV", EMODB),
        ("emodb", "happy/03a01Fa.wav", EMODB),
        ("tess", "OAF_Pleasant_surprise/OAF_back_ps.wav", SURPRISED),
        ("tess", "TESS data/oaf_pleasant_surprised/oaf_back_PS.wav", SURPRISED),
        ("tess", "OAF_Sad/OAF_back_ps.wav", SURPRISED),
        ("tess", "OAF_neutral/OA_bite_neutral.wav", BITE),
        ("tess", "OAF_neutral/OAF_bite_neutral.wav", BITE),
        ("savee", "DC/sa05.wav", SAVEE),
        ("savee", "DC_sa05.wav", SAVEE),
        ("savee", "ALL/DC_sa05.wav", SAVEE),
        ("savee", "DC/DC_sa05.wav", SAVEE),
        ("savee", "AudioData/dc/SA05.WAV", SAVEE),
        ("cremad", "AudioWAV/1040_ITH_SAD_XX.wav", CREMAD),
        ("cremad", "1040_ITH_SAD_X.wav", CREMAD),
        ("cremad", "CREMA-D/AudioWAV/1040_ith_sad_xx.wav", CREMAD),
    ],
)
def test_a_clip_has_the_same_labels_in_every_spelling(name, path, expected):
    assert LOADERS[name].labels(path) == expected


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ravdess", "Actor_24/03-02-05-02-01-02-24.wav"),  # a song
        ("ravdess", "Actor_24/01-01-05-02-01-02-24.wav"),  # the sound of a video
        ("ravdess", "Actor_25/03-01-05-02-01-02-25.wav"),
        ("ravdess", "Actor_24/03-01-05-02-01-02-24 (1).wav"),
        ("emodb", "wav/04a01Fa.wav"),
        ("emodb", "wav/03a01Xa.wav"),
        ("tess", "OAF_Sad/OAF_back_sadness.wav"),
        ("tess", "MAF_Sad/MAF_back_sad.wav"),
        ("savee", "sa05.wav"),
        ("savee", "XX/sa05.wav"),
        ("savee", "DC/sb05.wav"),
        ("cremad", "1092_ITH_SAD_XX.wav"),
        ("cremad", "1040_ITH_SUR_XX.wav"),
    ],
)
def test_a_name_of_another_kind_is_no_clip(name, path):
    assert LOADERS[name].labels(path) is None


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("ravdess", RAVDESS, "01"),
        ("emodb", EMODB, "a01"),
        ("tess", SURPRISED, "back"),
        ("savee", SAVEE, "sa05"),
        ("cremad", CREMAD, "ITH"),
    ],
)
def test_the_text_is_what_is_said_and_not_how(name, labels, expected):
    assert LOADERS[name].text(labels) == expected
