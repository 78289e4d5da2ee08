"""The printed counts and sizes, the twins, and the two ways out of the leak."""

import numpy as np
import pandas as pd
import pytest

from papers.salian2021 import PAPER, protocol
from ser_keras import preparation
from ser_keras.choices import resolved
from ser_keras.corpora import manifest
from ser_keras.evaluation.leakage import leaks
from ser_keras.tasks import Task

(EXPERIMENT,) = PAPER.experiments
(VARIANT,) = EXPERIMENT.variants
TASK = Task("salian2021", {}, {}, EXPERIMENT, VARIANT, 0)


def table(**given):
    rows = [
        (f"{name}/{entry.file}", name, entry.labels.emotion, entry.labels.speaker)
        for name in EXPERIMENT.corpora
        for entry in manifest.manifest(name).entries
    ]
    clips = pd.DataFrame(rows, columns=["clip", "corpus", "emotion", "speaker"])
    choices = resolved(EXPERIMENT.choices, given)
    copies = VARIANT.copies(choices, 0)
    return preparation.with_copies(preparation.chosen(TASK, clips), copies), choices


def test_clips_of_each_class_are_those_of_table_1():
    found = table(augment="none")[0]["emotion"].value_counts().to_dict()
    # Table 1 prints 655 for angry, where the corpora have 652
    assert found == {"neutral": 808, **dict.fromkeys(protocol.CLASSES[1:], 652)}


def test_printed_number_of_rows_gives_the_printed_parts():
    rows = pd.DataFrame({"emotion": ["sad"] * 9446})
    split = protocol.split(rows, 0, {"validation": "test"})
    assert (len(split.train), len(split.test)) == (7557, 1889)  # section 4


def test_copies_before_the_split_leave_most_test_rows_a_twin_in_training():
    rows, choices = table()
    split = protocol.split(rows, 0, choices)
    assert (len(rows), len(split.train), len(split.test)) == (9440, 7552, 1888)
    found = leaks(rows, split.train, split.validation, split.test)
    # a twin is in training with a probability of 7552 / 9439; five standard deviations of a count of 1888
    assert found.counts["twin"] == pytest.approx(0.8 * 1888, abs=5 * np.sqrt(1888 * 0.16))
    assert found.counts["watched"] == 1888


def test_copies_after_the_split_leave_none():
    rows, choices = table(augment="after-split")
    split = protocol.split(rows, 0, choices)
    assert len(rows) == 4720
    assert leaks(rows, split.train, split.validation, split.test).counts["twin"] == 0
    assert len(VARIANT.augmentation(choices, 0)) == 1
    assert VARIANT.augmentation(resolved(EXPERIMENT.choices, {}), 0) == ()


def test_validation_may_be_taken_from_the_training_part():
    rows, choices = table(validation="training")
    (split,) = preparation.splits(TASK, rows, choices)
    assert len(split.validation) == 756  # a tenth of 7552, rounded up
    assert not set(split.validation) & set(split.test)


def test_recipe_is_as_printed():
    recipe = VARIANT.training(resolved(EXPERIMENT.choices, {}))
    optimizer = recipe.optimizer()
    assert (type(optimizer).__name__, float(optimizer.learning_rate)) == ("SGD", pytest.approx(0.01))
    assert (recipe.epochs, recipe.monitor, recipe.restore_best) == (100, "val_accuracy", True)


def test_savee_may_be_missing():
    assert EXPERIMENT.optional == ("savee",)
