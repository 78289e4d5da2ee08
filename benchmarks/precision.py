"""`python -m benchmarks.precision RUNS…`: what bfloat16 does to the accuracy of stored runs, beside what seeds do.

Runs are paired by seed: same split, same start, same order of examples.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

import click

from ser_keras import cli
from ser_keras.errors import RunError
from ser_keras.files import write_json
from ser_keras.report.runs import Run, changed_choices, finished_runs, papers_with_runs, precision

FOUND = Path(__file__).with_name("found") / "precision.json"


def paired(runs: Sequence[Run]) -> dict:
    """Accuracies in float32 and bfloat16 by seed, and the differences of those seeds that have both, in points.

    Parameters
    ----------
    runs : of one experiment, variant and protocol, with our choices

    Raises
    ------
    RunError : fewer than two seeds in float32, or no seed in both
    """
    found: dict[str, dict[int, float]] = {"float32": {}, "bfloat16": {}}
    for run in runs:
        right = [true == predicted for true, predicted in zip(run.y_true, run.y_pred, strict=True)]
        found[precision(run.record["training"])][run.record["seed"]] = statistics.fmean(right)
    usual, short = found["float32"], found["bfloat16"]
    both = sorted(usual.keys() & short.keys())
    if len(usual) < 2 or not both:
        raise RunError(
            f"{len(usual)} seeds in float32, {len(both)} of them in bfloat16 as well: train two and one at least, with "
            "--seeds and --precision bfloat16"
        )
    return {
        "accuracy": {name: dict(sorted(ones.items())) for name, ones in found.items()},
        "float32_mean": statistics.fmean(usual.values()),
        "float32_std": statistics.stdev(usual.values()),
        "points": {seed: 100 * (short[seed] - usual[seed]) for seed in both},
        "test_clips": len(runs[0].clips),
        "commits": sorted({run.record["provenance"]["commit"] for run in runs}),
    }


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--experiment", default="yadav2022/emodb", show_default=True, metavar="PAPER/EXPERIMENT")
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(folders: tuple[Path, ...], experiment: str, out: Path) -> None:
    """Compare runs in bfloat16 and in float32, of the described variant under the published protocol."""
    paper, name = experiment.split("/")
    place = ("described", "published", name)
    runs = [
        run
        for folder in folders
        if paper in papers_with_runs(folder)
        for run in finished_runs(folder, paper)
        if tuple(run.record[key] for key in ("variant", "protocol", "experiment")) == place
        and not changed_choices(run.record)
    ]
    found = {"experiment": experiment, **paired(runs)}
    write_json(out, found)
    click.echo("\n".join([*(f"{key}: {value}" for key, value in found.items()), str(out)]))


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.precision")
