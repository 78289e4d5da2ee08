"""Cells as they are carried out: the same folds for all, nothing leaks, and what is finished stays."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from ser_keras.comparison import run
from ser_keras.comparison.cells import Cell, cell_folder
from ser_keras.errors import RunError
from ser_keras.tasks import Settings

from .conftest import DEAF, HEARD

WITHIN = Cell("egemaps-svm", "within", ("savee",), ("savee",), 0)
CROSS = Cell("egemaps-svm", "cross", ("savee",), ("ravdess",), 0)


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path)


def record_of(folder):
    return json.loads((folder / "cell.json").read_text(encoding="utf-8"))


def test_within_tests_every_clip_once_on_speakers_that_training_did_not_hear(gathered, settings, tmp_path):
    clips = gathered()
    folder = run.carried_out(WITHIN, HEARD, clips, tmp_path, settings)
    table, record = pd.read_csv(folder / "predictions.csv"), record_of(folder)
    assert sorted(table["clip"]) == sorted(clips.table["clip"][clips.table["corpus"] == "savee"])
    assert (table["true"] == table["predicted"]).mean() > 0.9  # tones 150 hertz apart
    assert len(record["folds"]) == 4  # LOSO
    for fold in record["folds"]:
        assert not set(fold["speakers"]["train"]) & set(fold["speakers"]["test"])
        assert fold["leaks"]["speaker"] == fold["leaks"]["recording"] == 0
    np.testing.assert_allclose(table[list(clips.classes)].sum(axis=1), 1)


def test_cross_trains_on_one_corpus_and_tests_all_of_the_other(gathered, settings, tmp_path):
    folder = run.carried_out(CROSS, HEARD, gathered(), tmp_path, settings)
    (fold,) = record_of(folder)["folds"]
    assert fold["clips"] == {"train": 32, "validation": 0, "test": 48}
    assert set(pd.read_csv(folder / "predictions.csv")["corpus"]) == {"ravdess"}
    assert fold["cost"] > 0


def test_merged_corpora_are_tested_once_in_groups_of_speakers(gathered, settings, tmp_path):
    both = ("savee", "ravdess")
    folder = run.carried_out(Cell("majority", "within", both, both, 0), DEAF, gathered(), tmp_path, settings)
    record = record_of(folder)
    assert len(record["folds"]) == 5
    assert record["tested"] == 80


def test_watched_speakers_are_taken_from_training_alone(gathered):
    from ser_keras.comparison.models import selected

    clips = gathered()
    (watching, *_) = selected(("rastogi2025/mlp",))
    for cell in (Cell("", "within", ("ravdess",), ("ravdess",), 0), dataclasses.replace(CROSS, model="")):
        plain, watched = (run.folds_of(cell, model, clips) for model in (DEAF, watching))
        for one, other in zip(plain, watched, strict=True):
            np.testing.assert_array_equal(one.test, other.test)
            assert len(other.validation)
            np.testing.assert_array_equal(one.train, np.union1d(other.train, other.validation))
            speakers = clips.table["speaker"].to_numpy()
            assert not set(speakers[other.validation]) & (set(speakers[other.train]) | set(speakers[other.test]))


def test_finished_cell_is_not_computed_again_unless_forced(gathered, settings, tmp_path):
    clips = gathered()
    folder = run.carried_out(WITHIN, HEARD, clips, tmp_path, settings)
    before = (folder / "cell.json").stat().st_mtime_ns
    assert run.carried_out(WITHIN, HEARD, clips, tmp_path, settings) == folder
    assert (folder / "cell.json").stat().st_mtime_ns == before
    run.carried_out(WITHIN, HEARD, clips, tmp_path, dataclasses.replace(settings, force=True))
    assert (folder / "cell.json").stat().st_mtime_ns > before


def test_killed_cell_is_computed_again_and_gives_the_same_bytes(gathered, settings, tmp_path):
    clips = gathered()
    folder = run.carried_out(WITHIN, HEARD, clips, tmp_path, settings)
    whole = (folder / "predictions.csv").read_bytes()
    (folder / "cell.json").unlink()  # what is written last
    (folder / "predictions.csv").write_bytes(whole[:100])
    run.carried_out(WITHIN, HEARD, clips, tmp_path, settings)
    assert (folder / "predictions.csv").read_bytes() == whole


def test_cell_that_is_killed_while_it_is_computed_again_is_not_finished(gathered, settings, tmp_path, monkeypatch):
    clips = gathered()
    folder = run.carried_out(WITHIN, HEARD, clips, tmp_path, settings)
    monkeypatch.setattr(run, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run.carried_out(WITHIN, HEARD, clips, tmp_path, dataclasses.replace(settings, force=True))
    assert not (folder / "cell.json").exists()  # its record would be of other predictions


def test_cell_of_other_clips_is_refused(gathered, settings, tmp_path):
    run.carried_out(WITHIN, HEARD, gathered(), tmp_path, settings)
    fewer = gathered(wanted=("sad", "angry"))
    with pytest.raises(RunError, match=r"other settings \(classes, clips\)"):
        run.carried_out(WITHIN, HEARD, fewer, tmp_path, settings)


def test_majority_says_the_class_that_training_heard_most(gathered, settings, tmp_path):
    clips = gathered()
    uneven = clips.table["emotion"].ne("angry") | clips.table["clip"].str.contains("DC")
    rows = np.flatnonzero(uneven & (clips.table["emotion"].ne("neutral") | clips.table["clip"].str.contains("KL")))
    fewer = dataclasses.replace(clips, table=clips.table.iloc[rows].reset_index(drop=True))
    folder = run.carried_out(dataclasses.replace(CROSS, model="majority"), DEAF, fewer, tmp_path, settings)
    table = pd.read_csv(folder / "predictions.csv")
    assert set(table["predicted"]) == {"happy"}  # as many clips as sad, and before it
    assert cell_folder(tmp_path, dataclasses.replace(CROSS, model="majority")) == folder
