"""The shared layers against numpy, and through a file."""

import keras
import numpy as np
import pytest

from ser_keras.layers import attended, time_major

pytestmark = pytest.mark.backend


def model_of(build, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, build(inputs))


@pytest.fixture
def sequence():
    return np.random.default_rng(0).standard_normal((3, 5, 4), dtype=np.float32)


def test_time_major_puts_bands_and_channels_of_a_frame_side_by_side():
    images = np.random.default_rng(0).standard_normal((2, 3, 5, 4), dtype=np.float32)
    given = model_of(time_major, (3, 5, 4)).predict(images, verbose=0)
    assert given.shape == (2, 5, 12)
    np.testing.assert_array_equal(given[1, 2], images[1, :, 2, :].ravel())


def test_attended_is_the_sum_weighted_by_the_softmax_of_tanh_scores(sequence):
    model = model_of(lambda inputs: attended(inputs, bias_initializer="ones"), (5, 4))
    kernel, bias = model.get_layer("attention_score").get_weights()
    scores = np.exp(np.tanh(sequence @ kernel + bias))
    expected = (sequence * scores / scores.sum(axis=1, keepdims=True)).sum(axis=1)
    np.testing.assert_allclose(model.predict(sequence, verbose=0), expected, rtol=1e-5, atol=1e-6)  # float32
    assert model.count_params() == 4 + 1


def test_attended_without_preference_is_the_mean_over_time(sequence):
    model = model_of(lambda inputs: attended(inputs, kernel_initializer="zeros"), (5, 4))
    np.testing.assert_allclose(model.predict(sequence, verbose=0), sequence.mean(axis=1), rtol=1e-5, atol=1e-6)


def test_attended_gives_a_single_frame_back_without_a_warning(sequence, recwarn):
    model = model_of(attended, (1, 4))
    np.testing.assert_allclose(model.predict(sequence[:, :1], verbose=0), sequence[:, 0], rtol=1e-6)
    assert not [str(one.message) for one in recwarn if "softmax" in str(one.message)]


def test_attended_survives_saving(sequence, tmp_path):
    model = model_of(attended, (5, 4))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(again.predict(sequence, verbose=0), model.predict(sequence, verbose=0))
