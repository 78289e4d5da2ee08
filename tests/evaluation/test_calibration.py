"""Calibration against hand-worked bins and scikit-learn's curve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from ser_keras.errors import RunError
from ser_keras.evaluation.calibration import expected_calibration_error, reliability

# five clips, two classes: sure by 0.9, 0.9, 0.8, 0.6 and 0.55; the first, third and fourth right
SCORES = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.45, 0.55]])
TRUE = np.array([0, 1, 1, 0, 0])


def test_bins_hold_confidence_and_accuracy_by_hand():
    table = reliability(SCORES, TRUE, bins=5)
    assert [one.high for one in table] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert [one.low for one in table] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert [one.clips for one in table] == [0, 0, 2, 1, 2]  # an upper edge is of its own bin: (0.4, 0.6], (0.6, 0.8]
    assert [one.confidence for one in table] == pytest.approx([0, 0, 0.575, 0.8, 0.9])
    assert [one.accuracy for one in table] == pytest.approx([0, 0, 0.5, 1.0, 0.5])


def test_error_is_the_mean_distance_weighted_by_clips():
    # by hand: (2 · |0.5 − 0.575| + 1 · |1 − 0.8| + 2 · |0.5 − 0.9|) / 5 = 1.15 / 5
    assert expected_calibration_error(reliability(SCORES, TRUE, bins=5)) == pytest.approx(0.23)


def test_bins_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 2000)
    scores = np.stack([sure, 1 - sure], axis=1)
    true = (rng.uniform(size=2000) > sure**2).astype(int)
    accuracy, confidence = calibration_curve(true == 0, sure, n_bins=15)
    table = [one for one in reliability(scores, true) if one.clips]
    np.testing.assert_allclose([one.accuracy for one in table], accuracy)
    np.testing.assert_allclose([one.confidence for one in table], confidence)


def test_error_of_a_calibrated_model_is_small_and_of_a_boaster_large():
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.5, 1, 20_000)
    right = rng.uniform(size=20_000) < sure
    honest = reliability(np.stack([sure, 1 - sure], axis=1), np.where(right, 0, 1))
    assert expected_calibration_error(honest) < 0.02  # 8 bins of 2500 clips: 0.008 expected by chance
    boast = np.tile([1.0, 0.0], (20_000, 1))
    table = reliability(boast, np.where(right, 0, 1))
    assert expected_calibration_error(table) == pytest.approx(1 - right.mean())


@given(st.integers(1, 40), st.integers(2, 8), st.integers(1, 20), st.integers(0, 99))
def test_every_clip_is_in_one_bin(clips, classes, bins, seed):
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(classes), clips)
    table = reliability(scores, rng.integers(0, classes, clips), bins=bins)
    assert sum(one.clips for one in table) == clips
    assert 0 <= expected_calibration_error(table) <= 1
    assert all(one.low < one.confidence <= one.high + 1e-12 for one in table if one.clips)


@pytest.mark.parametrize(
    ("scores", "true", "says"),
    [
        (np.empty((0, 2)), np.empty(0, int), "expected one row a clip"),
        (SCORES, TRUE[:3], "expected one row a clip"),
        (SCORES, TRUE + 1, "class numbers 1 to 2 for 2 columns"),
        (SCORES * 2, TRUE, "no probabilities"),
        (np.where(SCORES == 0.9, np.nan, SCORES), TRUE, "no probabilities"),
    ],
)
def test_what_is_no_probability_is_refused(scores, true, says):
    with pytest.raises(RunError, match=says):
        reliability(scores, true)
