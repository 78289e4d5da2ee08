"""Reproduce speech-emotion-recognition papers, and say what each figure is worth on unheard speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from ser_keras.prediction.predictor import Predictor

__version__ = "0.1.0"


def load(run: str | os.PathLike | None = None, fold: int | None = None) -> Predictor:
    """A trained network that names the emotion of recordings: `load(run).predict("clip.wav")`.

    Parameters
    ----------
    run : folder of a finished run, or one that `ser_keras.export` wrote as Keras or ONNX; None, or "cremad": the model
        that comes with the package
    fold : which model of a run of several folds, from 1; None: the mean of their probabilities

    Returns
    -------
    Predictor with `predict`, `predict_proba` and `classes_`; Keras is imported now, and never for ONNX

    Raises
    ------
    RunError : neither a finished run nor an export, or its paper has changed since
    """
    from ser_keras import cli

    with cli.quiet_imports():  # TensorFlow's own lines
        from ser_keras.prediction import predictor

        return predictor.load(run, fold)
