"""The printed sizes and supports, and the recipe of the code."""

import numpy as np
import pandas as pd
import pytest

from papers.rastogi2025 import PAPER, protocol
from ser_keras import discovery
from ser_keras.choices import resolved
from ser_keras.corpora import manifest
from ser_keras.features import prosody

EXPERIMENTS = {experiment.name: experiment for experiment in PAPER.experiments}


@pytest.fixture(scope="module")
def clips():
    emotions = [entry.labels.emotion for name in protocol.CORPORA for entry in manifest.manifest(name).entries]
    table = protocol.renamed(pd.DataFrame({"emotion": emotions}))
    return table[table["emotion"].isin(protocol.CLASSES)].reset_index(drop=True)


def test_six_classes_of_three_corpora_are_10898_clips(clips):
    assert len(clips) == 1056 + 7442 + 2400 == 10_898


def test_coded_split_has_the_printed_sizes_and_supports(clips):
    split = protocol.coded_split(clips, 0, {})
    assert [len(split.train), len(split.validation), len(split.test)] == [8439, 1151, 1308]
    printed = discovery.published("rastogi2025")["results"]["mlp"]
    counts = clips["emotion"].iloc[split.test].value_counts()
    assert [counts[name] for name in printed["classes"]] == printed["support"]  # Figure 7


def test_other_seeds_have_the_sizes_and_supports_but_for_one_clip(clips):
    split = protocol.coded_split(clips, 1, {})
    assert [len(split.train), len(split.validation), len(split.test)] == [8439, 1151, 1308]
    counts = clips["emotion"].iloc[split.test].value_counts()
    printed = discovery.published("rastogi2025")["results"]["mlp"]
    assert max(abs(counts[name] - n) for name, n in zip(printed["classes"], printed["support"], strict=True)) <= 1


def test_seeds_divide_otherwise(clips):
    one, other = (set(protocol.coded_split(clips, seed, {}).test) for seed in (0, 1))
    assert one != other


def test_described_split_is_70_15_15(clips):
    split = protocol.described_split(clips, 0, {})
    assert [len(split.train), len(split.validation), len(split.test)] == [7628, 1635, 1635]
    assert len(np.unique(np.concatenate([split.train, split.validation, split.test]))) == 10_898


def test_mlp_is_fed_the_scalars_and_the_means_of_the_mfccs():
    columns = EXPERIMENTS["mlp"].variants[0].columns({})
    assert len(columns) == 30  # Figure 4
    assert columns[:2] == ("duration_sec", "sample_rate")
    assert columns[16:18] == ("shimmer", "mfcc_mean_0")
    assert not any("mfcc_std" in name for name in columns)


def test_cnn_lstm_is_fed_the_43_numbers_of_table_2_or_those_of_the_pseudocode():
    described, coded = EXPERIMENTS["cnn-lstm"].variants
    choices = resolved(described.choices, {})
    assert described.columns(choices) == coded.columns({}) == prosody.ACOUSTIC
    more = described.columns({**choices, "inputs": "pseudocode"})
    assert more[43:] == ("spectral_centroid_mean", "spectral_rolloff_mean", "spectral_flux_mean")


def test_columns_are_in_the_order_of_figure_3():
    printed = discovery.published("rastogi2025")["feature_rows"]["columns"][1:-1]
    positions = [prosody.ACOUSTIC.index(name) for name in printed]
    assert positions == sorted(positions)
    assert len(prosody.ACOUSTIC) == len(set(prosody.ACOUSTIC)) == 43


def test_recipe_is_that_of_the_code():
    recipe = protocol.coded_recipe({})
    assert (recipe.epochs, recipe.batch_size, recipe.monitor, recipe.patience) == (100, 32, "val_accuracy", 10)
    plateau = recipe.plateau
    assert (plateau.monitor, plateau.factor, plateau.patience, plateau.min_learning_rate) == ("val_loss", 0.5, 4, 1e-6)
