"""A paper of your own: a package that installs, registers itself, and passes its own test from the first moment on.

python -m ser_keras.scaffold.paper mine2027 --corpus ravdess
"""

from collections import Counter
from datetime import date
from pathlib import Path

import click

from ser_keras import cli, completion, discovery
from ser_keras.corpora import manifest
from ser_keras.scaffold import checked_name, write_package


@click.command("new-paper")
@click.argument("name")
@click.option(
    "--corpus",
    shell_complete=completion.corpora,
    default="emodb",
    show_default=True,
    help="Corpus of the first experiment.",
)
@click.option("--title", default="TODO: the paper's title", help="The paper's title.")
@click.option("--author", "authors", multiple=True, help="Author of the paper; repeatable.")
@click.option("--year", type=int, default=None, help="Year of the paper. Default: this year.")
@click.option("--accuracy", type=float, default=None, help="The printed accuracy in percent.")
@cli.out_option("Folder to create the package in.", ".")
@cli.debug_option
def new_paper(
    name: str, corpus: str, title: str, authors: tuple[str, ...], year: int | None, accuracy: float | None, out: Path
) -> None:
    """Write a package for a paper of your own in the folder NAME."""
    checked_name(name, (*discovery.paper_names(), "papers", "ser_keras"))
    entries = manifest.manifest(corpus).entries
    counts = Counter(entry.labels.emotion for entry in entries)
    values = {
        "corpus": corpus,
        "classes": sorted(counts),
        "clips": len(entries),
        "title": title,
        "authors": list(authors) or ["TODO"],
        "year": year or date.today().year,
        "accuracy": accuracy,
    }
    folder = write_package("paper", name, out, values, {})
    click.echo(f"{folder}: fill in what is marked TODO; then\n  pip install -e '{folder}[test]' && pytest {folder}")


if __name__ == "__main__":
    cli.run(new_paper, name="python -m ser_keras.scaffold.paper")
