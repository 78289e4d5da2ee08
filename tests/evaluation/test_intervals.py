"""Intervals: printed examples, and that each covers what it says it covers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ser_keras.evaluation import intervals

DRAWS = 10_000
RANGE = (0.935, 0.965)  # of a nominal 95 %: two hundredths of a percent are the error of 10 000 draws


def covered(inside):
    share = float(np.mean(inside))
    assert RANGE[0] <= share <= RANGE[1], share


def test_wilson_gives_the_printed_example():
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, Table I: 81 of 263
    assert intervals.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    # the same table: 0 of 20
    assert intervals.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_newcombe_gives_the_printed_example():
    # Newcombe (1998), Interval estimation for the difference ..., Table II, method 10: 56/70 - 48/80
    assert intervals.newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("right", "clips"), [(5, 4), (-1, 4), (0, 0)])
def test_impossible_counts_are_refused(right, clips):
    with pytest.raises(ValueError, match=f"{right} right of {clips} clips"):
        intervals.wilson(right, clips)


@pytest.mark.parametrize(("share", "clips"), [(0.65, 1308), (0.83, 107), (0.25, 528), (0.77, 288)])
def test_wilson_covers_the_true_share(share, clips):
    rng = np.random.default_rng(0)
    counts, how_often = np.unique(rng.binomial(clips, share, DRAWS), return_counts=True)
    inside = [low <= share <= high for low, high in (intervals.wilson(int(k), clips) for k in counts)]
    covered(np.repeat(inside, how_often))


@pytest.mark.parametrize(("one", "other"), [((0.65, 1308), (0.61, 790)), ((0.83, 107), (0.77, 107))])
def test_newcombe_covers_the_true_difference(one, other):
    rng = np.random.default_rng(1)
    first, second = rng.binomial(one[1], one[0], DRAWS), rng.binomial(other[1], other[0], DRAWS)
    pairs, how_often = np.unique(np.stack([first, second]), axis=1, return_counts=True)
    inside = []
    for a, b in pairs.T:
        low, high = intervals.newcombe(int(a), one[1], int(b), other[1])
        inside.append(low <= one[0] - other[0] <= high)
    covered(np.repeat(inside, how_often))


def accuracies(rng, mean, spread, clips, shape):
    """Runs whose true accuracy varies from seed to seed, seen on so many clips."""
    return rng.binomial(clips, np.clip(rng.normal(mean, spread, shape), 0, 1)) / clips


@pytest.mark.parametrize(("runs", "clips", "published", "spread"), [
    (5, 288, 288, 0.02), (3, 107, 107, 0.02), (5, 1308, 1308, 0.005), (10, 560, 560, 0.0), (5, 790, 700, 0.01),
    (5, 790, 280, 0.02),
])  # fmt: skip
def test_rerun_covers_one_more_run(runs, clips, published, spread):
    rng = np.random.default_rng(2)
    ours = accuracies(rng, 0.75, spread, clips, (DRAWS, runs))
    theirs = accuracies(rng, 0.75, spread, published, DRAWS)
    inside = []
    for seen, new in zip(ours, theirs, strict=True):
        low, high = intervals.rerun(seen, clips, published)
        inside.append(low <= new <= high)
    covered(inside)


def test_rerun_on_more_clips_than_ours_is_covered_at_least():
    rng = np.random.default_rng(6)
    ours, theirs = accuracies(rng, 0.75, 0.03, 288, (DRAWS, 5)), accuracies(rng, 0.75, 0.03, 1000, DRAWS)
    inside = []
    for seen, new in zip(ours, theirs, strict=True):
        low, high = intervals.rerun(seen, 288, 1000)
        inside.append(low <= new <= high)
    assert np.mean(inside) > RANGE[0]
    assert intervals.rerun(ours[0], 288, 1000) == intervals.rerun(ours[0], 288)


def test_equal_runs_leave_room_for_the_clips_of_one_more():
    # 3 times 420 of 420: the share (1260 + 1.92) / (1260 + 3.84) = 0.99848; 1.96 · sqrt(0.99848 · 0.00152 ·
    # (1/420 + 1/1260)) = 0.00430, so that 419 of 420 (99.76 %) is one more run, and 418 of 420 (99.52 %) is not
    low, high = intervals.rerun([1.0, 1.0, 1.0], 420)
    assert (low, high) == pytest.approx((0.99570, 1.00430), abs=1e-5)
    assert intervals.rerun([1.0, 1.0, 1.0], 420, 100)[0] < low


def test_one_run_allows_no_rerun_interval():
    with pytest.raises(ValueError, match="takes two or more"):
        intervals.rerun([0.8], 100)


def test_rerun_of_two_runs_is_students_prediction_interval():
    # mean 0.8, deviation sqrt(2) · 0.01, t(0.975, 1) = 12.706, times sqrt(1 + 1/2)
    half = 12.7062 * 0.0141421 * 1.2247449
    assert intervals.rerun([0.79, 0.81], 100, 100) == pytest.approx((0.8 - half, 0.8 + half), abs=1e-6)


@pytest.mark.parametrize("speakers", [intervals.FEWEST_SPEAKERS, 10, 24, 91])
def test_interval_over_speakers_covers_the_mean_of_all_speakers(speakers):
    """Speakers differ: their accuracy has a standard deviation of 0.08; each says 30 clips of each of two classes."""
    rng, clips, mean = np.random.default_rng(3), 30, 0.7
    share = np.clip(rng.normal(mean, 0.08, (DRAWS, speakers, 1)), 0, 1)
    hits = rng.binomial(clips, np.broadcast_to(share, (DRAWS, speakers, 2)))
    totals = np.full((speakers, 2), float(clips))
    drawn = np.random.default_rng(4).multinomial(speakers, np.full(speakers, 1 / speakers), 1000)
    ends = 100 * intervals.expanded_ends(speakers)
    for which in (0, 1):
        inside = []
        for one in hits:
            low, high = np.percentile(intervals.resampled_scores(drawn, one, totals)[which], ends)
            inside.append(low <= mean <= high)
        covered(inside)


@pytest.mark.parametrize("spread", [0.04, 0.08, 0.15])
def test_interval_over_very_unequal_speakers_covers_a_little_less(spread):
    """TESS (2 speakers of 1400 clips) merged with RAVDESS (24 of 60) and CREMA-D (91 of about 82)."""
    clips = np.repeat([1400, 60, 82], [2, 24, 91])
    rng, draws, mean = np.random.default_rng(7), 2000, 0.7
    hits = rng.binomial(clips, np.clip(rng.normal(mean, spread, (draws, len(clips))), 0, 1))
    drawn = np.random.default_rng(4).multinomial(len(clips), np.full(len(clips), 1 / len(clips)), 1000)
    ends = 100 * intervals.expanded_ends(len(clips))
    inside = []
    for one in hits:
        low, high = np.percentile(intervals.resampled_scores(drawn, one[:, None], clips[:, None])[0], ends)
        inside.append(low <= mean <= high)
    assert 0.91 <= np.mean(inside) <= 0.96  # of 2000 draws the standard error is half a percent


def test_interval_over_speakers_is_that_of_the_resampled_scores():
    rng = np.random.default_rng(5)
    speakers = np.repeat([f"s{number}" for number in range(12)], 20)
    truth = np.tile(["angry", "sad"], 120)
    guess = np.where(rng.random(240) < 0.7, truth, "angry")
    found = intervals.over_speakers(truth, guess, speakers, ("angry", "sad"))
    assert found == intervals.over_speakers(truth, guess, speakers, ("angry", "sad"))
    recalls = [np.mean(guess[truth == name] == name) for name in ("angry", "sad")]
    assert found["accuracy"][0] < np.mean(truth == guess) < found["accuracy"][1]
    assert found["uar"][0] < np.mean(recalls) < found["uar"][1]


def test_interval_over_speakers_is_wider_than_that_of_clips_where_speakers_differ():
    speakers = np.repeat([f"s{number}" for number in range(10)], 50)
    truth = np.full(500, "sad")
    guess = np.where(np.repeat(np.arange(10) % 2 == 0, 50), "sad", "angry")  # half the speakers all right, half none
    low, high = intervals.over_speakers(truth, guess, speakers, ("sad",))["accuracy"]
    clip_low, clip_high = intervals.wilson(250, 500)
    assert high - low > 5 * (clip_high - clip_low)


@pytest.mark.parametrize("speakers", [1, 2, intervals.FEWEST_SPEAKERS - 1])
def test_interval_over_few_speakers_is_refused(speakers):
    names = [f"s{number}" for number in range(speakers)]
    with pytest.raises(ValueError, match=f"{speakers} speakers: an interval over speakers takes 8 or more"):
        intervals.over_speakers(["sad"] * speakers, ["sad"] * speakers, names, ("sad",))


def test_interval_over_four_speakers_would_cover_less_than_it_says():
    """Extremes of four draws hold their mean 7 times of 8 (order statistics: 1 − 2 · 2⁻⁴), not 19 times of 20."""
    rng, ends = np.random.default_rng(6), 100 * intervals.expanded_ends(4)
    drawn = rng.multinomial(4, np.full(4, 1 / 4), intervals.RESAMPLES) / 4
    lows, highs = np.percentile(drawn @ rng.normal(size=(4, DRAWS)), ends, axis=0)
    assert np.mean((lows <= 0) & (highs >= 0)) == pytest.approx(7 / 8, abs=0.01)  # 3 standard errors of the draws


def test_percentiles_are_taken_further_out_for_few_speakers():
    low, high = intervals.expanded_ends(10)
    # Hesterberg (2015), section 5.3: t(0.975, 9) = 2.2622, times sqrt(10/9) = 2.3846, Φ(−2.3846) = 0.00855
    assert (low, high) == pytest.approx((0.00855, 0.99145), abs=5e-5)
    assert intervals.expanded_ends(10_000)[0] == pytest.approx(0.025, abs=1e-4)
    assert stats.norm.ppf(low) < -1.96


@st.composite
def counts(draw):
    clips = draw(st.integers(1, 5000))
    return draw(st.integers(0, clips)), clips


@given(counts(), st.floats(0.5, 0.99))
def test_wilson_holds_the_share_lies_in_0_to_1_and_mirrors_the_wrong_clips(drawn, confidence):
    (right, clips) = drawn
    low, high = intervals.wilson(right, clips, confidence)
    assert 0 <= low <= right / clips <= high <= 1
    mirrored = intervals.wilson(clips - right, clips, confidence)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


@given(counts(), st.integers(2, 9))
def test_wilson_narrows_with_clips_widens_with_confidence_and_rises_with_what_is_right(drawn, times):
    right, clips = drawn
    low, high = intervals.wilson(right, clips)
    more = intervals.wilson(times * right, times * clips)
    assert more[1] - more[0] < high - low
    surer = intervals.wilson(right, clips, 0.99)
    assert surer[0] <= low and high <= surer[1]
    if right < clips:
        better = intervals.wilson(right + 1, clips)
        assert better[0] > low and better[1] > high


@given(counts(), counts())
def test_newcombe_holds_the_difference_and_turns_round_with_its_sign(one, other):
    low, high = intervals.newcombe(*one, *other)
    assert -1 <= low <= one[0] / one[1] - other[0] / other[1] <= high <= 1
    assert intervals.newcombe(*other, *one) == pytest.approx((-high, -low), abs=1e-12)


@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True), st.integers(100, 2000), st.integers(10, 2000)
)
def test_rerun_lies_about_the_mean_whatever_the_order_and_is_wider_for_fewer_clips(rights, clips, published):
    shares = [right / 100 for right in rights]
    low, high = intervals.rerun(shares, clips, published)
    assert (low + high) / 2 == pytest.approx(np.mean(shares), abs=1e-9)
    assert intervals.rerun(shares[::-1], clips, published) == pytest.approx((low, high), abs=1e-9)
    same = intervals.rerun(shares, clips)
    surer = intervals.rerun(shares, clips, published, 0.99)
    assert surer[1] - surer[0] > high - low > 0
    if published >= clips:
        assert (low, high) == same
