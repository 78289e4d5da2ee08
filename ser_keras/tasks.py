"""What is to be run, and where it goes: values that the main command makes and `training.run` carries out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ser_keras.experiment import Experiment, Variant

PROTOCOL = "published"


@dataclass(frozen=True)
class Settings:
    """What the command line decides for all runs of a call.

    `epochs` None leaves the number to the paper; `choose` maps choice keys to texts; `quick` trains
    a few epochs at most; `force` trains finished runs again.
    """

    out: Path
    jobs: int = 1
    epochs: int | None = None
    choose: Mapping[str, str] = field(default_factory=dict)
    quick: bool = False
    force: bool = False


@dataclass(frozen=True)
class Task:
    """One run to be: which experiment, which variant, which seed, and the printed figures that go with it."""

    paper: str
    citation: Mapping[str, object]
    published: Mapping[str, object]
    experiment: Experiment
    variant: Variant
    seed: int

    @property
    def name(self) -> str:
        return f"{self.paper}/{self.experiment.name} {self.variant.name} seed {self.seed}"


def run_folder(task: Task, out: Path) -> Path:
    """OUT/PAPER/EXPERIMENT/VARIANT/PROTOCOL/seed-N."""
    return out / task.paper / task.experiment.name / task.variant.name / PROTOCOL / f"seed-{task.seed}"
