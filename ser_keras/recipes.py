"""Optimizers as values, for `Training.optimizer`: what a recipe says of one is read without Keras.

Keras is imported when an optimizer is made. A recipe may as well give any other function that makes one; then it takes
Keras to tell what a run of it is, and whether it is finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from ser_keras.experiment import Training


@dataclass(frozen=True)
class Adam:
    """A function that gives a fresh `keras.optimizers.Adam`, with Keras's defaults for all that is not named here."""

    learning_rate: float
    epsilon: float = 1e-7  # Keras's default

    def __call__(self) -> keras.optimizers.Optimizer:
        import keras

        return keras.optimizers.Adam(learning_rate=self.learning_rate, epsilon=self.epsilon)


@dataclass(frozen=True)
class SGD:
    """A function that gives a fresh `keras.optimizers.SGD`, with Keras's defaults for all that is not named here."""

    learning_rate: float
    momentum: float = 0.0

    def __call__(self) -> keras.optimizers.Optimizer:
        import keras

        return keras.optimizers.SGD(learning_rate=self.learning_rate, momentum=self.momentum)


def is_told(recipe: Training) -> bool:
    """Whether a recipe's optimizer is a value that tells itself without Keras."""
    return isinstance(recipe.optimizer, Adam | SGD)
