"""`python -m benchmarks`: what extraction takes, as ratios measured in one run, as a table and as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.machine import five_minute_load
from ser_keras import cli
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found")
STORED = 10_898  # clips of rastogi2025
WHOLE, WHOLE_PIPELINE = "rastogi2025/mlp", "rastogi2025-acoustic"
HEAD = "clips per second, one core        plain   core  bound  core/plain  core/bound  2 workers  machine     busy"


@click.command()
@cli.data_option
@click.option(
    "--clips", type=click.IntRange(16), default=96, show_default=True, help="Number of recordings per pipeline."
)
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Number of turns over the recordings."
)
@click.option(
    "--only",
    multiple=True,
    metavar="PIPELINE",
    help="Pipeline to measure, keeping the others' results; repeatable. Default: all.",
)
@click.option("--whole", is_flag=True, help="Also measure all clips of rastogi2025/mlp, with two workers.")
@click.option("--out", type=Path, default=FOUND / "extraction.json", show_default=True, help="JSON file to write.")
@cli.debug_option
def main(data: Path | None, clips: int, rounds: int, only: tuple[str, ...], whole: bool, out: Path) -> None:
    """Measure extraction: the plain implementation, the core, the lower bound, and two workers against one.

    Of augmented copies, only how new workers start.
    """
    with cli.quiet_imports():
        from benchmarks import extraction, reading, workers
        from ser_keras.provenance import provenance

        subjects, copies = extraction.subjects(data), extraction.copies(data)
    names = (*sorted(subjects), *sorted(copies))
    if unknown := set(only) - set(names):
        raise click.BadParameter(f"no pipeline {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if whole:  # asked before what takes long
        everything = replace(subjects[WHOLE_PIPELINE], paths=extraction.own_clips(WHOLE, data))
        extraction.check_whole(everything)
    where = provenance()
    found = {"pipelines": {}}
    if only and out.exists():
        found = json.loads(out.read_text(encoding="utf-8"))
    found |= {key: where[key] for key in ("python", "packages", "hardware")}
    for kind, shape in reading.SHAPES.items():
        one = found.setdefault("store", {})[kind] = reading.reopened(shape, STORED)
        click.echo(f"store of {kind}: {one}")
    click.echo(HEAD)
    with workers.pools() as pools:
        for name in only or names:
            subject, kind = (subjects[name], "pipelines") if name in subjects else (copies[name], "copies")
            if len(subject.paths) < 2:
                click.echo(f"{name:32}no recordings")
                continue
            one = {"commit": where["commit"]}
            if kind == "pipelines":
                one |= extraction.against_reference(pools, subject, clips, rounds)
                one["two_workers"] = extraction.two_workers(pools, subject, rounds)
            else:
                extraction.at_work(pools, subject)
            one["start"] = extraction.started(subject)
            one["load"] = five_minute_load()
            found.setdefault(kind, {})[name] = one
            click.echo(f"{name:32}{row(one) if kind == 'pipelines' else start_row(one['start'])}")
            write_json(out, found)  # what is measured stays where the rest is not waited for
        if whole:
            found["whole"] = {WHOLE_PIPELINE: {"experiment": WHOLE, **extraction.whole(pools, everything)}}
            click.echo(f"all clips, two workers: {found['whole']}")
    write_json(out, found)
    click.echo(out)


def row(one: dict) -> str:
    """A pipeline's figures in the columns of the table."""
    rates = "".join(f"{value:7.0f}" for value in one["clips_a_second"].values())
    both = one["two_workers"]
    ratios = f"{one['times_the_reference']:12.2f}{one['of_the_floor']:12.2f}{both['times_one']:11.2f}"
    ratios += f"{both['machine_times_one']:9.2f}"
    return f"{rates}{ratios}{both['both_at_work']:9.0%}"


def start_row(start: dict) -> str:
    """How soon new workers have an altered copy done, and what they take."""
    return f"first clip after {start['clock_s']:.2f} s, worker of {start['worker_mb']['resident']} MB"


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks")
