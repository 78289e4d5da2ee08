"""Layer by layer: output shapes and parameters of both networks, as printed or worked out by hand."""

import numpy as np
import pytest

from papers.rastogi2025.model import build_cnn_lstm, build_mlp

pytestmark = pytest.mark.backend


def counts(model):
    return {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}


def test_mlp_has_the_printed_layers_and_parameters():
    model = build_mlp(6)
    # Figure 4 prints these eight rows; the scaler before them has 30 means, 30 variances and a count
    assert counts(model) == {
        "scaler": 61, "dense": 7_936, "batch_normalization": 1_024, "dense_1": 32_896, "batch_normalization_1": 512,
        "dense_2": 8_256, "dense_3": 390,
    }  # fmt: skip
    assert model.count_params() - 61 == 51_014
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 50_246
    assert [model.get_layer(name).rate for name in ("dropout", "dropout_1")] == [0.4, 0.3]
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == [
        (30,), (30,), (256,), (256,), (256,), (128,), (128,), (128,), (64,), (6,)
    ]  # fmt: skip


def test_cnn_lstm_has_the_layers_of_the_pseudocode():
    model = build_cnn_lstm(6)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    # "valid" convolutions and pools: 43 − 4 = 39 → 19; − 4 = 15 → 7; − 2 = 5 → 2
    assert [shapes[f"{kind}{number}"] for number in (1, 2, 3) for kind in ("conv", "pool")] == [
        (39, 64), (19, 64), (15, 128), (7, 128), (5, 256), (2, 256)
    ]  # fmt: skip
    assert (shapes["lstm1"], shapes["lstm2"], shapes["dense1"], shapes["dense2"]) == ((2, 128), (64,), (128,), (64,))
    assert counts(model) == {
        "scaler": 2 * 43 + 1,
        "conv1": 5 * 64 + 64, "bn1": 4 * 64,
        "conv2": 5 * 64 * 128 + 128, "bn2": 4 * 128,
        "conv3": 3 * 128 * 256 + 256, "bn3": 4 * 256,
        "lstm1": 4 * 128 * (256 + 128 + 1), "lstm2": 4 * 64 * (128 + 64 + 1),
        "dense1": 64 * 128 + 128, "dense1_bn": 4 * 128, "dense2": 128 * 64 + 64, "emotion": 64 * 6 + 6,
    }  # fmt: skip
    assert model.count_params() - 87 == 405_830
    rates = {layer.name: layer.rate for layer in model.layers if "dropout" in layer.name}
    assert list(rates.values()) == [0.3, 0.3, 0.4, 0.4, 0.5, 0.3]  # in the order of the pseudocode
