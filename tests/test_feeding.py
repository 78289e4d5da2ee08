"""Feeding: whole epochs in one call of the backend give what batch after batch gives, to the last bit."""

import random

import keras
import numpy as np
import pytest

from ser_keras import checkpoints, feeding, fitting, optimizers
from ser_keras.experiment import Plateau, Training
from ser_keras.features.examples import Examples
from ser_keras.features.store import Features

tensorflow_alone = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="whole epochs are TensorFlow's")


def examples(n_clips, seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n_clips)
    arrays = (rng.standard_normal((n_clips, 5)) + 0.4 * np.eye(3, 5)[classes]).astype(np.float32)
    features = Features((5,), {}, (arrays,), {number: (0, number) for number in range(n_clips)})
    return Examples(((features, np.arange(n_clips)),), classes)


def trained(monkeypatch, in_memory, n_clips=75, state=None, epochs=9):
    """A network with all that draws or remembers: dropout, batch statistics, plateau, early stopping."""
    monkeypatch.setattr(feeding, "IN_MEMORY", in_memory)
    keras.utils.set_random_seed(5)
    inputs = keras.Input((5,))
    x = keras.layers.Dense(8, activation="relu")(keras.layers.Normalization()(inputs))
    x = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(x))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    recipe = Training(
        lambda: keras.optimizers.Adam(0.05), "categorical_crossentropy", 16, epochs, patience=6, plateau=Plateau()
    )
    given = {"n_classes": 3, "seed": 5, "state": state}
    result = fitting.fit(model, recipe, examples(n_clips, 0), examples(21, 1), **given)
    values = [keras.ops.convert_to_numpy(one.value).tobytes() for one in model.variables]
    return values, result.history.drop(columns="seconds").to_dict("list"), result.kept_epoch, random.getstate()


@tensorflow_alone
@pytest.mark.parametrize("n_clips", [75, 64, 10])  # the last batch smaller, none smaller, one alone
def test_whole_epochs_in_one_call_give_the_bytes_of_single_batches(monkeypatch, n_clips):
    assert trained(monkeypatch, 2**24, n_clips) == trained(monkeypatch, 0, n_clips)


@tensorflow_alone
def test_training_that_goes_on_in_whole_epochs_gives_the_bytes_of_single_batches(monkeypatch, tmp_path):
    monkeypatch.setenv(checkpoints.VARIABLE, "0")
    write, path = checkpoints._write, tmp_path / "state.npz"
    undisturbed = trained(monkeypatch, 0)

    def killed(*given):
        write(*given)
        if len(given[1].history) == 4:
            raise InterruptedError

    with monkeypatch.context() as patched, pytest.raises(InterruptedError):
        patched.setattr(checkpoints, "_write", killed)
        trained(monkeypatch, 2**24, state=path)
    assert trained(monkeypatch, 2**24, state=path) == undisturbed


@tensorflow_alone
def test_epoch_of_few_small_examples_is_few_calls_and_one_of_many_is_a_call_a_batch():
    assert feeding.fits_in_memory(examples(75, 0))
    many = Examples(((examples(4, 0).sources[0][0], np.zeros(2**20, int)),), np.zeros(2**20, int))
    assert not feeding.fits_in_memory(many)  # 20 MiB


@tensorflow_alone
def test_model_trained_in_whole_epochs_predicts_batch_by_batch(monkeypatch):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    recipe = Training(lambda: keras.optimizers.SGD(0.1), "categorical_crossentropy", 16, 1)
    fitting.fit(model, recipe, examples(75, 0), None, n_classes=3, seed=0)
    assert isinstance(model, keras.Model) and not isinstance(model, feeding.Stacked)
    assert model.predict(examples(4, 0).arrays(np.arange(4)), verbose=0).shape == (4, 3)


@tensorflow_alone
def test_optimizer_of_whole_epochs_is_kept_as_keras_has_it(monkeypatch, tmp_path):
    inputs = keras.Input((5,))
    found = []
    for in_memory in (2**24, 0):
        monkeypatch.setattr(feeding, "IN_MEMORY", in_memory)
        keras.utils.set_random_seed(0)
        model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", kernel_initializer="ones")(inputs))
        recipe = Training(lambda: keras.optimizers.Adam(0.1), "categorical_crossentropy", 16, 2, plateau=Plateau())
        optimizer = fitting.fit(model, recipe, examples(75, 0), examples(21, 1), n_classes=3, seed=0).model.optimizer
        assert type(optimizer) is keras.optimizers.Adam
        found.append([keras.ops.convert_to_numpy(one).tobytes() for one in optimizer.variables])
    assert found[0] == found[1]


@tensorflow_alone
@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.1, amsgrad=True)])
def test_other_optimizers_are_left_as_they_are(optimizer):
    assert optimizers.lighter(optimizer) is optimizer
    assert optimizers.plain(optimizer, None) is optimizer
