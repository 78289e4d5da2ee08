"""The leakage check as another project calls it: exit codes, counts, what it refuses."""

import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from ser_keras import leakage
from ser_keras.errors import ProtocolError

CLEAN = "clip,speaker,part\na,s1,train\nb,s2,validation\nc,s3,test\n"


@pytest.fixture
def call(tmp_path):
    def call(text, *options):
        path = tmp_path / "split.csv"
        path.write_text(text, encoding="utf-8")
        return CliRunner().invoke(leakage.leakage, [str(path), *options], standalone_mode=False)

    return call


def test_clean_split_gives_0(call):
    done = call(CLEAN)
    assert done.return_value == 0
    assert "1 test clips" in done.output


def test_shared_speaker_gives_1_and_its_share(call):
    done = call(CLEAN + "d,s1,test\n")
    assert done.return_value == 1
    assert "1 (50.0 %)  whose speaker is in training" in done.output


def test_leak_that_is_meant_is_allowed_and_still_counted(call):
    done = call(CLEAN + "d,s1,test\n", "--allow", "speaker")
    assert done.return_value == 0
    assert "1 (50.0 %)" in done.output


def test_counts_are_printed_as_json(call):
    done = call(CLEAN + "d,s1,test\n", "--json")
    assert json.loads(done.output) == {
        "tested": 2,
        "leaks": {
            "speaker": 1, "speaker_text": None, "take": None, "recording": 0, "twin": None, "watched": 0,
            "fitted": None,
        },
        "clips": 3,
        "known": {"speaker": 3, "speaker_text": 0, "take": 0, "recording": 3, "twin": 0},
    }  # fmt: skip


def test_other_names_of_parts_are_known_and_unknown_parts_left_aside(call):
    text = "Clip,Speaker,Part\na,s1,training\nb,s1,dev\nc,s2,Test\nd,s1,unused\n"
    assert call(text).return_value == 0


def test_a_clip_may_be_of_two_parts(call):
    assert "watched          1 (100.0 %)" in call("clip,speaker,part\na,s1,train\nb,s2,validation+test\n").output


def test_same_samples_under_another_header_are_the_same_recording(call, tmp_path):
    wave = np.round(np.random.default_rng(0).uniform(-1, 1, 400) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype="PCM_16")
    soundfile.write(tmp_path / "b.flac", wave, 8000, subtype="PCM_16")
    done = call("path,speaker,part\na.wav,s1,train\nb.flac,s2,test\n")
    assert done.return_value == 1
    assert "recording        1 (100.0 %)" in done.output


def test_copy_that_is_not_there_is_known_by_the_checksum_that_is_given(call, tmp_path):
    wave = np.round(np.random.default_rng(0).uniform(-1, 1, 400) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype="PCM_16")
    soundfile.write(tmp_path / "b.flac", wave, 8000, subtype="PCM_16")

    def same(rows):
        text = "path,speaker,part,sha256\na.wav,s1,train,aa\n" + rows
        return json.loads(call(text, "--json").stdout)["leaks"]["recording"]

    assert same("gone.wav,s2,test,aa\n") == 1
    assert same("gone.wav,s2,test,bb\n") == 0
    assert same("b.flac,s2,none,bb\ngone.wav,s3,test,bb\n") == 1  # the checksum of a copy in another format


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clip,part\na,train\n", "lacks the column speaker"),
        ("speaker,part\ns1,train\n", "lacks the column clip or path"),
        ("file,split\na,train\n", "lacks the columns speaker, part, clip or path; it has file, split"),
        ("clip,speaker,part\na,s1,train\n", "split.csv: no row is of the test part"),
        ("clip,speaker,part\na,s1,train\nb,s2,trian\n", "split.csv, line 3: 'trian' is no part"),
        ("clip,speaker,part\na,s1,train\nb,,test\n", "split.csv, line 3: the speaker is empty"),
        ("clip,speaker,part\na,s1,test\n", "no row is of the train part"),
        ("clip,speaker,part,Part\na,s1,train,test\n", "split.csv has the column part more than once"),
        (
            "clip,speaker,part,fitted\na,s1,train,x\nb,s2,test,\n",
            "split.csv, line 2: `fitted` is 'x'; expected yes, no",
        ),
        ("", "is no CSV that can be read (it is empty)"),
        ("\n\n", "is no CSV that can be read (it is empty)"),
        ("clip,speaker,part\na,s1,train\n\nb,s2\n", "split.csv, line 4: 2 cells, expected 3, one a column"),
        ("clip,speaker,part\na,s1,train,x\nb,s2,test\n", "split.csv, line 2: 4 cells, expected 3, one a column"),
    ],
)
def test_what_is_no_split_is_refused(call, text, says):
    done = call(text)
    assert isinstance(done.exception, ProtocolError)
    assert says in str(done.exception)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ProtocolError, match=r"none\.csv is not there"):
        leakage.read_split(tmp_path / "none.csv")


def test_each_fold_is_a_split_of_its_own(call):
    folds = "clip,speaker,part,fold\na,s1,train,1\nb,s2,test,1\na,s1,test,2\nb,s2,train,2\n"
    done = call(folds)
    assert done.return_value == 0
    assert "2 test clips" in done.output
    assert call(folds + "c,s2,test,2\n").return_value == 1


def test_scaler_fitted_on_test_clips_is_a_leak(call):
    done = call("clip,speaker,part,fitted\na,s1,train,yes\nb,s2,test,yes\nc,s3,test,no\n")
    assert done.return_value == 1
    assert "1 (50.0 %)  that a normalisation or selection is fitted on" in done.output


def test_clip_with_a_row_in_validation_and_one_in_test_is_watched(call):
    told = call("clip,speaker,part\na,s1,train\nb,s2,validation\nb,s2,test\n")
    assert "watched          1 (100.0 %)" in told.output
    assert told.return_value == 1


def test_clips_of_no_part_are_left_aside(call):
    told = call("clip,speaker,part\na,s1,train\nb,s2,test\nc,s1,none\nd,s1,\n")
    assert "1 test clips" in told.output
    assert told.return_value == 0


def test_recordings_that_are_not_there_are_counted_in_a_note(call):
    told = call("path,speaker,part\nx/a.wav,s1,train\nx/b.wav,s2,test\n")
    assert "note: 2 of 2 recordings can't be read: they are compared by name alone" in told.output


def counts(done):
    return json.loads(done.stdout)["leaks"]


def test_blanks_around_a_cell_tell_no_two_apart(call):
    assert counts(call("clip,speaker,part\na,s1,train\nb, s1 ,test\n", "--json"))["speaker"] == 1


def test_checksums_are_the_same_in_upper_and_lower_case(call):
    rows = "clip,speaker,part,sha256\na,s1,train,H9\nb,s2,test,h9\n"
    assert counts(call(rows, "--json"))["recording"] == 1


def test_clip_with_a_checksum_in_one_part_alone_is_the_same_recording(call):
    rows = "clip,speaker,part,sha256\na,s1,train,\na,s2,test,h1\n"
    assert counts(call(rows, "--json"))["recording"] == 1


@pytest.mark.parametrize(
    ("said", "count"),
    [("y", 1), ("Yes ", 1), ("true", 1), ("1", 1), ("", 0), ("no", 0), ("N", 0), ("False", 0), ("0", 0)],
)
def test_fitted_is_said_in_any_of_the_usual_words(call, said, count):
    rows = f"clip,speaker,part,fitted\na,s1,train,yes\nb,s2,test,{said}\n"
    assert counts(call(rows, "--json"))["fitted"] == count


def test_text_that_is_known_for_some_clips_alone_is_told(call):
    done = call("clip,speaker,part,text\na,s1,train,t1\nb,s1,test,\n")
    assert "0 (0.0 %)  whose speaker and sentence is in training (known for 1 of 2 clips)" in done.output
    assert "known for" not in call("clip,speaker,part,text\na,s1,train,t1\nb,s1,test,t2\n").output
