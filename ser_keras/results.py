"""What is kept of finished runs in the repository: one small JSON a paper, and the README's table, both generated.

    python -m ser_keras.results RUNS           write results/PAPER.json and README.md from run folders
    python -m ser_keras.results                write README.md from results/ alone

Runs on synthetic or incomplete corpora, quick ones and those with changed choices are left out: they are not
comparable with a paper. Reads stored files alone; loads no Keras.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean, stdev

import click

from ser_keras import cli, discovery
from ser_keras.errors import RunError
from ser_keras.evaluation import metrics, printed
from ser_keras.files import write_json, write_text
from ser_keras.report.runs import Run, finished_runs, papers_with_runs
from ser_keras.tasks import PUBLISHED

BEGIN = "<!-- results: written by `make results` from stored runs -->"
END = "<!-- end of results -->"
ALMOST = 0.999  # share of a corpus's clips that must be there: copies of TESS lack two, which moves nothing
UNHEARD = "speaker-independent"  # the protocol of the table's last column
KEPT = (
    "classes",
    "summary",
    "choices",
    "corpora",
    "set_aside",
    "split",
    "training",
    "provenance",
    "durations",
    "finished",
)


def comparable(record: dict) -> bool:
    """Whether a run may stand beside its paper: (almost) all clips, all real, all choices ours, the whole recipe."""
    corpora = record["corpora"].values()
    whole = all(one["clips"] >= ALMOST * one["expected"] and not one["synthetic"] for one in corpora)
    ours = all(choice["value"] == choice["default"] for choice in record["choices"])
    limit = next((choice["value"] for choice in record["choices"] if choice["key"] == "epochs"), None)
    held = limit is not None and record["training"].get("epochs_limit", limit) < limit
    trained = record.get("weights", "trained") == "trained"
    return whole and ours and trained and not held and not record["quick"] and not record.get("missing_corpora")


def entry(run: Run) -> dict:
    """What is kept of one run: its figures, and all of its record that figures depend on or that says where from."""
    record = run.record
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, record["classes"])
    named = {key: record[key] for key in ("experiment", "variant", "protocol", "seed")}
    figures = {"accuracy": metrics.accuracy(confusion), "uar": metrics.uar(confusion), "confusion": confusion.tolist()}
    return {**named, **figures, **{key: record[key] for key in KEPT if key in record}}


def table(ledgers: Iterable[dict]) -> Iterator[str]:
    """The README's table, line by line: every published experiment, and what our stored runs came to."""
    ledgers = list(ledgers)
    yield "| experiment | published | reproduced (mean ± sd) | runs | UAR | test clips | unheard speakers |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for ledger in ledgers:
        for name, result in discovery.published(ledger["paper"])["results"].items():
            runs = [run for run in ledger["runs"] if run["experiment"] == name]
            variants = dict.fromkeys(run["variant"] for run in runs) or [""]
            for variant in variants:
                same = [run for run in runs if run["variant"] == variant and run["protocol"] == PUBLISHED]
                unheard = [run for run in runs if run["variant"] == variant and run["protocol"] == UNHEARD]
                told = f" ({variant})" if variant and (len(variants) > 1 or variant != "described") else ""
                yield _row(f"{ledger['paper']}/{name}{told}", result, same, unheard)
    lacking = {
        f"{name} lacks {corpus['expected'] - corpus['clips']} of {corpus['expected']} clips"
        for ledger in ledgers
        for run in ledger["runs"]
        for name, corpus in run["corpora"].items()
        if corpus["clips"] < corpus["expected"]
    }
    if lacking:
        yield ""
        yield f"In these runs {'; '.join(sorted(lacking))}."


def _row(name: str, result: dict, runs: list[dict], unheard: list[dict]) -> str:
    value, form = printed.accuracy(result)
    published = f"{form.text(value)} %" if form.scale == 100 else f"{100 * value:.2f} %"
    apart = _spread([100 * run["accuracy"] for run in unheard]) if unheard else ""
    if not runs:
        return f"| {name} | {published} | not run | 0 | | | {apart} |"
    accuracies, uars = ([100 * run[key] for run in runs] for key in ("accuracy", "uar"))
    clips = {sum(map(sum, run["confusion"])) for run in runs}
    tested = ", ".join(map(str, sorted(clips)))
    return f"| {name} | {published} | {_spread(accuracies)} | {len(runs)} | {_spread(uars)} | {tested} | {apart} |"


def _spread(percents: list[float]) -> str:
    if len(percents) == 1:
        return f"{percents[0]:.2f} %"
    return f"{mean(percents):.2f} ± {stdev(percents):.2f} %"


def with_table(readme: str, ledgers: Iterable[dict]) -> str:
    """The README with its table written anew between the two markers.

    Raises
    ------
    RunError : a marker is missing
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise RunError(f"README.md lacks the lines {BEGIN!r} and {END!r}: put them back where the table belongs")
    before, _, rest = readme.partition(BEGIN)
    return "\n".join([before + BEGIN, *table(ledgers), END + rest.partition(END)[2]])


def stored(folder: Path) -> list[dict]:
    """The ledgers in a folder, one a paper."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


@click.command()
@click.argument("runs", type=Path, required=False)
@cli.debug_option
def results(runs: Path | None) -> None:
    """Write results/ from the folder RUNS, and README.md's table from results/, in the checkout that is here."""
    readme = Path("README.md")
    if not readme.is_file():
        raise RunError("there is no README.md here: call this in the checkout")
    known = papers_with_runs(runs) if runs else ()
    for paper in discovery.paper_names():
        path = Path("results") / f"{paper}.json"
        found = [run for run in finished_runs(runs, paper) if comparable(run.record)] if paper in known else []
        if found or (not path.exists() and (Path("papers") / paper).is_dir()):
            write_json(path, {"paper": paper, "runs": [entry(run) for run in found]})
            click.echo(f"{path}: {len(found)} runs")
    write_text(readme, with_table(readme.read_text(encoding="utf-8"), stored(Path("results"))))
    click.echo("README.md: table written")


if __name__ == "__main__":
    cli.run(results, name="python -m ser_keras.results")
