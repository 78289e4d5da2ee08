"""The main command: finds papers, has their experiments run, prints what came of it; computes nothing itself.

    python -m ser_keras.reproduce                  what there is, with the published figures
    python -m ser_keras.reproduce yadav2022/emodb  one experiment, run to its report

Listing loads no Keras, librosa or NumPy; they are imported when there is something to run.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import click

from ser_keras import choices, cli, completion, discovery
from ser_keras.corpora import folder
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import CorpusError, PaperError
from ser_keras.experiment import Experiment, Variant
from ser_keras.listing import listing, percent
from ser_keras.report.runs import read
from ser_keras.tasks import PRECISIONS, Settings, Task

SYNTHETIC_LINE = "SYNTHETIC RECORDINGS: made by a synthesizer; the figures are not comparable with the paper."
QUICK_CLIPS_PER_CLASS = 8
CLIPS_PER_CLASS = 40


def selected(targets: tuple[str, ...]) -> list[tuple[str, str]]:
    """(paper, experiment) pairs that targets name: `PAPER`, `PAPER/EXPERIMENT` or `all`; each once, in order.

    Raises
    ------
    PaperError : an unknown paper or experiment
    """
    chosen: dict[tuple[str, str], None] = {}
    for target in targets:
        paper, _, experiment = target.partition("/")
        for name in discovery.paper_names() if target == "all" else (paper,):
            known = list(discovery.published(name)["results"])
            if experiment and experiment not in known:
                raise PaperError(f"{name} has no experiment {experiment!r}; experiments: {', '.join(known)}")
            chosen.update(dict.fromkeys((name, one) for one in ([experiment] if experiment else known)))
    return list(chosen)


def seeds(text: str) -> tuple[int, ...]:
    """`3` → seeds 0, 1, 2; `0,5,7` → these, each once; a single seed N alone is written `N,`."""
    try:
        numbers = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if "," not in text and numbers:
        numbers = tuple(range(numbers[0]))
    if not numbers or min(numbers) < 0:
        raise click.BadParameter(f"{text!r} is neither a number of seeds (3) nor a list of them (0,5,7)")
    return tuple(dict.fromkeys(numbers))


@click.command()
@click.argument(
    "targets", nargs=-1, metavar="[PAPER | PAPER/EXPERIMENT | all]...", shell_complete=completion.targets_or_all
)
@click.option(
    "--variant",
    type=click.Choice(["described", "coded", "both"]),
    help="The paper's text or its authors' code. Default: the one the published result comes from (for all: both).",
)
@cli.protocol_option
@cli.data_option
@cli.runs_option("Folder for runs and reports.")
@cli.seeds_option(1)
@cli.jobs_option
@cli.parallel_option
@cli.devices_option
@cli.cluster_option
@cli.epochs_option
@click.option("--choose", multiple=True, metavar="KEY=VALUE", help="Set a choice the paper leaves open; repeatable.")
@click.option(
    "--corpora",
    type=click.Choice(["real", "synthetic", "auto"]),
    default="real",
    show_default=True,
    help="Recordings to use; auto: synthetic ones, with --quick, if no real ones are found.",
)
@click.option(
    "--weights",
    type=click.Choice(["trained", "published"]),
    default="trained",
    show_default=True,
    help="published: evaluate the authors' own weights instead of training.",
)
@click.option(
    "--weights-folder",
    type=Path,
    help="Folder with the authors' files, in one folder per paper. Default: DATA/published-weights.",
)
@cli.quick_option
@click.option("--force", is_flag=True, help="Train finished runs again.")
@click.option("--strict", is_flag=True, help="Stop at a recording that cannot be used instead of excluding it.")
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="float32",
    show_default=True,
    help="Compute precision. bfloat16 is faster but not what the papers used; such runs are stored and averaged "
    "separately.",
)
@click.option("--log", type=click.Choice(["tensorboard"]), help="Also write the learning curves to OUT/logs.")
@cli.debug_option
def reproduce(
    targets: tuple[str, ...],
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
    choose: tuple[str, ...],
    corpora: str,
    weights: str,
    weights_folder: Path | None,
    quick: bool,
    force: bool,
    strict: bool,
    precision: str,
    log: str | None,
) -> None:
    """Reproduce published results; without arguments, list papers, published accuracies and available corpora."""
    if not targets:
        click.echo(listing(data))
        return
    cli.check_shared(devices, parallel)
    pairs, wanted_seeds, chosen = selected(targets), seeds(numbers), choices.parsed(choose)
    cli.in_step(out)
    out = cli.spread(cluster, out, data)
    if corpora == "auto" and not any(folder.find(name, data) for name in needed_corpora(pairs)):
        corpora, quick = "synthetic", True
    if corpora == "synthetic":
        click.echo(SYNTHETIC_LINE)
        data = synthetic_data(needed_corpora(pairs), out, QUICK_CLIPS_PER_CLASS if quick else CLIPS_PER_CLASS, jobs)
    elif not chosen:  # else the choices come first, which are known with the rooms alone
        folder.require_one(needed_corpora(pairs), data)
    settings = Settings(
        out=out,
        jobs=jobs,
        epochs=epochs,
        choose=chosen,
        quick=quick,
        force=force,
        strict=strict,
        log=log is not None,
        precision=precision,
        devices=devices,
    )
    if weights == "published":
        settings = replace(settings, weights=weights_folder or folder.data_folder(data) / "published-weights")
    variant = variant or ("both" if "all" in targets else None)
    missing = _run_all(pairs, variant, protocol, wanted_seeds, data, settings, parallel)
    if corpora == "synthetic":
        click.echo(SYNTHETIC_LINE)
    if missing:
        raise CorpusError("; ".join(missing))


def needed_corpora(pairs: list[tuple[str, str]]) -> list[str]:
    """Names of the corpora of experiments, each once."""
    return list(dict.fromkeys(name for pair in pairs for name in _entry(*pair)["corpora"]))


def _entry(paper: str, experiment: str) -> dict:
    return discovery.published(paper)["results"][experiment]


def synthetic_data(needed: list[str], out: Path, clips_per_class: int, jobs: int) -> Path:
    """A data folder with synthetic recordings of every needed corpus, made if need be."""
    from ser_keras.corpora.synthetic import synthesize

    data = out / "cache" / f"synthetic-{clips_per_class}"
    for name in needed:
        synthesize(name, data, clips_per_class=clips_per_class, seed=0, jobs=jobs)
    return data


def _run_all(
    pairs: list[tuple[str, str]],
    variant: str | None,
    protocol: str,
    wanted_seeds: tuple[int, ...],
    data: Path | None,
    settings: Settings,
    parallel: int,
) -> list[str]:
    """Run every experiment whose corpora are there and report each paper; gives a line for each corpus that is not."""
    with cli.quiet_imports():
        from ser_keras import once, side_by_side
        from ser_keras.corpora import table
        from ser_keras.report import once as reports

        tasks = tasks_of(pairs, variant, protocol, wanted_seeds)
    known = dict.fromkeys(choice.key for task in tasks for choice in task.choices)
    unknown = sorted(set(settings.choose) - set(known))
    if unknown:
        told = f"theirs are {', '.join(known)}" if known else "they have no choices"
        raise PaperError(f"{unknown[0]!r} is a choice of none of these experiments; {told}")
    notes = dict.fromkeys(_other_variant(task, variant) for task in tasks if variant not in (None, "both"))
    missing, pages, todo = {}, {}, []
    load = cache(partial(table.load, data=data))  # looks through the folders once for all variants and seeds
    for task in tasks:
        try:
            corpora = load(task.experiment.corpora, optional=task.experiment.optional)
        except CorpusError as error:
            missing[str(error)] = None
            continue
        notes |= dict.fromkeys(_lacking(task, corpora))
        own = {choice.key for choice in task.choices}
        chosen = {key: value for key, value in settings.choose.items() if key in own}
        choices.resolved(task.choices, chosen)  # a wrong value is told before anything is trained
        todo.append((task, corpora, replace(settings, choose=chosen)))
    waiting = sum(once.finished_run(*one) is None for one in todo) if parallel > 1 else 1
    runs, folds = side_by_side.shared(parallel, waiting, protocol)
    todo = [(task, corpora, replace(own, parallel=folds)) for task, corpora, own in todo]
    for line in filter(None, notes):
        click.echo(f"note: {line}", err=True)
    with closing(side_by_side.each(once.run, todo, runs, ahead=once.extract)) as done:
        for (task, *_), run_folder in zip(todo, done, strict=True):
            click.echo(result_line(task, run_folder))
            pages[task.paper] = reports.paper_report(settings.out, task.paper)
    for page in pages.values():
        click.echo(f"report: {page}")
    if len(pages) > 1:
        click.echo(f"all of them on one page: {reports.summary(settings.out)}")
    return list(missing)


def _other_variant(task: Task, wanted: str) -> str:
    """That another variant is run than was asked for; "" where it is the one."""
    if task.variant.name == wanted:
        return ""
    return f"{task.paper}/{task.experiment.name} has no variant {wanted}: what the text describes is run"


def _lacking(task: Task, corpora: LoadedCorpora) -> Iterator[str]:
    """What of an experiment's real corpora is not there, a clause each."""
    for name, state in corpora.reports.items():
        if state.clips < state.expected and not state.synthetic:
            yield f"{name} is not complete: {state.clips} of its {state.expected} clips are there"
    for name in task.experiment.corpora:
        if name not in corpora.reports:
            yield f"{name} is not there: {task.paper}/{task.experiment.name} is run without it"


def tasks_of(
    pairs: list[tuple[str, str]], variant: str | None, protocol: str, wanted_seeds: tuple[int, ...]
) -> list[Task]:
    """The tasks of experiments, one a variant and seed."""
    from ser_keras.evaluation import claims

    tasks = []
    for paper, name in pairs:
        printed = discovery.published(paper)
        citation = {key: printed[key] for key in ("title", "authors", "year")}
        citation["slips"] = [str(slip) for slip in claims.slips(printed)]
        experiment = discovery.load_experiment(paper, name)
        tasks += [
            Task(paper, citation, printed["results"][name], experiment, one, seed, protocol)
            for one in variants_of(experiment, variant)
            for seed in wanted_seeds
        ]
    return tasks


def variants_of(experiment: Experiment, wanted: str | None) -> tuple[Variant, ...]:
    """The variants that are asked for; the first where none is, and where an experiment has but one."""
    if wanted == "both":
        return experiment.variants
    return tuple(one for one in experiment.variants if one.name == wanted) or experiment.variants[:1]


def result_line(task: Task, run_folder: Path) -> str:
    """One line of what a run came to, read from its folder."""
    from ser_keras.evaluation import metrics

    run = read(run_folder)
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, run.record["classes"])
    return (
        f"{task.name}: accuracy {100 * metrics.accuracy(confusion):.2f} % (published {percent(task.published)}), "
        f"UAR {100 * metrics.uar(confusion):.2f} %, {len(run.clips)} test clips, "
        f"{run.record['training']['epochs_run']} epochs, {run.record['durations']['total_s']:.0f} s"
    )


if __name__ == "__main__":
    cli.run(reproduce, name="python -m ser_keras.reproduce")
