"""Splits on the complete corpora against the printed sizes and supports, and the recipes against section 6.6."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from papers.kanoun2024 import PAPER, protocol
from ser_keras import discovery
from ser_keras.choices import resolved
from ser_keras.corpora.manifest import manifest

PRINTED = discovery.published("kanoun2024")["results"]
EXPERIMENTS = {experiment.name: experiment for experiment in PAPER.experiments}
FEMALE = {"tess": 2400, "cremad": 3512, "ravdess": 528}  # FACTS.md


def complete(corpora=protocol.CORPORA, classes=protocol.CLASSES):
    """The clip table of the complete corpora, without recordings."""
    rows = [
        (f"{name}/{entry.file}", name, entry.labels.emotion, entry.labels.gender)
        for name in corpora
        for entry in manifest(name).entries
    ]
    table = protocol.female(pd.DataFrame(rows, columns=["clip", "corpus", "emotion", "gender"]))
    return table[table["emotion"].isin(classes)].reset_index(drop=True)


CLIPS = complete()


def sizes(split):
    return [len(split.train), len(split.validation), len(split.test)]


def assert_disjoint(split):
    together = np.concatenate([split.train, split.validation, split.test])
    assert len(np.unique(together)) == len(together)


def test_experiments_use_the_clips_of_female_speakers_in_six_classes():
    assert Counter(CLIPS["corpus"]) == FEMALE
    for name in ("crnn", "resnet", "cnn", "cross-corpus"):
        assert PRINTED[name]["clips"] == sum(FEMALE.values())


@pytest.mark.parametrize("seed", [0, 1])
def test_coded_split_has_the_published_sizes_and_loses_a_fifth(seed):
    split = protocol.coded_split(CLIPS, seed, {})
    assert sizes(split) == [3679, 788, 790]  # FACTS.md; 790 is what Figures 4 and 6 add up to
    assert_disjoint(split)
    lost = CLIPS.drop(np.concatenate([split.train, split.validation, split.test]))
    assert len(lost) == 1183  # a fifth of 5912, rounded up
    assert set(lost["corpus"]) == {"tess", "cremad"}
    known = CLIPS[CLIPS["corpus"] != "ravdess"]
    for emotion, count in Counter(lost["emotion"]).items():  # stratified
        assert abs(count - 0.2 * (known["emotion"] == emotion).sum()) < 1


@pytest.mark.parametrize("name", ["crnn", "resnet"])
def test_printed_matrices_hold_as_many_clips_as_the_coded_split_tests(name):
    counts = np.array(PRINTED[name]["confusion_counts"])
    assert counts.sum() == len(protocol.coded_split(CLIPS, 0, {}).test) == 790
    assert round(100 * np.trace(counts) / 790, 2) == {"crnn": 60.89, "resnet": 78.99}[name]  # 481 and 624 of 790


def test_coded_split_draws_other_clips_with_another_seed():
    first, second = (protocol.coded_split(CLIPS, seed, {}) for seed in (0, 1))
    assert len(np.intersect1d(first.test, second.test)) < 400


@pytest.mark.parametrize("seed", [0, 1])
def test_described_split_divides_each_class_of_each_corpus_70_15_15(seed):
    split = protocol.described_split(CLIPS, seed, {})
    assert_disjoint(split)
    assert sum(sizes(split)) == len(CLIPS)
    whole = Counter(zip(CLIPS["corpus"], CLIPS["emotion"], strict=True))
    for part, share in (("train", 0.7), ("validation", 0.15), ("test", 0.15)):
        chosen = CLIPS.iloc[getattr(split, part)]
        counts = Counter(zip(chosen["corpus"], chosen["emotion"], strict=True))
        assert all(abs(counts[key] - share * whole[key]) <= 1 for key in whole)  # two roundings by a half at most


def test_described_split_takes_a_corpus_in_part():
    few = CLIPS.groupby(["corpus", "emotion"]).head(4).reset_index(drop=True)
    lone = pd.concat([few, CLIPS.tail(1).assign(corpus="cremad")], ignore_index=True)
    split = protocol.described_split(lone, 0, {})
    assert sizes(split) == [18 * 2 + 1, 18, 18]  # of 4 clips one is watched, one tested


def test_cross_corpus_split_tests_ravdess_with_the_printed_supports():
    split = protocol.cross_corpus_split(CLIPS, 0, {})
    assert_disjoint(split)
    assert sizes(split) == [4729, 1183, 528]  # FACTS.md: 80:20 of 5912; 528 of RAVDESS
    tested = CLIPS.iloc[split.test]
    supports = Counter(tested["emotion"])
    table = PRINTED["cross-corpus"]
    assert set(tested["corpus"]) == {"ravdess"}
    assert [supports[name] for name in table["classes"]] == [sum(row) for row in table["confusion_counts"]]


def test_coded_tess_split_has_560_test_clips_of_seven_classes():
    experiment = EXPERIMENTS["crnn-tess"]
    classes = experiment.variants[0].classes
    clips = complete(("tess",), classes)
    split = protocol.tess_split(clips, 0, {})
    assert_disjoint(split)
    assert sizes(split) == [1792, 448, 560]  # FACTS.md: 80:20 of 2800, and of 2240
    assert Counter(clips["emotion"].iloc[split.test]) == dict.fromkeys(classes, 80)
    assert len(clips) == PRINTED["crnn-tess"]["clips"]


def test_described_tess_split_has_six_classes():
    experiment = EXPERIMENTS["crnn-tess"]
    assert experiment.variants[1].classes == ()
    assert "surprise" not in experiment.classes
    clips = complete(("tess",))
    assert sizes(protocol.described_split(clips, 0, {})) == [1680, 360, 360]  # 280, 60 and 60 of 400 a class


def test_splits_that_need_ravdess_say_so():
    without = CLIPS[CLIPS["corpus"] != "ravdess"].reset_index(drop=True)
    for split in (protocol.coded_split, protocol.cross_corpus_split):
        with pytest.raises(protocol.ProtocolError, match="get the corpus that is missing"):
            split(without, 0, {})


def recipe(experiment, number, **given):
    variant = EXPERIMENTS[experiment].variants[number]
    texts = {key: str(value) for key, value in given.items()}
    return variant.training(resolved(EXPERIMENTS[experiment].choices + variant.choices, texts))


@pytest.mark.parametrize("experiment", ["crnn", "resnet", "cnn", "cross-corpus"])
@pytest.mark.parametrize("number", [0, 1])
def test_recipe_is_that_of_section_6_6(experiment, number):
    training = recipe(experiment, number)
    optimizer = training.optimizer()
    assert (type(optimizer).__name__, float(optimizer.learning_rate)) == ("Adam", pytest.approx(1e-3))
    assert (training.batch_size, training.epochs, training.loss) == (32, 30, "categorical_crossentropy")
    assert (training.plateau.monitor, training.plateau.factor) == ("val_loss", 0.5)
    assert (training.patience, training.validation_share) == (None, 0)


def test_code_keeps_the_last_epoch_and_the_text_the_best_by_choice():
    assert [recipe("crnn", number).restore_best for number in (0, 1)] == [False, True]
    assert recipe("crnn", 1, kept="last").restore_best is False


def test_code_for_tess_alone_keeps_its_learning_rate():
    assert recipe("crnn-tess", 0).plateau is None
    assert recipe("crnn-tess", 1).plateau is not None


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_published_figure_comes_from_the_code(name):
    assert [variant.name for variant in EXPERIMENTS[name].variants] == ["coded", "described"]
