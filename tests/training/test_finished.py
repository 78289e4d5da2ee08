"""When a run is finished, and when it is trained again."""

import contextlib
import dataclasses
import json
import runpy
import shutil
from pathlib import Path

import pytest

from ser_keras import fitting, training
from ser_keras.errors import RunError

pytestmark = pytest.mark.backend

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
TASK, stored = (TINY[name] for name in ("TASK", "stored"))


def test_finished_run_is_not_trained_again_and_force_does(corpora, settings, monkeypatch):
    calls = []
    real = fitting.fit
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: calls.append(1) or real(*given, **named))
    training.run(TASK, corpora, settings)
    training.run(TASK, corpora, settings)
    assert len(calls) == 1
    training.run(TASK, corpora, dataclasses.replace(settings, force=True))
    assert len(calls) == 2


@pytest.mark.parametrize("other", [{"epochs": 3}, {"quick": True}])
def test_finished_run_with_other_settings_is_refused_and_kept(corpora, settings, other):
    folder = training.run(TASK, corpora, settings)
    before = (folder / "run.json").read_bytes()
    with pytest.raises(RunError, match=r"holds a finished run with other settings.*--out.*--force"):
        training.run(TASK, corpora, dataclasses.replace(settings, **other))
    assert (folder / "run.json").read_bytes() == before


def test_corpus_whose_recordings_are_others_is_named(corpora, settings):
    folder = training.run(TASK, corpora, settings)
    record = stored(folder)
    record["corpora"]["emodb"]["clips"] += 1
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"other settings \(recordings of emodb\)"):
        training.run(TASK, corpora, settings)


def test_run_that_is_older_than_the_precision_setting_counts_as_float32(corpora, settings, monkeypatch):
    folder = training.run(TASK, corpora, settings)
    record = stored(folder)
    assert record["training"].pop("precision") == "float32"
    (folder / "run.json").write_text(json.dumps(record))
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: pytest.fail("trained again"))
    assert training.run(TASK, corpora, settings) == folder


@pytest.mark.parametrize("place", [("quick",), ("corpora", "emodb", "synthetic")])
def test_run_that_is_not_for_figures_gives_way_to_one_that_is_and_never_the_other_way(corpora, settings, place):
    folder = training.run(TASK, corpora, settings)
    record = stored(folder)
    inner = record
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = True
    (folder / "run.json").write_text(json.dumps(record))
    assert training.run(TASK, corpora, settings) == folder
    assert stored(folder)["quick"] is stored(folder)["corpora"]["emodb"]["synthetic"] is False
    with pytest.raises(RunError, match="other settings"):
        training.run(TASK, corpora, dataclasses.replace(settings, quick=True))


def test_run_without_its_record_is_unfinished_and_trained_again(corpora, settings):
    folder = training.run(TASK, corpora, settings)
    (folder / "run.json").unlink()
    assert (training.run(TASK, corpora, settings) / "run.json").exists()


def test_run_that_another_process_finishes_meanwhile_is_not_trained_again(corpora, settings, monkeypatch):
    first = training.run(TASK, corpora, settings)
    (first / "run.json").rename(first / "kept.json")

    @contextlib.contextmanager
    def waiting(folder, doing):
        (folder / "kept.json").rename(folder / "run.json")  # what the other process does while this one waits
        yield True

    monkeypatch.setattr(training, "alone", waiting)
    monkeypatch.setattr(fitting, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert training.run(TASK, corpora, settings) == first


def test_features_are_taken_ahead_for_a_real_run_where_one_that_is_not_for_figures_gives_way(corpora, settings):
    training.run(TASK, corpora, dataclasses.replace(settings, quick=True))
    store = settings.out / "cache/features"
    for again, taken in ((dataclasses.replace(settings, quick=True), False), (settings, True)):
        shutil.rmtree(store)
        store.mkdir()
        training.extract(TASK, corpora, again)
        assert bool(list(store.iterdir())) is taken


def test_recording_that_the_manifest_does_not_know_makes_no_other_run(corpora, settings, monkeypatch):
    folder = training.run(TASK, corpora, settings)
    stray = {"emodb": dataclasses.replace(corpora.reports["emodb"], foreign=1)}
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: pytest.fail("trained again"))
    assert training.run(TASK, dataclasses.replace(corpora, reports=stray), settings) == folder
