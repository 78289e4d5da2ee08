"""From the clip table to what is fitted: clips chosen, copies made, parts drawn, features taken.

A table row is an example: a clip, or an altered copy of one that the protocol makes before it splits.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ser_keras.errors import ProtocolError
from ser_keras.experiment import Choices
from ser_keras.features.examples import Examples
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import Features, Recording, extract
from ser_keras.splits import Split, kept, with_validation
from ser_keras.tasks import Task

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Prepared:
    """The table of examples, its parts, what is fed of each, and the clips that could not be used."""

    table: pd.DataFrame
    split: Split
    train: Examples
    validation: Examples | None
    test: Examples
    set_aside: list[dict]


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
        clips.assign(clip=clips["clip"] + "#" + pipeline.name, copy_of=clips["clip"].to_numpy())
        for pipeline in pipelines
    ]
    return pd.concat([clips, *copies], ignore_index=True)


def split_of(task: Task, table: pd.DataFrame, choices: Choices) -> Split:
    """The parts of the published protocol, with a validation part where the recipe wants one."""
    split = task.variant.split(table, task.seed, choices)
    share = task.variant.training(choices).validation_share
    return with_validation(split, table["emotion"], share=share, seed=task.seed)


def prepared(task: Task, clips: pd.DataFrame, choices: Choices, store: Path, jobs: int) -> Prepared:
    """Everything that a model is fitted and tested on.

    Raises
    ------
    ProtocolError, AudioError : the clips don't allow the split or the features
    """
    used = chosen(task, clips)
    before = task.variant.copies(choices, task.seed) if task.variant.copies else ()
    after = task.variant.augmentation(choices, task.seed) if task.variant.augmentation else ()
    table = with_copies(used, before)
    split = split_of(task, table, choices)
    recordings = [Recording(clip, path) for clip, path in zip(used["clip"], used["path"], strict=True)]
    pipeline = task.variant.pipeline(choices)
    blocks = [extract(one, recordings, store, jobs=jobs, label=one.name) for one in (pipeline, *before)]
    errors = {
        number + block * len(used): why for block, made in enumerate(blocks) for number, why in made.errors.items()
    }
    split = kept(split, sorted(errors))
    set_aside = [{"clip": table["clip"][number], "reason": reason} for number, reason in sorted(errors.items())]

    number_of = {name: number for number, name in enumerate(task.classes)}
    classes = table["emotion"].map(number_of).to_numpy()
    columns = _columns(task, pipeline, choices)

    def examples(numbers: np.ndarray) -> Examples:
        return Examples(_sources(blocks, numbers, len(used)), classes[numbers], columns)

    train = examples(split.train)
    if after:
        train = _augmented(train, after, recordings, split.train, store, jobs)
    validation = examples(split.validation) if len(split.validation) else None
    return Prepared(table, split, train, validation, examples(split.test), set_aside)


def _sources(blocks: list[Features], numbers: np.ndarray, n_clips: int) -> tuple[tuple[Features, np.ndarray], ...]:
    """Rows of the table (sorted) as rows of the stores that hold originals and copies."""
    found = [(made, numbers[numbers // n_clips == block] - block * n_clips) for block, made in enumerate(blocks)]
    return tuple((made, rows) for made, rows in found if len(rows))


def _augmented(
    train: Examples,
    pipelines: tuple[Pipeline, ...],
    recordings: list[Recording],
    numbers: np.ndarray,
    store: Path,
    jobs: int,
) -> Examples:
    originals = [recordings[number] for number in numbers if number < len(recordings)]
    if len(originals) != len(numbers):
        raise ProtocolError("copies are made before the split or after it, not both: change one of the choices")
    copies = []
    for pipeline in pipelines:
        made = extract(pipeline, originals, store, jobs=jobs, label=pipeline.name)
        if made.errors:
            raise ProtocolError(f"an altered copy can't be made: {next(iter(made.errors.values()))}")
        copies.append((made, np.arange(len(originals))))
    return Examples((*train.sources, *copies), np.tile(train.classes, 1 + len(copies)), train.columns)


def _columns(task: Task, pipeline: Pipeline, choices: Choices) -> np.ndarray | None:
    if task.variant.columns is None:
        return None
    return np.array([pipeline.names.index(name) for name in task.variant.columns(choices)])


def split_table(prepared: Prepared) -> pd.DataFrame:
    """One row an example of the table: clip, copy_of, corpus, speaker, gender, emotion, text and its part.

    The part of an example that is watched and tested is "validation+test", of one that is in no part "".
    """
    parts = np.full(len(prepared.table), "", dtype=object)
    for part in PARTS:
        numbers = getattr(prepared.split, part)
        parts[numbers] = [f"{known}+{part}" if known else part for known in parts[numbers]]
    columns = ["clip", "copy_of", "corpus", "speaker", "gender", "emotion", "text"]
    return prepared.table[columns].assign(part=parts)


def split_record(prepared: Prepared, classes: tuple[str, ...]) -> dict:
    """What a report needs to know of a split: supports and speakers of each part, and what leaks by design."""
    tables = {part: prepared.table.iloc[getattr(prepared.split, part)] for part in PARTS}
    recordings = {part: table["copy_of"].where(table["copy_of"] != "", table["clip"]) for part, table in tables.items()}
    watched = np.intersect1d(prepared.split.validation, prepared.split.test)
    return {
        "supports": {
            part: {name: int((table["emotion"] == name).sum()) for name in classes} for part, table in tables.items()
        },
        "speakers": {part: sorted(set(table["speaker"])) for part, table in tables.items()},
        "unused": len(prepared.table) - len(np.unique(np.concatenate([getattr(prepared.split, one) for one in PARTS]))),
        "twins_in_training": int(recordings["test"].isin(set(recordings["train"])).sum()),
        "watched_test_clips": len(watched),
        "note": prepared.split.note,
    }
