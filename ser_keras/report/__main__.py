"""Reports of stored runs, written again: no recordings, no training, no TensorFlow.

python -m ser_keras.report runs                         all papers that have runs in the folder
python -m ser_keras.report runs yadav2022               one
python -m ser_keras.report runs yadav2022 --format latex   its tables, printed
"""

from pathlib import Path

import click

from ser_keras import cli
from ser_keras.errors import RunError


@click.command()
@click.argument("out", type=Path)
@click.argument("papers", nargs=-1, metavar="[PAPER]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["files", "latex"]),
    default="files",
    show_default=True,
    help="files: write OUT/PAPER/report; latex: print the tables, with booktabs rules.",
)
@cli.debug_option
def report(out: Path, papers: tuple[str, ...], form: str) -> None:
    """Write the reports of the runs in folder OUT; of all papers there when none is named."""
    from ser_keras.report import latex
    from ser_keras.report.runs import papers_with_runs
    from ser_keras.report.write import contents, write_report

    names = papers or papers_with_runs(out)
    if not names:
        raise RunError(f"{out} holds no finished run: name the folder that was given to reproduce as --out")
    for paper in dict.fromkeys(names):
        click.echo(write_report(out, paper) if form == "files" else latex.document(contents(out, paper)[0]))


if __name__ == "__main__":
    cli.run(report, name="python -m ser_keras.report")
