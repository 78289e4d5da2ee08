"""Scores by corpus and gender, from stored tables."""

import csv

import numpy as np
import pytest

from ser_keras.report import parts, tables
from ser_keras.report.runs import finished_runs


@pytest.fixture
def entry(make_run, tmp_path):
    """One run whose split says that each second test clip is of a woman and the first 40 of another corpus."""
    folder = make_run()
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "split.csv").open("w", encoding="utf-8", newline="") as stream:
        written = csv.writer(stream)
        written.writerows([["clip", "speaker", "part", "corpus", "gender"], ["x.wav", "s", "train", "emodb", "male"]])
        for number, row in enumerate(rows):
            corpus, gender = ("savee" if number < 40 else "emodb"), ("male", "female")[number % 2]
            written.writerow([row["clip"], row["speaker"], "test", corpus, gender])
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    return entry, np.array([row["true"] == row["predicted"] for row in rows])


def test_each_part_has_the_accuracy_of_its_clips(entry):
    found, right = entry
    assert found["parts"]["corpus"]["savee"]["accuracy"] == pytest.approx(right[:40].mean())
    assert found["parts"]["corpus"]["emodb"]["accuracy"] == pytest.approx(right[40:].mean())
    assert found["parts"]["gender"]["female"]["accuracy"] == pytest.approx(right[1::2].mean())
    assert [row[0] for row in parts.rows(found)] == ["emodb", "savee", "female", "male"]


def test_confusions_of_high_arousal_are_told(entry):
    found, _ = entry
    confusion, classes = np.array(found["confusion"]), found["classes"]
    angry, happy = classes.index("angry"), classes.index("happy")
    share = 100 * confusion[angry, happy] / confusion[angry].sum()
    assert f"angry for happy {share:.1f} %" in parts.confused(found)


def test_run_without_a_split_has_no_parts(make_run, tmp_path):
    make_run()
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    assert entry["parts"] is None
    assert parts.rows(entry) == []
    assert parts.confused(entry) == ""


def test_one_corpus_alone_is_no_part(make_run, write_split, tmp_path):
    write_split(make_run())
    [entry] = tables.experiments(finished_runs(tmp_path, "yadav2022"))
    assert parts.rows(entry) == []
