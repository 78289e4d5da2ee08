"""The features of an experiment as a table: `python -m ser_keras.features table rastogi2025/mlp --out features.csv`."""

from pathlib import Path

import click

from ser_keras import choices, cli, discovery
from ser_keras.errors import PaperError
from ser_keras.experiment import Experiment, Variant


@click.group()
@cli.debug_option
def features() -> None:
    """Take the features of recordings without training on them."""


@features.command("table")
@click.argument("target", metavar="PAPER/EXPERIMENT")
@cli.data_option
@click.option("--out", type=Path, required=True, help="File to write: .csv, or .parquet where pyarrow is installed.")
@click.option("--variant", type=click.Choice(["described", "coded"]), help="Else the experiment's first.")
@click.option("--choose", multiple=True, metavar="KEY=VALUE", help="Set what the paper leaves open; may be repeated.")
@cli.jobs_option
@click.option(
    "--cache", type=Path, default=Path("runs/cache/features"), show_default=True, help="Folder of the feature store."
)
@cli.debug_option
def table_command(
    target: str, data: Path | None, out: Path, variant: str | None, choose: tuple[str, ...], jobs: int, cache: Path
) -> None:
    """Write one row a clip: its file, its features by their names, emotion, speaker and corpus."""
    with cli.quiet_imports():
        from ser_keras.features import export

        experiment, chosen = _variant(target, variant)
    given = choices.resolved(experiment.choices + chosen.choices, choices.parsed(choose))
    export.check_ending(out)
    table, errors = export.table(experiment, chosen, given, data, cache, jobs=jobs)
    export.write(table, out)
    for clip, reason in errors:
        click.echo(f"left out: {clip}: {reason}", err=True)
    click.echo(f"{out}: {len(table)} clips, {len(table.columns) - 4} features")


def _variant(target: str, wanted: str | None) -> tuple[Experiment, Variant]:
    paper, _, name = target.partition("/")
    known = {one.name: one for one in discovery.load_paper(paper).experiments}
    if name not in known:
        raise PaperError(f"{paper} has no experiment {name!r}; experiments: {', '.join(known)}")
    experiment = known[name]
    variants = {one.name: one for one in experiment.variants}
    if wanted and wanted not in variants:
        raise PaperError(f"{target} has no variant {wanted!r}; variants: {', '.join(variants)}")
    return experiment, variants[wanted] if wanted else experiment.variants[0]


if __name__ == "__main__":
    cli.run(features, name="python -m ser_keras.features")
