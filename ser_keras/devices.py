"""One training on several devices of a machine: each computes its share of every batch; see `--devices`.

What is learnt is what one device learns, but for the order of sums: losses, statistics of batches and gradients are
those of whole batches, however they are shared out. JAX sees to most of it by itself. Under TensorFlow's strategy each
device would take the mean loss and the batch statistics of its own share: hence `as_one`.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import distribution

from ser_keras.errors import RunError


class Shared(distribution.DataParallel):
    """Data parallelism in JAX for batches of any size: `DataParallel` alone takes such as the devices divide evenly.

    So each device is given the whole batch, and what the model's layers make of it is shared out within the step,
    where JAX pads an uneven share and leaves the padding out of every sum.
    """

    def get_data_layout(self, data_shape: tuple[int, ...]) -> distribution.TensorLayout:
        return distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> distribution.TensorLayout | None:
        if path.count("/") > 1:  # of a layer within a layer
            return None
        return distribution.TensorLayout([self.batch_dim_name], self.device_mesh)


def check(devices: int) -> None:
    """Whether so many devices can train together here.

    Raises
    ------
    RunError : the machine has fewer, or the backend can't
    """
    backend = keras.backend.backend()
    if devices == 1:
        return
    if backend not in ("jax", "tensorflow"):
        raise RunError(f"--devices {devices} can't be done by {backend}: set KERAS_BACKEND to tensorflow or jax")
    found = distribution.list_devices()
    if len(found) < devices:
        raise RunError(
            f"--devices {devices} is more than there are here for {backend} ({', '.join(found)}): "
            f"give --devices {len(found)} or leave it out"
        )


def spread(devices: int) -> AbstractContextManager:
    """A context in which models are built and trained on so many devices.

    Raises
    ------
    RunError : as `check`
    """
    check(devices)
    return nullcontext() if devices == 1 else _scope(distribution.list_devices()[:devices])


def _scope(names: list[str]) -> AbstractContextManager:
    together = Shared(devices=names) if keras.backend.backend() == "jax" else _mirrored(tuple(names))
    return together.scope()


@cache
def _mirrored(names: tuple[str, ...]) -> Any:
    """TensorFlow's strategy for these devices: one a process, since two number their sums alike and mix them up."""
    import tensorflow

    class Mirrored(tensorflow.distribute.MirroredStrategy):
        """What Keras and TensorFlow do not do by themselves for batches that the devices don't divide evenly."""

        def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
            """Each batch in even shares, where TensorFlow's own may be empty; of fewer examples than devices whole."""

            def shares(*batch: Any) -> Any:
                size, n = tensorflow.shape(batch[0], tensorflow.int64)[0], self.num_replicas_in_sync

                def share(number: Any) -> Any:
                    first = tensorflow.where(size < n, 0 * size, size * number // n)
                    last = tensorflow.where(size < n, size, size * (number + 1) // n)
                    return tuple(part[first:last] for part in batch)

                return tensorflow.data.Dataset.range(n).map(share)

            return self.distribute_datasets_from_function(lambda context: dataset.flat_map(shares))

        def reduce(self, reduce_op: Any, value: Any, axis: int | None) -> Any:
            """Of a batch the first share: Keras takes a mean to see its shape, which uneven shares don't have."""
            if not isinstance(value, tuple):
                return super().reduce(reduce_op, value, axis)
            return tensorflow.nest.map_structure(lambda one: self.experimental_local_results(one)[0], value)

    return Mirrored(names)


def strategy() -> Any:
    """TensorFlow's strategy for the several devices of `spread`; None outside it, and with other backends."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow

    return tensorflow.distribute.get_strategy() if tensorflow.distribute.has_strategy() else None


def as_one(model: keras.Model, loss: str | Callable) -> str | Callable:
    """The loss with which TensorFlow's devices learn what one would; the model's batch statistics become joint ones.

    Its values are those of `loss`, so the history is one device's too. Its gradient, of which Keras takes the mean over
    the devices, weighs every example alike, though the shares be uneven. Without a strategy it is `loss`, and the model
    stays as it is.
    """
    shared = strategy()
    if shared is None:
        return loss
    for layer in _layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
    of_each = keras.losses.get(loss)

    def weighed(targets: keras.KerasTensor, outputs: keras.KerasTensor) -> keras.KerasTensor:
        import tensorflow

        values, device = of_each(targets, outputs), tensorflow.distribute.get_replica_context()
        if device is None:  # Keras looks what the loss's shape is, before training
            return values
        own = keras.ops.cast(keras.ops.shape(targets)[0], values.dtype)
        mean = device.all_reduce("MEAN", own)
        scaled = values * own / mean
        return scaled + keras.ops.stop_gradient(values - scaled)

    return weighed


def callbacks(model: keras.Model) -> list[keras.callbacks.Callback]:
    """What TensorFlow's devices need while they train; to be made just before `fit`.

    Keras draws the order of batches from Python's generator once more than for one device, to look at a batch first: so
    the generator is put back. And devices would all draw the same masks of dropout: each is given a seed of its own.
    """
    shared = strategy()
    if shared is None:
        return []
    state = random.getstate()
    seeds = [variable for variable in model.variables if variable.name == "seed_generator_state"]

    def apart(epoch: int, logs: dict | None = None) -> None:
        for variable in seeds:
            first = keras.ops.convert_to_numpy(variable)  # the first device's, which a checkpoint keeps
            for number, own in enumerate(shared.experimental_local_results(variable.value)):
                own.assign(first + np.array([number, 0], first.dtype))

    return [keras.callbacks.LambdaCallback(on_train_begin=lambda logs: random.setstate(state), on_epoch_begin=apart)]


def _layers(layer: keras.Layer) -> Iterator[keras.Layer]:
    """A layer and all within it."""
    yield layer
    for inner in (*getattr(layer, "layers", ()), *([layer.layer] if hasattr(layer, "layer") else ())):
        yield from _layers(inner)


def alone(model: keras.Model) -> keras.Model:
    """The trained model as one that a single device trained, with its optimizer; to be called outside `spread`."""
    for layer in _layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = False
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        return keras.saving.load_model(Path(folder) / "model.keras", safe_mode=True)
