"""Every model has the same clips: those of shared classes that all can use."""

import pandas as pd
import pytest

from ser_keras.comparison.clips import shared_classes
from ser_keras.comparison.models import Model
from ser_keras.errors import ProtocolError
from ser_keras.features.pipeline import Pipeline, step

from .conftest import DEAF, HEARD, RATE, impatient

TABLE = pd.DataFrame(
    {
        "corpus": ["emodb"] * 3 + ["ravdess"] * 4,
        "emotion": ["sad", "bored", "neutral", "calm", "sad", "neutral", "neutral"],
    }
)


def test_classes_are_those_of_all_corpora_in_one_order():
    assert shared_classes(TABLE) == ("neutral", "sad")
    assert shared_classes(TABLE[TABLE["corpus"] == "emodb"]) == ("neutral", "sad", "bored")


def test_wanted_classes_are_taken_in_our_order():
    assert shared_classes(TABLE, ("sad", "neutral")) == ("neutral", "sad")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (("anger",), "'anger' is no emotion of our corpora; they have neutral, calm"),
        (("sad", "calm"), "emodb has no clip of calm: leave the corpus or the emotion out"),
        (("sad",), "share 1 classes: a comparison takes 2 or more"),
    ],
)
def test_classes_that_can_not_be_compared_are_refused(wanted, says):
    with pytest.raises(ProtocolError, match=says):
        shared_classes(TABLE, wanted)


def test_clips_of_other_classes_are_left_out(gathered):
    found = gathered()
    assert found.classes == ("neutral", "happy", "sad", "angry")
    assert "calm" not in set(found.table["emotion"])
    assert found.record(["savee"])["count"] == 32  # 4 speakers, 4 classes, 2 clips
    assert found.record(["ravdess"])["count"] == 48


def test_clip_that_one_model_can_not_use_is_set_aside_for_all(gathered):
    pipeline = Pipeline("impatient", RATE, (step(impatient),))
    found = gathered(models=(HEARD, Model("impatient", "", pipeline), DEAF))
    (aside,) = found.set_aside
    assert (aside["model"], aside["clip"]) == ("impatient", "savee/DC/a01.wav")
    assert "too short for the impatient" in aside["reason"]
    assert aside["clip"] not in set(found.table["clip"])
    assert [len(features) for features in found.features.values()] == [79, 79]
    assert found.record(["savee"])["sha256"] != gathered().record(["savee"])["sha256"]
    assert found.record(["ravdess"]) == gathered().record(["ravdess"])
