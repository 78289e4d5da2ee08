"""A paper's network in a comparison: built, trained by its own recipe on a fold's training part, asked for the rest."""

from dataclasses import dataclass

import keras
import numpy as np

from ser_keras import fitting, preparation
from ser_keras.comparison.clips import Clips
from ser_keras.comparison.models import Model
from ser_keras.experiment import Training
from ser_keras.features.store import extract
from ser_keras.splits import Split


@dataclass(frozen=True)
class Outcome:
    """Probabilities of the test clips, and what training came to."""

    scores: np.ndarray
    fitted: dict


def carried_out(model: Model, clips: Clips, split: Split, training: Training, seed: int, label: str) -> Outcome:
    """A model fitted on a split's training part, with altered copies where its paper makes some, and tested.

    Raises
    ------
    RunError : the loss is not finite
    ProtocolError : an altered copy can't be made
    """
    fitting.make_deterministic()
    parts = preparation.parts(_pool(model, clips, seed), split)
    classes = len(clips.classes)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    network = model.variant.build(classes, model.choices)
    if model.variant.start:
        model.variant.start(network, model.choices)
    fitted = fitting.fit(network, training, parts.train, parts.validation, n_classes=classes, seed=seed, label=label)
    scores = fitting.probabilities(fitted.model, parts.test, n_classes=classes, batch_size=max(training.batch_size, 32))
    record = {
        "examples": len(parts.train),
        "epochs_run": len(fitted.history),
        "best_epoch": fitted.kept_epoch,
        "stopped_early": fitted.stopped_early,
        "parameters": network.count_params(),
    }
    return Outcome(scores, record)


def _pool(model: Model, clips: Clips, seed: int) -> preparation.Pool:
    """The clips as `preparation` takes them: no copies before the split, all that a paper makes after it."""
    after = model.altered(seed)

    def altered(rows: np.ndarray) -> tuple:
        originals = clips.recordings(rows)
        return tuple(
            extract(one, originals, clips.store, jobs=clips.jobs, label=f"{model.name}: {one.name}") for one in after
        )

    numbers = {name: number for number, name in enumerate(clips.classes)}
    columns = model.columns()
    return preparation.Pool(
        table=clips.table,
        blocks=(clips.features[model.name],),
        classes=clips.table["emotion"].map(numbers).to_numpy(),
        columns=None if columns is None else np.array([model.pipeline.names.index(name) for name in columns]),
        altered=altered,
        errors={},
    )
