"""Accuracy on the leaking and on the clean part of a test set, from stored tables."""

import csv

import pytest

from ser_keras.errors import RunError
from ser_keras.report import leaks
from ser_keras.report.runs import finished_runs


def right(folder):
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        return [row["true"] == row["predicted"] for row in csv.DictReader(stream)]


def test_accuracy_is_told_apart_for_leaking_and_clean_test_clips(make_run, write_split, tmp_path):
    folder = make_run()
    write_split(folder, leaking=lambda number: number < 40)
    found = leaks.summary(finished_runs(tmp_path, "yadav2022"))
    hits = right(folder)
    speaker = next(row for row in found["kinds"] if row["kind"] == "speaker")
    assert (found["tested"], speaker["clips"]) == (107, 40)
    assert speaker["accuracy"] == pytest.approx(sum(hits[:40]) / 40)
    assert speaker["accuracy_clean"] == pytest.approx(sum(hits[40:]) / 67)


def test_runs_are_pooled(make_run, write_split, tmp_path):
    for seed, leaking in ((0, 10), (1, 20)):
        write_split(make_run(seed), leaking=lambda number, leaking=leaking: number < leaking)
    found = leaks.summary(finished_runs(tmp_path, "yadav2022"))
    assert (found["tested"], found["kinds"][0]["clips"]) == (214, 30)


def test_what_a_split_cannot_tell_is_not_known(make_run, write_split, tmp_path):
    write_split(make_run())
    kinds = {row["kind"]: row for row in leaks.summary(finished_runs(tmp_path, "yadav2022"))["kinds"]}
    assert (kinds["take"]["clips"], kinds["speaker"]["clips"]) == (None, 0)
    assert kinds["speaker"]["accuracy"] is None


def test_run_without_a_split_has_no_summary(make_run, tmp_path):
    make_run()
    assert leaks.summary(finished_runs(tmp_path, "yadav2022")) is None


def test_short_words_name_the_worst_first(make_run, write_split, tmp_path):
    write_split(make_run(), leaking=lambda number: number % 2 == 0)
    assert leaks.short(leaks.summary(finished_runs(tmp_path, "yadav2022"))) == "speakers 50 %"
    assert leaks.short({"kinds": [{"kind": "speaker", "share": 0.0}]}) == "nothing"


def test_split_of_other_clips_is_refused(make_run, write_split, tmp_path):
    folder = make_run()
    write_split(folder)
    path = folder / "split.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("emodb/0003.wav", "emodb/x.wav"), encoding="utf-8")
    with pytest.raises(RunError, match=r"split\.csv has other test clips"):
        leaks.summary(finished_runs(tmp_path, "yadav2022"))


def test_a_leak_of_few_clips_is_not_told_as_none_at_all():
    rows = [{"kind": "recording", "share": 1 / 6540}, {"kind": "take", "share": 0.21}, {"kind": "twin", "share": 0.0}]
    assert leaks.short({"kinds": rows}) == "same recording under 1 %, takes 21 %"


def test_leaks_are_named_in_the_fields_words():
    rows = [{"kind": "watched", "share": 0.5}, {"kind": "twin", "share": 0.25}]
    assert leaks.short({"kinds": rows}) == "augmented copies 25 %, used for validation 50 %"
