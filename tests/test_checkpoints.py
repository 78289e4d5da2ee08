"""A training that is killed goes on from its last state, and comes to the bytes of one that is not."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ser_keras import checkpoints, fitting
from ser_keras.errors import RunError
from ser_keras.features.examples import Examples
from ser_keras.features.store import Features
from ser_keras.tasks import UNFINISHED, WHOLE

SCRIPT = Path(__file__).with_name("killed_run.py")
KILLED = runpy.run_path(str(SCRIPT))
RECIPE, build = KILLED["RECIPE"], KILLED["build"]


class KillError(Exception):
    """Stands for the end of a process, where the process is the test's own."""


def examples(n_clips, seed):
    """Noise about two patterns that overlap, so that early stopping and plateau have something to do."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n_clips) % 2
    arrays = (rng.standard_normal((n_clips, 8, 4)) + 0.4 * classes[:, None, None]).astype(np.float32)
    features = Features((8, 4), {}, (arrays,), {number: (0, number) for number in range(n_clips)})
    return Examples(((features, np.arange(n_clips)),), classes)


def fitted(state=None, recipe=RECIPE):
    keras.utils.set_random_seed(3)
    model = build(2)
    return fitting.fit(model, recipe, examples(40, 0), examples(20, 1), n_classes=2, seed=3, state=state)


def outcome(result):
    """All that a run keeps of a training, but the seconds."""
    variables = [*result.model.variables, *result.model.optimizer.variables]
    values = [keras.ops.convert_to_numpy(variable.value).tobytes() for variable in variables]
    return values, result.history.drop(columns="seconds").to_dict("list"), result.kept_epoch, result.stopped_early


@pytest.fixture(scope="module")
def undisturbed():
    result = fitted()
    rates = result.history["learning_rate"]
    assert result.stopped_early
    assert 8 < len(rates) < RECIPE.epochs
    assert rates.iloc[-1] < rates.iloc[0]  # or the tests below would not see what they are about
    return outcome(result)


@pytest.fixture
def every_epoch(monkeypatch):
    monkeypatch.setenv(checkpoints.VARIABLE, "0")


def killed_after(writes, state, monkeypatch, recipe=RECIPE):
    real, written = checkpoints._write, []

    def write(path, value):
        real(path, value)
        written.append(path)
        if len(written) == writes:
            raise KillError

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "_write", write)
        with pytest.raises(KillError):
            fitted(state, recipe)


@pytest.mark.parametrize("writes", [1, 7])
def test_training_gone_on_with_comes_to_the_same_bytes(undisturbed, every_epoch, tmp_path, monkeypatch, writes):
    state = tmp_path / "state.npz"
    killed_after(writes, state, monkeypatch)
    result = fitted(state)
    assert result.resumed_after == writes
    assert outcome(result) == undisturbed


def test_training_killed_twice_or_when_it_was_over_comes_to_the_same_bytes(
    undisturbed, every_epoch, tmp_path, monkeypatch
):
    state = tmp_path / "state.npz"
    epochs = len(undisturbed[1]["loss"])
    killed_after(3, state, monkeypatch)
    killed_after(epochs - 3, state, monkeypatch)  # by now early stopping has had its way, and was not heard
    result = fitted(state)
    assert result.resumed_after == epochs
    assert outcome(result) == undisturbed
    again = fitted(state)  # killed between training and run.json
    assert outcome(again) == undisturbed


def test_last_epochs_weights_are_gone_on_with_where_no_best_ones_are_kept(every_epoch, tmp_path, monkeypatch):
    recipe = replace(RECIPE, restore_best=False, plateau=None, epochs=3)
    whole = outcome(fitted(recipe=recipe))
    killed_after(2, tmp_path / "state.npz", monkeypatch, recipe)
    assert outcome(fitted(tmp_path / "state.npz", recipe)) == whole


def test_state_that_does_not_serve_is_not_used(tmp_path):
    state = tmp_path / "state.npz"
    model = fitted(state, replace(RECIPE, epochs=1)).model
    assert len(checkpoints.read(state, model).history) == 1
    other = build(3)
    other.compile("adam", "categorical_crossentropy")
    assert checkpoints.read(state, other) is None
    whole = state.read_bytes()
    for spoilt in (b"", whole[: len(whole) // 2], b"PK\x03\x04 not at all", b"\x93NUMPY"):
        state.write_bytes(spoilt)
        assert checkpoints.read(state, model) is None
    state.unlink()
    assert checkpoints.read(state, model) is None


def test_generators_of_all_layers_are_among_a_models_variables():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 4))
    recurrent = keras.layers.Bidirectional(keras.layers.LSTM(2, dropout=0.2, recurrent_dropout=0.2))
    branch = keras.Sequential(
        [keras.layers.Dropout(0.2), keras.layers.TimeDistributed(keras.layers.GaussianNoise(0.1))]
    )
    model = keras.Model(inputs, recurrent(branch(inputs)))
    model.compile("sgd", "mse")
    before = [np.array(keras.ops.convert_to_numpy(one.value)) for one in model.variables if "seed" in one.path]
    model.train_on_batch(np.ones((4, 8, 4), np.float32), np.ones((4, 4), np.float32))
    after = [np.array(keras.ops.convert_to_numpy(one.value)) for one in model.variables if "seed" in one.path]
    assert len(before) == 4  # dropout, noise, and one for each direction
    assert all((one != other).any() for one, other in zip(before, after, strict=True))


def test_state_is_written_after_the_interval_only(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(checkpoints, "_write", lambda path, state: written.append(state.ended))
    monkeypatch.setenv(checkpoints.VARIABLE, "3600")
    fitted(tmp_path / "state.npz", replace(RECIPE, epochs=3))
    assert written == [True]  # when it was over
    monkeypatch.setenv(checkpoints.VARIABLE, "0")
    fitted(tmp_path / "state.npz", replace(RECIPE, epochs=3))
    assert written[1:] == [False, False, False, True]


@pytest.mark.parametrize("text", ["-1", "soon", "nan"])
def test_interval_that_is_no_number_of_seconds_is_refused(monkeypatch, text):
    monkeypatch.setenv(checkpoints.VARIABLE, text)
    with pytest.raises(RunError, match=r"SER_KERAS_CHECKPOINT_SECONDS='.*' is not a number of seconds"):
        checkpoints.interval()


def test_states_of_another_declaration_are_removed(tmp_path):
    place = checkpoints.prepared(tmp_path, {"training": {"epochs": 3}})
    (place / "fold-1.npz").write_bytes(b"state")
    (place / ".fold-2.17.npz").write_bytes(b"half a st")
    (tmp_path / "history.csv").write_text("of a run whose record was not written")
    assert checkpoints.prepared(tmp_path, {"training": {"epochs": 3}}) == place
    assert sorted(path.name for path in place.iterdir()) == ["declaration.json", "fold-1.npz"]
    assert list(tmp_path.iterdir()) == [place]
    checkpoints.prepared(tmp_path, {"training": {"epochs": 4}})
    assert [path.name for path in place.iterdir()] == ["declaration.json"]


def test_finished_run_that_is_to_be_trained_again_starts_anew(tmp_path):
    place = checkpoints.prepared(tmp_path, {"seed": 0})
    (place / "fold-1.npz").write_bytes(b"left behind by a kill after run.json")
    (tmp_path / "run.json").write_text("{}")
    checkpoints.prepared(tmp_path, {"seed": 0})
    assert [path.name for path in place.iterdir()] == ["declaration.json"]


def test_finished_run_stays_until_another_takes_its_place(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "model-2.keras").write_bytes(b"of before")
    place = checkpoints.prepared(tmp_path, {"seed": 0})
    assert (tmp_path / "model-2.keras").read_bytes() == b"of before"
    (place / WHOLE).mkdir()
    for name in ("run.json", "model.keras"):
        (place / WHOLE / name).write_text("new")
    checkpoints.put(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.glob("*.*")} == {"run.json": "new", "model.keras": "new"}
    checkpoints.removed(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "model.keras"}


@pytest.mark.parametrize("killed_while_put", [False, True])
def test_training_that_replaces_a_run_is_gone_on_with_after_a_kill(tmp_path, killed_while_put):
    (tmp_path / "run.json").write_text("{}")
    place = checkpoints.prepared(tmp_path, {"seed": 0})
    (place / "fold-1.npz").write_bytes(b"state")
    if killed_while_put:
        (place / WHOLE).mkdir()
        (place / WHOLE / "model.keras").write_bytes(b"model")
        (tmp_path / "run.json").unlink()
    assert checkpoints.prepared(tmp_path, {"seed": 0}) == place
    assert sorted(path.name for path in place.iterdir()) == ["declaration.json", "fold-1.npz"]
    assert (tmp_path / "run.json").exists() is not killed_while_put
    (tmp_path / "run.json").write_text("another")
    checkpoints.prepared(tmp_path, {"seed": 0})
    assert [path.name for path in place.iterdir()] == ["declaration.json"]


def test_run_killed_by_the_system_is_finished_by_the_same_command(tmp_path, every_epoch, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    whole = KILLED["main"](data, tmp_path / "whole")
    command = [sys.executable, str(SCRIPT), str(data), str(tmp_path / "killed")]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    states = tmp_path / "killed" / whole.relative_to(tmp_path / "whole") / UNFINISHED
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (states / "fold-2.npz").exists():
        assert first.poll() is None, "the run ended before its second fold"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not (states.parent / "run.json").exists()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for name in ("predictions.csv", "split.csv"):
        assert (states.parent / name).read_bytes() == (whole / name).read_bytes()
    assert not states.exists()
    record, undisturbed = (json.loads((folder / "run.json").read_text()) for folder in (states.parent, whole))
    assert record["training"] == undisturbed["training"]
    assert record["resumed_after"][0] == record["training"]["folds"][0]["epochs_run"]  # a fold that was over
    assert record["resumed_after"][1] > 0
    assert record["resumed_after"][3] == 0
    assert "resumed_after" not in undisturbed
