"""Trained networks as functions of arrays, with Keras or without."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras.errors import DependencyError, RunError, one_line


@dataclass(frozen=True)
class Network:
    """What a network takes for one clip, and its answer for several.

    Parameters
    ----------
    shape : of what it takes, without the batch's axis
    answer : float32 (n, *shape) → float32 (n, classes)
    """

    shape: tuple[int | None, ...]
    answer: Callable[[np.ndarray], np.ndarray]


def of_keras(path: Path, n_classes: int) -> Network:
    """The network in a `.keras` file; imports Keras.

    Raises
    ------
    RunError : it can't be loaded safely, or gives another number of classes
    """
    import keras

    from ser_keras.keras_files import load_model

    model = load_model(path)
    _check_classes(path, model.output_shape[-1], n_classes)

    def answer(inputs: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(model(inputs, training=False))

    return Network(tuple(model.input_shape[1:]), answer)


def of_onnx(path: Path, n_classes: int) -> Network:
    """The network in an ONNX file, run by ONNX Runtime on the CPU; imports no Keras.

    Raises
    ------
    DependencyError : ONNX Runtime is not installed
    RunError : it can't be loaded, or is not of one input and one output of this number of classes
    """
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError:
        raise DependencyError(f'{path} needs ONNX Runtime: pip install "ser_keras[onnx]"') from None
    faults = [one for one in vars(state).values() if isinstance(one, type) and issubclass(one, Exception)]
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except (OSError, RuntimeError, *faults) as error:  # its own have no common class, only this place
        raise RunError(f"{path} can't be loaded ({one_line(error)}): export the run again") from None
    if len(session.get_inputs()) != 1 or len(session.get_outputs()) != 1:
        raise RunError(f"{path} has not one input and one output: export the run again")
    [taken], [given] = session.get_inputs(), session.get_outputs()
    _check_classes(path, given.shape[-1], n_classes)

    def answer(inputs: np.ndarray) -> np.ndarray:
        return session.run(None, {taken.name: inputs})[0]

    return Network(tuple(size if isinstance(size, int) else None for size in taken.shape[1:]), answer)


def _check_classes(path: Path, given: object, n_classes: int) -> None:
    if given != n_classes:
        raise RunError(f"{path} gives {given} classes, and {n_classes} are named beside it: train or export it again")
