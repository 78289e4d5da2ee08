"""Every model on the same clips, classes and speaker-independent folds, and trained on one corpus, tested on another.

    python -m ser_keras.compare --corpora emodb,ravdess                     all networks of all papers, and the floors
    python -m ser_keras.compare rastogi2025/mlp --corpora emodb,ravdess     one, and the floors

Finds models, has their cells computed, prints what came of it; computes nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ser_keras import cli, completion
from ser_keras.corpora import folder, manifest
from ser_keras.errors import ProtocolError
from ser_keras.recipes import is_told
from ser_keras.reproduce import CLIPS_PER_CLASS, QUICK_CLIPS_PER_CLASS, seeds, synthetic_data
from ser_keras.tasks import Settings

if TYPE_CHECKING:
    from ser_keras.comparison.models import Model

SYNTHETIC_LINE = "SYNTHETIC RECORDINGS: made by a synthesizer; the figures say nothing of speech."


def names(text: str) -> tuple[str, ...]:
    """`emodb,ravdess` → both, each once, in this order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


@click.command()
@click.argument(
    "targets",
    nargs=-1,
    metavar="[PAPER/EXPERIMENT | PAPER | egemaps-svm | majority]...",
    shell_complete=completion.models,
)
@click.option(
    "--corpora", required=True, shell_complete=completion.corpora, help="Corpora, separated by commas: emodb,ravdess."
)
@click.option(
    "--mode",
    type=click.Choice(["within", "cross", "both"]),
    default="both",
    show_default=True,
    help="within: folds of each corpus and of all merged; cross: train on one corpus, test on another.",
)
@click.option("--classes", help="Emotions, separated by commas. Default: those that all corpora share.")
@cli.data_option
@cli.runs_option("Folder for results and report.")
@cli.seeds_option(1)
@cli.jobs_option
@cli.parallel_option
@cli.cluster_option
@cli.epochs_option
@click.option(
    "--recordings",
    type=click.Choice(["real", "synthetic"]),
    default="real",
    show_default=True,
    help="Recordings to use: real ones, or synthesized.",
)
@cli.quick_option
@click.option("--force", is_flag=True, help="Compute finished results again.")
@cli.debug_option
def compare(
    targets: tuple[str, ...],
    corpora: str,
    mode: str,
    classes: str | None,
    data: Path | None,
    out: Path,
    numbers: str,
    jobs: int,
    parallel: int,
    cluster: str | None,
    epochs: int | None,
    recordings: str,
    quick: bool,
    force: bool,
) -> None:
    """Compare models on the same clips: those named (default: every distinct network) and always two baselines."""
    asked, wanted = names(corpora), names(classes or "") or None
    for name in asked:
        manifest.corpus(name)
    if not asked or (mode == "cross" and len(asked) < 2):
        raise ProtocolError(f"--mode {mode} of {len(asked)} corpora: name more with --corpora")
    wanted_seeds = seeds(numbers)
    cli.in_step(out)
    out = cli.spread(cluster, out, data)
    if recordings == "synthetic":
        click.echo(SYNTHETIC_LINE)
        data = synthetic_data(list(asked), out, QUICK_CLIPS_PER_CLASS if quick else CLIPS_PER_CLASS, jobs)
    for name in asked:
        folder.present(name, data)
    settings = Settings(out, jobs, epochs, quick=quick, force=force)
    _compared(targets, asked, wanted, mode, wanted_seeds, data, settings, parallel)
    if recordings == "synthetic":
        click.echo(SYNTHETIC_LINE)


def _compared(
    targets: tuple[str, ...],
    asked: tuple[str, ...],
    wanted: tuple[str, ...] | None,
    mode: str,
    wanted_seeds: tuple[int, ...],
    data: Path | None,
    settings: Settings,
    parallel: int,
) -> None:
    """Compute all cells, then write the report of all that are in the comparison's folder."""
    with cli.quiet_imports():
        from ser_keras import side_by_side
        from ser_keras.comparison import cells, clips, models, run
        from ser_keras.corpora import table
        from ser_keras.report import comparison, once

        chosen = {model.name: model for model in models.selected(targets)}
        place = cells.comparison_folder(settings.out, asked, wanted)
        planned = cells.planned(tuple(chosen), asked, mode, wanted_seeds)
        _made_deterministic(chosen, [cell.model for cell in planned if settings.force or not cells.exists(place, cell)])
    loaded = table.load(asked, data)
    found = clips.gathered(tuple(chosen.values()), loaded, wanted, settings.out / "cache" / "features", settings.jobs)
    counts = ", ".join(f"{name} {found.record([name])['count']}" for name in asked)
    click.echo(f"classes: {', '.join(found.classes)}; clips: {counts}; set aside: {len(found.set_aside)}")
    calls = [(cell, chosen[cell.model], found, place, settings) for cell in planned]
    with closing(side_by_side.each(run.carried_out, calls, parallel)) as done:
        for cell, place_of in zip(planned, done, strict=True):
            click.echo(f"{cell.name}: {comparison.line(comparison.read(place_of))}")
    click.echo(f"report: {once.comparison_report(place)}")


def _made_deterministic(chosen: Mapping[str, Model], to_do: Sequence[str]) -> None:
    """Before the first network computes anything, and before openSMILE has to know whether TensorFlow is beside it.

    Where no network is to be trained, or has to make its optimizer to tell it, nothing of Keras is loaded.
    """
    networks = [model for model in chosen.values() if model.variant]
    if any(model.name in to_do or not is_told(model.variant.training(model.choices)) for model in networks):
        from ser_keras import fitting

        fitting.make_deterministic()


if __name__ == "__main__":
    cli.run(compare, name="python -m ser_keras.compare")
