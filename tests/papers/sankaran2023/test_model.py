"""Layer by layer: output shapes and parameters of the four networks, worked out by hand."""

import math

import pytest

from papers.sankaran2023.model import build_ann, build_cnn, build_gru, build_lstm

pytestmark = pytest.mark.backend


def shapes(model):
    return {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}


def counts(model):
    return {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}


def test_cnn_has_three_blocks_and_its_parameters():
    model = build_cnn(7)
    assert shapes(model) == {
        "mfcc": (130, 40, 1), "standardised": (130, 40, 1),
        "block1_conv": (130, 40, 32), "block1_pool": (65, 20, 32), "block1_bn": (65, 20, 32),
        "block1_dropout": (65, 20, 32),
        "block2_conv": (65, 20, 32), "block2_pool": (32, 10, 32), "block2_bn": (32, 10, 32),
        "block2_dropout": (32, 10, 32),
        "block3_conv": (32, 10, 32), "block3_pool": (16, 5, 32), "block3_bn": (16, 5, 32),
        "block3_dropout": (16, 5, 32),
        "flat": (2560,), "dense": (64,), "dropout": (64,), "emotion": (7,),
    }  # fmt: skip
    assert counts(model) == {
        "standardised": 3,  # mean, variance, number of examples
        "block1_conv": 9 * 32 + 32, "block1_bn": 4 * 32,
        "block2_conv": 9 * 32 * 32 + 32, "block2_bn": 4 * 32,
        "block3_conv": 9 * 32 * 32 + 32, "block3_bn": 4 * 32,
        "dense": 2560 * 64 + 64, "emotion": 64 * 7 + 7,
    }  # fmt: skip
    assert model.get_layer("block1_dropout").rate == 0.2  # section 2.1.3


def test_cnn_trains_what_its_docstring_says():
    trained = sum(math.prod(weight.shape) for weight in build_cnn(7).trainable_weights)
    assert trained == 320 + 2 * 9248 + 3 * 64 + 163_904 + 455 == 183_367


def test_lstm_has_one_lstm_and_one_dense_layer():
    model = build_lstm(7)
    assert shapes(model) == {"mfcc": (130, 40), "lstm": (128,), "emotion": (7,)}
    # four gates, each with 40 inputs, 128 states and a bias
    assert counts(model) == {"lstm": 4 * 128 * (40 + 128 + 1), "emotion": 128 * 7 + 7}
    assert model.count_params() == 87_431


def test_ann_has_four_dense_layers_of_256():
    model = build_ann(7)
    dense = {f"dense{number}": 256 * 256 + 256 for number in (2, 3, 4)}  # section 2.4.2
    standardised = 2 * 40 + 1
    assert counts(model) == {
        "standardised": standardised, "dense1": 40 * 256 + 256, **dense, "emotion": 256 * 7 + 7
    }  # fmt: skip
    assert model.count_params() - standardised == 209_671


def test_gru_has_two_layers_of_128_states_and_a_dense_one_of_256():
    model = build_gru(7)
    assert shapes(model) == {
        "mfcc": (130, 40), "gru1": (130, 128), "gru2": (128,), "relu": (128,), "dense": (256,), "emotion": (7,)
    }  # fmt: skip
    # three gates; Keras's GRU has two biases a gate, as the one of cuDNN and of PyTorch
    assert counts(model) == {
        "gru1": 3 * 128 * (40 + 128 + 2), "gru2": 3 * 128 * (128 + 128 + 2),
        "dense": 128 * 256 + 256, "emotion": 256 * 7 + 7,
    }  # fmt: skip
    assert model.count_params() == 199_175


@pytest.mark.parametrize("build", [build_lstm, build_gru])
def test_masking_passes_over_what_was_added(build):
    import numpy as np

    model = build(7, masked=True)
    clip = np.random.default_rng(0).standard_normal((1, 130, 40)).astype(np.float32)
    clip[:, 60:] = 0
    shorter = build(7, (60, 40), masked=True)
    shorter.set_weights(model.get_weights())
    np.testing.assert_allclose(model.predict(clip, verbose=0), shorter.predict(clip[:, :60], verbose=0), atol=1e-6)


@pytest.mark.parametrize(("standardise", "numbers"), [("none", 0), ("all", 3), ("coefficient", 81)])
def test_standardising_is_a_layer_of_the_model(standardise, numbers):
    assert build_lstm(7, standardise=standardise).count_params() == 87_431 + numbers
