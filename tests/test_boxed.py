"""The model in the box: small, safe to load, heard on nobody it was trained on, and its card says what it is worth."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import ser_keras
from ser_keras.boxed import build, card
from ser_keras.corpora.synthetic import synthesize
from ser_keras.corpora.table import load
from ser_keras.predict import predict
from ser_keras.report.runs import RECORD
from ser_keras.tasks import Settings

BOX = Path(card.__file__).parent / "cremad"
MOST_BYTES = 2 * 10**6  # the whole box: model, record, predictions and card


@pytest.fixture(scope="module")
def record():
    return json.loads((BOX / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def predictions():
    return pd.read_csv(BOX / "predictions.csv")


def test_box_is_small_and_what_its_record_says(record):
    assert sum(path.stat().st_size for path in BOX.iterdir()) < MOST_BYTES
    assert hashlib.sha256((BOX / "model.keras").read_bytes()).hexdigest() == record["model_sha256"]
    assert set(RECORD) <= set(record)
    assert not record["quick"]


def test_box_was_trained_on_all_of_cremad_alone(record):
    assert list(record["corpora"]) == ["cremad"]
    # Cao et al. (2014): 7442 clips of 91 actors
    assert record["corpora"]["cremad"]["clips"] == record["corpora"]["cremad"]["expected"] == 7442
    assert not record["corpora"]["cremad"]["synthetic"]
    assert sum(len(names) for names in record["split"]["speakers"].values()) == 91


def test_no_speaker_of_the_box_is_in_two_parts(record, predictions):
    train, validation, test = (set(record["split"]["speakers"][part]) for part in ("train", "validation", "test"))
    assert not train & validation and not train & test and not validation & test
    assert set(predictions["speaker"]) == test
    assert len(predictions) == sum(record["split"]["supports"]["test"].values())


def test_card_figures_are_those_of_the_test_predictions(record, predictions):
    found = card.figures(predictions, tuple(record["classes"]))
    assert found == record["figures"]
    assert set(found) == {"all", "female", "male"}
    right = (predictions["true"] == predictions["predicted"]).to_numpy()
    assert found["all"]["accuracy"] == pytest.approx(right.mean(), abs=1e-6)
    women = predictions["gender"] == "female"
    recalls = [right[women & (predictions["true"] == name)].mean() for name in record["classes"]]
    assert found["female"]["uar"] == pytest.approx(np.mean(recalls), abs=1e-6)
    assert (BOX / "MODEL_CARD.md").read_text(encoding="utf-8") == card.text(record)


def test_card_tells_licence_and_what_the_model_must_not_be_used_for(record):
    told = " ".join(card.text(record).split())
    for said in (
        "no hiring, no policing, no covert monitoring",
        "acted English speech only",
        "ODbL 1.0, contents DbCL 1.0",
    ):
        assert said in told


def test_shipped_network_is_the_best_on_validation_speakers(record):
    best = max(record["selection"], key=lambda one: one["uar"])
    assert best["seed"] == record["seed"]
    assert best["model"] == f"{record['paper']}/{record['experiment']} ({record['variant']})"


def test_box_loads_safely_and_is_what_is_used_when_nothing_is_named(record):
    model = ser_keras.load()
    assert model.classes_.tolist() == record["classes"]
    assert model.name == ser_keras.load("cremad").name
    assert model.name.startswith("cremad (")
    # training clips are at 16 kHz: a recording at another rate is brought there
    assert model.pipeline.sample_rate == record["sample_rate"] == 16000
    wave = np.random.default_rng(0).normal(0, 0.1, 48000).astype(np.float32)
    np.testing.assert_allclose(model.predict_proba(wave, 48000).sum(), 1, atol=1e-6)


@pytest.mark.real_data
def test_box_names_what_it_named_when_it_was_tested(predictions, real_corpora):
    folder = real_corpora / "cremad" / "AudioWAV"
    stored = predictions.assign(path=[folder / Path(clip).name for clip in predictions["clip"]])
    stored = stored[[path.exists() for path in stored["path"]]]
    stored = stored[~stored["clip"].str.contains("1076_MTI_SAD_XX")]  # silent: refused when it is heard
    assert len(stored)
    found = ser_keras.load().predict(list(stored["path"])[:20])
    assert found.tolist() == stored["predicted"].tolist()[:20]


@pytest.mark.real_data
def test_command_names_the_box_in_its_output(real_corpora):
    clip = real_corpora / "cremad" / "AudioWAV" / "1001_DFA_ANG_XX.wav"
    done = CliRunner().invoke(predict, [str(clip), "--json"], standalone_mode=False, catch_exceptions=False)
    value = json.loads(done.stdout)
    assert value["model"] == ser_keras.load().name
    assert list(value["probabilities"]) == ser_keras.load().classes_.tolist()


def test_parts_of_the_builder_share_no_speaker_and_are_the_same_for_every_seed():
    rng = np.random.default_rng(0)
    clips = pd.DataFrame({"speaker": np.repeat(np.arange(30), 12), "emotion": rng.choice(build.CLASSES, 360)})
    split = build.held_out(clips, 0, {})
    parts = [set(clips["speaker"].iloc[rows]) for rows in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [19, 5, 6]  # a fifth of 30, and a fifth of the other 24, rounded up
    assert len(set.union(*parts)) == 30
    np.testing.assert_array_equal(build.held_out(clips, 7, {}).test, split.test)


def test_builder_writes_a_box_that_predicts(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "CANDIDATES", build.CANDIDATES[:1])
    monkeypatch.setattr("ser_keras.declaration.QUICK_EPOCHS", 1)
    synthesize("cremad", tmp_path / "data", clips_per_class=6)
    corpora = load(["cremad"], tmp_path / "data")
    folder = build.build(corpora, Settings(tmp_path / "out", quick=True), tmp_path / "mine", seeds=(0, 1))
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
        "model.keras",
        "predictions.csv",
        "run.json",
    ]
    assert [one["seed"] for one in record["selection"]] == [0, 1]
    assert max(one["uar"] for one in record["selection"]) == record["selection"][record["seed"]]["uar"]
    stored = pd.read_csv(folder / "predictions.csv")
    paths = corpora.clips.set_index("clip")["path"][stored["clip"]]
    assert ser_keras.load(folder).predict(list(paths)).tolist() == stored["predicted"].tolist()
