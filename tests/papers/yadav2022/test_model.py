"""The network against Table 1 of Yadav et al. (2022); every shape and count worked out by hand here."""

import math

import numpy as np
import pytest

from papers.yadav2022.model import build_crnn

pytestmark = pytest.mark.backend

# (layer, output shape, parameters). A convolution k×k from c to f channels: k·k·c·f + f; batch norm: 4·f;
# "same" convolutions keep 128 × 259; pools of 2 and 4 drop what is left at the edge: 259 → 129 → 32 → 8 → 2.
TABLE_1 = [
    ("log_mel", (None, 128, 259, 1), 0),
    ("mlflb1_conv", (None, 128, 259, 64), 9 * 9 * 1 * 64 + 64),
    ("mlflb1_bn", (None, 128, 259, 64), 4 * 64),
    ("mlflb1_relu", (None, 128, 259, 64), 0),
    ("mlflb1_pool", (None, 64, 129, 64), 0),
    ("mlflb2_conv", (None, 64, 129, 64), 7 * 7 * 64 * 64 + 64),
    ("mlflb2_bn", (None, 64, 129, 64), 4 * 64),
    ("mlflb2_relu", (None, 64, 129, 64), 0),
    ("mlflb2_pool", (None, 16, 32, 64), 0),
    ("mlflb3_conv", (None, 16, 32, 128), 5 * 5 * 64 * 128 + 128),
    ("mlflb3_bn", (None, 16, 32, 128), 4 * 128),
    ("mlflb3_relu", (None, 16, 32, 128), 0),
    ("mlflb3_pool", (None, 4, 8, 128), 0),
    ("mlflb4_conv", (None, 4, 8, 128), 3 * 3 * 128 * 128 + 128),
    ("mlflb4_bn", (None, 4, 8, 128), 4 * 128),
    ("mlflb4_relu", (None, 4, 8, 128), 0),
    ("mlflb4_pool", (None, 1, 2, 128), 0),
    ("permute", (None, 2, 1, 128), 0),
    ("frames", (None, 2, 128), 0),
    # an LSTM of 128 units on 128 inputs: four gates of (128 inputs + 128 states + 1 bias) · 128; two directions
    ("bilstm", (None, 256), 2 * 4 * (128 + 128 + 1) * 128),
    ("emotion", (None, 8), 256 * 8 + 8),
]


@pytest.fixture(scope="module")
def crnn():
    return build_crnn(8)


@pytest.mark.parametrize(("number", "row"), list(enumerate(TABLE_1)), ids=[row[0] for row in TABLE_1])
def test_layer_has_the_shape_and_parameters_of_table_1(crnn, number, row):
    name, shape, parameters = row
    layer = crnn.layers[number]
    assert layer.name == name or (name == "permute" and layer.name.startswith("permute"))
    assert tuple(layer.output.shape) == shape
    assert layer.count_params() == parameters


def test_crnn_has_no_layer_beyond_table_1(crnn):
    assert len(crnn.layers) == len(TABLE_1)


def test_crnn_has_825_288_parameters_for_eight_classes(crnn):
    assert (
        crnn.count_params() == sum(row[2] for row in TABLE_1) == 825_288
    )  # FACTS.md; only moving statistics are fixed
    assert sum(math.prod(weight.shape) for weight in crnn.non_trainable_weights) == 2 * (64 + 64 + 128 + 128)


def test_kept_pool_edges_give_one_frame_more_and_the_same_parameters():
    crnn = build_crnn(8, pool_edge="kept")
    frames = [crnn.get_layer(f"mlflb{block}_pool").output.shape[2] for block in (1, 2, 3, 4)]
    assert frames == [130, 33, 9, 3]  # FACTS.md
    assert crnn.count_params() == 825_288


def test_crnn_takes_the_classes_of_emodb():
    crnn = build_crnn(7)
    assert crnn.output_shape == (None, 7)
    assert crnn.count_params() == 825_288 - 257  # one unit of 256 weights and a bias fewer


def test_crnn_is_not_compiled_and_gives_probabilities():
    crnn = build_crnn(7)
    assert not crnn.compiled
    scores = crnn.predict(np.random.default_rng(0).standard_normal((2, 128, 259, 1)), verbose=0)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)  # float32 softmax of seven numbers


def test_l2_reaches_every_convolution():
    crnn = build_crnn(7, l2=0.01)
    kernels = [crnn.get_layer(f"mlflb{block}_conv").kernel for block in (1, 2, 3, 4)]
    expected = sum(0.01 * float((np.asarray(kernel) ** 2).sum()) for kernel in kernels)
    assert float(sum(crnn.losses)) == pytest.approx(expected, rel=1e-4)  # float32 sums of up to 205 k squares


def test_unknown_pool_edge_is_refused():
    with pytest.raises(KeyError, match="torn"):
        build_crnn(7, pool_edge="torn")


@pytest.mark.parametrize(("normalisation", "numbers"), [("training", 3), ("training-band", 257)])
def test_normalisation_over_the_training_part_is_a_layer_of_the_model(normalisation, numbers):
    plain, model = build_crnn(8), build_crnn(8, normalisation=normalisation)
    # a mean, a variance and the count of examples; for each of 128 bands where it is by band
    assert model.count_params() - plain.count_params() == numbers
    assert len(model.trainable_weights) == len(plain.trainable_weights)
