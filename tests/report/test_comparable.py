"""Which figures of ours may be held against a paper's."""

import pytest

from ser_keras.report import evidence, overview, tables, texts, worth
from ser_keras.report.comparable import held, unlike
from ser_keras.report.runs import finished_runs

WHOLE = {"emodb": {"clips": 535, "expected": 535, "synthetic": False}}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"synthetic": True, "clips": 56}, "the recordings of emodb are synthetic"),
        ({"clips": 534}, "emodb lacks 1 of 535 clips"),
        ({"clips": 535}, None),
    ],
)
def test_recordings_have_to_be_real_and_there(state, reason):
    found = unlike({"emodb": {**WHOLE["emodb"], **state}}, [], quick=False, epochs=None)
    assert found == ([reason] if reason else [])


def test_quick_and_shortened_trainings_and_corpora_that_are_missing_are_named():
    assert unlike(WHOLE, ["savee"], quick=True, epochs=None) == ["quick runs", "savee is not there"]
    assert unlike(WHOLE, [], quick=False, epochs=1) == ["held to 1 epoch by --epochs"]


@pytest.mark.parametrize(
    ("recipe", "choice", "limit", "told"),
    [
        (50, None, 5, 5),
        (50, None, 50, None),
        (None, 60, 5, 5),
        (50, 60, 50, None),
        (50, None, 90, 90),
        (50, 60, 60, 60),
    ],
)
def test_epochs_are_held_against_the_recipe_where_a_run_names_it(recipe, choice, limit, told):
    choices = [] if choice is None else [{"key": "epochs", "value": choice}]
    record = {"choices": choices, "training": {"epochs_limit": limit}}
    assert held(record if recipe is None else record | {"recipe_epochs": recipe}) == told


def test_interval_over_speakers_is_the_mean_of_all_runs_and_takes_enough_speakers():
    first = {"speaker_intervals": {"speakers": 8, "accuracy": [0.1, 0.9], "uar": [0.2, 0.8]}}
    second = {"speaker_intervals": {"speakers": 8, "accuracy": [0.3, 0.7], "uar": [0.4, 0.6]}}
    assert worth.over_speakers([first], "uar") == (0.2, 0.8)
    assert worth.over_speakers([first, second], "uar") == pytest.approx((0.3, 0.7))
    few = {"speaker_intervals": {**first["speaker_intervals"], "speakers": 7}}
    assert worth.over_speakers([first, few], "uar") is None
    assert worth.over_speakers([{"speaker_intervals": None}], "uar") is None


def test_interval_of_a_share_is_told_between_0_and_100():
    assert evidence.between((-0.01, 1.02)) == "0.0 to 100.0 %"
    assert overview.ends((0.992, 1.006)) == " [99.2, 100.0]"


def test_verdict_is_withheld_from_runs_that_are_not_comparable_and_the_reason_told(make_run, tmp_path):
    for seed in range(3):
        make_run(seed, right=0.8, choices=[], quick=True)
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    assert entry["verdict"] == texts.summary_cells(entry)[3] == "no verdict"
    [line] = overview.lines([entry])
    assert overview.cells(line)[-2] == "no verdict"
    assert overview.reasons([line]) == ["emodb: no verdict. Not comparable with the paper: quick runs."]
    assert any(one.endswith("; no verdict: quick runs.") for one in evidence.evidence(entry))
