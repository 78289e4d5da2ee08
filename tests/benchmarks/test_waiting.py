"""Waiting for batches is seen where there is some, from the store that training reads, and the page judges it."""

import subprocess
import time

import keras
import numpy as np
import pytest

from benchmarks import waiting, write
from ser_keras import feeding
from ser_keras.corpora.synthetic import synthesize
from ser_keras.features.examples import Examples
from ser_keras.features.store import Features

HARDWARE = {"cores": 2, "cpu": "C", "memory_gib": 8}
LARGE = {
    "examples": 100, "copies": 80, "waiting_share": {"store": 0.001, "disk": 0.02, "memory": 0.0005},
    "of_memory": 0.998, "reading_share": 0.0012, "copies_s": 9.6, "epochs": 33, "epoch_s": 64.2, "copies_share": 0.0045,
}  # fmt: skip
SMALL = {"examples": 50, "epochs": 10, "waiting_share": {"store": 0.004}}


def examples(clips=64):
    arrays = np.random.default_rng(0).standard_normal((clips, 6), dtype=np.float32)
    features = Features((6,), {}, (arrays,), {number: (0, number) for number in range(clips)})
    return Examples(((features, np.arange(clips)),), np.arange(clips) % 2)


class Slow(feeding.Batches):
    """Batches that take their time."""

    def __getitem__(self, index):
        time.sleep(0.05)
        return super().__getitem__(index)


@pytest.fixture
def fit():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    return waiting.parted(model)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="what is timed is TensorFlow's step")
def test_step_waits_for_batches_that_are_slow_and_not_for_those_that_are_made(fit):
    slow = Slow(examples(), 2, 8, shuffle_seed=0)
    fit(waiting.Made(slow), epochs=1)  # compiles
    waited, whole = fit(slow, epochs=1)
    assert 0.8 * 8 * 0.05 < waited < whole  # eight batches, the first maybe made when the shapes were looked at
    assert fit(waiting.Made(slow), epochs=1)[0] < waited / 2


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="what is timed is TensorFlow's step")
def test_parted_step_learns_what_fit_learns(fit):
    learnt = []
    for way in ("parted", "fit"):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2, activation="softmax")])
        model.compile("sgd", "categorical_crossentropy")
        train = waiting.parted(model) if way == "parted" else model.fit
        train(feeding.Batches(examples(), 2, 8, shuffle_seed=0), epochs=2)
        learnt.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    np.testing.assert_allclose(learnt[0], learnt[1], rtol=1e-5)  # rounding of one graph and of two


def test_some_of_all_examples_are_those():
    part = waiting.Some(examples(), np.array([3, 10, 60]))
    np.testing.assert_array_equal(part.arrays(np.array([2, 0])), examples().arrays(np.array([60, 3])))
    assert (len(part), part.classes.tolist()) == (3, [1, 0, 0])


def test_pages_that_the_system_let_go_of_are_read_from_the_disk_again(tmp_path):
    path = tmp_path / "part-0.npy"
    np.save(path, np.zeros(4_000_000))
    waiting.forgotten(tmp_path)
    before = waiting.from_disk_mb()
    np.load(path)
    kind = subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True).stdout
    if kind.strip() in ("tmpfs", "ramfs"):
        pytest.skip("the temporary folder is on no disk")
    assert 30 < waiting.from_disk_mb() - before < 40  # 32 MB


def test_epochs_are_those_of_the_stored_runs_else_the_recipes():
    class Recipe:
        epochs = 60

    # results/yadav2022/emodb-augmented.json: one run, stopped early
    assert 10 < waiting.epochs_run("yadav2022", "emodb-augmented", "described", Recipe) < 60
    assert waiting.epochs_run("yadav2022", "nothing", "described", Recipe) == 60


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="what is timed is TensorFlow's step")
def test_network_fed_with_copies_of_a_store_is_measured(tmp_path):
    synthesize("tess", tmp_path, clips_per_class=4, seed=0, jobs=1)
    found = waiting.with_copies("kanoun2024", "crnn-tess", "described", tmp_path, 1, steps=1)
    assert found["copies"] == found["examples"] / 2 > 0  # one of each clip
    assert found["trained"] <= found["examples"]
    assert 0 < found["waiting_share"]["store"] < 1
    assert found["copies_share"] == pytest.approx(
        found["copies_s"] / (found["copies_s"] + found["epochs"] * found["epoch_s"]), rel=0.01, abs=1e-4
    )


def test_page_tells_waiting_and_copies_and_that_the_goal_is_met():
    lines = write.waiting_lines({"hardware": HARDWARE, "load": 1.0, "networks": {"p/large": LARGE, "p/small": SMALL}})
    assert "| p/large | 100 | 80 | 0.10% | 2.00% | 0.05% | 1.00 | 0.45% |" in lines
    assert "| p/small | 50 | 0 | 0.40% | – | – | – | – |" in lines
    assert "Copies: p/large: 10 s on all cores, once, beside 33 epochs of 64 s." in lines
    assert "Reading all batches of an epoch, with nothing trained: p/large: 0.12% of its time." in lines
    assert lines[-1] == "The goal, a share of waiting below 5%, is met by all of them."


@pytest.mark.parametrize("way", ["store", "disk"])
def test_page_names_who_misses_the_goal(way):
    large = {**LARGE, "waiting_share": {**LARGE["waiting_share"], way: 0.05}}
    lines = write.waiting_lines({"hardware": HARDWARE, "load": 1.0, "networks": {"p/large": large, "p/small": SMALL}})
    assert lines[-1] == "The goal is a share of waiting below 5%; missed by p/large (5.00%)."
