"""A report's words: signs, digits, warnings."""

import pytest

from ser_keras.report import evidence, split_texts, tables, texts
from ser_keras.report.runs import finished_runs

OURS = [{"key": "trim", "value": 1, "default": 1, "reason": "why", "alternatives": [2]}]


@pytest.fixture
def entry_of(make_run, tmp_path):
    def entry_of(**changes):
        make_run(**changes)
        return tables.experiments(finished_runs(tmp_path, "yadav2022"))[0]

    return entry_of


def test_verdict_gives_both_figures_and_their_distance(entry_of):
    entry = entry_of() | {"accuracy_mean": 0.8224, "accuracy_std": None, "difference_points": -0.94}
    assert texts.verdict(entry) == "Published: 83.18 %. Reproduced: 82.24 % (1 run), 0.94 points lower."
    entry |= {"accuracy_mean": 0.8518, "accuracy_std": 0.0125, "difference_points": 2.0, "runs": entry["runs"] * 3}
    assert texts.verdict(entry) == "Published: 83.18 %. Reproduced: 85.18 ± 1.25 % (3 runs), 2.00 points higher."
    entry["difference_points"] = 0.001
    assert texts.verdict(entry).endswith("the same.")
    entry["difference_points"] = None
    assert texts.verdict(entry).endswith("The paper prints no accuracy.")


def test_one_run_allows_no_test(entry_of):
    entry = entry_of()
    assert "allows no test" in texts.spread(entry)
    entry["runs"] *= 2
    assert "all 2 runs" in texts.spread(entry)


def test_classification_rows_have_the_printed_form(entry_of):
    entry = entry_of(right=1.0)
    rows = texts.classification_rows(entry)
    assert [row["label"] for row in rows][-4:] == ["sad (11)", "Accuracy", "Macro avg", "Weighted avg"]
    assert rows[0] == {
        "label": "angry (34)",
        "published": ["87.88", "85.29", "0.8657"],  # Table 3
        "reproduced": ["100.00", "100.00", "1.0000"],
        "contradicted": [False, False, False],
    }
    assert rows[1]["published"] == ["80.00", "80.00", "0.8000"]  # JSON holds 80.0 and 0.8
    assert rows[-3]["published"] == ["", "", "83.18 %"]
    assert texts.units(entry) == ["Precision %", "Recall %", "F1"]


def test_contradicted_value_is_marked(entry_of):
    rows = texts.classification_rows(entry_of(experiment="ravdess"))
    assert [row["label"] for row in rows if any(row["contradicted"])] == ["Macro avg"]
    assert rows[-2]["contradicted"] == [False, False, True]


def test_paper_without_a_report_leaves_its_columns_empty(entry_of):
    entry = entry_of(
        published={"accuracy": 0.9893, "classes": ["angry", "sad"], "source": "Table 1"}, experiment="lstm"
    )
    row = texts.classification_rows(entry)[0]
    assert row["published"] == ["–", "–", "–"]
    assert row["label"] == "angry (5)"
    assert texts.summary_cells(entry)[0] == "0.9893"
    assert texts.summary_cells(entry)[3:5] == ["one run", "–"]


def test_other_test_supports_are_told_beside_the_printed_ones(entry_of):
    entry = entry_of()
    entry["splits"][0]["supports"]["test"]["angry"] = 30
    assert texts.classification_rows(entry)[0]["label"] == "angry (34 published, 30 here)"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"quick": True}, [texts.QUICK]),
        ({"corpora": {"emodb": {"clips": 9, "expected": 9, "synthetic": True}}}, [texts.SYNTHETIC]),
    ],
)
def test_bands_warn_of_synthetic_and_quick_runs(entry_of, changes, expected):
    assert texts.bands([entry_of(**changes)]) == expected


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        (
            {"corpora": {"emodb": {"clips": 400, "expected": 535, "synthetic": False, "altered": 2}}},
            [
                "emodb is not complete: 400 of its 535 clips are there.",
                "2 clips of emodb differ from what is published.",
            ],
        ),
        (
            {"training": {"epochs_limit": 1, "epochs_run": 12, "best_epoch": 8}},
            ["Training was held to 1 epoch, where the recipe allows 100."],
        ),
        (
            {"training": {"epochs_limit": 5, "epochs_run": 5, "best_epoch": 5}, "recipe_epochs": 30, "choices": []},
            ["Training was held to 5 epochs, where the recipe allows 30."],
        ),
        ({"set_aside": [{"clip": "a", "reason": "b"}]}, ["Could not be used and set aside: 1 clip."]),
    ],
)
def test_notes_say_what_is_not_as_in_the_paper(entry_of, changes, told):
    assert texts.notes(entry_of(**changes)) == told


def test_leak_is_told_in_plain_words(entry_of):
    entry = entry_of()
    split = entry["splits"][0]
    assert "10 of the 10 speakers of the test part are in the training part" in split_texts.leak(entry, split)
    assert "107 of the 107 test clips" in split_texts.leak(entry, split)
    alone = split | {"shared_speakers": [], "shared_with_validation": []}
    assert split_texts.leak(entry, alone) == "No speaker of the test part is in the training part."
    watched = split | {"shared_speakers": [], "shared_with_validation": ["d"]}
    assert split_texts.leak(entry, watched).endswith("but 1 in the validation part, which decides when training stops.")


def test_audit_line_counts_what_was_checked(entry_of):
    assert texts.audit_line(entry_of()) == "28 printed values recomputed from its printed matrix; none is contradicted."
    entry = entry_of(experiment="ravdess", seed=1) | {"audit_checked": 31, "audit": [{}]}
    assert texts.audit_line(entry).endswith("1 value is contradicted.")
    entry |= {"audit_checked": 0}
    assert texts.audit_line(entry).startswith("Nothing printed could be held")


@pytest.mark.parametrize(("seconds", "told"), [(None, "–"), (12.4, "12 s"), (400.1, "7 min"), (9000, "2.5 h")])
def test_durations_choose_their_unit(seconds, told):
    assert texts.duration(seconds) == told


def test_facts_leave_out_what_a_run_does_not_record(entry_of):
    entry = entry_of()
    facts = dict(texts.training_facts(entry))
    assert facts["Early stopping"] == "on val_accuracy, patience 20"
    assert facts["Stopped early"] == "seed 0"
    assert dict(texts.provenance_facts({"python": "3.11.7"})) == {"Python": "3.11.7", "Accelerator": "none"}
    machine = {
        "deterministic": False,
        "hardware": {"cpu": "Some CPU", "cores": 1},
        "packages": {"keras": "3", "numpy": "2"},
    }
    told = dict(texts.provenance_facts(machine))
    assert told["Deterministic operations"] == "no"
    assert told["Processor"] == "Some CPU, 1 core"
    assert told["Packages"] == "keras 3, numpy 2"


def test_small_words():
    assert texts.signed(-10.911) == "−10.91"
    assert texts.signed(2.0) == "+2.00"
    assert texts.percent(None) == texts.signed(None) == "–"
    assert [texts.value_text(value) for value in (None, True, 60.0, "clip")] == ["none", "true", "60.0", "clip"]
    assert texts.moment("2026-11-20T22:07:00+00:00") == "2026-11-20 22:07 UTC"
    assert texts.matrix_words([[3, 1], [0, 0]], ["angry", "sad"]) == "recognized: angry 75.0 % (3 of 4), sad – (0 of 0)"


def test_twins_in_training_watched_and_unused_clips_are_told(entry_of):
    split = entry_of()["splits"][0]
    assert split_texts.more_leaks(split) == []
    told = split_texts.more_leaks({**split, "twins_in_training": 3, "watched_test_clips": 107, "unused": 1})
    assert told[0].startswith("3 of the 107 test examples have their twin in the training part")
    assert told[1].startswith("107 of the 107 test examples are used for validation too")
    assert told[2] == "1 clip is in no part at all."


def test_missing_corpus_and_published_weights_are_noted(entry_of):
    notes = texts.notes(entry_of(missing_corpora=["savee"]))
    assert "savee is not there: the experiment was run without it." in notes
    assert not any("Nothing was trained" in note for note in notes)


def test_variants_are_set_beside_each_other_with_what_tells_them_apart(make_run, tmp_path):
    make_run(variant="coded", right=0.0, summary="One step.", choices=OURS)
    make_run(variant="described", right=1.0, summary="Many steps.", choices=OURS)
    entries = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    (line,) = evidence.variants(entries)
    low = entries[0]["accuracy_mean"]
    assert line.startswith(f"emodb: published 83.18 %; coded, published protocol {100 * low:.2f} % (1 run);")
    assert f"From coded to described accuracy moves by {100 - 100 * low:+.2f} points." in line
    assert line.endswith("coded: One step. described: Many steps.")


def test_one_way_of_an_experiment_needs_no_comparison(entry_of):
    assert evidence.variants([entry_of()]) == []


def test_printed_accuracy_is_told_in_clips(entry_of):
    (line,) = evidence.size_lines(entry_of())
    assert line.startswith("The printed accuracy is 89 of 107")  # 83.18 %


def test_bare_accuracy_is_told_in_the_usual_numbers_of_clips(entry_of):
    sizes = [{"text": "277 of 280 (10 % of 2800)"}, {"text": "554 of 560"}]
    entry = entry_of() | {"audit_sizes": sizes}
    entry["published"] = entry["published"] | {"n_test": None}
    (line,) = evidence.size_lines(entry)
    assert "277 of 280 (10 % of 2800) gives the printed accuracy, and so do 554 of 560." in line
    assert evidence.size_lines(entry | {"audit_sizes": []}) == []


def test_one_run_is_no_test_and_says_what_the_clips_alone_tell(entry_of):
    entry = entry_of(right=1.0)
    assert entry["verdict"] == "one run"
    told = " ".join(evidence.evidence(entry))
    assert "Published, by its 107 test clips alone: 75.0 to 89.1 % (Wilson)." in told  # of 89 right
    assert "0 is not. That is no test of the reproduction" in told
    assert "Over the 10 speakers of the test part" in told


@pytest.mark.parametrize(("right", "verdict"), [(0.8, "reproduced"), (1.0, "above"), (0.1, "below")])
def test_verdict_is_whether_a_rerun_would_reach_the_published_figure(make_run, tmp_path, right, verdict):
    for seed in range(4):
        make_run(seed=seed, right=right)
    (entry,) = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    assert entry["verdict"] == verdict
    (line,) = [line for line in evidence.evidence(entry) if line.startswith("One more run is expected at")]
    assert {"reproduced": "lies in it", "above": "lies below it", "below": "lies above it"}[verdict] in line
    assert texts.summary_cells(entry)[3] == verdict


def test_changed_choice_is_told_by_how_far_it_moves_its_variant(make_run, tmp_path):
    make_run(seed=0, right=1.0, choices=OURS)
    make_run(seed=1, right=0.2, choices=[OURS[0] | {"value": 2}])
    make_run(seed=0, right=0.5, variant="coded", choices=OURS)
    entries = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    by_value = {(one["variant"], one["choices"]["trim"]["value"]): one["accuracy_mean"] for one in entries}
    (line,) = evidence.variants(entries)
    moved = 100 * (by_value["described", 2] - by_value["described", 1])
    assert f"trim = 2 alone moves described by {moved:+.2f} points.".replace("-", "−") in line
    between = 100 * (by_value["described", 1] - by_value["coded", 1])
    assert f"From coded to described accuracy moves by {between:+.2f} points." in line


def test_changed_choice_is_compared_on_the_seeds_that_both_have(make_run, tmp_path):
    for seed, right in ((0, 1.0), (1, 0.2), (2, 0.2)):
        make_run(seed=seed, right=right, choices=OURS)
    entries = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    base = entries[0]
    other = {**base, "runs": [base["runs"][0]], "accuracy_mean": base["runs"][0]["accuracy"]}
    other["choices"] = {"trim": {**base["choices"]["trim"], "value": 2, "changed": True}}
    (line,) = evidence.variants([base, other])
    assert "trim = 2 alone moves described by +0.00 points." in line


def test_another_protocol_is_no_reproduction_and_gets_no_verdict(entry_of):
    entry = entry_of(protocol="speaker-independent")
    assert (entry["verdict"], entry["difference_interval"], texts.summary_cells(entry)[3]) == ("", None, "–")


def test_leak_gap_is_the_published_protocol_minus_unheard_speakers(make_run, tmp_path):
    make_run(right=1.0, choices=OURS)
    make_run(protocol="speaker-independent", right=0.5, choices=OURS)
    entries = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    (line,) = evidence.variants(entries)
    gap = 100 * (entries[0]["accuracy_mean"] - entries[1]["accuracy_mean"])
    assert f"Leak gap of described, published minus speaker-independent protocol: {gap:+.2f} points." in line


def test_speakers_of_each_part_are_told_once():
    split = {"speakers": {"train": ["a", "b"], "validation": [], "test": ["a", "b"]}, "shared_speakers": ["a", "b"]}
    assert split_texts.speaker_counts(split) == {
        "training": 2, "validation": 0, "test": 2, "both training and test": 2,
    }  # fmt: skip
    assert list(split_texts.speaker_lists(split).values()) == ["a, b", "–", "as in training", "as in training"]
