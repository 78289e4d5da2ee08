"""`python -m benchmarks.small WAY`: rastogi2025's mlp trained one way, in a process of its own.

It reads a number of epochs a line, trains so many, and prints their seconds, of the processor and by the clock.
A process each, since some of what makes epochs fast is set for a whole process.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import keras
import numpy as np

from benchmarks.training import examples
from papers.rastogi2025.model import build_mlp
from papers.rastogi2025.protocol import coded_recipe
from ser_keras import feeding, fitting, memory, optimizers
from ser_keras.features.examples import Examples

CLIPS = {"train": 8439, "validation": 1151}  # of rastogi2025's published split
N_CLASSES = 6


def parts() -> tuple[Examples, Examples]:
    """Noise in place of the training and the validation part."""
    train, watched = (examples(n, (30,), N_CLASSES, seed) for seed, n in enumerate(CLIPS.values()))
    return train, watched


def way(name: str) -> Callable[[int], object]:
    """Trains so many epochs: plainly on "arrays" with TensorFlow as it comes, or as we do, by "batches" or "whole
    epochs"."""
    recipe = coded_recipe({})
    if name != "arrays":
        fitting.make_deterministic()
    if name == "whole epochs":
        memory.keep_freed()
    train, watched = parts()
    keras.utils.set_random_seed(0)
    model = build_mlp(N_CLASSES)
    fitting.adapt(model, train)
    if name == "whole epochs":
        model = feeding.Stacked(model.inputs, model.outputs)
    optimizer = optimizers.lighter(recipe.optimizer()) if name == "whole epochs" else recipe.optimizer()
    model.compile(optimizer, recipe.loss, metrics=["accuracy"])

    def arrays(part: Examples) -> tuple:
        return part.arrays(np.arange(len(part))), np.eye(N_CLASSES, dtype=np.float32)[part.classes]

    def batches(part: Examples, seed: int | None = None) -> feeding.Batches:
        return feeding.Batches(part, N_CLASSES, recipe.batch_size, shuffle_seed=seed)

    if name == "arrays":
        (inputs, targets), validation = arrays(train), arrays(watched)
        given = {"x": inputs, "y": targets, "batch_size": recipe.batch_size, "validation_data": validation}
    elif name == "batches":
        given = {"x": batches(train, 0), "validation_data": batches(watched)}
    else:
        stacks, validation = feeding.stacks(batches(train, 0)), feeding.stacks(batches(watched))
        given = {"x": stacks, "validation_data": validation, "steps_per_epoch": feeding.STACKS, "shuffle": False}
    return lambda epochs: model.fit(**given, epochs=epochs, verbose=0)


def same_bytes() -> bool:
    """Whether two epochs in few calls each give the very weights of two epochs batch by batch."""
    fitting.make_deterministic()
    recipe, found = replace(coded_recipe({}), epochs=2), set()
    for in_memory in (feeding.IN_MEMORY, 0):
        with mock.patch.object(feeding, "IN_MEMORY", in_memory):
            keras.utils.set_random_seed(0)
            model = fitting.fit(build_mlp(N_CLASSES), recipe, *parts(), n_classes=N_CLASSES, seed=0).model
            found.add(b"".join(weight.tobytes() for weight in model.get_weights()))
    return len(found) == 1


def main(name: str) -> None:
    """Serve."""
    train = way(name)
    for line in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        train(int(line))
        print(time.process_time() - processor, time.perf_counter() - clock, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
