"""From the clip table to what is fitted: clips chosen, copies made, parts drawn, features taken.

A table row is an example: a clip, or an altered copy of one that the protocol makes before it splits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ser_keras.errors import ProtocolError
from ser_keras.evaluation.leakage import leaks
from ser_keras.experiment import Choices, Training
from ser_keras.features.examples import Examples
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import Features, Recording, extract
from ser_keras.splits import FOLDS, Split, with_validation
from ser_keras.tasks import PUBLISHED, Task

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Pool:
    """The table of examples, the features of all of them, and what is needed to draw parts from it.

    Parameters
    ----------
    table : one row an example: all clips, then each block of copies in the same order
    blocks : features of the clips, then of each block of copies
    classes : int (rows,), class numbers
    columns : entries of a feature vector that are fed, or None
    altered : clip numbers → features of the altered copies that join a training part of these
    errors : row → why it can't be used
    """

    table: pd.DataFrame
    blocks: tuple[Features, ...]
    classes: np.ndarray
    columns: np.ndarray | None
    altered: Callable[[np.ndarray], tuple[Features, ...]]
    errors: Mapping[int, str]

    @property
    def n_clips(self) -> int:
        return len(self.table) // len(self.blocks)

    @property
    def set_aside(self) -> list[dict]:
        """The clips that can't be used, and why."""
        return [{"clip": self.table["clip"][row], "reason": reason} for row, reason in sorted(self.errors.items())]


@dataclass(frozen=True)
class Parts:
    """What a model is fitted on, watched on (None: nothing) and tested on."""

    train: Examples
    validation: Examples | None
    test: Examples


def chosen(task: Task, clips: pd.DataFrame) -> pd.DataFrame:
    """The clips of a task, `emotion` in the paper's words, with the column `copy_of` (empty).

    Raises
    ------
    ProtocolError : none is left
    """
    used = task.experiment.clips(clips) if task.experiment.clips else clips
    used = used[used["emotion"].isin(task.classes)].reset_index(drop=True)
    if not len(used):
        raise ProtocolError(
            f"{task.name}: none of {len(clips)} clips is one that the experiment uses: get more of them"
        )
    return used.assign(copy_of="")


def with_copies(clips: pd.DataFrame, pipelines: tuple[Pipeline, ...]) -> pd.DataFrame:
    """The table with a block of altered copies for each pipeline below it."""
    copies = [
        clips.assign(clip=clips["clip"] + "#" + pipeline.name, copy_of=clips["clip"].to_numpy(), sha256="")
        for pipeline in pipelines
    ]
    return pd.concat([clips, *copies], ignore_index=True)


def splits(task: Task, table: pd.DataFrame, choices: Choices) -> tuple[Split, ...]:
    """The folds of a task's protocol, with a validation part where the recipe wants one; one of the published protocol.

    In the other protocols nobody who is tested is watched, and no watched speaker trains where there are enough.

    Raises
    ------
    ProtocolError : the clips don't allow the protocol
    """
    published = task.variant.split(table, task.seed, choices)
    share = task.variant.training(choices).validation_share
    if task.protocol == PUBLISHED:
        return (with_validation(published, table["emotion"], share=share, seed=task.seed),)
    drawn = FOLDS[task.protocol](table, task.seed)
    share = share or _watched_share(published, task.variant.training(choices))
    return tuple(with_watched_speakers(split, table, share, task.seed) for split in drawn)


def _watched_share(published: Split, recipe: Training) -> float:
    """The validation part's share of what is not tested, as in the published protocol; a tenth where that tests it."""
    own = np.setdiff1d(published.validation, published.test)
    if len(own):
        return len(own) / (len(own) + len(published.train))
    return watched_share(recipe)


def watched_share(recipe: Training) -> float:
    """The validation part's share of what is not tested: the recipe's own, a tenth where it names none and watches."""
    watches = recipe.restore_best or recipe.patience is not None or recipe.plateau is not None
    return recipe.validation_share or (0.1 if watches and recipe.monitor.startswith("val_") else 0.0)


def with_watched_speakers(split: Split, table: pd.DataFrame, share: float, seed: int) -> Split:
    """A share of the training part's speakers is watched; with fewer than three, a share of its clips."""
    speakers = table["speaker"].to_numpy()
    groups = speakers if len(set(speakers[split.train])) > 2 else None
    return with_validation(split, table["emotion"], share=share, seed=seed, groups=groups)


def pool(task: Task, clips: pd.DataFrame, choices: Choices, store: Path, jobs: int) -> Pool:
    """The examples of a task with their features, extracted where they are not in the store.

    Raises
    ------
    ProtocolError, AudioError : no clip is one that is used, or none can be
    """
    used = chosen(task, clips)
    before = task.variant.copies(choices, task.seed) if task.variant.copies else ()
    after = task.variant.augmentation(choices, task.seed) if task.variant.augmentation else ()
    table = with_copies(used, before)
    recordings = [Recording(clip, path) for clip, path in zip(used["clip"], used["path"], strict=True)]
    pipeline = task.variant.pipeline(choices)
    blocks = tuple(extract(one, recordings, store, jobs=jobs, label=one.name) for one in (pipeline, *before))
    errors = {
        number + block * len(used): reason
        for block, made in enumerate(blocks)
        for number, reason in made.errors.items()
    }

    def altered(numbers: np.ndarray) -> tuple[Features, ...]:
        originals = [recordings[number] for number in numbers]
        return tuple(extract(one, originals, store, jobs=jobs, label=one.name) for one in after)

    number_of = {name: number for number, name in enumerate(task.classes)}
    classes = table["emotion"].map(number_of).to_numpy()
    return Pool(table, blocks, classes, _columns(task, pipeline, choices), altered, errors)


def parts(pool: Pool, split: Split) -> Parts:
    """The examples of a split's parts; altered copies join the training part.

    Raises
    ------
    ProtocolError : copies are made before the split and after it, or one can't be made
    """

    def examples(numbers: np.ndarray) -> Examples:
        return Examples(_sources(pool, numbers), pool.classes[numbers], pool.columns)

    originals = split.train[split.train < pool.n_clips]
    copies = pool.altered(originals)
    if copies and len(originals) != len(split.train):
        raise ProtocolError("copies are made before the split or after it, not both: change one of the choices")
    for made in copies:
        if made.errors:
            raise ProtocolError(f"an altered copy can't be made: {next(iter(made.errors.values()))}")
    train = examples(split.train)
    rows = tuple((made, np.arange(len(originals))) for made in copies)
    train = Examples((*train.sources, *rows), np.tile(train.classes, 1 + len(rows)), pool.columns)
    validation = examples(split.validation) if len(split.validation) else None
    return Parts(train, validation, examples(split.test))


def _sources(pool: Pool, numbers: np.ndarray) -> tuple[tuple[Features, np.ndarray], ...]:
    """Rows of the table (sorted) as rows of the stores that hold originals and copies."""
    found = [
        (made, numbers[numbers // pool.n_clips == block] - block * pool.n_clips)
        for block, made in enumerate(pool.blocks)
    ]
    return tuple((made, rows) for made, rows in found if len(rows))


def _columns(task: Task, pipeline: Pipeline, choices: Choices) -> np.ndarray | None:
    if task.variant.columns is None:
        return None
    return np.array([pipeline.names.index(name) for name in task.variant.columns(choices)])


def split_table(pool: Pool, split: Split, normalised: bool | None) -> pd.DataFrame:
    """One row an example of the table: clip, copy_of, corpus, speaker, gender, emotion, text, sha256, part and fitted.

    The part of an example that is watched and tested is "validation+test", of one that is in no part "". `fitted` is
    "yes" for the training part where a normalisation was fitted on it (`normalised`), else "no"; "" where that is not
    known (None).
    """
    named = np.full(len(pool.table), "", dtype=object)
    for part in PARTS:
        numbers = getattr(split, part)
        named[numbers] = [f"{known}+{part}" if known else part for known in named[numbers]]
    columns = ["clip", "copy_of", "corpus", "speaker", "gender", "emotion", "text", "sha256"]
    fitted = np.full(len(pool.table), "" if normalised is None else "no", dtype=object)
    if normalised:
        fitted[split.train] = "yes"
    return pool.table[columns].assign(part=named, fitted=fitted)


def split_record(pool: Pool, split: Split, classes: tuple[str, ...], normalised: bool | None) -> dict:
    """What a report needs to know of a split: supports and speakers of each part, and what leaks by design."""
    tables = {part: pool.table.iloc[getattr(split, part)] for part in PARTS}
    found = leaks(split_table(pool, split, normalised), split.train, split.validation, split.test).counts
    return {
        "supports": {
            part: {name: int((table["emotion"] == name).sum()) for name in classes} for part, table in tables.items()
        },
        "speakers": {part: sorted(set(table["speaker"])) for part, table in tables.items()},
        "unused": len(pool.table) - len(np.unique(np.concatenate([getattr(split, one) for one in PARTS]))),
        "leaks": found,
        "twins_in_training": found["twin"] or 0,
        "watched_test_clips": found["watched"],
        "note": split.note,
    }
