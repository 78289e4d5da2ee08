"""One open choice changed at a time: what each moves, on validation and on test clips, beside the published figure.

    python -m ser_keras.ablate yadav2022/ravdess --choices trim_top_db,normalisation,pool_edge --seeds 3
    python -m ser_keras.ablate sankaran2023/ann --choices n_mfcc=13/26,epochs

Each setting and seed is a run of its own (`seed-0,n_mfcc=13`), kept like any other; an ablation that was stopped goes
on where it was, and the table is computed from what is on disk.
"""

from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import click

from ser_keras import choices, cli, completion, discovery
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import PaperError, SerError, one_line
from ser_keras.experiment import Value
from ser_keras.reproduce import (
    CLIPS_PER_CLASS,
    QUICK_CLIPS_PER_CLASS,
    SYNTHETIC_LINE,
    needed_corpora,
    result_line,
    seeds,
    selected,
    synthetic_data,
    tasks_of,
)
from ser_keras.tasks import Settings, Task, run_folder

Change = tuple[str, Value]
Failures = dict[Change, dict[int, str]]  # changed choice → seed → why it could not be run


@click.command()
@click.argument("target", metavar="PAPER/EXPERIMENT", shell_complete=completion.experiments)
@click.option(
    "--choices",
    "named",
    multiple=True,
    metavar="KEY[=VALUE/…],…",
    help="Choices to change, to their declared alternatives or to these values (trim_top_db=20/60/none). Default: all.",
)
@click.option(
    "--variant",
    type=click.Choice(["described", "coded"]),
    help="The paper's text or its authors' code. Default: the one the published result comes from.",
)
@cli.protocol_option
@cli.data_option
@cli.runs_option("Folder for runs and the table.")
@cli.seeds_option(3)
@cli.jobs_option
@cli.parallel_option
@cli.devices_option
@cli.cluster_option
@cli.epochs_option
@click.option(
    "--corpora",
    type=click.Choice(["real", "synthetic"]),
    default="real",
    show_default=True,
    help="Recordings to use.",
)
@cli.quick_option
@click.option("--force", is_flag=True, help="Train finished runs again.")
@cli.debug_option
def ablate(
    target: str,
    named: tuple[str, ...],
    variant: str | None,
    protocol: str,
    data: Path | None,
    out: Path,
    numbers: str,
    jobs: int,
    parallel: int,
    devices: int,
    cluster: str | None,
    epochs: int | None,
    corpora: str,
    quick: bool,
    force: bool,
) -> None:
    """Change the choices a paper leaves open, one at a time, and show validation and test accuracy side by side."""
    cli.check_shared(devices, parallel)
    pair, wanted_seeds = _experiment(target), seeds(numbers)
    with cli.quiet_imports():
        from ser_keras.corpora import table

        tasks = tasks_of([pair], variant, protocol, wanted_seeds)
    changes = _changes(tasks[0], variant, named)
    cli.in_step(out)
    out = cli.spread(cluster, out, data)
    if corpora == "synthetic":
        click.echo(SYNTHETIC_LINE)
        data = synthetic_data(needed_corpora([pair]), out, QUICK_CLIPS_PER_CLASS if quick else CLIPS_PER_CLASS, jobs)
    experiment = tasks[0].experiment
    loaded = table.load(experiment.corpora, data, optional=experiment.optional)
    settings = Settings(out=out, jobs=jobs, epochs=epochs, quick=quick, force=force, devices=devices)
    click.echo(_carried_out(tasks, changes, loaded, settings, parallel))
    if corpora == "synthetic":
        click.echo(SYNTHETIC_LINE)


def _experiment(target: str) -> tuple[str, str]:
    """The one (paper, experiment) that is named.

    Raises
    ------
    PaperError : an unknown one, or several
    """
    pairs = selected((target,))
    if len(pairs) > 1:
        names = ", ".join("/".join(pair) for pair in pairs)
        raise PaperError(f"{target} has several experiments, and an ablation is of one: {names}")
    return pairs[0]


def _changes(task: Task, variant: str | None, named: tuple[str, ...]) -> tuple[Change, ...]:
    """The settings to be tried.

    Raises
    ------
    PaperError : the variant is not there, leaves nothing open, or not what is named
    """
    place = f"{task.paper}/{task.experiment.name} {task.variant.name}"
    if variant not in (None, task.variant.name):
        raise PaperError(f"{place} is the only variant of its experiment: leave out --variant {variant}")
    if not task.choices:
        others = [
            f"{one.name} {way.name}"
            for one in discovery.load_paper(task.paper).experiments
            for way in one.variants
            if one.choices or way.choices
        ]
        raise PaperError(f"{place} leaves nothing open; what does, of {task.paper}: {', '.join(others) or 'nothing'}")
    try:
        return choices.changes(task.choices, named)
    except PaperError as error:
        raise PaperError(f"{place}: {error}") from None


def _carried_out(
    tasks: list[Task], changes: tuple[Change, ...], loaded: LoadedCorpora, settings: Settings, parallel: int
) -> str:
    """Run what is not finished, seed by seed, so that a stopped ablation has few seeds of all settings; the table."""
    with cli.quiet_imports():
        from ser_keras import side_by_side
        from ser_keras.report import ablation_texts
        from ser_keras.report import once as reports

    failures = _held(tasks, changes, settings)
    calls = [
        (task, change, loaded, settings)
        for task in tasks
        for change in (None, *changes)
        if task.seed not in failures.get(change, {})
    ]
    with closing(side_by_side.each(_attempted, calls, parallel, ahead=partial(_attempted, ahead=True))) as each:
        done = zip(calls, each, strict=True)
        for task in tasks:
            for (_, change, *_), (folder, fault) in islice(done, sum(call[0] is task for call in calls)):
                told = "" if change is None else f"{_told(change)}: "
                if folder is None:
                    failures.setdefault(change, {})[task.seed] = fault
                    click.echo(f"{told}seed {task.seed} can't be run: {fault}")
                else:
                    click.echo(f"{told}{result_line(task, folder)}")
            entry = _table(task, [one.seed for one in tasks], settings.out, failures)
            folder = settings.out / task.paper / "ablation"
            name = f"{task.experiment.name}-{task.variant.name}-{task.protocol}"
            reports.ablation_files(folder, name, entry)
    told = ablation_texts.screen(entry)
    return f"{told}\nablation: {folder / name}.md"


def _table(task: Task, wanted: list[int], out: Path, failures: Failures) -> dict:
    """The ablation as it lies on disk, of the seeds that are wanted, as far as they are there."""
    from ser_keras.report import ablation

    printed = discovery.published(task.paper)["results"]
    others = {name: result for name, result in printed.items() if name != task.experiment.name}
    runs = ablation.stored(run_folder(task, out).parent, wanted)
    return ablation.table(runs, task.choices, others, failures)


def _held(tasks: list[Task], changes: tuple[Change, ...], settings: Settings) -> Failures:
    """The settings that this call would make the base's, because it decides the epochs of all runs itself."""
    if settings.epochs is None and not settings.quick:
        return {}
    reason = "--epochs or --quick decides the epochs of all runs"
    return {change: {task.seed: reason for task in tasks} for change in changes if change[0] == "epochs"}


def _attempted(
    task: Task, change: Change | None, loaded: LoadedCorpora, settings: Settings, *, ahead: bool = False
) -> tuple[Path | None, str]:
    """Folder of a run, or why a change can't be run; with `ahead` its features alone are taken."""
    from ser_keras import once
    from ser_keras.report.texts import value_text

    carried_out = once.extract if ahead else once.run
    if change is None:
        return carried_out(task, loaded, settings), ""
    key, value = change
    try:
        return carried_out(task, loaded, replace(settings, choose={key: value_text(value)})), ""
    except (SerError, ValueError) as error:  # ValueError: Keras on layers that don't fit each other
        return None, one_line(error)


def _told(change: Change) -> str:
    from ser_keras.report.texts import value_text

    return f"{change[0]} = {value_text(change[1])}"


if __name__ == "__main__":
    cli.run(ablate, name="python -m ser_keras.ablate")
