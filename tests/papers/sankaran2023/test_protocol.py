"""The splits that the printed accuracies imply, and the loss that explains the printed one."""

import math

import numpy as np
import pandas as pd
import pytest

from papers.sankaran2023 import PAPER, protocol
from ser_keras.choices import resolved
from ser_keras.evaluation.printed import granular

EXPERIMENTS = {experiment.name: experiment for experiment in PAPER.experiments}
TESS = pd.DataFrame({"emotion": np.repeat(protocol.CLASSES, 400)})


def parts(name, **given):
    experiment = EXPERIMENTS[name]
    choices = resolved(experiment.choices, given)
    split = experiment.variants[0].split(TESS, 3, choices)
    return [len(split.train), len(split.validation), len(split.test)], split


@pytest.mark.parametrize(
    ("name", "sizes", "printed"),
    [
        ("lstm", [2240, 280, 280], 0.9893),
        ("gru", [2240, 280, 280], 0.9929),
        ("ann", [2380, 0, 420], 0.9976),
        ("cnn", [2016, 0, 504], 0.9980),
    ],
)
def test_split_has_the_sizes_that_the_printed_accuracy_implies(name, sizes, printed):
    found, split = parts(name)
    assert found == sizes
    assert granular(printed, sizes[2], 4)  # Table 1
    used = np.concatenate([split.train, split.validation, split.test])
    assert len(set(used)) == len(used)


def test_best_epoch_of_the_cnn_is_watched_on_the_part_that_is_tested():
    sizes, split = parts("cnn", kept="best")
    assert sizes == [2016, 504, 504]
    np.testing.assert_array_equal(split.validation, split.test)


def test_another_seed_divides_otherwise():
    choices = resolved(EXPERIMENTS["lstm"].choices, {})
    one, other = (protocol.tenth_split(TESS, seed, choices) for seed in (0, 1))
    assert set(one.test) != set(other.test)


def test_softmax_twice_explains_the_printed_loss_of_the_gru():
    choices = resolved(EXPERIMENTS["gru"].choices, {})
    recipe = EXPERIMENTS["gru"].variants[0].training(choices)
    assert recipe.from_logits
    # the softmax of a one and six zeros gives the right class e / (e + 6)
    least = -math.log(math.e / (math.e + 6))
    assert 0 < 1.1745 - least < 0.01  # Table 1 prints 1.1745
    once = EXPERIMENTS["gru"].variants[0].training({**choices, "softmax": "once"})
    assert not once.from_logits


def test_recipes_are_as_printed():
    for name, batch_size in (("ann", 4), ("gru", 32)):  # sections 2.4.2 and 2.5.3
        experiment = EXPERIMENTS[name]
        recipe = experiment.variants[0].training(resolved(experiment.choices, {}))
        assert (recipe.batch_size, recipe.epochs) == (batch_size, 100)
        assert type(recipe.optimizer()).__name__ == "Adam"
