"""Fitting: recipes are carried out as declared, and equal seeds give equal bytes."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from ser_keras import feeding, fitting
from ser_keras.errors import RunError
from ser_keras.experiment import Plateau, Training
from ser_keras.features.examples import Examples, moments
from ser_keras.features.store import Features

pytestmark = pytest.mark.backend
tensorflow_alone = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="bytes are TensorFlow's promise")

CLASSES = 3


def examples(n_clips=48, seed=0, offset=0.0, scale=1.0):
    """Three classes whose four numbers differ by class, one store."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n_clips) % CLASSES
    arrays = (rng.standard_normal((n_clips, 4)) + 2 * np.eye(4)[classes]) * scale + offset
    places = {number: (0, number) for number in range(n_clips)}
    features = Features((4,), {}, (arrays.astype(np.float32),), places)
    return Examples(((features, np.arange(n_clips)),), classes)


def model():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(hidden))


def recipe(**given):
    declared = {
        "optimizer": lambda: keras.optimizers.Adam(0.05),
        "loss": "categorical_crossentropy",
        "batch_size": 16,
        "epochs": 6,
        "monitor": "val_loss",
        "patience": None,
    }
    return Training(**{**declared, **given})


def fitted(seed=0, validation=True, train=None, log=None, **given):
    keras.utils.set_random_seed(seed)
    watched = examples(24, seed=1) if validation else None
    return fitting.fit(model(), recipe(**given), train or examples(), watched, n_classes=CLASSES, seed=seed, log=log)


def test_training_lowers_the_loss_and_learns():
    result = fitted(epochs=15)
    assert result.history["loss"].iloc[-1] < result.history["loss"].iloc[0] / 2
    scores = fitting.probabilities(result.model, examples(90, seed=2), n_classes=CLASSES, batch_size=16)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)  # float32 softmax
    assert (scores.argmax(axis=1) == np.arange(90) % CLASSES).mean() > 0.6  # chance 0.33, sd 0.05


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not():
    def weights(seed):
        return b"".join(np.asarray(weight).tobytes() for weight in fitted(seed=seed).model.get_weights())

    assert weights(3) == weights(3)
    assert weights(3) != weights(4)


TRAIN_ONCE = """
import hashlib, numpy as np, keras
from ser_keras import discovery, fitting
from ser_keras.choices import resolved
from ser_keras.features.examples import Examples
from ser_keras.features.store import Features
assert fitting.make_deterministic()
experiment = discovery.load_paper("yadav2022").experiments[-1]
choices = resolved(experiment.choices, {"epochs": "1", "patience": "none"})
keras.utils.set_random_seed(0)
model = experiment.variants[0].build(7, choices)
images = np.random.default_rng(0).standard_normal((32, 128, 259, 1), dtype=np.float32)
features = Features(images.shape[1:], {}, (images,), {number: (0, number) for number in range(32)})
examples = Examples(((features, np.arange(32)),), np.arange(32) % 7)
recipe = experiment.variants[0].training(choices)
model = fitting.fit(model, recipe, examples, None, n_classes=7, seed=0).model
print(hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest())
"""


@tensorflow_alone
def test_two_processes_train_the_convolutional_network_to_the_same_bytes():
    calls = [[sys.executable, "-c", TRAIN_ONCE]] * 2
    digests = {subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()[-1] for call in calls}
    assert len(digests) == 1


def test_log_holds_the_curves_for_tensorboard_and_moves_no_weight(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.util import tensor_util

    logged, plain = fitted(log=tmp_path / "log"), fitted()
    for ours, theirs in zip(logged.model.get_weights(), plain.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for part, key in (("train", "loss"), ("validation", "val_loss")):
        events = accumulator.EventAccumulator(str(tmp_path / "log" / part))
        events.Reload()
        told = [tensor_util.make_ndarray(one.tensor_proto) for one in events.Tensors("epoch_loss")]
        np.testing.assert_allclose(told, plain.history[key], rtol=1e-6)  # kept in float32


def test_log_without_tensorboard_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r'pip install "ser_keras\[tensorboard\]"'):
        fitted(log=tmp_path / "log")


def test_interrupted_training_ends_the_line_of_its_bar(monkeypatch, capsys):
    def interrupted(keeper, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting.checkpoints.Keeper, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt) as found:
        fitted()
    shown = capsys.readouterr().err
    assert found  # it, and so its frames, live on while the command tells that it was interrupted
    assert shown.endswith("\n")
    assert "2/6" in shown.split("\r")[-1]


def test_history_has_one_row_an_epoch_with_its_seconds():
    history = fitted(epochs=4).history
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"} < set(history.columns)
    assert (history["seconds"] > 0).all()


def test_weights_of_the_best_watched_epoch_are_kept():
    result = fitted(epochs=8)
    best = int(result.history["val_loss"].to_numpy().argmin())
    assert result.kept_epoch == best + 1
    held_out = examples(24, seed=1)
    scores = fitting.probabilities(result.model, held_out, n_classes=CLASSES, batch_size=24)
    loss = -np.log(scores[np.arange(24), held_out.classes]).mean()
    assert loss == pytest.approx(result.history["val_loss"].iloc[best], rel=1e-3)  # float32, other batches


def test_training_stops_when_patience_is_spent():
    result = fitted(epochs=60, patience=2, monitor="val_accuracy")
    assert result.stopped_early
    assert len(result.history) == result.kept_epoch + 2


def test_last_epoch_is_kept_without_a_validation_part():
    result = fitted(validation=False, epochs=3)
    assert (result.kept_epoch, result.stopped_early) == (3, False)


def test_early_stopping_without_a_validation_part_is_refused():
    with pytest.raises(RunError, match="watches val_loss, but there is no validation part"):
        fitted(validation=False, patience=3)


def test_loss_that_is_not_finite_is_refused():
    with pytest.raises(RunError, match="loss is not finite in epoch 1"):
        fitted(validation=False, train=examples(scale=np.inf), epochs=3)


def test_batches_are_shuffled_anew_each_epoch_and_hold_every_example_once():
    batches = feeding.Batches(examples(40), CLASSES, 16, shuffle_seed=0)
    orders = []
    for _ in range(2):
        rows = np.concatenate([batches[number][0] for number in range(len(batches))])
        orders.append(rows)
        batches.on_epoch_end()
    assert len(batches) == 3
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(np.sort(orders[0], axis=0), np.sort(orders[1], axis=0))


def test_model_sees_other_batches_each_epoch():
    seen = []

    class Spied(feeding.Batches):
        def __getitem__(self, index):
            arrays, targets = super().__getitem__(index)
            seen.append(arrays[0, 0])
            return arrays, targets

    keras.utils.set_random_seed(0)
    net = model()
    net.compile("adam", "categorical_crossentropy")
    net.fit(Spied(examples(32), CLASSES, 32, shuffle_seed=0), epochs=4, verbose=0)
    assert len(set(seen)) > 1


def test_targets_are_one_hot():
    _, targets = feeding.Batches(examples(6), CLASSES, 6)[0]
    np.testing.assert_array_equal(targets, np.eye(3)[[0, 1, 2, 0, 1, 2]])


@pytest.mark.parametrize("kept", [(1,), ()])
def test_moments_are_mean_and_variance_of_the_examples(kept):
    part = examples(200, offset=5000, scale=3)
    arrays = part.arrays(np.arange(200)).astype(np.float64)
    mean, variance = moments(part, kept)
    over = tuple(axis for axis in (0, 1) if axis not in kept)
    np.testing.assert_allclose(mean, arrays.mean(axis=over), rtol=1e-9)
    np.testing.assert_allclose(variance, arrays.var(axis=over), rtol=1e-6)


def with_normalization():
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Normalization()(inputs))


def test_normalization_layer_becomes_scikit_learns_standard_scaler_of_the_training_part():
    part, other = examples(200, offset=48_000, scale=3), examples(30, seed=1, offset=48_000, scale=9)
    model = with_normalization()
    fitting.adapt(model, part)
    scaler = StandardScaler().fit(part.arrays(np.arange(200)).astype(np.float64))
    held_out = other.arrays(np.arange(30))
    expected = scaler.transform(held_out.astype(np.float64))
    # float32 holds 48 000 to 0.004, which is 0.001 deviations
    np.testing.assert_allclose(model.predict(held_out, verbose=0), expected, atol=4e-3)


def test_normalization_of_what_never_varies_divides_by_1_as_the_standard_scaler():
    model = with_normalization()
    fitting.adapt(model, examples(8, scale=0, offset=2))
    np.testing.assert_allclose(model.predict(np.full((1, 4), 5.0), verbose=0), 3.0)


def test_loss_of_logits_takes_the_softmax_of_the_models_own_softmax():
    """Three classes told apart without fail: the least loss is log(e + 2) - 1 = 0.5514, where that of one is 0."""
    plain, twice = (
        fitted(train=examples(scale=20), from_logits=how, epochs=60, validation=False, monitor="loss")
        for how in (False, True)
    )
    assert plain.history["loss"].iloc[-1] < 0.1
    assert plain.history["accuracy"].iloc[-1] > 0.95
    assert 0.5514 <= twice.history["loss"].min() < 0.7  # where it ends depends on the start, and that on the backend


def test_model_trained_on_a_loss_of_ours_is_saved_with_keras_own(tmp_path):
    fitted(from_logits=True, epochs=1).model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).loss == "categorical_crossentropy"


def test_rate_falls_where_the_plateau_says_so():
    plateau = Plateau(monitor="loss", factor=0.1, patience=1, min_learning_rate=0.004)
    stuck = {"optimizer": lambda: keras.optimizers.SGD(0.5), "plateau": plateau}
    frozen = examples(12, scale=0)  # nothing to learn from: the loss stays where the classes' shares put it
    history = fitted(train=frozen, validation=False, monitor="loss", epochs=40, **stuck).history
    assert history["learning_rate"].iloc[0] == pytest.approx(0.5)
    assert history["learning_rate"].iloc[-1] == pytest.approx(0.004)


def test_plateau_on_a_validation_part_that_is_not_there_is_refused():
    with pytest.raises(RunError, match="the plateau watches val_loss, but there is no validation part"):
        fitted(validation=False, monitor="loss", plateau=Plateau())


def test_examples_of_several_sources_come_in_their_order():
    first, second = examples(4, seed=0), examples(4, seed=9)
    both = Examples((*first.sources, *second.sources), np.tile(first.classes, 2))
    rows = both.arrays(np.array([5, 0, 7]))
    expected = [second.arrays(np.array([1]))[0], first.arrays(np.array([0]))[0], second.arrays(np.array([3]))[0]]
    np.testing.assert_array_equal(rows, np.array(expected))
    assert len(both) == 8


def test_predictions_name_clips_classes_and_probabilities():
    table = fitting.predictions_table(
        ["c1", "c2"], ["s", "t"], ["a", "b"], np.array([[0.9, 0.1], [0.7, 0.3]]), ("a", "b")
    )
    assert list(table.columns) == ["clip", "speaker", "true", "predicted", "a", "b"]
    assert list(table["predicted"]) == ["a", "a"]


@tensorflow_alone
def test_nothing_is_said_of_networks_that_are_traced_one_after_another(caplog):
    import tensorflow

    fitting.make_deterministic()
    logger = tensorflow.get_logger()
    try:
        for is_told, traced in (
            (False, tensorflow.function(lambda number: number)),
            (True, tensorflow.function(lambda number: number + 1)),  # another: each is warned of twice at most
        ):
            if is_told:  # else the test tells nothing
                logger.removeFilter(fitting._is_not_of_tracing)
            for number in range(12):
                traced(number)
            logger.warning("another %s", "warning")
            assert any("retracing" in one for one in caplog.messages) == is_told
        assert caplog.messages.count("another warning") == 2
    finally:
        logger.addFilter(fitting._is_not_of_tracing)
