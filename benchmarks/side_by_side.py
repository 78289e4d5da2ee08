"""`python -m benchmarks.side_by_side`: what trainings side by side gain over trainings one after another.

Small networks: seeds of rastogi2025's mlp and of sankaran2023's, and the folds of a speaker-independent run of the mlp,
as the command trains them, from features that are in the store. Both ways take turns. Inputs are noise, of as many
clips as the paper has: what they say moves no time. The processes start anew in each turn, as for a command; what that
takes is measured by itself too, since it weighs less the longer the trainings are.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import click

from benchmarks.machine import five_minute_load
from ser_keras import cli
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found") / "side_by_side.json"
PROCESSES = 2
SPEAKERS = 4  # as many folds


@dataclass(frozen=True)
class Subject:
    """Trainings of a network: `seeds` runs of one fold, or one run of as many folds as there are speakers."""

    experiment: tuple[str, str]
    inputs: int
    clips: int
    epochs: int
    seeds: int
    protocol: str


SUBJECTS = {
    "4 seeds of rastogi2025/mlp": Subject(("rastogi2025", "mlp"), 30, 10_898, 25, 4, "published"),
    "4 folds of rastogi2025/mlp": Subject(("rastogi2025", "mlp"), 30, 10_898, 25, 1, "speaker-independent"),
    "4 seeds of sankaran2023/ann": Subject(("sankaran2023", "ann"), 40, 2_800, 25, 4, "published"),
}


def runs_of(subject: Subject, folder: Path) -> list[tuple]:
    """The runs, on clips of noise that are written to a folder, as `training.run` takes them."""
    from benchmarks import growth
    from ser_keras import choices, discovery
    from ser_keras.corpora.table import CorpusReport, LoadedCorpora
    from ser_keras.features import spectral, windows
    from ser_keras.features.pipeline import Pipeline, step
    from ser_keras.splits import random_split
    from ser_keras.tasks import Settings, Task

    experiment = discovery.load_experiment(*subject.experiment)
    variant = experiment.variants[0]
    recipe = variant.training(choices.resolved(experiment.choices + variant.choices, {}))
    own = replace(recipe, epochs=subject.epochs, patience=None, validation_share=0.1)
    heard = Pipeline(
        f"noise-{subject.inputs}",
        None,
        (step(spectral.log_mel, n_mels=subject.inputs, n_fft=1024, hop_length=512), step(windows.time_mean)),
        names=tuple(f"band-{number}" for number in range(subject.inputs)),
    )
    noise = replace(
        variant,
        pipeline=lambda choices: heard,
        copies=None,
        augmentation=None,
        columns=None,
        split=lambda clips, seed, choices: random_split(len(clips), test_size=len(clips) // 10, seed=seed),
        training=lambda choices: own,
    )
    classes = variant.classes or experiment.classes
    (folder / "clips").mkdir(parents=True)
    rows = [
        (one.clip, "emodb", one.path, classes[number % len(classes)], "X", f"s{number % SPEAKERS}", "female", "t", "")
        for number, one in enumerate(growth.recordings(folder / "clips", subject.clips))
    ]
    report = CorpusReport(subject.clips, subject.clips, False, "", 0, (), 0, str(folder))
    corpora = LoadedCorpora(tuple(rows), {"emodb": report})
    experiment = replace(experiment, corpora=("emodb",), clips=None)
    settings = Settings(folder / "out", jobs=-1, force=True)
    citation = {"title": "", "authors": [], "year": 0}
    return [
        (Task(subject.experiment[0], citation, {}, experiment, noise, seed, subject.protocol), corpora, settings)
        for seed in range(subject.seeds)
    ]


def trained(runs: Sequence[tuple], protocol: str, processes: int) -> tuple[float, float]:
    """Train; seconds of the processor, of all processes together, and by the clock."""
    from ser_keras import side_by_side, training

    at_a_time, folds = side_by_side.shared(processes, len(runs), protocol)
    todo = [(task, corpora, replace(settings, parallel=folds)) for task, corpora, settings in runs]
    return _seconds(side_by_side.each(training.run, todo, at_a_time, ahead=training.extract))


def started() -> tuple[float, float]:
    """Seconds of the processor and by the clock in which processes start and end that train nothing."""
    from ser_keras import side_by_side

    return _seconds(side_by_side.each(abs, [(0,)] * PROCESSES, PROCESSES))


def _seconds(work: Iterable) -> tuple[float, float]:
    before, clock = os.times(), time.perf_counter()
    for _ in work:
        pass
    clock_s = time.perf_counter() - clock
    return sum(os.times()[:4]) - sum(before[:4]), clock_s  # with that of processes that have ended


def measured(subject: Subject, rounds: int, start_s: float) -> dict:
    """Both ways in turns.

    Parameters
    ----------
    start_s : what new processes take by the clock until they train, and to end

    Returns
    -------
    `times_one`: how many times the speed of one after another, in processor time and by the clock; `running`: by the
    clock without the start of processes
    """
    from benchmarks.training import times
    from ser_keras import training

    ways = {"one after another": 1, "side by side": PROCESSES}
    with tempfile.TemporaryDirectory() as folder:
        runs = runs_of(subject, Path(folder))
        training.extract(*runs[0])
        first = [(task, corpora, replace(settings, epochs=1)) for task, corpora, settings in runs[:1]]
        trained(first, subject.protocol, 1)  # what TensorFlow does once a process
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, processes in ways.items():
                taken[name].append(trained(runs, subject.protocol, processes))
    pairs = list(zip(*taken.values(), strict=True))
    return {
        "trainings": subject.seeds if subject.seeds > 1 else SPEAKERS,
        "epochs": subject.epochs,
        "clock_s": {name: round(median(clock for _, clock in spent), 2) for name, spent in taken.items()},
        "times_one": times(taken, *ways),
        "running": round(median(one[1] / (both[1] - start_s) for one, both in pairs), 3),
    }


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=2, show_default=True, help="Number of turns per alternative.")
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(rounds: int, out: Path) -> None:
    """Measure small networks trained side by side, in two processes, against one after another."""
    with cli.quiet_imports():
        from ser_keras import fitting
        from ser_keras.provenance import provenance

        fitting.make_deterministic()
    where = provenance()
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware", "backend")}
    found["start_s"] = round(median(started()[1] for _ in range(rounds)), 2)
    click.echo(f"start of {PROCESSES} processes: {found['start_s']} s")
    found["subjects"] = {}
    for name, subject in SUBJECTS.items():
        found["subjects"][name] = measured(subject, rounds, found["start_s"])
        click.echo(f"{name}: {found['subjects'][name]}")
    found["load"] = five_minute_load()
    write_json(out, found)
    click.echo(out)


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.side_by_side")
