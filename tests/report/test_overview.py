"""The line an experiment that a report opens with."""

import pytest

from ser_keras.evaluation import intervals
from ser_keras.report import evidence, overview, tables
from ser_keras.report.runs import finished_runs


def lines(tmp_path, *names):
    return overview.lines(tables.experiments(finished_runs(tmp_path, "yadav2022")), names)


def test_a_line_sets_both_variants_and_unheard_speakers_beside_the_published_figure(make_run, tmp_path):
    for seed in (0, 1):
        make_run(seed, right=0.9, choices=[])
    make_run(0, variant="coded", right=0.5, choices=[])
    make_run(0, protocol="speaker-independent", right=0.3, choices=[])
    [line] = lines(tmp_path)
    # 89 of 107: the printed accuracy of 83.18 %
    assert line["published"]["interval"] == pytest.approx(intervals.wilson(89, 107))
    assert (line["described"]["runs"], line["coded"]["runs"]) == (2, 1)
    assert line["coded"]["mean"] < line["described"]["mean"]
    [unheard] = line["unheard"]
    assert line["gaps"] == {"described": pytest.approx(100 * (line["described"]["mean"] - unheard["mean"]))}
    assert set(line["verdicts"]) == {"described", "coded"}
    assert line["verdicts"]["coded"] == "one run"


def test_experiment_that_was_not_run_has_a_line(make_run, tmp_path):
    make_run(choices=[])
    found = lines(tmp_path, "ravdess", "emodb")
    assert [line["name"] for line in found] == ["ravdess", "emodb"]
    assert overview.cells(found[0])[2:] == ["–", "–", "–", "not run", "–"]


def test_runs_with_changed_choices_or_published_weights_are_no_line(make_run, tmp_path):
    make_run()  # its monitor is changed
    make_run(1, choices=[], weights="published")
    assert lines(tmp_path) == []


def test_cells_name_intervals_leaks_and_gap(make_run, write_split, tmp_path):
    write_split(make_run(0, choices=[]), leaking=lambda number: True)
    make_run(0, protocol="speaker-independent", right=0.3, choices=[])
    cells = overview.cells(lines(tmp_path)[0])
    assert cells[1] == "83.18 % [75.0, 89.1]"  # Wilson interval of 89/107
    assert cells[-2] == "one run"
    assert cells[-1].startswith("speakers 100 %; gap +")


def test_verdict_is_told_in_one_sentence(make_run, tmp_path):
    for seed in range(3):
        make_run(seed, right=0.2, choices=[])
    line = lines(tmp_path)[0]
    assert line["verdicts"] == {"described": "below"}
    [told] = overview.reasons([line])
    assert told.startswith("emodb: below. 83.18 % lies above ")
    assert told.endswith("where one more run is expected after 3.")


def test_an_accuracy_is_as_exact_as_it_is_printed_and_the_sentence_says_so():
    entry = {"published": {"accuracy": 0.99, "half": 0.005, "accuracy_text": "99 %"}, "verdict": "reproduced"}
    entry |= {"rerun_interval": (0.993, 1.004), "runs": [{}] * 4, "rests_on": []}
    assert overview.why(entry) == (
        "99 % (as exact as printed: 98.5 to 99.5 %) reaches into 99.3 to 100.0 %, where one more run is expected "
        "after 4."
    )
    entry |= {"rerun_interval": (0.985, 1.0)}
    assert overview.why(entry).startswith("99 % lies in 98.5 to 100.0 %")
    entry |= {"rerun_interval": (0.996, 1.0), "verdict": "above"}
    assert overview.why(entry).startswith("99 % lies below 99.6 to 100.0 %")


def test_verdict_says_how_far_off_one_more_run_may_be(make_run, tmp_path):
    for seed, right in enumerate((0.95, 0.6, 0.75)):
        make_run(seed, right=right, choices=[])
    [line] = lines(tmp_path)
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    low, high = entry["rerun_interval"]
    assert high - low > 0.4  # three runs far apart
    assert overview.cells(line)[-2] == f"reproduced ± {50 * (high - low):.1f}"


def test_interval_on_unheard_speakers_is_that_of_all_runs(make_run, tmp_path):
    for seed, right in enumerate((0.4, 0.5)):
        make_run(seed, protocol="speaker-independent", right=right, choices=[])
    runs = tables.experiments(finished_runs(tmp_path, "yadav2022"))[0]["runs"]
    ends = zip(*(run["speaker_intervals"]["accuracy"] for run in runs), strict=True)
    [unheard] = lines(tmp_path)[0]["unheard"]
    assert unheard["interval"] == pytest.approx([sum(end) / 2 for end in ends])


def test_a_quick_run_does_not_hide_those_that_are_comparable(make_run, tmp_path):
    make_run(0, choices=[], quick=True)
    for seed in (1, 2):
        make_run(seed, choices=[])
    [line] = lines(tmp_path)
    assert line["described"]["runs"] == 2
    assert line["described"]["marks"] == []


def test_a_verdict_that_one_run_decides_names_it_and_says_what_it_would_be_without(make_run, tmp_path):
    for seed, right in enumerate((0.5, 0.5, 0.5, 0.5, 0.0)):
        make_run(seed, right=right, choices=[])
    [line] = lines(tmp_path)
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    [resting] = entry["rests_on"]
    rest = [run["accuracy"] for run in entry["runs"] if run["seed"] != 4]
    assert (resting["seed"], resting["verdict"]) == (4, "below")
    assert resting["rerun_interval"] == pytest.approx(intervals.rerun(rest, 107, 107))
    assert overview.cells(line)[-2].endswith(", rests on seed 4")
    low, high = (100 * end for end in resting["rerun_interval"])
    ours = f"{100 * resting['accuracy']:.2f} %"
    [told] = overview.reasons([line])
    assert told.endswith(f"Without seed 4 ({ours}) ours would be below: {low:.1f} to {high:.1f} %.")


def test_two_runs_rest_on_none_and_neither_does_another_verdict(make_run, tmp_path):
    for seed, right in enumerate((0.9, 0.5)):
        make_run(seed, right=right, choices=[])
    for seed in range(3):
        make_run(seed, right=0.2, variant="coded", choices=[])
    [line] = lines(tmp_path)
    assert line["verdicts"] == {"described": "reproduced", "coded": "below"}
    assert line["rests_on"] == {"described": [], "coded": []}


def test_no_leak_gap_where_the_published_split_shares_no_speaker(make_run, write_split, tmp_path):
    write_split(make_run(0, choices=[]))
    make_run(0, protocol="speaker-independent", right=0.3, choices=[])
    assert lines(tmp_path)[0]["gaps"] == {}
    assert "Leak gap" not in evidence.variants(tables.experiments(finished_runs(tmp_path, "yadav2022")))[0]
