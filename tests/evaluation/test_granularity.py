"""Test sizes that a printed accuracy tells of: on the papers' own, and on every number of right clips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_keras import discovery
from ser_keras.evaluation.audit import examined_paper
from ser_keras.evaluation.granularity import fitting_sizes, usual_sizes
from ser_keras.evaluation.printed import granular


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
    found = fitting_sizes(round(right / size, 4), 4, clips)
    assert size in {one.clips for one in found}


@given(st.integers(20, 4000), st.integers(0, 10_000))
def test_every_size_that_is_given_can_give_the_accuracy(clips, digits):
    for one in fitting_sizes(digits / 10_000, 4, clips):
        assert granular(digits / 10_000, one.clips, 4)
        assert round(one.right / one.clips, 4) == pytest.approx(digits / 10_000, abs=1.01e-4)


def test_simple_shares_of_all_clips_come_first_and_each_size_once():
    sizes = [size for size, _ in usual_sizes(1000)]
    assert sizes[:6] == [100, 120, 150, 200, 250, 300]
    found = fitting_sizes(0.5, 2, 1000)
    assert len({one.clips for one in found}) == len(found)
    assert found[0].share == "10 % of 1000"
