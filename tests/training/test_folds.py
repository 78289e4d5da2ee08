"""Protocols of several folds, and what a record says of who is on both sides of a split."""

import dataclasses
import runpy
from pathlib import Path

import pandas as pd
import pytest

from ser_keras import training
from ser_keras.report.runs import read

pytestmark = pytest.mark.backend

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
TASK, stored = (TINY[name] for name in ("TASK", "stored"))
SPEAKERS = dataclasses.replace(TASK, protocol="speaker-independent")


def test_speaker_independent_folds_test_every_clip_once_on_unheard_speakers(corpora, settings):
    folder = training.run(SPEAKERS, corpora, settings)
    assert folder == settings.out / "fake2020/tiny/described/speaker-independent/seed-0"
    predictions = pd.read_csv(folder / "predictions.csv")
    assert list(predictions.columns[:5]) == ["clip", "speaker", "true", "predicted", "fold"]
    assert sorted(predictions["clip"]) == sorted(corpora.clips["clip"][corpora.clips["emotion"] != "bored"])
    assert predictions.groupby("fold")["speaker"].nunique().tolist() == [1, 1, 1, 1]
    parts = pd.read_csv(folder / "split.csv", keep_default_na=False)
    for _, fold in parts.groupby("fold"):
        by_part = fold.groupby("part")["speaker"].agg(set)
        assert not by_part["test"] & (by_part["train"] | by_part["validation"])
        assert not by_part["train"] & by_part["validation"]
    assert sorted(path.name for path in folder.glob("model*")) == [f"model-{fold}.keras" for fold in (1, 2, 3, 4)]
    history = pd.read_csv(folder / "history.csv")
    assert set(history["fold"]) == {1, 2, 3, 4}


def test_record_of_folds_pools_what_is_tested_and_counts_no_leak(corpora, settings):
    run = read(training.run(SPEAKERS, corpora, settings))
    split = run.record["split"]
    assert split["supports"]["test"] == {"angry": 20, "sad": 20}
    assert (split["n_folds"], split["shared_speakers"], split["leaks"]["speaker"]) == (4, [], 0)
    assert len(run.record["training"]["folds"]) == 4
    assert run.record["protocol"] == "speaker-independent"


def test_published_protocol_counts_its_leaking_speakers(corpora, settings):
    split = stored(training.run(TASK, corpora, settings))["split"]
    assert split["leaks"]["speaker"] == 8  # four speakers in turn, all on both sides
    assert "n_folds" not in split
