"""The floors of a comparison: a linear SVM on eGeMAPS functionals, and the class that training heard most.

Both give probabilities, so that they are judged as the networks are. scikit-learn is imported where it fits: a finished
comparison should not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from ser_keras.errors import ProtocolError
from ser_keras.evaluation import metrics
from ser_keras.splits import speaker_folds

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

COSTS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # up to scikit-learn's default; 88 features of few speakers ask for less
INNER_PARTS = 5  # of clips, where one speaker alone is heard in training
TEMPERATURES = (-5.0, 5.0)  # natural logarithms, between which the temperature is searched


@dataclass(frozen=True)
class Svm:
    """A fitted SVM, the cost that was chosen, and the temperature that its margins are divided by."""

    model: Pipeline
    cost: float
    temperature: float


def fit_svm(vectors: np.ndarray, train: pd.DataFrame, classes: tuple[str, ...], seed: int) -> Svm:
    """Functionals scaled by the training part, and a linear SVM whose classes weigh alike.

    Inside the training part its speakers are divided into folds once more. The cost is the one with the best UAR on
    these; the temperature makes the same margins, of speakers that the SVM did not hear, the likeliest probabilities.
    Dividing by one temperature leaves every decision as the SVM took it, which fitting a sigmoid a class would not.

    Parameters
    ----------
    vectors : float (clips, features), of the training part
    train : its clip table, in the same order
    classes : names in the order of the probabilities
    seed : decides the inner folds

    Raises
    ------
    ProtocolError : a class has no training clip

    Source: Guo et al. (2017), On calibration of modern neural networks, ICML, section 4.2, for the temperature.
    """
    labels = train["emotion"].to_numpy()
    missing = sorted(set(classes) - set(labels))
    if missing:
        raise ProtocolError(f"no clip of {missing[0]} is in the training part: get more clips, or name other classes")
    folds = _inner_folds(train, seed)
    margins = {cost: _unheard_margins(vectors, labels, folds, classes, cost) for cost in COSTS}
    best = max(COSTS, key=lambda cost: (_uar(margins[cost], labels, classes), -cost))
    model = _svm(best).fit(vectors, labels)
    return Svm(model, best, _temperature(margins[best], labels, classes))


def svm_probabilities(svm: Svm, vectors: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Probabilities of each clip: float (clips, classes)."""
    return scipy.special.softmax(_margins(svm.model, vectors, classes) / svm.temperature, axis=1)


def class_shares(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Share of each class in the training part: what the majority class's model gives for any clip, (classes,)."""
    return np.array([np.mean(labels == name) for name in classes])


def _svm(cost: float) -> Pipeline:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    return make_pipeline(
        StandardScaler(),
        LinearSVC(C=cost, class_weight="balanced", dual="auto", max_iter=20_000, random_state=0),
    )


def _inner_folds(train: pd.DataFrame, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds of speakers; of one speaker's clips every fifth, so that classes come in turn."""
    if train["speaker"].nunique() > 1:
        return [(split.train, split.test) for split in speaker_folds(train, seed)]
    order = np.argsort(train["emotion"].to_numpy(), kind="stable")
    part = np.empty(len(train), dtype=int)
    part[order] = np.arange(len(train)) % INNER_PARTS
    return [(np.flatnonzero(part != number), np.flatnonzero(part == number)) for number in range(INNER_PARTS)]


def _unheard_margins(
    vectors: np.ndarray,
    labels: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    classes: tuple[str, ...],
    cost: float,
) -> np.ndarray:
    margins = np.empty((len(labels), len(classes)))
    for fitted, left in folds:
        margins[left] = _margins(_svm(cost).fit(vectors[fitted], labels[fitted]), vectors[left], classes)
    return margins


def _margins(model: Pipeline, vectors: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Margins in the order of `classes`; of one that the model never heard, the least of all."""
    found = model.decision_function(vectors)
    known = list(model.classes_)
    if len(known) == 2:  # scikit-learn gives the second class's margin alone
        found = np.stack([-found, found], axis=1)
    margins = np.full((len(vectors), len(classes)), found.min() - 1)
    for column, name in enumerate(classes):
        if name in known:
            margins[:, column] = found[:, known.index(name)]
    return margins


def _uar(margins: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> float:
    return metrics.uar(metrics.confusion_matrix(labels, np.asarray(classes)[margins.argmax(axis=1)], classes))


def _temperature(margins: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> float:
    """The temperature under which the true classes are likeliest."""
    true = np.array([classes.index(label) for label in labels])

    def surprise(logarithm: float) -> float:
        scaled = margins / np.exp(logarithm)
        return float(np.mean(scipy.special.logsumexp(scaled, axis=1) - scaled[np.arange(len(true)), true]))

    return float(np.exp(scipy.optimize.minimize_scalar(surprise, bounds=TEMPERATURES, method="bounded").x))
