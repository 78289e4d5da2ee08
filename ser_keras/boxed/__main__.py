"""Make the model that comes with the package.

python -m ser_keras.boxed build --data my_corpora
"""

from pathlib import Path

import click

from ser_keras import cli
from ser_keras.tasks import Settings

TARGET = Path(__file__).parent / "cremad"


@click.group()
def boxed() -> None:
    """The bundled model."""


@boxed.command()
@click.option("--data", type=Path, help="Folder of corpora with CREMA-D. Default: $SER_KERAS_DATA, or the cache.")
@click.option(
    "--out", type=cli.OUT_FOLDER, default=Path("runs/boxed"), show_default=True, help="Folder for runs and features."
)
@click.option("--target", type=cli.OUT_FOLDER, default=TARGET, show_default=True, help="Folder to write the model to.")
@click.option("--seeds", "count", type=click.IntRange(1), default=3, show_default=True, help="Runs per candidate.")
@click.option("--jobs", type=cli.Jobs(), default=-1, show_default=True, help="Worker processes; -1: one per core.")
@click.option("--quick", is_flag=True, help="Few epochs: a check that it works, not a model to ship.")
@cli.debug_option
def build(data: Path | None, out: Path, target: Path, count: int, jobs: int, quick: bool) -> None:
    """Train small networks on CREMA-D and keep the best one on validation speakers, with its model card."""
    with cli.quiet_imports():
        from ser_keras.boxed.build import CORPUS
        from ser_keras.boxed.build import build as built
        from ser_keras.corpora.table import load
    settings = Settings(out=out, jobs=jobs, quick=quick)
    click.echo(built(load([CORPUS], data), settings, target, range(count)))


if __name__ == "__main__":
    cli.run(boxed, name="python -m ser_keras.boxed")
