"""Predictions by parts, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from ser_keras.evaluation import intervals
from ser_keras.evaluation.breakdown import by_group, confused_pairs, scores

CLASSES = ["angry", "fear", "happy", "sad"]


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    true = rng.choice(CLASSES, 240)
    called = np.where(rng.uniform(size=240) < 0.6, true, rng.choice(CLASSES, 240))
    speakers = np.array([f"s{number % 8}" for number in range(240)])
    genders = np.where(np.arange(240) % 2, "male", "female")
    return true.tolist(), called.tolist(), speakers.tolist(), genders.tolist()


def test_scores_are_scikit_learns_with_intervals_over_speakers(drawn):
    true, called, speakers, _ = drawn
    found = scores(true, called, speakers, CLASSES)
    assert found["accuracy"] == pytest.approx(accuracy_score(true, called))
    assert found["uar"] == pytest.approx(balanced_accuracy_score(true, called))
    assert (found["clips"], found["speakers"]) == (240, 8)
    assert found["uar_interval"] == intervals.over_speakers(true, called, speakers, CLASSES)["uar"]
    assert found["uar_interval"][0] < found["uar"] < found["uar_interval"][1]


def test_groups_are_scored_apart(drawn):
    true, called, speakers, genders = drawn
    found = by_group(true, called, speakers, genders, CLASSES)
    assert list(found) == ["female", "male"]
    assert found["male"]["uar"] == pytest.approx(balanced_accuracy_score(true[1::2], called[1::2]))
    assert found["female"]["clips"] == found["male"]["clips"] == 120
    assert found["female"]["speakers"] == 4


def test_one_speaker_has_scores_and_no_interval():
    found = scores(["angry", "sad"], ["angry", "fear"], ["s1", "s1"], CLASSES)
    assert (found["accuracy"], found["uar"], found["uar_interval"]) == (0.5, 0.5, None)


def test_pooling_seeds_leaves_the_mean_over_seeds(drawn):
    true, called, speakers, _ = drawn
    other = called[::-1]
    pooled = scores(true * 2, called + other, speakers * 2, CLASSES)
    alone = [scores(true, one, speakers, CLASSES) for one in (called, other)]
    for key in ("uar", "accuracy"):
        assert pooled[key] == pytest.approx(np.mean([one[key] for one in alone]))


def test_pairs_of_high_arousal_are_told_both_ways():
    confusion = np.array([[6, 1, 3, 0], [2, 2, 0, 0], [5, 0, 5, 0], [0, 0, 9, 1]])
    found = confused_pairs(confusion, CLASSES)
    assert [(one["first"], one["second"]) for one in found] == [
        ("angry", "fear"),
        ("angry", "happy"),
        ("fear", "happy"),
    ]
    assert [one["first_as_second"] for one in found] == [0.1, 0.3, 0.0]  # of 10 angry clips, of 4 of fear
    assert [one["second_as_first"] for one in found] == [0.5, 0.5, 0.0]


def test_pair_without_clips_is_never_confused():
    (found,) = confused_pairs(np.array([[0, 0], [1, 3]]), ["happy", "angry"])
    assert (found["first_as_second"], found["second_as_first"]) == (0.25, 0.0)
    assert (found["first"], found["second"]) == ("angry", "happy")


def test_clips_of_no_known_group_are_left_out():
    found = by_group(["angry", "sad"], ["angry", "fear"], ["s1", "s2"], ["female", ""], CLASSES)
    assert list(found) == ["female"] and found["female"]["clips"] == 1
    assert by_group(["angry"], ["angry"], ["s1"], [""], CLASSES) == {}
