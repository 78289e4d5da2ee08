"""Reports of stored runs, written where something has changed: no recordings, no training, no TensorFlow.

python -m ser_keras.report runs                         all papers that have runs in the folder, and one page of them
python -m ser_keras.report runs yadav2022               one
python -m ser_keras.report runs yadav2022 --format latex   its tables, printed
python -m ser_keras.report --compare RUN_A RUN_B --out DIR   two runs side by side
"""

from pathlib import Path

import click

from ser_keras import cli, completion
from ser_keras.errors import RunError


@click.command()
@click.argument("runs", type=cli.RunsFolder(path_type=Path), required=False)
@click.argument("papers", nargs=-1, metavar="[PAPER]...", shell_complete=completion.papers)
@click.option(
    "--format",
    "form",
    type=click.Choice(["files", "latex"]),
    default="files",
    show_default=True,
    help="files: write RUNS/PAPER/report; latex: print booktabs tables.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    nargs=2,
    shell_complete=completion.runs,
    metavar="RUN_A RUN_B",
    help="Compare two run folders side by side.",
)
@cli.out_option("Folder that --compare writes to.", "comparison")
@cli.debug_option
def report(runs: Path | None, papers: tuple[str, ...], form: str, compare: tuple[Path, Path] | None, out: Path) -> None:
    """Write the outdated reports of the runs in RUNS, a folder or its URL, and a page of them all; or PAPER's alone."""
    from ser_keras.report import once
    from ser_keras.report.runs import papers_with_runs

    if compare:
        from ser_keras.report import pair

        click.echo(pair.write_pair(*compare, out))
        return
    if runs is None:
        raise click.UsageError("name the folder of the runs, or two runs with --compare")
    cli.in_step(runs, is_read=True, sends=form == "files")
    names = papers or papers_with_runs(runs)
    if not names:
        raise RunError(f"{runs} holds no finished run: name the folder that was given to reproduce as --out")
    if form == "latex":
        from ser_keras.report import latex, write

        for paper in dict.fromkeys(names):
            click.echo(latex.document(write.contents(runs, paper)[0]))
        return
    for paper in dict.fromkeys(names):
        click.echo(once.paper_report(runs, paper))
    if not papers:
        click.echo(once.summary(runs))


if __name__ == "__main__":
    cli.run(report, name="python -m ser_keras.report")
