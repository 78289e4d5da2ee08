"""Networks in bfloat16: what stays in float32, and that they are saved as what they are."""

import keras
import numpy as np
import pytest

from ser_keras.layers import attended
from ser_keras.precision import built

pytestmark = pytest.mark.backend


def network():
    inputs = keras.Input((6, 4))
    x = keras.layers.Normalization(axis=2, mean=[48_000.0] * 4, variance=[9.0] * 4)(inputs)
    x = attended(keras.layers.Dense(8, activation="relu", name="hidden")(x))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="emotion")(x))


def both():
    for precision in ("float32", "bfloat16"):
        keras.utils.set_random_seed(0)
        yield built(network, precision)


def test_bfloat16_computes_in_it_but_for_softmax_and_the_standardisation_of_inputs(tmp_path):
    plain, mixed = both()
    images = (48_000 + 3 * np.random.default_rng(0).standard_normal((5, 6, 4))).astype(np.float32)
    mixed.save(tmp_path / "model.keras")
    for model in (mixed, keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)):
        computed = {layer.name: layer.compute_dtype for layer in model.layers}
        assert computed["hidden"] == "bfloat16"
        assert computed["emotion"] == computed["attention_weight"] == "float32"
        assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
        scores = model.predict(images, verbose=0)
        assert scores.dtype == np.float32
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
        # bfloat16 holds 1 to 0.004; of 48 000 it would hold nothing below 128, which is 40 deviations here
        np.testing.assert_allclose(scores, plain.predict(images, verbose=0), atol=0.02)
    assert (scores != plain.predict(images, verbose=0)).any()


def test_building_in_bfloat16_leaves_the_policy_of_others_and_the_weights_they_start_from():
    plain, mixed = both()
    assert keras.config.dtype_policy().name == "float32"
    for ours, theirs in zip(plain.get_weights(), mixed.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
