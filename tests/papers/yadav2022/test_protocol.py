"""Splits and recipe against the printed supports and section 4.1."""

import pandas as pd
import pytest

from papers.yadav2022 import PAPER, protocol
from ser_keras import discovery
from ser_keras.choices import resolved

PRINTED = discovery.published("yadav2022")["results"]


def table(counts):
    return pd.DataFrame({"emotion": [name for name, count in counts.items() for _ in range(count)]})


@pytest.mark.parametrize(
    ("split", "clips", "experiment"),
    [
        (protocol.emodb_split, protocol.EMODB_CLIPS, "emodb"),
        (protocol.ravdess_split, protocol.RAVDESS_CLIPS, "ravdess"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_test_part_has_the_printed_supports(split, clips, experiment, seed):
    drawn = split(table(clips), seed, {})
    counts = table(clips)["emotion"].iloc[drawn.test].value_counts()
    assert [counts[name] for name in PRINTED[experiment]["classes"]] == PRINTED[experiment]["support"]
    assert len(drawn.train) + len(drawn.test) == sum(clips.values())
    assert drawn.note == ""


def test_emodb_in_part_keeps_the_printed_shares_and_says_so():
    half = {name: count // 2 for name, count in protocol.EMODB_CLIPS.items()}
    drawn = protocol.emodb_split(table(half), 0, {})
    counts = table(half)["emotion"].iloc[drawn.test].value_counts()
    assert counts["angry"] == round(34 * 63 / 127)
    assert "not complete" in drawn.note


def test_recipe_is_that_of_section_4_1():
    experiment = PAPER.experiments[0]
    recipe = protocol.recipe(resolved(experiment.choices, {}))
    optimizer = recipe.optimizer()
    assert (type(optimizer).__name__, float(optimizer.learning_rate)) == ("Adam", pytest.approx(1e-4))
    assert (recipe.batch_size, recipe.loss) == (16, "categorical_crossentropy")
