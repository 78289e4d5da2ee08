"""The clips of a comparison: those of the classes that all its corpora share, less those that one model can't use."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ser_keras.comparison.models import Model
from ser_keras.corpora.manifest import EMOTIONS
from ser_keras.corpora.table import CorpusReport, LoadedCorpora
from ser_keras.errors import ProtocolError
from ser_keras.features.store import Features, Recording, extract

FEWEST = 2  # classes


@dataclass(frozen=True)
class Clips:
    """What all models are compared on.

    Parameters
    ----------
    table : clip table, one row a clip that every model can use
    classes : in the order of `EMOTIONS`
    features : model's name → features of the table's rows; of models that hear
    set_aside : clips that a model can't use, and why
    reports : of each corpus, how much of it was there
    store : folder of the feature store
    jobs : worker processes for features
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    features: Mapping[str, Features]
    set_aside: tuple[dict, ...]
    reports: Mapping[str, CorpusReport]
    store: Path
    jobs: int

    def recordings(self, rows: Sequence[int]) -> list[Recording]:
        """The recordings of some rows."""
        return _recordings(self.table.iloc[list(rows)])

    def record(self, corpora: Sequence[str]) -> dict:
        """How many clips of some corpora there are, and a checksum of which: equal ones are the same clips."""
        used = self.table["clip"][self.table["corpus"].isin(corpora)]
        return {"count": len(used), "sha256": hashlib.sha256("\n".join(used).encode()).hexdigest()}


def shared_classes(table: pd.DataFrame, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """The emotions that every corpus of a table has clips of, in the order of `EMOTIONS`; or those that are wanted.

    Raises
    ------
    ProtocolError : a wanted emotion is none or lacks in a corpus, or fewer than two are left
    """
    has = {name: set(clips) for name, clips in table.groupby("corpus", sort=False)["emotion"]}
    for emotion in wanted or ():
        if emotion not in EMOTIONS:
            raise ProtocolError(f"{emotion!r} is no emotion of our corpora; they have {', '.join(EMOTIONS)}")
        without = [name for name, emotions in has.items() if emotion not in emotions]
        if without:
            raise ProtocolError(f"{without[0]} has no clip of {emotion}: leave the corpus or the emotion out")
    found = tuple(one for one in EMOTIONS if one in (wanted or set.intersection(*has.values())))
    if len(found) < FEWEST:
        raise ProtocolError(f"{', '.join(has)} share {len(found)} classes: a comparison takes {FEWEST} or more")
    return found


def gathered(
    models: Sequence[Model], corpora: LoadedCorpora, wanted: Sequence[str] | None, store: Path, jobs: int
) -> Clips:
    """The clips of some corpora with the features of every model; a clip that one model can't use is set aside for all.

    Raises
    ------
    ProtocolError : as `shared_classes`
    AudioError : a model can use no clip at all
    """
    classes = shared_classes(corpora.clips, wanted)
    table = corpora.clips[corpora.clips["emotion"].isin(classes)].reset_index(drop=True).assign(copy_of="")
    heard = [model for model in models if model.pipeline is not None]
    found = {model.name: _extracted(model, table, store, jobs) for model in heard}
    aside = {
        row: {"clip": table["clip"][row], "model": name, "reason": reason}
        for name, features in reversed(found.items())
        for row, reason in features.errors.items()
    }
    if aside:
        table = table.drop(index=sorted(aside)).reset_index(drop=True)
        found = {model.name: _extracted(model, table, store, jobs) for model in heard}
    told = tuple(aside[row] for row in sorted(aside))
    return Clips(table, classes, found, told, corpora.reports, store, jobs)


def _extracted(model: Model, table: pd.DataFrame, store: Path, jobs: int) -> Features:
    return extract(model.pipeline, _recordings(table), store, jobs=jobs, label=f"{model.name}: {model.pipeline.name}")


def _recordings(table: pd.DataFrame) -> list[Recording]:
    return [Recording(clip, path) for clip, path in zip(table["clip"], table["path"], strict=True)]
