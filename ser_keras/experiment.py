"""The declarations: what an experiment is, as frozen values without behaviour.

A paper's room builds one `Paper` of these; the core reads it. A function that depends on what a paper leaves open
takes the resolved choices (`Mapping[str, value]`) as its last argument, so that `--choose KEY=VALUE` reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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
class Plateau:
    """When the learning rate falls: after `patience` epochs without a better `monitor` it is multiplied by `factor`.

    Source: `keras.callbacks.ReduceLROnPlateau`.
    """

    monitor: str = "val_loss"
    factor: float = 0.5
    patience: int = 3
    min_learning_rate: float = 0.0


@dataclass(frozen=True)
class Training:
    """How a model is fitted, after all choices are made.

    Parameters
    ----------
    optimizer : function that gives a fresh Keras optimizer; those of `recipes` tell what they are without Keras
    loss : name of a Keras loss on one-hot targets
    from_logits : whether the loss, then categorical cross-entropy, takes what the model gives for logits
    batch_size, epochs : int; `epochs` is the most that are run
    validation_share : float in [0, 1), share of the training part (stratified by class) held out to watch; 0: none
    monitor, patience : the history column that early stopping watches, and its epochs of grace; patience None: never
    restore_best : whether the weights of the best watched epoch are kept, instead of the last epoch's
    plateau : when the learning rate falls, or None: never
    """

    optimizer: Callable[[], keras.optimizers.Optimizer]
    loss: str
    batch_size: int
    epochs: int
    validation_share: float = 0.0
    monitor: str = "val_loss"
    patience: int | None = None
    restore_best: bool = True
    plateau: Plateau | None = None
    from_logits: bool = False


@dataclass(frozen=True)
class Variant:
    """One way to carry an experiment out: `described` (the paper's text) or `coded` (its authors' code).

    A `keras.layers.Normalization` directly after the model's input is fitted on the training part before training.

    Parameters
    ----------
    name : "described" or "coded"
    pipeline : choices → the pipeline that turns a clip into the model's input
    build : (number of classes, choices) → uncompiled model; imports Keras itself, so that declarations are read without
    split : (clip table, seed, choices) → index sets of the published protocol
    training : choices → training recipe
    summary : what tells this variant from the other, in one sentence; "" where there is only one
    classes : where they are not the experiment's; () for the experiment's
    choices : those that only this variant has, beside the experiment's
    augmentation : (choices, seed) → one pipeline for each altered copy that joins the training part, after the split
    copies : (choices, seed) → one pipeline for each altered copy of every clip that is there *before* the split; the
        table that is split then holds all clips, then each block of copies in the same order, told apart by its
        column `copy_of` (the original's id, "" for an original)
    columns : choices → names of the entries of a feature vector that are fed, in this order; None: all of them
    start : (model, choices) → None: fills a fresh model with what its training starts from, where that is not at random
    weights : (model, folder) → None: fills the model with the authors' own weights from files in the folder
    """

    name: str
    pipeline: Callable[[Choices], Pipeline]
    build: Callable[[int, Choices], keras.Model]
    split: Callable[[pd.DataFrame, int, Choices], Split]
    training: Callable[[Choices], Training]
    summary: str = ""
    classes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    augmentation: Callable[[Choices, int], tuple[Pipeline, ...]] | None = None
    copies: Callable[[Choices, int], tuple[Pipeline, ...]] | None = None
    columns: Callable[[Choices], tuple[str, ...]] | None = None
    start: Callable[[keras.Model, Choices], None] | None = None
    weights: Callable[[keras.Model, Path], None] | None = None


@dataclass(frozen=True)
class Experiment:
    """One published number: which clips, which classes in the printed order, and how.

    Parameters
    ----------
    name : its key in the room's `published.json`, which holds the printed figures
    title : for people
    corpora : in the order of the clip table
    classes : in the printed order
    variants : the first is the one that the published figure comes from
    choices : what the paper leaves open, for all variants
    clips : clip table → the clips that are used, `emotion` in the paper's words; None: all, as the corpora say.
        Clips of an emotion that is no class are dropped afterwards.
    optional : corpora that it can do without
    """

    name: str
    title: str
    corpora: tuple[str, ...]
    classes: tuple[str, ...]
    variants: tuple[Variant, ...]
    choices: tuple[Choice, ...]
    clips: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """A paper: its name as registered, and its experiments in the order of the text."""

    name: str
    experiments: tuple[Experiment, ...]
