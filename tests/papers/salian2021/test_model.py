"""The network layer by layer, and that it is a time-distributed one."""

import keras
import numpy as np
import pytest

from papers.salian2021.model import build_td_cnn_lstm

pytestmark = pytest.mark.backend


def test_blocks_have_the_described_shapes():
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in build_td_cnn_lstm(7).layers}
    assert shapes["windows"] == (6, 128, 128, 1)
    # section 4: 64, 64, 128 and 128 maps; pools 2, 4, 4, 4 take 128 to 64, 16, 4 and 1
    assert [shapes[f"lm{number}_conv"] for number in (1, 2, 3, 4)] == [
        (6, 128, 128, 64), (6, 64, 64, 64), (6, 16, 16, 128), (6, 4, 4, 128)
    ]  # fmt: skip
    assert [shapes[f"lm{number}_dropout"] for number in (1, 2, 3, 4)] == [
        (6, 64, 64, 64), (6, 16, 16, 64), (6, 4, 4, 128), (6, 1, 1, 128)
    ]  # fmt: skip
    assert (shapes["flat"], shapes["lstm"], shapes["emotion"]) == ((6, 128), (256,), (7,))


def test_parameters_are_those_worked_out_by_hand():
    model = build_td_cnn_lstm(7)
    assert {layer.name: layer.count_params() for layer in model.layers if layer.count_params()} == {
        "lm1_conv": 9 * 64 + 64, "lm1_bn": 4 * 64,
        "lm2_conv": 9 * 64 * 64 + 64, "lm2_bn": 4 * 64,
        "lm3_conv": 9 * 64 * 128 + 128, "lm3_bn": 4 * 128,
        "lm4_conv": 9 * 128 * 128 + 128, "lm4_bn": 4 * 128,
        "lstm": 4 * 256 * (128 + 256 + 1), "emotion": 256 * 7 + 7,
    }  # fmt: skip
    assert model.count_params() == 656_583


def test_layers_of_a_block_come_in_the_order_of_section_3_1():
    kinds = [type(layer).__name__ for layer in build_td_cnn_lstm(7).layers[1:6]]
    assert kinds == ["Conv3D", "BatchNormalization", "Activation", "MaxPooling3D", "Dropout"]
    assert build_td_cnn_lstm(7).get_layer("lm1_elu").activation is keras.activations.elu


def test_a_block_is_the_time_distributed_layers_on_images():
    model = build_td_cnn_lstm(7)
    conv, pool = model.get_layer("lm1_conv"), model.get_layer("lm1_pool")
    inputs = keras.Input((6, 32, 32, 1))
    flat = keras.layers.Conv2D(64, 3, padding="same")
    x = keras.layers.TimeDistributed(flat)(inputs)
    told = keras.Model(inputs, keras.layers.TimeDistributed(keras.layers.MaxPooling2D(2))(x))
    kernel, bias = conv.get_weights()
    flat.set_weights([kernel[0], bias])
    clips = np.random.default_rng(0).standard_normal((2, 6, 32, 32, 1)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(pool(conv(clips))), told.predict(clips, verbose=0), atol=1e-5)


def test_smaller_last_pool_gives_the_lstm_more_values_a_window():
    assert build_td_cnn_lstm(7, last_pool=2).get_layer("flat").output.shape[1:] == (6, 2 * 2 * 128)
