"""Several devices learn what one does: on the processor's, of which a backend makes as many as it is told to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import keras
import numpy as np
import pytest

from ser_keras import ablate, devices, reproduce
from ser_keras.errors import RunError

SCRIPT = Path(__file__).with_name("on_devices.py")
AGREEMENT = 1e-5  # of losses and probabilities about 1 in float32, after fifteen steps; 2.4e-7 was seen


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def found(request, tmp_path_factory):
    """What the script prints; a backend that is not installed makes it fail."""
    environment = {**os.environ, "KERAS_BACKEND": request.param, "PYTHONPATH": str(SCRIPT.parents[1])}
    call = [sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("state"))]
    done = subprocess.run(call, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return {"backend": request.param, **json.loads(done.stdout.splitlines()[-1])}


def assert_same(one, other, what=("loss", "val_loss", "accuracy", "val_accuracy", "learning_rate")):
    for key in what:
        np.testing.assert_allclose(other["history"][key], one["history"][key], atol=AGREEMENT, rtol=0, err_msg=key)
    np.testing.assert_allclose(other["scores"], one["scores"], atol=AGREEMENT, rtol=0)
    assert other["steps"] == one["steps"]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["last batch smaller", "no batch divides"])
def test_two_devices_have_the_loss_curve_and_the_predictions_of_one(found, case):
    one, several = found["pairs"][case]
    assert one["history"]["loss"][-1] < one["history"]["loss"][0]
    assert_same(one, several)


@pytest.mark.slow
def test_each_device_has_its_share_of_a_batch(found):
    assert sorted(found["shared out"]) == [3, 4]


@pytest.mark.slow
def test_training_on_devices_that_is_killed_goes_on_to_the_same_end(found):
    assert found["gone on"]["resumed"] == 2
    assert_same(found["dropout"][1], found["gone on"])


@pytest.mark.slow
def test_random_masks_are_one_devices_with_jax(found):
    if found["backend"] == "jax":
        assert_same(*found["dropout"])
    else:  # TensorFlow's devices draw from seeds of their own
        assert found["dropout"][0]["history"]["loss"] != found["dropout"][1]["history"]["loss"]


@pytest.mark.slow
def test_each_device_drops_something_else(found):
    first, second = np.array(found["masks"])
    assert set(first) == set(second) == {0, 2}
    assert 10 < (first != second).sum() < 54  # of 64 places half, standard deviation 4


@pytest.mark.slow
def test_batch_of_fewer_examples_than_devices_is_learnt_from_all_the_same(found):
    assert_same(*found["few"], what=("val_loss", "val_accuracy"))  # TensorFlow's mean loss counts it twice


@pytest.mark.slow
def test_whole_epochs_in_one_call_are_left_to_a_single_device(found):
    assert found["at once"] == [found["backend"] == "tensorflow", False]


@pytest.mark.slow
def test_more_devices_than_there_are_is_refused_with_what_there_is(found):
    assert found["refusals"][:2] == ["", ""]
    assert found["refusals"][2] == (
        f"--devices 3 is more than there are here for {found['backend']} (cpu:0, cpu:1): "
        "give --devices 2 or leave it out"
    )


def test_backend_that_can_not_share_out_is_refused_with_those_that_can(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    devices.check(1)
    with pytest.raises(RunError, match="--devices 2 can't be done by torch: set KERAS_BACKEND to tensorflow or jax"):
        devices.check(2)


def test_single_device_is_left_as_it_is():
    with devices.spread(1):
        assert devices.strategy() is None
        assert devices.as_one(keras.Model(), "categorical_crossentropy") == "categorical_crossentropy"
        assert devices.callbacks(keras.Model()) == []


@pytest.mark.parametrize("command", [reproduce.reproduce, ablate.ablate])
def test_devices_of_runs_side_by_side_are_refused(command):
    with pytest.raises(click.UsageError, match="--devices and --parallel"):
        command.main(["yadav2022/emodb", "--devices", "2", "--parallel", "2"], standalone_mode=False)
