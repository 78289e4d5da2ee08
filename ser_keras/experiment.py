"""The declarations: what an experiment is, as frozen values without behaviour.

A paper's room builds one `Paper` of these; the core reads it. A function that depends on what a paper leaves open
takes the resolved choices (`Mapping[str, value]`) as its last argument, so that `--choose KEY=VALUE` reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from ser_keras.features.pipeline import Pipeline
    from ser_keras.splits import Split

Value = bool | int | float | str | None
Choices = Mapping[str, Value]


@dataclass(frozen=True)
class Choice:
    """One point that a paper leaves open: our value, why, and what else it may be.

    `alternatives` are the other values worth trying; `--choose` takes any value of the same kind.
    """

    key: str
    value: Value
    reason: str
    alternatives: tuple[Value, ...]


@dataclass(frozen=True)
class Training:
    """How a model is fitted, after all choices are made.

    Parameters
    ----------
    optimizer : function that gives a fresh Keras optimizer
    loss : name of a Keras loss on one-hot targets
    batch_size, epochs : int; `epochs` is the most that are run
    validation_share : float in [0, 1), share of the training part (stratified by class) held out to watch; 0: none
    monitor, patience : the history column that early stopping watches, and its epochs of grace; patience None: never
    restore_best : whether the weights of the best watched epoch are kept, instead of the last epoch's
    """

    optimizer: Callable[[], keras.optimizers.Optimizer]
    loss: str
    batch_size: int
    epochs: int
    validation_share: float = 0.0
    monitor: str = "val_loss"
    patience: int | None = None
    restore_best: bool = True


@dataclass(frozen=True)
class Variant:
    """One way to carry an experiment out: `described` (the paper's text) or `coded` (its authors' code).

    Parameters
    ----------
    name : str
    pipeline : choices → the pipeline that turns a clip into the model's input
    augmentation : (choices, seed) → one pipeline for each altered copy that joins the training part; () for none
    scaling : choices → axes of one example that share a mean and deviation, fitted on the training part alone;
        None: no scaling after the pipeline
    build : (number of classes, choices) → uncompiled model
    split : (clip table, seed) → index sets of the published protocol
    training : choices → training recipe
    """

    name: str
    pipeline: Callable[[Choices], Pipeline]
    build: Callable[[int, Choices], keras.Model]
    split: Callable[[pd.DataFrame, int], Split]
    training: Callable[[Choices], Training]
    augmentation: Callable[[Choices, int], tuple[Pipeline, ...]] | None = None
    scaling: Callable[[Choices], tuple[int, ...] | None] | None = None


@dataclass(frozen=True)
class Experiment:
    """One published number: which clips, which classes in the printed order, and how.

    `name` is its key in the room's `published.json`, which holds the printed figures.
    """

    name: str
    title: str
    corpora: tuple[str, ...]
    classes: tuple[str, ...]
    variants: tuple[Variant, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Paper:
    """A paper: its name as registered, and its experiments in the order of the text."""

    name: str
    experiments: tuple[Experiment, ...]
