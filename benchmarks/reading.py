"""A second run: how soon a store is open, and how fast batches come out of it, against rows of an array in memory."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.growth import recordings
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import extract

BATCH = 64
SHAPES = {"vectors of 43 numbers": (43,), "images of 128 × 259": (128, 259)}


def filled(values: np.ndarray, sample_rate: int, *, shape: tuple[int, ...]) -> np.ndarray:
    """An array of some shape, made of the wave."""
    return np.resize(values, shape)


def reopened(shape: tuple[int, ...], clips: int, rounds: int = 5) -> dict:
    """Seconds of the processor for opening, and for reading all rows in an order that is drawn, first and again."""
    order = np.random.default_rng(0).permutation(clips)
    batches = [order[start : start + BATCH] for start in range(0, clips, BATCH)]
    pipeline = Pipeline("filled", None, (step(filled, shape=shape),))
    with tempfile.TemporaryDirectory() as folder:
        made = recordings(Path(folder), clips)
        extract(pipeline, made, Path(folder) / "store")
        opening, first, reading, memory = [], [], [], []
        for _ in range(rounds):
            start = time.process_time()
            features = extract(pipeline, made, Path(folder) / "store")
            opening.append(time.process_time() - start)
            for passed in (first, reading):
                start = time.process_time()
                for batch in batches:
                    features.rows(batch)
                passed.append(time.process_time() - start)
        held = features.rows(np.arange(clips))
        for _ in range(rounds):
            start = time.process_time()
            for batch in batches:
                held[batch]
            memory.append(time.process_time() - start)
    gigabytes = held.nbytes / 1e9
    return {
        "clips": clips,
        "open_s": round(statistics.median(opening), 6),
        "read_gb_s": round(gigabytes / statistics.median(reading), 4),
        "memory_gb_s": round(gigabytes / statistics.median(memory), 4),
        "first_row_us": round(1e6 * statistics.median(first) / clips, 1),
        "row_us": round(1e6 * statistics.median(reading) / clips, 1),
    }
