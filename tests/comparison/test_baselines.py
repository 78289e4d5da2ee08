"""The floors against scikit-learn called directly; what decides them is the training part alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from ser_keras.comparison import baselines
from ser_keras.errors import ProtocolError

CLASSES = ("neutral", "happy", "sad")


def clouds(speakers=6, per_class=8, spread=1.0, seed=0):
    """Three clouds of four numbers, each speaker's moved by its own offset."""
    rng = np.random.default_rng(seed)
    rows = [(f"s{speaker}", name) for speaker in range(speakers) for name in CLASSES for _ in range(per_class)]
    table = pd.DataFrame(rows, columns=["speaker", "emotion"]).assign(corpus="ravdess")
    centre = 2 * np.eye(3, 4)[table["emotion"].map(CLASSES.index)]
    offset = rng.normal(0, 0.3, (speakers, 4))[table["speaker"].str[1:].astype(int)]
    return (centre + offset + rng.normal(0, spread, (len(table), 4))) * [1, 10, 100, 1000], table


def test_decisions_are_those_of_scikit_learns_svm_on_scaled_features():
    vectors, table = clouds()
    svm = baselines.fit_svm(vectors, table, CLASSES, seed=0)
    scaler = StandardScaler().fit(vectors)
    direct = LinearSVC(C=svm.cost, class_weight="balanced", max_iter=20_000, random_state=0)
    direct.fit(scaler.transform(vectors), table["emotion"])
    others, _ = clouds(seed=1)
    scores = baselines.svm_probabilities(svm, others, CLASSES)
    np.testing.assert_array_equal(np.asarray(CLASSES)[scores.argmax(axis=1)], direct.predict(scaler.transform(others)))
    margins = direct.decision_function(scaler.transform(others))  # of the classes in alphabetic order
    places = [list(direct.classes_).index(name) for name in CLASSES]
    np.testing.assert_allclose(scores, softmax(margins[:, places] / svm.temperature, axis=1))


def test_temperature_makes_unheard_speakers_as_sure_as_right():
    vectors, table = clouds(speakers=12, per_class=20, spread=1.5)
    svm = baselines.fit_svm(vectors, table, CLASSES, seed=0)
    others, told = clouds(speakers=12, per_class=40, spread=1.5, seed=3)
    scores = baselines.svm_probabilities(svm, others, CLASSES)
    right = np.asarray(CLASSES)[scores.argmax(axis=1)] == told["emotion"]
    assert scores.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.05)  # sd of the share of 1440 clips: 0.012


def test_temperature_is_that_of_the_margins_true_scale():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 3))
    drawn = (rng.uniform(size=(20_000, 1)) > softmax(logits, axis=1).cumsum(axis=1)).sum(axis=1)
    labels = np.asarray(CLASSES)[np.minimum(drawn, 2)]
    assert baselines._temperature(logits * 4, labels, CLASSES) == pytest.approx(4, rel=0.05)


def test_one_speaker_in_training_is_divided_by_clips():
    vectors, table = clouds(speakers=1, per_class=10)
    svm = baselines.fit_svm(vectors, table, CLASSES, seed=0)
    assert svm.cost in baselines.COSTS


def test_two_classes_have_probabilities_in_their_order():
    vectors, table = clouds()
    two = table["emotion"] != "sad"
    svm = baselines.fit_svm(vectors[two], table[two].reset_index(drop=True), ("neutral", "happy"), seed=0)
    scores = baselines.svm_probabilities(svm, vectors[two], ("neutral", "happy"))
    found = np.where(scores[:, 0] > scores[:, 1], "neutral", "happy")
    assert (found == table["emotion"][two]).mean() > 0.8


def test_class_that_training_lacks_is_named():
    vectors, table = clouds()
    with pytest.raises(ProtocolError, match="no clip of fear is in the training part"):
        baselines.fit_svm(vectors, table, (*CLASSES, "fear"), seed=0)


def test_majority_gives_the_shares_of_training():
    shares = baselines.class_shares(np.array(["sad", "happy", "sad", "sad"]), CLASSES)
    assert shares.tolist() == [0, 0.25, 0.75]
