"""One saved model gives the same probabilities with another backend of Keras; read by a process that has it."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from papers.kanoun2024 import model as kanoun
from papers.rastogi2025 import model as rastogi
from papers.sankaran2023 import model as sankaran
from papers.yadav2022.model import build_crnn

pytestmark = [pytest.mark.backend, pytest.mark.slow]

AGREEMENT = 1e-4  # of probabilities, in float32; 6e-7 was seen
OTHER = {"tensorflow": "jax", "jax": "tensorflow"}
NETWORKS = {
    "crnn": lambda: build_crnn(7, (128, 130, 1)),
    "crnn attended": lambda: kanoun.build_crnn(6, (128, 64, 1)),
    "residual": lambda: kanoun.build_cnn(6, (16, 16, 1)),
    "mlp": lambda: rastogi.build_mlp(6),
    "cnn-lstm": lambda: rastogi.build_cnn_lstm(6),
    "cnn": lambda: sankaran.build_cnn(7, (40, 40, 1)),
    "lstm": lambda: sankaran.build_lstm(7, (20, 40), masked=True),
    "gru": lambda: sankaran.build_gru(7, (20, 40), masked=True),
}
PREDICT = """
import sys, keras, numpy as np
for folder in sys.argv[1:]:
    model = keras.saving.load_model(f"{folder}/model.keras", safe_mode=True)
    np.save(f"{folder}/there.npy", model.predict(np.load(f"{folder}/inputs.npy"), verbose=0))
print(keras.backend.backend())
"""


@pytest.fixture(scope="module")
def probabilities(tmp_path_factory):
    """Of each network, filled at random: what it gives here, and what it gives there."""
    top, rng = tmp_path_factory.mktemp("models"), np.random.default_rng(0)
    folders = {name: top / name for name in NETWORKS}
    for name, folder in folders.items():
        folder.mkdir()
        model = NETWORKS[name]()
        model.set_weights([one + 0.05 * rng.standard_normal(one.shape) for one in model.get_weights()])
        for layer in model.layers:
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()
        inputs = rng.standard_normal((3, *model.input_shape[1:])).astype(np.float32)
        inputs[:, -1:] *= name not in ("lstm", "gru")  # a frame that is masked
        np.save(folder / "inputs.npy", inputs)
        np.save(folder / "here.npy", model.predict(inputs, verbose=0))
        model.save(folder / "model.keras")
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.backend.backend()], "JAX_PLATFORMS": "cpu"}
    call = [sys.executable, "-c", PREDICT, *map(str, folders.values())]
    done = subprocess.run(call, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == OTHER[keras.backend.backend()]
    return {name: [np.load(one / f"{place}.npy") for place in ("here", "there")] for name, one in folders.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_network_gives_the_same_probabilities_with_another_backend(probabilities, name):
    here, there = probabilities[name]
    assert here.shape == there.shape
    assert 0.01 < here.max(axis=1).min() < 0.99  # or probabilities of 0 and 1 would agree whatever came before
    np.testing.assert_allclose(there, here, atol=AGREEMENT, rtol=0)
