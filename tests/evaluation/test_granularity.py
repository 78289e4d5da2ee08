"""Test sizes that a printed accuracy tells of: on the papers' own, and on every number of right clips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_keras import discovery
from ser_keras.evaluation.audit import examined_paper
from ser_keras.evaluation.granularity import fitting_sizes, least_size, right_clips, usual_sizes
from ser_keras.evaluation.printed import granular, possible_test_sizes


# The splits that FACTS and the texts name: a tenth, a tenth ("only 3" wrong), 15 %, a fifth of the remaining 90 %
@pytest.mark.parametrize(
    ("experiment", "clips", "right"), [("lstm", 280, 277), ("gru", 280, 278), ("ann", 420, 419), ("cnn", 504, 503)]
)
def test_bare_accuracies_of_sankaran2023_tell_their_test_sizes(experiment, clips, right):
    first = examined_paper(discovery.published("sankaran2023"))[experiment].sizes[0]
    assert (first.clips, first.right) == (clips, right)


@pytest.mark.parametrize(
    ("paper", "experiment", "clips", "right"),
    [
        ("kanoun2024", "crnn", 790, 481),
        ("kanoun2024", "resnet", 790, 624),
        ("kanoun2024", "cross-corpus", 528, 135),
        ("rastogi2025", "mlp", 1308, 852),
        ("yadav2022", "ravdess", 288, 230),
        ("yadav2022", "emodb", 107, 89),
    ],
)
def test_matrices_tell_their_test_sizes_and_right_clips(paper, experiment, clips, right):
    (size,) = examined_paper(discovery.published(paper))[experiment].sizes
    assert (size.clips, size.right) == (clips, right)


def test_accuracy_that_no_printed_number_of_clips_gives_tells_none():
    assert examined_paper(discovery.published("salian2021"))["td-cnn-lstm"].sizes == ()


@given(st.integers(20, 4000), st.data())
def test_size_behind_a_rounded_accuracy_is_found(clips, data):
    size = data.draw(st.sampled_from([size for size, _ in usual_sizes(clips) if size]))
    right = data.draw(st.integers(0, size))
    found = fitting_sizes(round(right / size, 4), 4, usual_sizes(clips))
    assert size in {one.clips for one in found}


@given(st.integers(20, 4000), st.integers(0, 10_000))
def test_every_size_that_is_given_can_give_the_accuracy(clips, digits):
    for one in fitting_sizes(digits / 10_000, 4, usual_sizes(clips)):
        assert granular(digits / 10_000, one.clips, 4)
        assert round(one.right / one.clips, 4) == pytest.approx(digits / 10_000, abs=1.01e-4)


def test_both_neighbours_of_a_share_that_is_not_whole_are_usual():
    sizes = {size for size, _ in usual_sizes(9446)}
    assert {1889, 1890} <= sizes  # Salian et al. (2021), section 4: a fifth of 9446 is 1889.2


def test_simple_shares_of_all_clips_come_first_and_each_size_once():
    sizes = [size for size, _ in usual_sizes(1000)]
    assert sizes[:6] == [100, 120, 150, 200, 250, 300]
    found = fitting_sizes(0.5, 2, usual_sizes(1000))
    assert len({one.clips for one in found}) == len(found)
    assert found[0].share == "10 % of 1000"


@given(st.integers(1, 20_000), st.integers(1, 6), st.data())
def test_every_rounded_share_of_clips_is_granular(clips, decimals, data):
    right = data.draw(st.integers(0, clips))
    accuracy = round(right / clips, decimals)
    assert granular(accuracy, clips, decimals)
    least, most = right_clips(accuracy, clips, decimals)
    assert least <= right <= most
    assert least_size(accuracy, decimals) <= clips


@given(st.integers(1, 400), st.data())
def test_possible_sizes_hold_the_one_that_the_accuracy_is_of(clips, data):
    right = data.draw(st.integers(0, clips))
    assert clips in possible_test_sizes(round(right / clips, 4), 4, 400)


@given(st.integers(1, 3), st.data())
def test_least_size_is_the_first_of_all_possible(decimals, data):
    accuracy = data.draw(st.integers(0, 10**decimals)) / 10**decimals
    assert least_size(accuracy, decimals) == possible_test_sizes(accuracy, decimals, 10**decimals)[0]


def test_least_sizes_by_hand():
    # 0.75: 3 of 4; 0.99: 66 of 67 is 0.98507, 65 of 66 is 0.98485; 8 digits are no effort
    assert [least_size(0.75, 2), least_size(0.99, 2), least_size(1.0, 4), least_size(0.0, 4)] == [4, 67, 1, 1]
    assert least_size(0.33333333, 8) == 3


def test_few_digits_leave_several_numbers_of_right_clips():
    # 75 % of 644: 480 / 644 = 0.7453, 486 / 644 = 0.7547, 479 / 644 = 0.7438, 487 / 644 = 0.7562
    assert right_clips(0.75, 644, 2) == (480, 486)
    [size] = fitting_sizes(0.75, 2, [(644, "10 % of 6440")])
    assert str(size) == "480 to 486 of 644 (10 % of 6440)"


def test_sizes_that_sibling_experiments_print_come_first():
    cnn = examined_paper(discovery.published("kanoun2024"))["cnn"].sizes
    assert [(size.clips, size.share) for size in cnn[:2]] == [(790, "as in crnn"), (528, "as in cross-corpus")]
    hybrid = examined_paper(discovery.published("rastogi2025"))["cnn-lstm"].sizes
    assert (hybrid[0].clips, hybrid[0].right) == (1308, 852)
