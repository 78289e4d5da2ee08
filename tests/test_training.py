"""A run on disk: what it holds, when it is trained again, and that nothing of the test part reaches the training."""

import contextlib
import dataclasses
import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from ser_keras import audio, fitting, preparation, training
from ser_keras.corpora.table import COLUMNS, CorpusReport, LoadedCorpora
from ser_keras.errors import AudioError, PaperError, ProtocolError, RunError
from ser_keras.experiment import Choice, Experiment, Training, Variant
from ser_keras.features import spectral
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.report import leaks, texts
from ser_keras.report.runs import read
from ser_keras.splits import Split, matched_supports
from ser_keras.tasks import Settings, Task

CLASSES = ("angry", "sad")
SUPPORTS = {"angry": 4, "sad": 4}


def pipeline(choices):
    return Pipeline(
        "tiny",
        8000,
        (step(audio.fixed_length, seconds=0.2), step(spectral.log_mel, n_mels=8, n_fft=512, hop_length=512)),
    )


def augmentation(choices, seed):
    noise = step(audio.with_noise, random=True, scale=choices["noise"])
    base = pipeline(choices)
    return (dataclasses.replace(base, name="tiny-noise", steps=(noise, *base.steps), seed=seed),)


def build(num_classes, choices):
    inputs = keras.Input((8, 4))
    scaled = keras.layers.Normalization(axis=1)(inputs)
    flat = keras.layers.Flatten()(scaled)
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(flat))


def recipe(choices):
    return Training(
        optimizer=lambda: keras.optimizers.Adam(0.05),
        loss="categorical_crossentropy",
        batch_size=8,
        epochs=choices["epochs"],
        validation_share=0.2,
        patience=20,
    )


VARIANT = Variant(
    name="described",
    pipeline=pipeline,
    augmentation=augmentation,
    build=build,
    split=lambda clips, seed, choices: matched_supports(clips["emotion"], SUPPORTS, seed=seed),
    training=recipe,
)
EXPERIMENT = Experiment(
    name="tiny",
    title="Tones",
    corpora=("emodb",),
    classes=CLASSES,
    variants=(VARIANT,),
    choices=(Choice("noise", 0.01, "a reason", (0.1,)), Choice("epochs", 8, "a reason", (20,))),
)
TASK = Task("fake2020", {"title": "T", "authors": ["A"], "year": 2020}, {"accuracy": 0.9}, EXPERIMENT, VARIANT, 0)


@pytest.fixture
def corpora(tmp_path):
    """Forty tones of two pitches by four speakers, and ten of a class that the experiment does not use."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(50):
        emotion = ("angry", "sad", "angry", "sad", "bored")[number % 5]
        tone = {"angry": 1500, "sad": 300, "bored": 700}[emotion] * (1 + 0.05 * rng.standard_normal())
        wave = 0.3 * np.sin(2 * np.pi * tone * np.arange(2000) / 8000) + 0.01 * rng.standard_normal(2000)
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, wave, 8000, subtype="FLOAT")
        rows.append((f"emodb/{number}.wav", "emodb", str(path), emotion, "X", f"emodb-{number % 4}", "female", "t", ""))
    report = CorpusReport(50, 535, False, "f" * 64, 485, (), 0, str(tmp_path))
    return LoadedCorpora(pd.DataFrame(rows, columns=list(COLUMNS)), {"emodb": report})


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "out")


def stored(folder):
    return json.loads((folder / "run.json").read_text())


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


def test_run_on_more_devices_than_there_are_is_refused_before_anything_is_read(corpora, settings, monkeypatch):
    monkeypatch.setattr(preparation, "pool", lambda *_: pytest.fail("features were taken"))
    with pytest.raises(RunError, match=r"--devices 99 is more than there are here"):
        training.run(TASK, corpora, dataclasses.replace(settings, devices=99))


def test_run_says_how_many_devices_shared_it_and_promises_equal_bytes_of_one_alone(corpora, settings, monkeypatch):
    assert stored(training.run(TASK, corpora, settings))["provenance"]["devices"] == 1
    monkeypatch.setattr(training.devices, "check", lambda count: None)
    monkeypatch.setattr(training.devices, "spread", lambda count: contextlib.nullcontext())
    folder = training.run(TASK, corpora, dataclasses.replace(settings, devices=2, force=True))
    told = stored(folder)["provenance"]
    assert (told["devices"], told["deterministic"]) == (2, False)
    assert dict(texts.provenance_facts(told))["Devices that shared the training"] == "2"


def test_training_is_not_gone_on_with_by_another_number_of_devices(corpora, settings, monkeypatch):
    seen = []
    monkeypatch.setattr(training.checkpoints, "prepared", lambda folder, declared: seen.append(declared) or 1 / 0)
    monkeypatch.setattr(training.devices, "check", lambda count: None)
    for count in (1, 2):
        with pytest.raises(ZeroDivisionError):
            training.run(TASK, corpora, dataclasses.replace(settings, devices=count))
    assert {**seen[0], "devices": 2} == seen[1]


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
    few = dataclasses.replace(corpora, clips=corpora.clips.iloc[:8])
    with pytest.raises(ProtocolError, match="4 test clips of class angry can't be drawn"):
        training.run(TASK, few, settings)


def test_epochs_and_quick_bound_the_training(corpora, tmp_path):
    few = stored(training.run(TASK, corpora, Settings(tmp_path / "a", epochs=3)))
    assert few["training"]["epochs_run"] == 3
    quick = stored(training.run(TASK, corpora, Settings(tmp_path / "b", quick=True)))
    assert (quick["training"]["epochs_run"], quick["quick"]) == (training.QUICK_EPOCHS, True)


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


def test_published_weights_are_evaluated_without_training(corpora, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: pytest.fail("trained"))
    seen = []

    def fill(model, folder):
        seen.append(folder)
        model.set_weights([np.zeros(weight.shape) + 1 for weight in model.get_weights()])

    task = dataclasses.replace(TASK, variant=dataclasses.replace(VARIANT, weights=fill))
    folder = training.run(task, corpora, dataclasses.replace(settings, weights=tmp_path / "theirs"))
    assert (folder.name, seen) == ("seed-0,weights=published", [tmp_path / "theirs" / "fake2020"])
    run = read(folder)
    assert run.history == {}
    assert run.record["training"]["epochs_run"] == 0
    assert leaks.found(run).counts["fitted"] is None  # on which clips theirs was fitted, nobody knows
    table = pd.read_csv(folder / "predictions.csv")
    np.testing.assert_allclose(table[list(CLASSES)], 0.5, atol=1e-6)  # equal weights, equal probabilities


def test_published_weights_of_a_paper_without_any_are_refused(corpora, settings, tmp_path):
    with pytest.raises(PaperError, match="published no weights that are known here"):
        training.run(TASK, corpora, dataclasses.replace(settings, weights=tmp_path))


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
