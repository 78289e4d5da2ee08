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
    """The model that comes with the package."""


@boxed.command()
@click.option("--data", type=Path, help="Folder of corpora with CREMA-D; else SER_KERAS_DATA, else the cache folder.")
@click.option("--out", type=Path, default=Path("runs/boxed"), show_default=True, help="Folder for runs and features.")
@click.option("--target", type=Path, default=TARGET, show_default=True, help="Folder to write the model into.")
@click.option("--seeds", "count", type=click.IntRange(1), default=3, show_default=True, help="Trainings a candidate.")
@click.option("--jobs", type=int, default=-1, show_default=True, help="Worker processes; -1: one a core.")
@click.option("--quick", is_flag=True, help="A few epochs: to see that it works, not for a model to ship.")
@cli.debug_option
def build(data: Path | None, out: Path, target: Path, count: int, jobs: int, quick: bool) -> None:
    """Train small networks on CREMA-D and keep the one that does best on validation speakers, with its card."""
    with cli.quiet_imports():
        from ser_keras.boxed.build import CORPUS
        from ser_keras.boxed.build import build as built
        from ser_keras.corpora.table import load
    settings = Settings(out=out, jobs=jobs, quick=quick)
    click.echo(built(load([CORPUS], data), settings, target, range(count)))


if __name__ == "__main__":
    cli.run(boxed, name="python -m ser_keras.boxed")
