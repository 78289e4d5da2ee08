"""Paired comparisons: hand-worked and independent computations, and that each errs as rarely as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ser_keras.evaluation import paired

DRAWS = 4000
ERROR = 0.011  # three standard errors of a share of 5 % in as many draws


def test_difference_over_seeds_is_the_hand_worked_one():
    # differences 0.01, 0.02, 0.03: mean 0.02, deviation 0.01, standard error 0.01 / sqrt(3), t of 2 degrees 4.3027
    found = paired.over_seeds([0.60, 0.62, 0.64], [0.61, 0.64, 0.67])
    assert (found.pairs, found.mean) == (3, pytest.approx(0.02))
    assert found.interval == pytest.approx((0.02 - 4.3027 * 0.0057735, 0.02 + 4.3027 * 0.0057735), abs=1e-6)


def test_difference_over_seeds_is_scipys():
    rng = np.random.default_rng(0)
    base, other = rng.normal(0.7, 0.02, 7), rng.normal(0.71, 0.03, 7)
    expected = stats.ttest_rel(other, base)
    found = paired.over_seeds(base, other)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_interval_over_seeds_covers_the_true_difference():
    rng = np.random.default_rng(1)
    splits = rng.normal(0, 0.05, (DRAWS, 3))  # what both settings share, seed by seed
    base = 0.7 + splits + rng.normal(0, 0.01, splits.shape)
    other = 0.68 + splits + rng.normal(0, 0.02, splits.shape)
    ends = [paired.over_seeds(*pair).interval for pair in zip(base, other, strict=True)]
    assert np.mean([low <= -0.02 <= high for low, high in ends]) == pytest.approx(0.95, abs=ERROR)


def test_one_seed_allows_no_test():
    found = paired.over_seeds([0.6], [0.7])
    assert (found.mean, found.interval, found.p) == (pytest.approx(0.1), None, None)


def test_equal_differences_allow_no_test():
    # 419 - 420 and 418 - 419 of 420 clips: equal but for rounding, so that t would be infinite
    found = paired.over_seeds([420 / 420, 419 / 420], [419 / 420, 418 / 420])
    assert (found.mean, found.interval, found.p) == (pytest.approx(-1 / 420), None, None)
    nothing = paired.over_seeds([1.0, 0.9], [1.0, 0.9])
    assert (nothing.mean, nothing.interval, nothing.p) == (0.0, None, 1.0)


@pytest.mark.parametrize(("base", "other"), [([], []), ([0.5], [0.5, 0.6])])
def test_runs_that_are_no_pairs_are_refused(base, other):
    with pytest.raises(ValueError, match="expected pairs"):
        paired.over_seeds(base, other)


def test_mcnemar_is_the_hand_worked_binomial():
    assert paired.mcnemar(0, 5) == pytest.approx(2 / 32)
    assert paired.mcnemar(1, 7) == pytest.approx(2 * (1 + 8) / 256)
    assert paired.mcnemar(7, 1) == paired.mcnemar(1, 7)
    assert paired.mcnemar(4, 4) == pytest.approx(1)
    assert paired.mcnemar(0, 0) == 1
    with pytest.raises(ValueError, match="not negative"):
        paired.mcnemar(-1, 3)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_mcnemar_is_scipys_binomial_test(only_base, only_other):
    expected = stats.binomtest(only_base, only_base + only_other, 0.5).pvalue if only_base + only_other else 1
    assert paired.mcnemar(only_base, only_other) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_errs_in_at_most_a_twentieth_of_equal_models():
    rng = np.random.default_rng(2)
    base, other = (rng.random((DRAWS, 107)) < 0.8 for _ in range(2))
    only_base, only_other = (base & ~other).sum(axis=1), (other & ~base).sum(axis=1)
    wrong = np.mean([paired.mcnemar(int(b), int(c)) < 0.05 for b, c in zip(only_base, only_other, strict=True)])
    assert 0.01 < wrong <= 0.05 + ERROR  # exact, so rather below


def test_holm_is_the_hand_worked_adjustment():
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04 raised to the 0.06 before it
    assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert paired.holm([0.7, 0.8]) == [1.0, 1.0]
    assert paired.holm([]) == []


def test_holm_errs_in_at_most_a_twentieth_of_sets_that_share_a_base():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(DRAWS, 1, 5))
    others = rng.normal(size=(DRAWS, 9, 5))
    p = stats.ttest_rel(others, base, axis=2).pvalue
    raw = np.mean((p < 0.05).any(axis=1))
    held = np.mean([min(paired.holm(one)) < 0.05 for one in p])
    assert raw > 0.15  # nine comparisons as if each were the only one
    assert held <= 0.05 + ERROR
