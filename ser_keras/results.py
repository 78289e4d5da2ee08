"""What is kept of finished runs in the repository: `report.ledgers`, written from the command line.

    python -m ser_keras.results RUNS...        write results/ and README.md's table from run folders
    python -m ser_keras.results                write the tables and the figure from results/ alone

Reads stored files alone and loads no Keras.
"""

import json
from pathlib import Path

import click

from ser_keras import cli
from ser_keras.errors import RunError
from ser_keras.files import write_atomically, write_json, write_text


@click.command()
@click.argument("runs", type=Path, nargs=-1)
@cli.debug_option
def results(runs: tuple[Path, ...]) -> None:
    """Write results/ from run folders, and the tables from results/; call it in the checkout."""
    from ser_keras.report import ledgers, overview, pooling
    from ser_keras.report.runs import finished_runs, papers_with_runs

    readme = Path("README.md")
    if not readme.is_file():
        raise RunError("there is no README.md here: call this in the checkout")
    for out in runs:
        if not papers_with_runs(out):
            raise RunError(f"{out} holds no finished run: name the folder that reproduce wrote to (--out)")
    there = ledgers.stored()
    for paper in dict.fromkeys(paper for out in runs for paper in papers_with_runs(out)):
        found = [run for out in runs if paper in papers_with_runs(out) for run in finished_runs(out, paper)]
        for run in found:
            if reasons := ledgers.unlike(run.record):
                click.echo(f"left out: {run.folder}: {'; '.join(reasons)}", err=True)
        earlier = {name: one for (own, name), one in there.items() if own == paper}
        for name, ledger in ledgers.of_runs(found, earlier).items():
            path = ledgers.FOLDER / paper / f"{name}.json"
            write_json(path, ledger)
            click.echo(f"{path}: {sum(len(entry['runs']) for entry in ledger['entries'])} runs")
    for (paper, name), ledger in ledgers.stored().items():
        entries = [pooling.refreshed(entry) for entry in ledger["entries"]]
        again = json.loads(json.dumps({**ledger, "entries": entries, "line": overview.lines(entries)[0]}))
        if again != ledger:  # what is reported of the same runs has changed
            write_json(ledgers.FOLDER / paper / f"{name}.json", again)
    kept = ledgers.stored()
    write_text(readme, ledgers.with_table(readme.read_text(encoding="utf-8"), kept))
    if ledgers.TUTORIAL.is_file():
        write_text(ledgers.TUTORIAL, ledgers.with_verdict(ledgers.TUTORIAL.read_text(encoding="utf-8"), kept))
    write_text(ledgers.FOLDER / "README.md", ledgers.document(kept))
    drawing = overview.drawing(ledgers.lines(kept))
    for ending in ("png", "svg"):
        path = ledgers.FOLDER / "figures" / f"{drawing['file']}.{ending}"
        write_atomically(path, lambda place, data=drawing[ending]: place.write_bytes(data))
    click.echo(f"README.md, {ledgers.FOLDER / 'README.md'}: tables written")


if __name__ == "__main__":
    cli.run(results, name="python -m ser_keras.results")
