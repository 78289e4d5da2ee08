"""The CRNN and the small CNN of Kanoun et al. (2024); every shape and count worked out by hand here."""

import math

import keras
import numpy as np
import pytest

from papers.kanoun2024.model import build_cnn, build_crnn

pytestmark = pytest.mark.backend

# (layer, output shape, parameters). A convolution k×k from c to f channels: k·k·c·f + f; batch norm: 4·f. "Same"
# convolutions keep 64 × 79; pools of 2 halve and drop what is left at the edge: 79 → 39 → 19.
CONVOLUTIONS = [
    ("log_mel", (None, 64, 79, 1), 0),
    ("block1_conv", (None, 64, 79, 32), 3 * 3 * 1 * 32 + 32),
    ("block1_bn", (None, 64, 79, 32), 4 * 32),
    ("block1_relu", (None, 64, 79, 32), 0),
    ("block1_dropout", (None, 64, 79, 32), 0),
    ("block1_pool", (None, 32, 39, 32), 0),
    ("block2_conv", (None, 32, 39, 64), 3 * 3 * 32 * 64 + 64),
    ("block2_bn", (None, 32, 39, 64), 4 * 64),
    ("block2_relu", (None, 32, 39, 64), 0),
    ("block2_dropout", (None, 32, 39, 64), 0),
    ("block2_pool", (None, 16, 19, 64), 0),
]


def rest(steps, values):
    """The layers behind the convolutions for a sequence of so many steps of so many values.

    An LSTM of u units on n inputs: four gates of (n inputs + u states + 1 bias) · u; two directions.
    """
    return [
        ("frames", (None, steps, values), 0),
        ("bilstm1", (None, steps, 256), 2 * 4 * (values + 128 + 1) * 128),
        ("bilstm1_dropout", (None, steps, 256), 0),
        ("bilstm2", (None, steps, 128), 2 * 4 * (256 + 64 + 1) * 64),
        ("bilstm2_dropout", (None, steps, 128), 0),
        ("attention_score", (None, steps, 1), 128 + 1),
        ("attention_weight", (None, steps, 1), 0),
        ("attention_sum", (None, 1, 128), 0),
        ("attention", (None, 128), 0),
        ("dense", (None, 64), 128 * 64 + 64),
        ("dense_dropout", (None, 64), 0),
        ("emotion", (None, 6), 64 * 6 + 6),
    ]


DESCRIBED = CONVOLUTIONS + rest(19, 16 * 64)
CODED = CONVOLUTIONS + rest(1, 16 * 19 * 64)


@pytest.mark.parametrize(
    ("sequence", "table", "parameters"),
    [("time", DESCRIBED, 1_372_999), ("flattened", CODED, 20_247_367)],  # FACTS.md
)
def test_crnn_has_the_layers_shapes_and_parameters_of_section_6(sequence, table, parameters):
    crnn = build_crnn(6, sequence=sequence)
    found = [
        (layer.name, tuple(layer.output.shape), layer.count_params())
        for layer in crnn.layers
        if not layer.name.startswith("permute")
    ]
    assert found == table
    assert crnn.count_params() == sum(row[2] for row in table) == parameters


@pytest.mark.parametrize(("values", "in_pytorch"), [(1024, 1_374_343), (19_456, 20_248_711)])
def test_pytorch_counts_two_biases_a_gate_and_no_moving_statistics(values, in_pytorch):
    """In the code's framework: conv + batch norm (2·f) + LSTMs with two biases + attention + two dense layers."""
    convolutions = (9 * 32 + 32) + 2 * 32 + (9 * 32 * 64 + 64) + 2 * 64
    lstms = 2 * 4 * (values + 128 + 2) * 128 + 2 * 4 * (256 + 64 + 2) * 64
    assert convolutions + lstms + 129 + (128 * 64 + 64) + (64 * 6 + 6) == in_pytorch
    in_keras = {1024: 1_372_999, 19_456: 20_247_367}[values]  # FACTS.md counts as Keras does
    assert in_pytorch == in_keras + 2 * 4 * (128 + 64) - 2 * (32 + 64)


def test_first_lstm_of_the_code_never_learns_and_all_else_does():
    keras.utils.set_random_seed(0)
    crnn = build_crnn(6, sequence="flattened", first_lstm="frozen")
    trained = sum(math.prod(weight.shape) for weight in crnn.trainable_weights)
    assert trained == 20_247_367 - 2 * 4 * (19_456 + 128 + 1) * 128 - 2 * (32 + 64)  # nor do moving statistics
    before = {layer.name: layer.get_weights() for layer in crnn.layers if layer.weights}
    crnn.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy")
    inputs = np.random.default_rng(0).standard_normal((6, 64, 79, 1), dtype=np.float32)
    crnn.train_on_batch(inputs, np.eye(6, dtype=np.float32))
    moved = {
        name: any((old != new).any() for old, new in zip(weights, crnn.get_layer(name).get_weights(), strict=True))
        for name, weights in before.items()
    }
    assert not moved.pop("bilstm1")
    # the one weight of a sequence of one is 1, whatever its score: nothing is learnt there
    assert not moved.pop("attention_score")
    assert all(moved.values())


def test_crnn_for_tess_alone_pools_before_it_normalises():
    names = [layer.name for layer in build_crnn(7, sequence="flattened", pool_first=True).layers[1:6]]
    assert names == ["block1_conv", "block1_relu", "block1_pool", "block1_bn", "block1_dropout"]


@pytest.mark.parametrize("build", [build_crnn, build_cnn])
def test_batch_norms_follow_pytorch(build):
    norms = [layer for layer in build(6).layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}  # torch.nn.BatchNorm2d: momentum 0.1


def test_weights_start_within_the_bounds_of_pytorch():
    keras.utils.set_random_seed(0)
    crnn = build_crnn(6, sequence="flattened")
    bounds = {  # torch: 1 / sqrt(fan in); LSTMs 1 / sqrt(units)
        "block1_conv": 1 / np.sqrt(9),
        "block2_conv": 1 / np.sqrt(9 * 32),
        "dense": 1 / np.sqrt(128),
        "emotion": 1 / np.sqrt(64),
        "attention_score": 1 / np.sqrt(128),
        "bilstm1": 1 / np.sqrt(128),
        "bilstm2": 1 / np.sqrt(64),
    }
    for name, bound in bounds.items():
        kernel = crnn.get_layer(name).get_weights()[0]
        assert 0.9 * bound < np.abs(kernel).max() <= bound, name  # the largest of 128 or more even draws
        assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.15), name  # of an even distribution
    forward, backward = (crnn.get_layer("bilstm1").get_weights()[number] for number in (2, 5))
    # two even biases added: variance 2 · bound² / 3, and no forget gate set to 1
    assert np.concatenate([forward, backward]).std() == pytest.approx(np.sqrt(2 / 3 / 128), rel=0.1)
    assert np.abs(np.concatenate([forward, backward])).max() < 0.2


def test_weights_can_start_from_the_defaults_of_keras():
    crnn = build_crnn(6, start="keras")
    np.testing.assert_array_equal(crnn.get_layer("dense").get_weights()[1], np.zeros(64))
    bias = crnn.get_layer("bilstm2").get_weights()[2]
    np.testing.assert_array_equal(bias[64:128], np.ones(64))  # Keras opens forget gates


def block_by_hand(name, channels, filters):
    """Two 3×3 convolutions and a 1×1 shortcut without biases, each with a batch norm."""
    return {
        f"{name}_1_conv": 9 * channels * filters,
        f"{name}_1_bn": 4 * filters,
        f"{name}_2_conv": 9 * filters * filters,
        f"{name}_2_bn": 4 * filters,
        f"{name}_shortcut_conv": channels * filters,
        f"{name}_shortcut_bn": 4 * filters,
    }


def test_cnn_has_three_residual_blocks_at_full_size():
    cnn = build_cnn(6)
    by_hand = {
        **block_by_hand("block1", 1, 32),
        **block_by_hand("block2", 32, 64),
        **block_by_hand("block3", 64, 128),
        "attention_score": 128 + 1,
        "emotion": 128 * 6 + 6,
    }
    assert {layer.name: layer.count_params() for layer in cnn.layers if layer.weights} == by_hand
    assert cnn.count_params() == sum(by_hand.values()) == 299_847
    shapes = [tuple(cnn.get_layer(f"block{number}_relu2").output.shape) for number in (1, 2, 3)]
    assert shapes == [(None, 64, 79, 32), (None, 64, 79, 64), (None, 64, 79, 128)]
    assert tuple(cnn.get_layer("attention").output.shape) == (None, 128)


def test_attention_over_a_sequence_of_one_passes_it_on():
    cnn = build_cnn(6)
    both = keras.Model(cnn.input, [cnn.get_layer("average").output, cnn.get_layer("attention").output])
    inputs = np.random.default_rng(0).standard_normal((2, 64, 79, 1), dtype=np.float32)
    average, attended = both.predict(inputs, verbose=0)
    np.testing.assert_allclose(attended, average, rtol=1e-6)  # float32
