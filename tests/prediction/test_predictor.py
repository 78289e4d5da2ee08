"""A run's network on new recordings: what the run itself predicted, whatever the recording comes as."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

import ser_keras
from ser_keras.errors import AudioError, RunError
from ser_keras.features import pipeline as pipelines
from ser_keras.prediction import stored

# beside test_command.py and Keras in test_exported.py; the rest of the folder refuses a stranger's records, has no
# network, or has one in ONNX, which is not exported with another backend here
pytestmark = pytest.mark.backend

RATE = 16000


@pytest.fixture(scope="module")
def model(tone_run):
    return ser_keras.load(tone_run)


@pytest.fixture
def low(tones):
    """A file of the class sad."""
    return tones.clips["path"][1]


def test_importing_the_package_loads_no_keras():
    code = "import ser_keras, sys; ser_keras.load; assert 'keras' not in sys.modules and 'librosa' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_gives_what_the_run_predicted(model, tone_run, tones):
    stored = pd.read_csv(tone_run / "predictions.csv")
    paths = tones.clips.set_index("clip")["path"][stored["clip"]]
    # one clip at a time instead of a batch: float32 sums in another order
    np.testing.assert_allclose(model.predict_proba(list(paths)), stored[list(model.classes_)], atol=1e-5)
    assert model.predict(list(paths)).tolist() == stored["predicted"].tolist()


def test_a_fold_gives_what_that_fold_predicted_and_all_their_mean(folded_run, tones):
    stored = pd.read_csv(folded_run / "predictions.csv")
    paths = tones.clips.set_index("clip")["path"]
    for fold, rows in stored.groupby("fold"):
        found = ser_keras.load(folded_run, fold).predict_proba(list(paths[rows["clip"]]))
        np.testing.assert_allclose(found, rows[["happy", "sad"]], atol=1e-5)
    clip = paths.iloc[0]
    each = [ser_keras.load(folded_run, fold).predict_proba(clip) for fold in (1, 2, 3)]
    whole = ser_keras.load(folded_run)
    np.testing.assert_allclose(whole.predict_proba(clip), np.mean(each, axis=0), atol=1e-6)
    assert whole.name.endswith("mean of 3 folds")
    with pytest.raises(RunError, match="folds 1 to 3, and no fold 4"):
        ser_keras.load(folded_run, 4)


def test_name_is_told_without_loading_a_network(tone_run, folded_run, monkeypatch):
    expected = [ser_keras.load(run).name for run in (tone_run, folded_run)]
    monkeypatch.setattr(stored, "of_keras", lambda *_: pytest.fail("loaded"))
    assert [stored.checked(run) for run in (tone_run, folded_run)] == expected


def test_array_gives_what_its_file_gives(model, low):
    wave, rate = soundfile.read(low, dtype="float32")
    np.testing.assert_array_equal(model.predict_proba(wave, rate), model.predict_proba(low))
    # one clip and two are multiplied in another order, on some processors and by JAX: 1e-9 was seen
    np.testing.assert_allclose(model.predict_proba([wave, wave], rate)[1:], model.predict_proba(low), rtol=0, atol=1e-7)


def test_answers_are_those_of_scikit_learn(model, low):
    shares = model.predict_proba([low, low])
    assert shares.shape == (2, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert model.classes_.tolist() == ["happy", "sad"]
    assert model.predict(low).shape == (1,)


@pytest.mark.parametrize(("ending", "tolerance"), [("wav", 1e-6), ("flac", 0.01), ("ogg", 0.1), ("mp3", 0.1)])
def test_every_kind_of_file_is_heard_alike(model, low, tmp_path, ending, tolerance):
    wave, rate = soundfile.read(low)
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, wave, rate, **({"subtype": "FLOAT"} if ending == "wav" else {}))
    # a lossless kind differs by the rounding to 16 bits, the others by what they leave out of a pure tone
    np.testing.assert_allclose(model.predict_proba(path), model.predict_proba(low), atol=tolerance)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_rates_and_stereo_are_heard(model, tmp_path, rate):
    seconds = np.arange(rate) / rate
    wave = (0.3 * np.sin(2 * np.pi * 300 * seconds)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([1.5 * wave, 0.5 * wave], axis=1), rate, subtype="FLOAT")
    mono = model.predict_proba(wave, rate)
    np.testing.assert_allclose(model.predict_proba(tmp_path / "a.wav"), mono, atol=1e-5)


def test_recording_that_cannot_be_used_is_named(model, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but no more")
    with pytest.raises(AudioError, match=r"bad\.wav is no readable recording"):
        model.predict(tmp_path / "bad.wav")
    with pytest.raises(AudioError, match="array 1 is silent"):
        model.predict([np.ones(RATE, np.float32), np.zeros(RATE, np.float32)], RATE)


def test_windows_are_heard_as_their_parts_are(model, tones, tmp_path):
    parts = [soundfile.read(path, dtype="float32")[0] for path in tones.clips["path"][:2]]
    silence = np.zeros(2 * RATE, np.float32)
    soundfile.write(tmp_path / "long.wav", np.concatenate([*parts, silence]), RATE, subtype="FLOAT")
    heard = model.hear(tmp_path / "long.wav", 1.0)
    assert [one.window.start_s for one in heard.segments] == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    np.testing.assert_allclose(heard.segments[0].scores, model.predict_proba(parts[0], RATE)[0], atol=1e-6)
    np.testing.assert_allclose(heard.segments[2].scores, model.predict_proba(parts[1], RATE)[0], atol=1e-6)
    assert [one.error != "" for one in heard.segments] == [False] * 4 + [True] * 3
    used = [one.scores for one in heard.segments if one.scores is not None]
    np.testing.assert_allclose(heard.scores, np.mean(used, axis=0))


def test_run_whose_room_has_changed_is_refused(tone_run, tmp_path):
    folder = shutil.copytree(tone_run, tmp_path / "run")
    record = json.loads((folder / "run.json").read_text())
    record["pipeline"]["sample_rate"] = 8000
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="makes other features now"):
        ser_keras.load(folder)


def test_run_whose_steps_are_written_otherwise_now_is_refused_unless_it_does_not_tell_how(
    tone_run, tmp_path, monkeypatch
):
    monkeypatch.setattr(pipelines, "OURS", ())  # as if the steps were those of another package
    ser_keras.load(tone_run)  # as runs of earlier releases
    folder = shutil.copytree(tone_run, tmp_path / "run")
    record = json.loads((folder / "run.json").read_text())
    record["pipeline"]["sources"] = dict.fromkeys(("ser_keras.audio", "ser_keras.features.spectral"), "0" * 16)
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="makes other features now"):
        ser_keras.load(folder)


def test_run_is_loaded_in_safe_mode(tone_run, tmp_path):
    folder = shutil.copytree(tone_run, tmp_path / "run")
    inputs = keras.Input((40,))
    shares = keras.layers.Dense(2, activation="softmax")(keras.layers.Lambda(lambda x: 2 * x)(inputs))
    keras.Model(inputs, shares).save(folder / "model.keras")
    with pytest.raises(RunError, match="is refused: it asks for 'Lambda'"):
        ser_keras.load(folder)


def test_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="holds no finished run"):
        ser_keras.load(tmp_path)
