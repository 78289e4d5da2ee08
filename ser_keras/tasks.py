"""What is to be run, and where it goes: values that the main command makes and `training.run` carries out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ser_keras.experiment import Choice, Experiment, Value, Variant

PUBLISHED = "published"
PRECISIONS = ("float32", "bfloat16")
PROTOCOLS = (PUBLISHED, "speaker-independent", "speaker-text-independent")
UNFINISHED = "unfinished"  # in a run's folder: the states of its training
WHOLE = "whole"  # in that: its files, until all of them are put in their place


@dataclass(frozen=True)
class Settings:
    """What the command line decides for all runs of a call.

    `epochs` are the most that are run, None leaves the number to the paper; `choose` maps choice keys to texts; `quick`
    trains a few epochs at most; `force` trains finished runs again; `strict` refuses recordings that can't be used;
    `weights` is a folder that holds a folder for each paper with its authors' own weights, which are then used instead
    of training; `log` keeps the curves for TensorBoard in OUT/logs; `precision` is what networks compute in; `devices`
    is how many of the machine's one training takes; `parallel` how many folds of a run are trained at a time.
    """

    out: Path
    jobs: int = 1
    epochs: int | None = None
    weights: Path | None = None
    choose: Mapping[str, str] = field(default_factory=dict)
    quick: bool = False
    force: bool = False
    strict: bool = False
    log: bool = False
    precision: str = "float32"
    devices: int = 1
    parallel: int = 1


@dataclass(frozen=True)
class Task:
    """One run to be: which experiment, which variant, which seed, and the printed figures that go with it."""

    paper: str
    citation: Mapping[str, object]
    published: Mapping[str, object]
    experiment: Experiment
    variant: Variant
    seed: int
    protocol: str = PUBLISHED

    @property
    def name(self) -> str:
        protocol = "" if self.protocol == PUBLISHED else f" {self.protocol}"
        return f"{self.paper}/{self.experiment.name} {self.variant.name}{protocol} seed {self.seed}"

    @property
    def classes(self) -> tuple[str, ...]:
        return self.variant.classes or self.experiment.classes

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.experiment.choices + self.variant.choices


def run_folder(
    task: Task,
    out: Path,
    changed: Mapping[str, Value] | None = None,
    weights: str = "trained",
    precision: str = "float32",
) -> Path:
    """OUT/PAPER/EXPERIMENT/VARIANT/PROTOCOL/seed-N; what differs from our choices goes into its name."""
    name = folder_name(task.seed, changed or {}, weights, precision)
    return out / task.paper / task.experiment.name / task.variant.name / task.protocol / name


def folder_name(seed: int, changed: Mapping[str, Value], weights: str = "trained", precision: str = "float32") -> str:
    """`seed-0`; `seed-0,noise_scale=0.01` with that choice changed; `…,weights=published` with the authors' own."""
    usual = {"weights": "trained", "precision": "float32"}
    other = {"weights": weights, "precision": precision}.items() - usual.items()
    settings = {**dict(sorted(changed.items())), **dict(sorted(other))}
    texts = [f"{key}={str(value).lower() if value is None else value}" for key, value in settings.items()]
    return re.sub(r"[^\w.,=+-]", "_", ",".join([f"seed-{seed}", *texts]))
