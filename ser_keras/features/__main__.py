"""The features of an experiment as a table, and what is stored: `python -m ser_keras.features table|info|prune`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ser_keras import choices, cli, completion, discovery
from ser_keras.errors import PaperError
from ser_keras.experiment import Experiment, Variant

if TYPE_CHECKING:
    from ser_keras.features.inventory import Stored

cache_option = click.option(
    "--cache",
    type=cli.OUT_FOLDER,
    default=Path("runs/cache/features"),
    show_default=True,
    help="Folder of the feature store.",
)


@click.group()
@cli.debug_option
def features() -> None:
    """Extract features without training; inspect and prune the feature store."""


@features.command("table")
@click.argument("target", metavar="PAPER/EXPERIMENT", shell_complete=completion.experiments)
@cli.data_option
@click.option(
    "--out",
    type=cli.OUT_FILE,
    required=True,
    help="File to write: .csv, or .parquet if pyarrow is installed.",
)
@click.option("--variant", type=click.Choice(["described", "coded"]), help="Default: the experiment's first variant.")
@click.option("--choose", multiple=True, metavar="KEY=VALUE", help="Set a choice the paper leaves open; repeatable.")
@cli.jobs_option
@cli.cluster_option
@cache_option
@cli.debug_option
def table_command(
    target: str,
    data: Path | None,
    out: Path,
    variant: str | None,
    choose: tuple[str, ...],
    jobs: int,
    cluster: str | None,
    cache: Path,
) -> None:
    """Write one row per clip: its file, named features, emotion, speaker and corpus."""
    with cli.quiet_imports():
        from ser_keras.features import export

        experiment, chosen = _variant(target, variant)
    given = choices.resolved(experiment.choices + chosen.choices, choices.parsed(choose))
    export.check_ending(out)
    cache = cli.spread(cluster, cache, data)
    table, errors = export.table(experiment, chosen, given, data, cache, jobs=jobs)
    export.write(table, out)
    for clip, reason in errors:
        click.echo(f"left out: {clip}: {reason}", err=True)
    fed = f", of which {len(chosen.columns(given))} are fed to the network" if chosen.columns else ""
    click.echo(f"{out}: {len(table)} clips, {len(table.columns) - 4} features{fed}")


def _variant(target: str, wanted: str | None) -> tuple[Experiment, Variant]:
    paper, _, name = target.partition("/")
    experiment = discovery.load_experiment(paper, name)
    variants = {one.name: one for one in experiment.variants}
    if wanted and wanted not in variants:
        raise PaperError(f"{target} has no variant {wanted!r}; variants: {', '.join(variants)}")
    return experiment, variants[wanted] if wanted else experiment.variants[0]


@features.command("info")
@cache_option
@cli.debug_option
def info_command(cache: Path) -> None:
    """List the stores: pipeline, clips, size, last addition, and whether current versions use them."""
    from ser_keras.features import inventory

    found = inventory.stored(cache)
    for one in found:
        click.echo(_line(one))
    where = "" if found else "; name another folder with --cache"
    click.echo(f"{cache}: {len(found)} stores, {_size(sum(one.bytes for one in found))}{where}")


@features.command("prune")
@cache_option
@click.option(
    "--older-than", type=click.FloatRange(0), metavar="DAYS", help="Also remove stores not extended for DAYS days."
)
@click.option("--yes", is_flag=True, help="Remove the stores instead of only listing them.")
@cli.debug_option
def prune_command(cache: Path, older_than: float | None, yes: bool) -> None:
    """Remove stores that the current versions of ser_keras and its libraries do not use."""
    from ser_keras.features import inventory

    limit = datetime.now().astimezone() - timedelta(days=older_than) if older_than is not None else None
    found = [one for one in inventory.stored(cache) if not one.is_present or (limit and one.changed < limit)]
    for one in found:
        click.echo(_line(one))
        if yes:
            inventory.remove(one)
    size = _size(sum(one.bytes for one in found))
    stores = f"{len(found)} stores ({size})"
    click.echo(f"removed {stores}" if yes else f"would remove {stores}; pass --yes to remove them")


def _line(one: "Stored") -> str:
    use = "in use" if one.is_present else "of other versions"
    more = f", {one.superseded} superseded" if one.superseded else ""
    return f"{one.folder.name:50} {one.clips:7} clips {_size(one.bytes):>10}  {one.changed:%Y-%m-%d %H:%M}  {use}{more}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


if __name__ == "__main__":
    cli.run(features, name="python -m ser_keras.features")
