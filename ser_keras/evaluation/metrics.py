"""Confusion matrices and the scores of them: rows are true classes, columns predicted ones, entries clips.

Zero divisions follow scikit-learn's `zero_division=0`: the precision of a class that is never predicted, the recall
of a class without clips, and the F1 of a class where both are 0, are 0.
"""

from collections.abc import Sequence

import numpy as np

from ser_keras.errors import RunError

KINDS = ("precision", "recall", "f1")
MACRO, WEIGHTED = "macro_avg", "weighted_avg"


def confusion_matrix(y_true: Sequence[str], y_pred: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Clips of each true class (row) that were predicted as each class (column).

    Parameters
    ----------
    y_true, y_pred : class names, equally many
    classes : every class once, in the order of rows and columns

    Returns
    -------
    int64 (classes, classes)

    Raises
    ------
    RunError : a label that is no class, a class given twice, or lengths that differ
    """
    numbers = {name: number for number, name in enumerate(classes)}
    if len(numbers) != len(classes):
        raise RunError(f"a class is named twice in {', '.join(classes)}: each may stand there once")
    if len(y_true) != len(y_pred):
        raise RunError(f"{len(y_true)} true labels for {len(y_pred)} predicted ones: one of each is needed a clip")
    unknown = sorted({str(label) for label in (*y_true, *y_pred) if label not in numbers})
    if unknown:
        raise RunError(f"label {unknown[0]!r} is no class; classes: {', '.join(classes)}")
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, ([numbers[label] for label in y_true], [numbers[label] for label in y_pred]), 1)
    return confusion


def accuracy(confusion: np.ndarray) -> float:
    """Share of clips on the diagonal, in [0, 1]: weighted accuracy, WA.

    Raises
    ------
    RunError : the matrix is not square, has a negative entry or no clip
    """
    matrix = _checked(confusion)
    return float(matrix.trace() / matrix.sum())


def uar(confusion: np.ndarray) -> float:
    """Unweighted average recall, in [0, 1], over the classes that have clips.

    Raises
    ------
    RunError : the matrix is not square, has a negative entry or no clip

    Source: Schuller, Steidl and Batliner (2009), The INTERSPEECH 2009 Emotion Challenge, section 4; the same as
    scikit-learn's `balanced_accuracy_score`.
    """
    matrix = _checked(confusion)
    support = matrix.sum(axis=1)
    present = support > 0
    return float(np.mean(matrix.diagonal()[present] / support[present]))


def classification_table(confusion: np.ndarray, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 (all in [0, 1]) and support of each class, and their macro and weighted averages.

    Parameters
    ----------
    confusion : int (classes, classes)
    classes : names in the order of rows and columns

    Returns
    -------
    dict : class name, then `macro_avg` (plain mean over all classes) and `weighted_avg` (weighted by support) →
        `precision`, `recall`, `f1`, `support`

    Raises
    ------
    RunError : the matrix is not square, has a negative entry or no clip, or has another size than `classes`

    Source: scikit-learn's `classification_report` with `zero_division=0`.
    """
    matrix = _checked(confusion)
    if len(classes) != len(matrix):
        raise RunError(f"{len(classes)} classes for a matrix of {len(matrix)} rows: one name a row is needed")
    right, support, predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    scores = {
        "precision": _ratio(right, predicted),
        "recall": _ratio(right, support),
        "f1": _ratio(2 * right, support + predicted),
    }
    rows = {
        name: {**{kind: float(values[row]) for kind, values in scores.items()}, "support": int(support[row])}
        for row, name in enumerate(classes)
    }
    averages = {
        MACRO: {kind: float(values.mean()) for kind, values in scores.items()},
        WEIGHTED: {kind: float(values @ support / support.sum()) for kind, values in scores.items()},
    }
    return rows | {name: {**values, "support": int(support.sum())} for name, values in averages.items()}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _checked(confusion: np.ndarray) -> np.ndarray:
    matrix = np.asarray(confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise RunError(f"a confusion matrix has as many rows as columns, got the shape {matrix.shape}")
    if (matrix < 0).any():
        raise RunError(f"a confusion matrix counts clips, got {matrix.min()} in it")
    if not matrix.sum():
        raise RunError("the confusion matrix counts no clip: at least one is needed")
    return matrix
