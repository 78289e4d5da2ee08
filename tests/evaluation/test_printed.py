"""Printed figures read as numbers: digits, scales, and the counts behind percents."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_keras.errors import PaperError
from ser_keras.evaluation import printed
from ser_keras.evaluation.printed import Form, Misfit, granular, possible_test_sizes, recovered_counts


def percents(counts, decimals):
    support = counts.sum(axis=1, keepdims=True)
    return np.round(100 * counts / np.maximum(support, 1), decimals)


@st.composite
def count_matrices(draw, most=1600):
    size = draw(st.integers(2, 3))
    rows = st.lists(st.integers(0, most), min_size=size, max_size=size)
    return np.array(draw(st.lists(rows, min_size=size, max_size=size)))


@given(count_matrices())
def test_counts_come_back_from_two_digits_below_5000_clips_a_class(counts):
    recovered = recovered_counts(percents(counts, 2), counts.sum(axis=1), 2)
    assert recovered.counts.tolist() == counts.tolist()
    assert recovered.counts.dtype == np.int64


def cut_percents(counts, decimals):
    """As `percents`, with the further digits cut off; in whole numbers, so that no float's last bit matters."""
    support, unit = np.maximum(counts.sum(axis=1, keepdims=True), 1), 10**decimals
    return (100 * unit * counts // support) / unit


@pytest.mark.parametrize("shortened", [percents, cut_percents])
@given(counts=count_matrices(most=30000), decimals=st.integers(0, 2))
def test_counts_are_right_or_said_to_be_ambiguous_whether_digits_are_rounded_or_cut(shortened, counts, decimals):
    recovered = recovered_counts(shortened(counts, decimals), counts.sum(axis=1), decimals)
    assert not recovered.misfits
    if recovered.counts is None:
        assert recovered.ambiguous
    else:
        assert recovered.counts.tolist() == counts.tolist()


@st.composite
def small_rows(draw):
    """A row of few clips in three classes, and the digits that it is printed with."""
    row = np.array(draw(st.lists(st.integers(0, 60), min_size=3, max_size=3)))
    return row, draw(st.integers(-1, 1))


@given(small_rows())
def test_row_is_ambiguous_just_where_trying_all_counts_finds_several(drawn):
    (row, decimals), others = drawn, np.array([[1, 0, 0], [0, 1, 0]])
    matrix = np.vstack([row, others])
    printed_so = cut_percents(matrix, 0) if decimals < 0 else percents(matrix, decimals)
    clips, unit = int(row.sum()), 10.0 ** -max(decimals, 0)
    every = [(a, b, clips - a - b) for a in range(clips + 1) for b in range(clips + 1 - a)]
    shares = 100 * np.array(every) / max(clips, 1)
    off = printed_so[0] - shares
    rounded = (np.abs(off) <= unit / 2 + 1e-9).all(axis=1)
    cut = ((off <= 1e-9) & (off >= -unit - 1e-9)).all(axis=1)
    fits = {one for one, fit in zip(every, rounded | cut, strict=True) if fit}
    recovered = recovered_counts(printed_so, matrix.sum(axis=1), max(decimals, 0))
    assert tuple(row.tolist()) in fits
    assert recovered.ambiguous == ((0,) if len(fits) > 1 else ())


def test_cut_digits_that_no_rounding_explains_are_told():
    # 2 of 3 is 66.67 rounded and 66.66 cut off
    recovered = recovered_counts(np.array([[66.66, 33.33], [0.0, 100.0]]), [3, 3], 2)
    assert recovered.cut
    assert recovered.counts.tolist() == [[2, 1], [0, 3]]
    assert not recovered_counts(np.array([[66.67, 33.33], [0.0, 100.0]]), [3, 3], 2).cut


def test_row_that_rounding_and_cutting_explain_otherwise_is_ambiguous():
    # 300 clips, no digits: rounded, 97, 100 and 103 (32 1/3 % …) are printed so; cut off, 98, 100 and 102 as well
    recovered = recovered_counts(np.array([[32, 33, 34], [100, 0, 0], [0, 0, 100]]), [300, 1, 1], 0)
    assert recovered.counts is None
    assert recovered.ambiguous == (0,)


@given(counts=count_matrices(most=40), cell=st.integers(0, 1), off=st.sampled_from([-0.03, 0.03]))
def test_wrong_cell_is_never_taken_for_counts_that_are_printed_so(counts, cell, off):
    given = percents(counts, 2)
    given[0, cell] += off
    recovered = recovered_counts(given, counts.sum(axis=1), 2)
    assert recovered.misfits and recovered.counts is None


def test_several_solutions_are_ambiguous():
    # 0 decimals, 300 clips: 33 % is 98 … 100 clips, 34 % is 101 … 103; many triples add up to 300
    recovered = recovered_counts(np.array([[33, 33, 34], [100, 0, 0], [0, 0, 100]]), [300, 3, 3], 0)
    assert recovered.counts is None
    assert recovered.ambiguous == (0,)


def test_a_sum_can_settle_what_cells_leave_open():
    # 0 decimals, 150 clips: 1 % is 1 or 2 clips, 97 % is 145 or 146, 99 % is 148 or 149
    most, least = [1, 1, 97], [1, 1, 99]
    recovered = recovered_counts(np.array([most, least, [0, 0, 100]]), [150, 150, 1], 0)
    assert recovered.counts.tolist() == [[2, 2, 146], [1, 1, 148], [0, 0, 1]]


def test_percentage_that_no_count_gives_is_named_with_the_nearest():
    recovered = recovered_counts(np.array([[66.67, 33.33], [40.0, 60.0]]), [3, 3], 2)
    assert recovered.counts is None
    assert recovered.misfits == (
        Misfit(1, 0, 40.0, pytest.approx(100 / 3)),
        Misfit(1, 1, 60.0, pytest.approx(200 / 3)),
    )


def test_row_whose_counts_miss_its_support_is_named():
    recovered = recovered_counts(np.array([[66.67, 0.0], [0.0, 100.0]]), [3, 3], 2)
    assert recovered.misfits == (Misfit(0, None, 2, 3),)


def test_row_without_clips_stays_empty():
    assert recovered_counts(np.array([[100.0, 0.0], [0.0, 0.0]]), [4, 0], 2).counts.tolist() == [[4, 0], [0, 0]]
    assert recovered_counts(np.array([[100.0, 0.0], [0.0, 50.0]]), [4, 0], 2).misfits == (Misfit(1, 1, 50.0, 0.0),)


def test_shapes_that_differ_are_refused():
    with pytest.raises(PaperError, match=r"shape \(2, 2\), expected \(3, 3\)"):
        recovered_counts(np.eye(2), [1, 1, 1], 2)
    with pytest.raises(PaperError, match="needs support"):
        printed.confusion({"classes": ["angry"], "confusion_percent": [[100.0]]})


def test_digits_are_those_of_the_most_exact_value():
    assert printed.form([1.5]) == Form(100.0, 1)
    assert printed.form([0.75, 0.9091, 1.0]) == Form(1.0, 4)
    assert printed.form([87.5, 94.59, 100.0]) == Form(100.0, 2)
    assert printed.form([92.0, 82, 100]) == Form(100.0, 0)
    assert Form(100.0, 2).text(0.8) == "80.00"


def test_precision_and_recall_share_a_scale_and_f1_has_its_own():
    report = {"angry": {"precision": 0.5, "recall": 94.59, "f1": 0.01}, "sad": {"precision": 1.0, "recall": 80.0}}
    assert printed.report_forms(report) == {"precision": Form(100, 1), "recall": Form(100, 2), "f1": Form(1, 2)}


def test_accuracy_shares_digits_with_its_table_alone():
    cnn = {"source": "Table 1", "accuracy": 0.998}
    gru = {"source": "Table 1; Section 2.5.3 says 99.3 %", "accuracy": 0.9929}
    assert printed.accuracy(cnn, [gru]) == (0.998, Form(1.0, 4))
    assert printed.accuracy({"source": "Section 8.2", "accuracy_percent": 61}, [gru]) == (0.61, Form(100.0, 0))
    assert printed.accuracy({}) is None


def test_test_clips_are_printed_or_summed():
    assert printed.test_clips({"n_test": 1889, "support": [1, 2]}) == 1889
    assert printed.test_clips({"support": [34, 10]}) == 44
    assert printed.test_clips({"confusion_counts": [[3, 1], [0, 2]]}) == 6
    assert printed.test_clips({"accuracy": 0.9}) is None


def test_uar_is_the_matrixs_then_the_printed_one():
    matrix = {"classes": ["angry", "sad"], "support": [3, 2], "confusion_percent": [[66.67, 33.33], [50.0, 50.0]]}
    assert printed.printed_uar(matrix) == pytest.approx((2 / 3 + 1 / 2) / 2)
    rows = {"angry": {"recall": 90.0}, "sad": {"recall": 81.0}}
    assert printed.printed_uar({"classes": ["angry", "sad"], "report": rows}) == pytest.approx(0.855)
    rows["macro_avg"] = {"recall": 85.0}
    assert printed.printed_uar({"classes": ["angry", "sad"], "report": rows}) == pytest.approx(0.85)
    assert printed.printed_uar({"accuracy": 0.9}) is None


def test_granularity_agrees_with_trying_every_count_in_whole_numbers():
    for clips in range(1, 60):
        for hundredths in range(101):
            # |right / clips - hundredths / 100| <= 1 / 200, times 200 clips
            possible = any(abs(200 * right - 2 * hundredths * clips) <= clips for right in range(clips + 1))
            assert granular(hundredths / 100, clips, 2) == possible


def test_test_sizes_of_sankaran2023():
    # FACTS: 0.9893 is 277 of 280, 0.9929 is 278 of 280, 0.9976 is 419 of 420, 0.9980 is 503 of 504
    assert {280} <= set(possible_test_sizes(0.9893, 4, 280)) & set(possible_test_sizes(0.9929, 4, 280))
    assert 420 in possible_test_sizes(0.9976, 4, 500)
    assert 420 not in possible_test_sizes(0.9980, 4, 600)
    assert 504 in possible_test_sizes(0.9980, 4, 600)
