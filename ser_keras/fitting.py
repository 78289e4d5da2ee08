"""A model and a recipe in, a trained model and its history out; beside `checkpoints` all of training that is Keras."""

import importlib.util
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from ser_keras import checkpoints, devices, feeding, memory, optimizers
from ser_keras.errors import RunError
from ser_keras.experiment import Plateau, Training
from ser_keras.features.examples import Examples, moments
from ser_keras.feeding import Batches


class Progress(keras.callbacks.Callback):
    """A progress bar over epochs on stderr, and the seconds each took."""

    def __init__(self, label: str, epochs: int, done: int = 0) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._bar = tqdm(total=epochs, initial=done, desc=label, unit="epoch")
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.seconds.append(round(time.perf_counter() - self._start, 3))
        shown = {
            key: f"{value:.3f}" for key, value in (logs or {}).items() if key in ("loss", "accuracy", "val_accuracy")
        }
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def close(self) -> None:
        """End the bar's line, so that what is told next stands below it."""
        self._bar.close()


@dataclass(frozen=True)
class Fitted:
    """A trained model, its history (one row an epoch) and which epoch's weights it holds (from 1).

    `resumed_after` is how many epochs were there already, from a call that was killed; `normalised` whether a
    normalisation was fitted on the training part, None where others fitted the model.
    """

    model: keras.Model
    history: pd.DataFrame
    kept_epoch: int
    stopped_early: bool
    resumed_after: int = 0
    normalised: bool | None = None


def _is_not_of_tracing(record: logging.LogRecord) -> bool:
    """Whether TensorFlow logs anything but that a function is traced once more, as one of each network has to be."""
    return "retracing" not in record.getMessage()


def make_deterministic() -> bool:
    """Have the backend compute the same bytes each time; to be called before it computes anything.

    Returns
    -------
    whether equal seeds now give equal bytes. TensorFlow needs one operation at a time for it (each still uses every
    core): run side by side, its gradients differ in the last bits from run to run, and that can't be set any more
    once it has started. Other backends make no promise.

    Source: `tf.config.experimental.enable_op_determinism`, and our measurement of two runs on a CPU.
    """
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow

    tensorflow.get_logger().addFilter(_is_not_of_tracing)
    tensorflow.config.experimental.enable_op_determinism()
    if os.environ.get("TF_NUM_INTEROP_THREADS") == "1":
        return True
    try:
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # it has started with another number
        return tensorflow.config.threading.get_inter_op_parallelism_threads() == 1
    return True


def adapt(model: keras.Model, train: Examples) -> bool:
    """Fit the `Normalization` layer that follows the model's input, if there is one, on the training part alone.

    As scikit-learn's StandardScaler, which divides by 1 what never varies.

    Returns
    -------
    whether there is one
    """
    layer = model.layers[1] if len(model.layers) > 1 else None
    if not isinstance(layer, keras.layers.Normalization):
        return False
    kept = tuple(axis % len(model.input_shape) for axis in layer.axis)
    mean, variance = moments(train, kept)
    layer.set_weights([mean, np.where(variance == 0, 1.0, variance), np.asarray(len(train))])
    layer.finalize_state()
    return True


def fit(
    model: keras.Model,
    training: Training,
    train: Examples,
    validation: Examples | None,
    *,
    n_classes: int,
    seed: int,
    label: str = "training",
    state: Path | None = None,
    log: Path | None = None,
) -> Fitted:
    """The model adapted to its training part and trained by a recipe.

    `seed` decides the order of examples (Keras's own seed is set before building). `state` is the file that keeps the
    training's state: one that is there is gone on from, and gives what an undisturbed training does. `log` is a folder
    that TensorBoard reads.

    Raises
    ------
    RunError : the recipe watches a validation part that is not there, the loss is no longer finite, or a log is wanted
        without TensorBoard
    """
    logged = [] if log is None else [_tensorboard(log)]
    if validation is None:
        plateau = training.plateau.monitor if training.plateau else ""
        for what, monitor in (("early stopping", training.patience and training.monitor), ("the plateau", plateau)):
            if (monitor or "").startswith("val_"):
                raise RunError(f"{what} watches {monitor}, but there is no validation part: set its share")
    normalised = adapt(model, train)
    loss = devices.as_one(model, _of_softmaxed if training.from_logits else training.loss)
    at_once = feeding.fits_in_memory(train)
    trained = feeding.Stacked(model.inputs, model.outputs) if at_once else model
    optimizer = optimizers.lighter(training.optimizer()) if at_once else training.optimizer()
    trained.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    known = None if state is None else checkpoints.read(state, trained)
    done = 0 if known is None else len(known.history)
    progress = Progress(label, training.epochs, done)
    watch = keras.callbacks.EarlyStopping(
        monitor=training.monitor,
        mode="max" if training.monitor.endswith("accuracy") else "min",
        patience=training.epochs if training.patience is None else training.patience,
        restore_best_weights=training.restore_best,
    )
    watched = validation is not None or not training.monitor.startswith("val_")
    slower = [_plateau(training.plateau)] if training.plateau else []
    told = [*slower, *([watch] if watched else [])]
    keeper = checkpoints.Keeper(state, known, told, watch, progress.seconds)
    fed = feeding.stacks if at_once else (lambda batches: batches)
    memory.keep_freed()
    try:
        trained.fit(
            fed(Batches(train, n_classes, training.batch_size, shuffle_seed=seed, epochs_done=done)),
            validation_data=validation and fed(Batches(validation, n_classes, training.batch_size)),
            shuffle=not at_once,  # else they come shuffled
            steps_per_epoch=feeding.STACKS if at_once else None,
            initial_epoch=training.epochs if known and known.ended else done,
            epochs=training.epochs,
            callbacks=[progress, *devices.callbacks(trained), keras.callbacks.TerminateOnNaN(), *told, *logged, keeper],
            verbose=0,
        )
    finally:
        progress.close()
    history = pd.DataFrame(keeper.history)
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    if not np.isfinite(history["loss"]).all():
        raise RunError(f"the loss is not finite in epoch {len(history)}: lower the learning rate")
    keeper.keep(ended=True, best=False)
    kept_optimizer = optimizers.plain(trained.optimizer, model)
    model.compile(optimizer=kept_optimizer, loss=training.loss, metrics=["accuracy"])  # saved without what is ours
    kept = watch.best_epoch + 1 if watched and training.restore_best else len(history)
    return Fitted(model, history, int(kept), len(history) < training.epochs, done, normalised)


def _of_softmaxed(targets: keras.KerasTensor, outputs: keras.KerasTensor) -> keras.KerasTensor:
    """Categorical cross-entropy that takes what the model gives for logits.

    Not `from_logits=True`: the TensorFlow backend looks through a model's own softmax to what it was taken of.
    """
    return keras.losses.categorical_crossentropy(targets, keras.ops.softmax(outputs))


def _tensorboard(folder: Path) -> keras.callbacks.Callback:
    """Scalars alone: what a graph or histograms show can be had of the saved model."""
    if importlib.util.find_spec("tensorboard") is None:
        raise RunError('--log tensorboard needs a package that is missing: pip install "ser_keras[tensorboard]"')
    return keras.callbacks.TensorBoard(log_dir=str(folder), write_graph=False)


def _plateau(plateau: Plateau) -> keras.callbacks.Callback:
    return keras.callbacks.ReduceLROnPlateau(
        monitor=plateau.monitor,
        mode="max" if plateau.monitor.endswith("accuracy") else "min",
        factor=plateau.factor,
        patience=plateau.patience,
        min_delta=1e-4,
        min_lr=plateau.min_learning_rate,
    )


def layer_table(model: keras.Model) -> list[dict]:
    """One entry a layer: name, kind, output shape without the batch, parameters."""
    return [
        {
            "name": layer.name,
            "kind": type(layer).__name__,
            "output_shape": list(layer.output.shape[1:]),
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]


def probabilities(model: keras.Model, examples: Examples, *, n_classes: int, batch_size: int) -> np.ndarray:
    """Class probabilities of each example: float32 (n, classes)."""
    return model.predict(Batches(examples, n_classes, batch_size), verbose=0)


def predictions_table(
    clips: Sequence[str], speakers: Sequence[str], true: Sequence[str], scores: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """One row a test clip: clip, speaker, true, predicted, and one probability a class under the class's name."""
    predicted = np.asarray(classes)[scores.argmax(axis=1)]
    columns = {"clip": list(clips), "speaker": list(speakers), "true": list(true), "predicted": predicted}
    table = pd.DataFrame(columns)
    return table.join(pd.DataFrame(scores, columns=list(classes)))
