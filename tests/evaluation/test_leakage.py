"""Leaks, counted on tables whose leaks are plain to see, and on tables with the properties of real corpora."""

import numpy as np
import pandas as pd
import pytest

from ser_keras.corpora import folder, manifest
from ser_keras.evaluation.leakage import leaks

ROWS = [
    # clip, speaker, text, emotion, copy_of, sha256
    ("a", "s1", "t1", "sad", "", "1"),
    ("b", "s1", "t1", "sad", "", "2"),  # another take of a
    ("c", "s1", "t1", "angry", "", "3"),  # the same sentence in another emotion
    ("d", "s1", "t2", "sad", "", "4"),  # the same speaker alone
    ("e", "s2", "t1", "sad", "", "5"),  # another speaker
    ("f", "s3", "t9", "sad", "", "1"),  # the recording of a under another name and label
    ("a#noise", "s1", "t1", "sad", "a", ""),  # an altered copy of a
]
TABLE = pd.DataFrame(ROWS, columns=["clip", "speaker", "text", "emotion", "copy_of", "sha256"])


def counts(train, test, validation=(), table=TABLE):
    return leaks(table, train, validation, test).counts


@pytest.mark.parametrize(
    ("row", "leaking"),
    [
        (1, {"speaker", "speaker_text", "take"}),
        (2, {"speaker", "speaker_text"}),
        (3, {"speaker"}),
        (4, set()),
        (5, {"recording"}),
        (6, {"speaker", "speaker_text", "take", "twin"}),
    ],
)
def test_a_test_clip_leaks_as_its_row_says(row, leaking):
    found = counts([0], [row])
    assert {kind for kind, count in found.items() if count} == leaking


def test_an_original_leaks_when_its_copy_is_in_training():
    assert counts([6], [0])["twin"] == 1


def test_watched_test_clips_are_counted():
    assert counts([0], [3, 4], validation=[4])["watched"] == 1


def test_leaking_is_any_of_the_kinds():
    found = leaks(TABLE, [0], [], [3, 4, 5])
    np.testing.assert_array_equal(found.leaking, [True, False, True])


def test_what_the_table_cannot_tell_is_none_and_not_zero():
    found = counts([0], [1], table=TABLE[["clip", "speaker"]])
    assert found == {
        "speaker": 1, "speaker_text": None, "take": None, "recording": 0, "twin": None, "watched": 0,
        "fitted": None,
    }  # fmt: skip


def test_missing_values_are_not_equal_to_each_other():
    table = TABLE.assign(text="", sha256=None)
    found = counts([0], [1], table=table)
    assert (found["speaker_text"], found["recording"]) == (None, 0)


def test_takes_of_a_speaker_are_as_named_where_text_or_emotion_is_not_known():
    table = TABLE.assign(take=["x", "y", "z", "x", "x", "", ""])
    assert [counts([0], [row], table=table)["take"] for row in (1, 2, 3)] == [1, 0, 0]
    untold = table.drop(columns="emotion")
    assert [counts([0], [row], table=untold)["take"] for row in (1, 3, 4)] == [0, 1, 0]
    in_part = table.assign(text=["", "t1", "", "t2", "", "t9", ""])
    assert [counts([0], [row], table=in_part)["take"] for row in (1, 2, 3)] == [0, 0, 0]
    assert counts([0], [2], table=in_part.assign(take="x"))["take"] == 1


def test_take_that_numbers_repetitions_is_no_leak_between_speakers():
    table = pd.DataFrame({"clip": list("abcd"), "speaker": ["s1", "s1", "s2", "s2"], "take": ["1", "2", "1", "2"]})
    assert counts([0, 1], [2, 3], table=table)["take"] == 0


def test_copy_of_a_copy_is_a_twin_and_a_circle_of_copies_ends():
    table = pd.DataFrame({"clip": list("abcd"), "speaker": list("1234"), "copy_of": ["", "a", "b", ""]})
    assert [counts([0], [row], table=table)["twin"] for row in (1, 2, 3)] == [1, 1, 0]
    circle = table.assign(copy_of=["", "c", "b", ""])
    assert [counts([1], [row], table=circle)["twin"] for row in (0, 2, 3)] == [0, 1, 0]


def test_recording_is_the_same_by_its_clip_or_its_checksum():
    table = pd.DataFrame({"clip": list("aabc"), "speaker": list("1234"), "sha256": ["", "h1", "h1", "h2"]})
    assert [counts([0], [row], table=table)["recording"] for row in (1, 2, 3)] == [1, 1, 0]


def test_what_is_known_for_some_clips_alone_is_told():
    table = TABLE.assign(text=["t1", "", "", "t2", "", "", ""])
    found = leaks(table, [0, 3], [4, 5], [1])
    assert (found.clips, found.known["speaker"], found.known["speaker_text"]) == (3, 3, 2)


def test_nobody_knows_what_was_fitted_where_nothing_says_so():
    assert counts([0], [1], table=TABLE.assign(fitted=""))["fitted"] is None
    assert counts([0], [1], table=TABLE.assign(fitted=["no", "", "", "", "", "", ""]))["fitted"] == 0


def complete(name):
    entries = manifest.manifest(name).entries
    return pd.DataFrame(
        {
            "clip": [entry.file for entry in entries],
            "speaker": [entry.labels.speaker for entry in entries],
            "text": [folder.LOADERS[name].text(entry.labels) for entry in entries],
            "emotion": [entry.labels.emotion for entry in entries],
            "sha256": [entry.sha256 for entry in entries],
        }
    )


# The public folds of EmoBox share speakers in EMO-DB, CREMA-D and TESS, and none in RAVDESS and SAVEE
@pytest.mark.parametrize(("name", "shared"), [("emodb", 10), ("cremad", 91), ("tess", 2)])
def test_folds_over_clips_share_every_speaker(name, shared):
    table = complete(name)
    fold = np.random.default_rng(0).permutation(len(table)) % 5
    found = leaks(table, np.flatnonzero(fold), [], np.flatnonzero(fold == 0))
    tested = table.iloc[np.flatnonzero(fold == 0)]
    assert tested["speaker"][found.kinds["speaker"]].nunique() == tested["speaker"].nunique() == shared
    assert found.counts["speaker"] == len(tested)


@pytest.mark.parametrize("name", ["ravdess", "savee"])
def test_folds_over_speakers_share_none(name):
    table = complete(name)
    fold = table["speaker"].astype("category").cat.codes.to_numpy() % 4
    found = leaks(table, np.flatnonzero(fold), [], np.flatnonzero(fold == 0)).counts
    assert (found["speaker"], found["speaker_text"], found["take"]) == (0, 0, 0)


def test_the_three_recordings_of_cremad_that_bear_two_labels_are_found():
    table = complete("cremad")
    first = np.flatnonzero(table["clip"].str.contains("1017_IWW_ANG|1006_TIE_HAP|1013_WSI_DIS"))
    rest = np.setdiff1d(np.arange(len(table)), first)
    assert leaks(table, rest, [], first).counts["recording"] == 3
