"""Trains on one device and on several of the processor's, and prints what came of it: a backend takes devices but once.

KERAS_BACKEND=jax python tests/on_devices.py FOLDER
"""

import contextlib
import json
import os
import sys
from pathlib import Path

DEVICES = 2
BACKEND = os.environ["KERAS_BACKEND"]
os.environ |= {"XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}", "JAX_PLATFORMS": "cpu"}
os.environ |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "SER_KERAS_CHECKPOINT_SECONDS": "0"}

import keras  # noqa: E402
import numpy as np  # noqa: E402

from ser_keras import checkpoints, devices, feeding, fitting  # noqa: E402
from ser_keras.errors import RunError  # noqa: E402
from ser_keras.experiment import Plateau, Training  # noqa: E402
from ser_keras.features.examples import Examples  # noqa: E402
from ser_keras.features.store import Features  # noqa: E402

if BACKEND == "tensorflow":
    import tensorflow

    [processor] = tensorflow.config.list_physical_devices("CPU")
    tensorflow.config.set_logical_device_configuration(
        processor, [tensorflow.config.LogicalDeviceConfiguration()] * DEVICES
    )
fitting.make_deterministic()


def examples(n_clips, seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n_clips)
    arrays = (rng.standard_normal((n_clips, 6, 5)) + 0.4 * classes[:, None, None]).astype(np.float32)
    features = Features((6, 5), {}, (arrays,), {number: (0, number) for number in range(n_clips)})
    return Examples(((features, np.arange(n_clips)),), classes)


def network(dropout):
    """Statistics of the training part and of batches, and a penalty; with dropout random masks."""
    keras.utils.set_random_seed(5)
    inputs = keras.Input((6, 5))
    x = keras.layers.Normalization(axis=2)(inputs)
    x = keras.layers.Conv1D(8, 3, use_bias=False, kernel_regularizer=keras.regularizers.L2(0.01))(x)
    x = keras.layers.Flatten()(keras.layers.Activation("relu")(keras.layers.BatchNormalization()(x)))
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def trained(count, n_clips, batch_size, *, dropout=0.0, state=None):
    recipe = Training(
        lambda: keras.optimizers.Adam(0.01), "categorical_crossentropy", batch_size, 5, patience=4, plateau=Plateau()
    )
    keras.utils.clear_session()  # in its place in a run, too: it would end `spread`
    with devices.spread(count):
        given = {"n_classes": 3, "seed": 5, "state": state}
        fitted = fitting.fit(network(dropout), recipe, examples(n_clips, 0), examples(22, 1), **given)
    model = devices.alone(fitted.model) if count > 1 else fitted.model
    history = fitted.history.drop(columns="seconds").to_dict("list")
    scores = fitting.probabilities(model, examples(31, 2), n_classes=3, batch_size=16)
    steps = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    return {"history": history, "scores": scores.tolist(), "steps": steps, "resumed": fitted.resumed_after}


def killed_and_gone_on_with(folder):
    write = checkpoints._write

    def killed(path, state):
        write(path, state)
        if len(state.history) == 2:
            raise InterruptedError

    checkpoints._write = killed
    with contextlib.suppress(InterruptedError):
        trained(2, 24, 8, dropout=0.3, state=folder / "state.npz")
    checkpoints._write = write
    return trained(2, 24, 8, dropout=0.3, state=folder / "state.npz")


def shared_out():
    """On how many devices, and how many examples of a batch of seven on each, a layer's work is."""
    with devices.spread(2):
        model = network(0.0)
        sizes = []
        if BACKEND == "tensorflow":
            strategy = devices.strategy()
            rows = tensorflow.data.Dataset.from_tensors((np.zeros((7, 2)), np.zeros((7, 3))))
            for inputs, _ in strategy.experimental_distribute_dataset(rows):
                sizes = [len(one) for one in strategy.experimental_local_results(inputs)]
        else:
            import jax

            call = jax.jit(lambda x: model(x, training=False))
            lowered = call.lower(jax.ShapeDtypeStruct((7, 6, 5), np.float32)).compile().as_text()
            sizes = [4, 3] if "f32[4,4,8]" in lowered and "f32[7,4,8]" not in lowered else [lowered]
    return sizes


def masks():
    """What two devices drop of one example that both are given, under the same layer, in a step of an epoch."""
    with devices.spread(2):
        inputs = keras.Input((64,))
        model = keras.Model(inputs, keras.layers.Dropout(0.5, seed=3)(inputs))
        for callback in devices.callbacks(model):
            callback.on_epoch_begin(0)
        if BACKEND == "tensorflow":
            call = tensorflow.function(lambda: model(np.ones((1, 64), np.float32), training=True))
            found = devices.strategy().experimental_local_results(devices.strategy().run(call))
        else:
            found = model(np.ones((2, 64), np.float32), training=True)
    return np.concatenate([np.reshape(one, (1, 64)) for one in found]).tolist()


def refusal(count):
    try:
        devices.check(count)
    except RunError as error:
        return str(error)
    return ""


def main(folder):
    at_once = [feeding.fits_in_memory(examples(32, 0))]
    with devices.spread(2):
        at_once += [feeding.fits_in_memory(examples(32, 0))]
    cases = {"last batch smaller": (2, 43, 16), "no batch divides": (2, 33, 11)}
    return {
        "pairs": {name: [trained(1, *rest), trained(count, *rest)] for name, (count, *rest) in cases.items()},
        "dropout": [trained(count, 24, 8, dropout=0.3) for count in (1, 2)],
        "gone on": killed_and_gone_on_with(folder),
        "few": [trained(count, 17, 16) for count in (1, 2)],
        "shared out": shared_out(),
        "masks": masks(),
        "refusals": [refusal(count) for count in (1, DEVICES, DEVICES + 1)],
        "at once": at_once,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
