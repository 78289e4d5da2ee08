"""What runs came to: recomputed from their predictions, averaged over all of them, beside the printed figures."""

import csv
from statistics import mean, stdev

import pytest
from sklearn import metrics

from ser_keras.report import overview, tables, texts
from ser_keras.report.runs import finished_runs


def entries(tmp_path):
    return tables.experiments(finished_runs(tmp_path, "yadav2022"))


def labels(folder):
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["true"] for row in rows], [row["predicted"] for row in rows]


def test_scores_are_those_of_the_predictions(make_run, tmp_path):
    y_true, y_pred = labels(make_run())
    [entry] = entries(tmp_path)
    [run] = entry["runs"]
    assert run["accuracy"] == pytest.approx(metrics.accuracy_score(y_true, y_pred))
    assert run["uar"] == pytest.approx(metrics.balanced_accuracy_score(y_true, y_pred))
    assert run["confusion"] == metrics.confusion_matrix(y_true, y_pred, labels=entry["classes"]).tolist()
    assert (run["seed"], run["n_test"], run["folder"]) == (0, 107, "emodb/described/published/seed-0")
    assert entry["report"]["macro_avg"]["f1"] == pytest.approx(metrics.f1_score(y_true, y_pred, average="macro"))


def test_one_run_has_no_deviation(make_run, tmp_path):
    make_run()
    [entry] = entries(tmp_path)
    assert entry["accuracy_mean"] == entry["runs"][0]["accuracy"]
    assert entry["accuracy_std"] is None
    assert entry["uar_std"] is None


def test_several_runs_are_averaged_none_left_out(make_run, tmp_path):
    shares = [metrics.accuracy_score(*labels(make_run(seed))) for seed in range(4)]
    [entry] = entries(tmp_path)
    assert entry["accuracy_mean"] == pytest.approx(mean(shares))
    assert entry["accuracy_std"] == pytest.approx(stdev(shares))
    assert [run["accuracy"] for run in entry["runs"]] == pytest.approx(shares)
    assert sum(map(sum, entry["confusion"])) == 4 * 107
    assert entry["difference_points"] == pytest.approx(100 * mean(shares) - 83.18)


def test_published_figures_are_the_printed_ones_and_their_counts(make_run, tmp_path):
    make_run()
    published = entries(tmp_path)[0]["published"]
    assert published["accuracy"] == pytest.approx(0.8318)  # Table 3
    assert published["accuracy_text"] == "83.18 %"
    assert published["n_test"] == 107
    assert published["confusion"][0] == [29, 0, 0, 3, 2, 0, 0]  # Figure 10: 85.29, 8.82 and 5.88 % of 34
    assert round(published["uar"], 4) == 0.8298  # Table 3: macro recall 82.98
    assert published["supports"]["neutral"] == 17


def test_published_matrix_follows_the_order_of_the_runs_classes(make_run, tmp_path):
    published = {"classes": ["sad", "angry"], "support": [2, 3], "confusion_counts": [[2, 0], [1, 2]], "source": "x"}
    make_run(published=published | {"classes": ["angry", "sad"], "support": [3, 2]}, experiment="a")
    make_run(published=published, classes=["angry", "sad"], experiment="b")
    assert entries(tmp_path)[1]["published"]["confusion"] == [[2, 1], [0, 2]]


def test_runs_of_other_settings_are_not_averaged(make_run, tmp_path):
    make_run(0)
    make_run(1, quick=True)
    first, second = entries(tmp_path)
    assert (len(first["runs"]), len(second["runs"])) == (1, 1)
    assert (first["settings"], second["settings"]) == ({"quick": False}, {"quick": True})
    assert first["id"] != second["id"]


def test_runs_in_bfloat16_are_not_averaged_with_those_in_float32_old_or_new(make_run, tmp_path):
    said = {"epochs_limit": 100, "epochs_run": 12, "best_epoch": 8, "monitor": "val_loss"}
    folder = make_run(0, training=said | {"precision": "bfloat16"})
    folder.rename(folder.with_name("seed-0,monitor=val_loss,precision=bfloat16"))
    make_run(0, training=said)  # of before there was another precision
    make_run(1, training=said | {"precision": "float32"})
    plain, other = entries(tmp_path)
    assert [run["seed"] for run in plain["runs"]] == [0, 1]
    assert [run["seed"] for run in other["runs"]] == [0]
    assert other["settings"] == {"precision": "bfloat16"}
    assert any("bfloat16" in note for note in texts.notes(other))
    [line] = overview.lines([{**entry, "choices": {}} for entry in (other, plain)])
    assert line["described"]["runs"] == 2


def test_what_training_came_to_does_not_part_runs(make_run, tmp_path):
    from_first = {"epochs_limit": 100, "epochs_run": 12, "best_epoch": 8, "monitor": "val_loss"}
    make_run(0, training=from_first)
    make_run(1, training=from_first | {"epochs_run": 12, "best_epoch": 3})
    [entry] = entries(tmp_path)
    assert [run["best_epoch"] for run in entry["runs"]] == [8, 3]


def test_audit_of_the_printed_table_is_in_the_entry(make_run, tmp_path):
    make_run(experiment="ravdess")
    make_run(experiment="ravdess-augmented")
    first, second = entries(tmp_path)
    [finding] = first["audit"]
    assert (finding["where"], finding["printed"]) == ("macro_avg f1", 0.8564)
    assert "ravdess-augmented" in finding["hint"]
    assert second["audit"] == []


def test_shared_speakers_are_named_and_their_clips_counted(make_run, tmp_path):
    make_run()
    [split] = entries(tmp_path)[0]["splits"]
    assert split["shared_speakers"] == [f"emodb-{number:02}" for number in (3, 8, 9, 10, 11, 12, 13, 14, 15, 16)]
    assert split["test_clips_of_shared_speakers"] == split["test_clips"] == 107


def test_clips_of_some_shared_speakers_are_counted(make_run, tmp_path):
    supports = {"angry": 34, "bored": 10, "disgust": 10, "fear": 12, "happy": 13, "neutral": 17, "sad": 11}
    split = {
        "supports": {"train": supports, "validation": supports, "test": supports},
        "speakers": {"train": ["a", "b"], "validation": ["d"], "test": ["b", "c", "d", "e"]},
        "note": "",
    }
    make_run(split=split)
    [told] = entries(tmp_path)[0]["splits"]
    assert told["shared_speakers"] == ["b"]
    assert told["shared_with_validation"] == ["d"]
    assert told["test_clips_of_shared_speakers"] == 27  # the fixture deals 107 clips to 4 speakers in turn


def test_choices_say_whether_they_were_changed(make_run, tmp_path):
    make_run()
    choices = entries(tmp_path)[0]["choices"]
    assert (choices["trim_top_db"]["value"], choices["trim_top_db"]["changed"]) == (60, False)
    assert (choices["monitor"]["default"], choices["monitor"]["changed"]) == ("val_accuracy", True)


def test_corpora_and_clips_set_aside_are_counted(make_run, tmp_path):
    aside = [{"clip": "emodb/a.wav", "reason": "silent"}]
    corpus = {"clips": 500, "expected": 535, "synthetic": False, "altered": 1, "foreign": 2, "manifest_sha256": "a"}
    for seed in (0, 1):
        make_run(seed, set_aside=aside, corpora={"emodb": corpus})
    [entry] = entries(tmp_path)
    assert entry["corpora"]["emodb"] == corpus | {"missing": 35}
    assert entry["set_aside"] == aside


def test_changed_choices_alone_tell_runs_apart(make_run, tmp_path):
    def choices(batch_size):
        return [{"key": "batch_size", "value": batch_size, "default": 16, "reason": "why", "alternatives": [4]}]

    def trained(batch_size):
        return {"optimizer": f"Adam of {batch_size}", "batch_size": batch_size, "epochs_run": 12, "best_epoch": 8}

    folder = make_run(0, choices=choices(4), training=trained(4))
    folder.rename(folder.with_name("seed-0,batch_size=4"))
    make_run(1, choices=choices(16), training=trained(16))
    ours, changed = entries(tmp_path)  # ours first, though its seed is the higher one
    assert (ours["settings"], changed["settings"]) == ({}, {"batch_size": 4})
