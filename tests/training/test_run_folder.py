"""What a run's folder holds, and how it is called."""

import dataclasses
import runpy
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from ser_keras import fitting, training
from ser_keras.declaration import QUICK_EPOCHS
from ser_keras.report.runs import read
from ser_keras.tasks import Settings

pytestmark = pytest.mark.backend

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
CLASSES, SUPPORTS, pipeline, TASK, stored = (
    TINY[name] for name in ("CLASSES", "SUPPORTS", "pipeline", "TASK", "stored")
)


def test_run_folder_holds_model_predictions_history_and_record(corpora, settings):
    folder = training.run(TASK, corpora, settings)
    assert folder == settings.out / "fake2020/tiny/described/published/seed-0"
    assert {path.name for path in folder.iterdir()} == {
        "model.keras", "predictions.csv", "history.csv", "split.csv", "run.json"
    }  # fmt: skip
    record = stored(folder)
    assert record["corpora"]["emodb"] == {
        "clips": 50, "expected": 535, "synthetic": False, "manifest_sha256": "f" * 64, "altered": 0, "foreign": 0
    }  # fmt: skip
    assert record["split"]["supports"]["test"] == SUPPORTS
    assert record["provenance"]["packages"]["keras"] == keras.__version__
    assert record["provenance"]["backend"] == keras.backend.backend()
    # two means and variances a band beside the dense layer, and a count
    assert record["training"]["parameters"] == 8 * 2 + 1 + 8 * 4 * 2 + 2
    assert record["training"]["trainable_parameters"] == 8 * 4 * 2 + 2
    assert [layer["output_shape"] for layer in record["model"]] == [[8, 4], [8, 4], [32], [2]]
    assert record["training"]["epochs_run"] == len(pd.read_csv(folder / "history.csv")) == 8


def test_predictions_are_of_the_test_clips_with_their_probabilities(corpora, settings):
    table = pd.read_csv(training.run(TASK, corpora, settings) / "predictions.csv")
    assert list(table.columns) == ["clip", "speaker", "true", "predicted", *CLASSES]
    truth = corpora.clips.set_index("clip")
    assert list(table["true"]) == list(truth.loc[table["clip"], "emotion"])
    assert list(table["speaker"]) == list(truth.loc[table["clip"], "speaker"])
    assert table["true"].value_counts().to_dict() == SUPPORTS
    np.testing.assert_allclose(table[list(CLASSES)].sum(axis=1), 1, atol=1e-5)
    assert (table["true"] == table["predicted"]).mean() == 1  # two pure tones more than two octaves apart


def test_stored_model_alone_gives_the_stored_predictions(corpora, settings):
    folder = training.run(TASK, corpora, settings)
    table = pd.read_csv(folder / "predictions.csv")
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    paths = corpora.clips.set_index("clip").loc[table["clip"], "path"]
    images = np.stack([pipeline({}).array(path, "any") for path in paths])
    scores = model.predict(images, verbose=0)
    np.testing.assert_allclose(scores, table[list(CLASSES)], atol=1e-4)  # float32


def test_run_with_a_choice_changed_has_a_folder_of_its_own(corpora, settings):
    ours = training.run(TASK, corpora, settings)
    other = training.run(TASK, corpora, dataclasses.replace(settings, choose={"noise": "0.1"}))
    assert other == ours.with_name("seed-0,noise=0.1")
    assert (ours / "run.json").exists()


def test_run_in_bfloat16_lies_apart_and_says_so(corpora, settings):
    folder = training.run(TASK, corpora, dataclasses.replace(settings, epochs=2, precision="bfloat16"))
    assert folder.name == "seed-0,precision=bfloat16"
    run = read(folder)
    assert run.record["training"]["precision"] == "bfloat16"


def test_equal_seeds_give_equal_predictions_whatever_the_workers(corpora, tmp_path):
    one = training.run(TASK, corpora, Settings(tmp_path / "a", jobs=1))
    two = training.run(TASK, corpora, Settings(tmp_path / "b", jobs=2))
    other = training.run(dataclasses.replace(TASK, seed=1), corpora, Settings(tmp_path / "a"))
    contents = [(folder / "predictions.csv").read_bytes() for folder in (one, two, other)]
    assert contents[0] == contents[1] != contents[2]
    # whatever was trained in the process before, layers are named alike
    models = [keras.saving.load_model(folder / "model.keras") for folder in (one, two)]
    assert [layer.name for layer in models[0].layers] == [layer.name for layer in models[1].layers]


@pytest.mark.parametrize(("backend", "promised"), [("tensorflow", True), ("jax", False), ("torch", False)])
def test_run_says_whether_its_backend_promises_equal_bytes(corpora, settings, monkeypatch, backend, promised):
    with monkeypatch.context() as patched:
        patched.setattr(keras.backend, "backend", lambda: backend)
        told = fitting.make_deterministic()
    assert told is promised
    monkeypatch.setattr(fitting, "make_deterministic", lambda: told)
    record = stored(training.run(TASK, corpora, settings))
    assert record["provenance"]["deterministic"] is promised


def test_epochs_and_quick_bound_the_training(corpora, tmp_path):
    few = stored(training.run(TASK, corpora, Settings(tmp_path / "a", epochs=3)))
    assert few["training"]["epochs_run"] == 3
    quick = stored(training.run(TASK, corpora, Settings(tmp_path / "b", quick=True)))
    assert (quick["training"]["epochs_run"], quick["quick"]) == (QUICK_EPOCHS, True)


def test_more_epochs_than_the_recipe_allows_are_the_recipes_and_a_choice_of_more_is_taken(corpora, tmp_path):
    more = stored(training.run(TASK, corpora, Settings(tmp_path / "a", epochs=9)))
    assert (more["training"]["epochs_limit"], more["recipe_epochs"]) == (8, 8)
    chosen = stored(training.run(TASK, corpora, Settings(tmp_path / "b", epochs=9, choose={"epochs": "20"})))
    assert (chosen["training"]["epochs_limit"], chosen["recipe_epochs"]) == (9, 20)


def test_choices_are_recorded_with_default_and_reason(corpora, settings):
    record = stored(training.run(TASK, corpora, dataclasses.replace(settings, choose={"noise": "0.1"})))
    assert record["choices"][0] == {
        "key": "noise", "value": 0.1, "default": 0.01, "reason": "a reason", "alternatives": [0.1]
    }  # fmt: skip
