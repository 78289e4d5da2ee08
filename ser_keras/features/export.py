"""Feature vectors of an experiment's clips as a table, in the form of a paper's spreadsheet."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from ser_keras.corpora.table import load
from ser_keras.errors import PaperError
from ser_keras.experiment import Choices, Experiment, Variant
from ser_keras.features.store import Recording, extract
from ser_keras.files import write_atomically
from ser_keras.preparation import chosen
from ser_keras.tasks import Task

ENDINGS = (".csv", ".parquet")


def check_ending(out: Path) -> None:
    """Refuse a file that `write` could not write, before anything is computed.

    Raises
    ------
    PaperError : another ending than .csv or .parquet, or no pyarrow for .parquet
    """
    if out.suffix not in ENDINGS:
        raise PaperError(f"{out} ends in {out.suffix or 'nothing'}, expected {' or '.join(ENDINGS)}")
    if out.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise PaperError(f"{out}: pyarrow is not installed: `pip install pyarrow`, or write .csv")


def table(
    experiment: Experiment, variant: Variant, choices: Choices, data: Path | None, cache: Path, *, jobs: int = 1
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """One row a clip of the experiment, in the order of its corpora.

    Parameters
    ----------
    data : folder of corpora, or None
    cache : folder of the feature store
    jobs : worker processes; -1: one a core

    Returns
    -------
    table : `clip` (the manifest's file), one column a feature, `emotion` in the paper's words, `speaker` as the corpus
        names it, `corpus`
    errors : (clip, reason) of those that could not be used

    Raises
    ------
    PaperError : the experiment's features have no names: they are images or sequences
    CorpusError, AudioError : clips are missing, or none can be used
    """
    pipeline = variant.pipeline(choices)
    if not pipeline.names:
        raise PaperError(f"the features of {experiment.name} are no vector of named numbers: there is no table of them")
    loaded = load(experiment.corpora, data, optional=experiment.optional)
    clips = chosen(Task("", {}, {}, experiment, variant, 0), loaded.clips)
    recordings = [Recording(clip, path) for clip, path in zip(clips["clip"], clips["path"], strict=True)]
    found = extract(pipeline, recordings, cache, jobs=jobs, label=pipeline.name)
    usable = np.array([number for number in range(len(clips)) if number not in found.errors])
    kept = clips.iloc[usable]
    vectors = pd.DataFrame(found.rows(usable), columns=list(pipeline.names))
    corpus = kept["corpus"].to_numpy()
    labels = {
        "emotion": kept["emotion"].to_numpy(),
        "speaker": [speaker.removeprefix(f"{name}-") for speaker, name in zip(kept["speaker"], corpus, strict=True)],
        "corpus": corpus,
    }
    files = [clip.removeprefix(f"{name}/") for clip, name in zip(kept["clip"], corpus, strict=True)]
    vectors.insert(0, "clip", files)
    errors = [(clips["clip"][number], reason) for number, reason in sorted(found.errors.items())]
    return vectors.assign(**labels), errors


def write(table: pd.DataFrame, out: Path) -> None:
    """The table as .csv or .parquet, whole or not at all."""
    if out.suffix == ".parquet":
        write_atomically(out, lambda path: table.to_parquet(path, index=False))
    else:
        write_atomically(out, lambda path: table.to_csv(path, index=False))
