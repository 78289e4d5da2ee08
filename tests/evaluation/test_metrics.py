"""Metrics against closed forms and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from ser_keras.errors import RunError
from ser_keras.evaluation.metrics import accuracy, classification_table, confusion_matrix, uar

CLASSES = ("angry", "happy", "neutral", "sad")
EXACT = 1e-12  # a handful of float64 operations on numbers below 1

labels = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=80)


def test_confusion_has_true_classes_as_rows():
    confusion = confusion_matrix(["sad", "sad", "angry"], ["angry", "sad", "angry"], ("angry", "sad"))
    assert confusion.tolist() == [[1, 0], [1, 1]]
    assert confusion.dtype == np.int64


def test_accuracy_and_uar_in_closed_form():
    confusion = np.array([[9, 1], [1, 1]])
    assert accuracy(confusion) == 10 / 12
    assert uar(confusion) == pytest.approx((0.9 + 0.5) / 2, abs=EXACT)


def test_uar_leaves_out_classes_without_clips():
    assert uar(np.array([[2, 2, 0], [0, 0, 0], [0, 0, 1]])) == 0.75


def test_class_that_is_never_predicted_has_precision_and_f1_0():
    table = classification_table(np.array([[3, 0], [2, 0]]), ("angry", "sad"))
    assert table["sad"] == {"precision": 0, "recall": 0, "f1": 0, "support": 2}
    assert table["macro_avg"]["precision"] == pytest.approx(0.3, abs=EXACT)  # (3/5 + 0) / 2
    assert table["weighted_avg"] == {
        "precision": pytest.approx(3 / 5 * 3 / 5, abs=EXACT),
        "recall": pytest.approx(3 / 5, abs=EXACT),
        "f1": pytest.approx(6 / 8 * 3 / 5, abs=EXACT),
        "support": 5,
    }


@given(labels)
def test_confusion_agrees_with_scikit_learn(pairs):
    y_true, y_pred = zip(*pairs, strict=True)
    expected = sklearn_metrics.confusion_matrix(y_true, y_pred, labels=CLASSES)
    assert confusion_matrix(y_true, y_pred, CLASSES).tolist() == expected.tolist()


@given(labels)
@pytest.mark.filterwarnings("ignore::UserWarning:sklearn")
def test_accuracy_and_uar_agree_with_scikit_learn(pairs):
    y_true, y_pred = zip(*pairs, strict=True)
    confusion = confusion_matrix(y_true, y_pred, CLASSES)
    assert accuracy(confusion) == pytest.approx(sklearn_metrics.accuracy_score(y_true, y_pred), abs=EXACT)
    assert uar(confusion) == pytest.approx(sklearn_metrics.balanced_accuracy_score(y_true, y_pred), abs=EXACT)


@given(labels)
def test_classification_table_agrees_with_scikit_learn(pairs):
    y_true, y_pred = zip(*pairs, strict=True)
    table = classification_table(confusion_matrix(y_true, y_pred, CLASSES), CLASSES)
    arguments = {"labels": CLASSES, "zero_division": 0}
    rows = sklearn_metrics.precision_recall_fscore_support(y_true, y_pred, **arguments)
    for number, name in enumerate(CLASSES):
        assert list(table[name].values()) == pytest.approx([column[number] for column in rows], abs=EXACT)
    for average in ("macro", "weighted"):
        expected = sklearn_metrics.precision_recall_fscore_support(y_true, y_pred, average=average, **arguments)
        assert list(table[f"{average}_avg"].values())[:3] == pytest.approx(list(expected[:3]), abs=EXACT)
        assert table[f"{average}_avg"]["support"] == len(pairs)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((["angry"], ["bored"], CLASSES), "'bored' is no class; classes: angry"),
        ((["angry"], ["angry", "sad"], CLASSES), "1 true labels for 2 predicted"),
        ((["angry"], ["angry"], ("angry", "angry")), "named twice"),
    ],
)
def test_labels_that_cannot_be_counted_are_refused(arguments, told):
    with pytest.raises(RunError, match=told):
        confusion_matrix(*arguments)


@pytest.mark.parametrize("function", [accuracy, uar, lambda confusion: classification_table(confusion, ("a", "b"))])
@pytest.mark.parametrize(
    ("confusion", "told"),
    [
        (np.zeros((2, 2)), "counts no clip"),
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.array([[1, -1], [0, 3]]), "got -1"),
    ],
)
def test_matrices_that_count_nothing_are_refused(function, confusion, told):
    with pytest.raises(RunError, match=told):
        function(confusion)


def test_classification_table_needs_a_name_a_row():
    with pytest.raises(RunError, match="3 classes for a matrix of 2 rows"):
        classification_table(np.eye(2, dtype=int), ("angry", "happy", "sad"))
