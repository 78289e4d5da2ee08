"""The weights that Rastogi (2025) published, put into our mlp."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.errors import WeightsError
from ser_keras.hdf5_weights import fill, read_layers

if TYPE_CHECKING:
    import keras

MODEL, SCALER, SCALER_CSV = "emotion_recognition_model.h5", "scaler.json", "scaler.csv"
HOW = f"{SCALER} or {SCALER_CSV} holds the scaler's numbers as the README of papers/rastogi2025 says"


def load_published(model: keras.Model, folder: Path) -> None:
    """Fill `build_mlp` with the author's weights and the numbers of his scaler.

    Parameters
    ----------
    folder : holds `emotion_recognition_model.h5` and `scaler.json`: {"mean": [30 numbers], "scale": [30 numbers]},
        or else `scaler.csv`: the header mean,scale and 30 rows

    Raises
    ------
    WeightsError : a file is missing, can't be read, or is another model's
    """
    layers = read_layers(folder / MODEL)
    csv_instead = (folder / SCALER_CSV).exists() and not (folder / SCALER).exists()
    mean, scale = scaler_numbers(folder / (SCALER_CSV if csv_instead else SCALER), model.input_shape[1])
    fill(model, layers, folder / MODEL, leave=("scaler",))
    scaler = model.get_layer("scaler")
    scaler.set_weights([mean, scale**2, np.asarray(0)])
    scaler.finalize_state()


def scaler_numbers(path: Path, n_inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of each input, from .csv or else JSON: float64 (n_inputs,) both.

    Raises
    ------
    WeightsError : not as described
    """
    try:
        text = path.read_text(encoding="utf-8")
        stored = _columns(text) if path.suffix == ".csv" else json.loads(text)
        mean, scale = (np.asarray(stored[key], dtype=np.float64) for key in ("mean", "scale"))
    except FileNotFoundError:
        raise WeightsError(f"{path} is not there: {HOW}") from None
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise WeightsError(f"{path} can't be read ({error}): {HOW}") from None
    for name, numbers in (("mean", mean), ("scale", scale)):
        if numbers.shape != (n_inputs,) or not np.isfinite(numbers).all():
            raise WeightsError(
                f"{path}: {name} has the shape {numbers.shape}, expected {n_inputs} finite numbers: {HOW}"
            )
    if (scale <= 0).any():
        raise WeightsError(f"{path}: scale holds a number that is not positive: {HOW}")
    return mean, scale


def _columns(text: str) -> dict[str, list[str]]:
    rows = list(csv.DictReader(text.splitlines()))
    return {key: [row[key] for row in rows] for key in ("mean", "scale")} if rows else {}
