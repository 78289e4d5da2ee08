"""How examples reach a network: batch by batch through Python, or whole epochs at once where they fit in memory."""

import functools
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from ser_keras import devices
from ser_keras.features.examples import Examples

IN_MEMORY = 2**24  # bytes of examples up to which an epoch is few calls of the backend, which no Ctrl-C interrupts
STACKS = 3  # an epoch


class Batches(keras.utils.PyDataset):
    """Examples in batches, with one-hot targets; shuffled anew each epoch when given a seed, else in order.

    `epochs_done` orders have been used before: the first is the one that follows them.
    """

    def __init__(
        self,
        examples: Examples,
        n_classes: int,
        batch_size: int,
        shuffle_seed: int | None = None,
        epochs_done: int = 0,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.examples, self.n_classes, self.batch_size = examples, n_classes, batch_size
        self._rng = None if shuffle_seed is None else np.random.default_rng(shuffle_seed)
        self._order = np.arange(len(examples))
        for _ in range(1 + epochs_done):
            self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.examples) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        numbers = self.numbers(index)
        targets = np.eye(self.n_classes, dtype=np.float32)[self.examples.classes[numbers]]
        return self.examples.arrays(numbers), targets

    def on_epoch_end(self) -> None:
        if self._rng is not None:
            self._order = self._rng.permutation(len(self.examples))

    @property
    def shuffled(self) -> bool:
        """Whether each epoch has an order of its own."""
        return self._rng is not None

    def numbers(self, index: int) -> np.ndarray:
        """Which examples a batch of this epoch holds."""
        return self._order[index * self.batch_size : (index + 1) * self.batch_size]


def fits_in_memory(examples: Examples) -> bool:
    """Whether examples are few and small enough for whole epochs in few calls of the backend, which can do that.

    On several devices it can't: Keras takes no steps in a loop under TensorFlow's strategy (its issue 19246).
    """
    values = len(examples) * np.prod(examples.sources[0][0].shape, dtype=int)
    able = keras.backend.backend() == "tensorflow" and devices.strategy() is None
    return bool(4 * values <= IN_MEMORY) and able


class Stacked(keras.Model):
    """A functional network with the very layers of another, `Stacked(network.inputs, network.outputs)`, that is
    trained and evaluated on stacks of batches: all steps of one in a single call of the backend.

    A stack is (batches, examples, …) inputs and (batches, examples, classes) targets.
    """

    def train_step(self, stack: tuple) -> dict:
        return self._each(super().train_step, stack)

    def test_step(self, stack: tuple) -> dict:
        return self._each(super().test_step, stack)

    def _each(self, step: Callable[[tuple], dict], stack: tuple) -> dict:
        inputs, targets = stack

        def one(number: keras.KerasTensor, done: keras.KerasTensor) -> keras.KerasTensor:
            step((inputs[number], targets[number]))
            return done + 1

        keras.ops.fori_loop(0, keras.ops.shape(inputs)[0], one, 0)
        return self.get_metrics_result()


def stacks(batches: Batches) -> Any:
    """The same batches as a `tf.data.Dataset` of stacks for `Stacked`, `STACKS` an epoch.

    Of shuffled batches it has no end, since one iterator over all epochs spares the set-up of one an epoch. Their order
    is drawn as Keras draws it for a `PyDataset`, from Python's generator, and not before it is asked for; so what is
    learnt is the same to the last bit.
    """
    import tensorflow  # no other backend of Keras takes several steps in one call of it

    inputs, targets = batches.examples.arrays(np.arange(len(batches.examples))), batches.examples.classes
    one_hot = np.eye(batches.n_classes, dtype=np.float32)

    def stacked(order: list[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Three stacks, since one batch is smaller than the others; those before or behind it may be of no batch."""
        smaller = order.index(len(batches) - 1)
        for part in (order[:smaller], order[smaller : smaller + 1], order[smaller + 1 :]):
            numbers = np.array([batches.numbers(index) for index in part], int).reshape(len(part), -1 if part else 0)
            yield inputs[numbers], one_hot[targets[numbers]]

    def epochs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            batches.on_epoch_end()
            order = list(range(len(batches)))
            random.shuffle(order)
            yield from stacked(order)

    dataset = tensorflow.data.Dataset
    if not batches.shuffled:
        first, *others = map(dataset.from_tensors, stacked(list(range(len(batches)))))
        return functools.reduce(dataset.concatenate, others, first)
    shapes = ((None, None, *inputs.shape[1:]), (None, None, batches.n_classes))
    signature = tuple(tensorflow.TensorSpec(shape, tensorflow.float32) for shape in shapes)
    options = tensorflow.data.Options()
    options.autotune.enabled = False  # it may draw ahead
    return dataset.from_generator(epochs, output_signature=signature).with_options(options)
