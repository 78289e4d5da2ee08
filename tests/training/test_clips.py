"""Which clips and copies a model is fitted on, and that nothing of the test part reaches the training."""

import dataclasses
import runpy
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from ser_keras import fitting, preparation, training
from ser_keras.errors import AudioError, ProtocolError
from ser_keras.features.pipeline import step
from ser_keras.report import leaks
from ser_keras.report.runs import read
from ser_keras.splits import Split

pytestmark = pytest.mark.backend

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
pipeline, augmentation, recipe, VARIANT, EXPERIMENT, TASK, stored = (
    TINY[name] for name in ("pipeline", "augmentation", "recipe", "VARIANT", "EXPERIMENT", "TASK", "stored")
)


def test_only_training_clips_are_augmented_and_scaled_by(corpora, settings, monkeypatch):
    seen = {}
    real = fitting.fit

    def spied(model, declared, train, validation, **named):
        seen.update(model=model, train=train, validation=validation)
        return real(model, declared, train, validation, **named)

    monkeypatch.setattr(fitting, "fit", spied)
    record = stored(training.run(TASK, corpora, settings))
    n_train = sum(record["split"]["supports"]["train"].values())
    assert (n_train, len(seen["validation"])) == (25, 7)  # 40 − 8 tested; a fifth of 32 watched, rounded up
    assert len(seen["train"]) == 2 * n_train == record["training"]["examples"]
    layer = seen["model"].layers[1]
    scaled = np.asarray(layer(seen["train"].arrays(np.arange(len(seen["train"])))))
    np.testing.assert_allclose(scaled.mean(axis=(0, 2)), 0, atol=1e-4)  # float32 means of 200 values
    np.testing.assert_allclose(scaled.std(axis=(0, 2)), 1, atol=1e-4)


def test_unusable_clip_is_set_aside_and_named(corpora, settings):
    soundfile.write(corpora.clips["path"][0], np.zeros(2000), 8000)
    record = stored(training.run(TASK, corpora, settings))
    assert [row["clip"] for row in record["set_aside"]] == ["emodb/0.wav"]
    assert "silent" in record["set_aside"][0]["reason"]
    supports = record["split"]["supports"]
    assert sum(sum(part.values()) for part in supports.values()) == 39


def test_all_clips_unusable_is_one_error(corpora, settings):
    for path in corpora.clips["path"]:
        soundfile.write(path, np.zeros(2000), 8000)
    with pytest.raises(AudioError, match="none of 40 recordings can be used"):
        training.run(TASK, corpora, settings)


def test_too_few_clips_for_the_supports_is_refused(corpora, settings):
    few = dataclasses.replace(corpora, rows=corpora.rows[:8])
    with pytest.raises(ProtocolError, match="4 test clips of class angry can't be drawn"):
        training.run(TASK, few, settings)


def copies(choices, seed):
    return (dataclasses.replace(augmentation(choices, seed)[0], name="twin"),)


def halves(clips, seed, choices):
    """Rows in turn: so that most clips are on one side and their twin, 40 rows below, on the same or the other."""
    numbers = np.arange(len(clips))
    return Split(numbers[numbers % 3 != 0], numbers[numbers % 3 == 0], numbers[numbers % 3 == 0])


LEAKING = dataclasses.replace(
    VARIANT, augmentation=None, copies=copies, split=halves, training=lambda choices: dataclasses.replace(
        recipe(choices), validation_share=0.0
    )
)  # fmt: skip


def drawn(task, corpora, choices, settings):
    pool = preparation.pool(task, corpora.clips, choices, settings.out, 1)
    (split,) = preparation.splits(task, pool.table, choices)
    return pool, split, preparation.parts(pool, split)


def test_copies_made_before_the_split_are_rows_of_it_and_their_leak_is_counted(corpora, settings):
    folder = training.run(dataclasses.replace(TASK, variant=LEAKING), corpora, settings)
    parts = pd.read_csv(folder / "split.csv", keep_default_na=False)
    assert len(parts) == 80
    assert list(parts["copy_of"][:40]) == [""] * 40
    assert list(parts["clip"][40:]) == [f"{clip}#twin" for clip in parts["clip"][:40]]
    assert set(parts["part"]) == {"train", "validation+test"}
    original = parts["copy_of"].where(parts["copy_of"] != "", parts["clip"])
    learnt = set(original[parts["part"] == "train"])
    leaked = sum(clip in learnt for clip in original[parts["part"] != "train"])
    split = stored(folder)["split"]
    assert (split["twins_in_training"], split["watched_test_clips"], split["unused"]) == (leaked, 27, 0)
    assert 0 < leaked <= 27


def test_split_says_which_clips_a_normalisation_was_fitted_on(corpora, settings):
    folder = training.run(TASK, corpora, settings)
    parts = pd.read_csv(folder / "split.csv", keep_default_na=False)
    assert dict(parts.groupby("part")["fitted"].agg(set)) == {"train": {"yes"}, "validation": {"no"}, "test": {"no"}}
    assert stored(folder)["split"]["leaks"]["fitted"] == 0
    assert leaks.found(read(folder)).counts["fitted"] == 0

    def plain(num_classes, choices):
        inputs = keras.Input((8, 4))
        flat = keras.layers.Flatten()(inputs)
        return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(flat))

    task = dataclasses.replace(TASK, seed=1, variant=dataclasses.replace(VARIANT, build=plain))
    parts = pd.read_csv(training.run(task, corpora, settings) / "split.csv", keep_default_na=False)
    assert set(parts["fitted"]) == {"no"}


def test_normalisation_fitted_on_clips_that_are_tested_is_a_leak(corpora, settings):
    def same(clips, seed, choices):
        numbers = np.arange(len(clips))
        return Split(numbers, numbers[:0], numbers[:10])

    unwatched = {"validation_share": 0.0, "patience": None, "monitor": "loss"}
    variant = dataclasses.replace(
        VARIANT, split=same, training=lambda choices: dataclasses.replace(recipe(choices), **unwatched)
    )
    folder = training.run(dataclasses.replace(TASK, variant=variant), corpora, settings)
    assert leaks.found(read(folder)).counts["fitted"] == stored(folder)["split"]["leaks"]["fitted"] == 10


def test_copy_is_fed_with_the_features_of_its_own_pipeline(corpora, settings):
    choices = {"noise": 0.01, "epochs": 8}
    pool, split, data = drawn(dataclasses.replace(TASK, variant=LEAKING), corpora, choices, settings)
    last = pool.table.iloc[split.train[-1]]
    fed = data.train.arrays(np.array([len(data.train) - 1]))[0]
    np.testing.assert_array_equal(fed, copies(choices, 0)[0].array(last["path"], last["copy_of"]))


def test_clips_may_be_renamed_and_left_out_before_the_classes_are_looked_at(corpora, settings):
    def without_the_first_speaker(clips):
        clips = clips[clips["speaker"] != "emodb-0"]
        return clips.assign(emotion=clips["emotion"].replace({"bored": "sad"}))

    experiment = dataclasses.replace(EXPERIMENT, clips=without_the_first_speaker)
    folder = training.run(dataclasses.replace(TASK, experiment=experiment), corpora, settings)
    parts = pd.read_csv(folder / "split.csv")
    assert set(parts["speaker"]) == {"emodb-1", "emodb-2", "emodb-3"}
    assert parts["emotion"].value_counts().to_dict() == {"sad": 22, "angry": 15}  # of 50 in turn, 13 are speaker 0's


def test_named_columns_are_fed_in_their_order(corpora, settings):
    named = dataclasses.replace(
        pipeline({}), name="named", steps=(step(spectral_summary),), names=("low", "high", "peak")
    )
    variant = dataclasses.replace(
        VARIANT, pipeline=lambda choices: named, augmentation=None, columns=lambda choices: ("peak", "low")
    )
    task = dataclasses.replace(TASK, variant=variant)
    pool, split, data = drawn(task, corpora, {"epochs": 1}, settings)
    whole = named.array(pool.table["path"][int(split.test[0])], "any")
    np.testing.assert_array_equal(data.test.arrays(np.array([0]))[0], whole[[2, 0]])


def spectral_summary(wave, sample_rate):
    return np.array([wave.min(), wave.max(), np.abs(wave).max()], np.float32)
