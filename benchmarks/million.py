"""`python -m benchmarks.million`: what extracting very many clips takes on a cluster, worked out from a few.

Each pipeline is run over the same few recordings by one process with one thread, and its time of the processor is
taken; a Dask scheduler with two workers is given parts with nothing to do, and its time for each is taken. The cluster
needs the longer of both: its cores compute side by side, and one scheduler serves them all. What was measured, and on
which machine, is in `benchmarks/found/million.json`; `benchmarks.write` makes the table of docs/howto/cluster.md of it.
"""

import os
import statistics
import time
from pathlib import Path

import click

from benchmarks.machine import five_minute_load
from ser_keras import cli
from ser_keras.errors import CorpusError
from ser_keras.features.store import PART, Recording
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found") / "million.json"
HEAD = f"{'pipeline':32}{'clips/s/core':>13}{'core hours':>12}{'hours':>8}{'store GB':>10}"


def estimated(seconds: float, values: int, clips: int, cores: int, scheduling_s: float) -> dict[str, float]:
    """What so many clips take.

    Parameters
    ----------
    seconds : of one core, a clip
    values : bytes that are stored, a clip
    scheduling_s : of the scheduler, a part
    """
    core_hours, scheduler_hours = seconds * clips / 3600, scheduling_s * clips / PART / 3600
    return {
        "clips_a_second_of_a_core": round(1 / seconds, 1),
        "core_hours": round(core_hours, 2),
        "hours": round(max(core_hours / cores, scheduler_hours), 3),
        "store_gb": round(values * clips / 1e9, 1),
    }


@click.command()
@cli.data_option
@click.option("--clips", type=click.IntRange(1), default=1_000_000, show_default=True, help="Number of clips.")
@click.option("--cores", type=click.IntRange(1), default=64, show_default=True, help="Number of cores of the cluster.")
@click.option(
    "--sample", type=click.IntRange(2), default=32, show_default=True, help="Number of recordings to measure."
)
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(data: Path | None, clips: int, cores: int, sample: int, out: Path) -> None:
    """Measure each paper's pipeline on a few real recordings and extrapolate to many clips."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    with cli.quiet_imports():
        from ser_keras.provenance import provenance

        scheduling_s = _scheduling_s()
        pipelines = _pipelines(data, sample)
    if not pipelines:
        raise CorpusError("no recordings of any paper's corpora: name the folder that holds them with --data")
    where = provenance()
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware")}
    found |= {"clips": clips, "cores": cores, "part": PART, "scheduling_ms_a_part": round(1000 * scheduling_s, 2)}
    found["pipelines"] = {}
    click.echo(
        f"{clips} clips on {cores} cores; the scheduler takes {1000 * scheduling_s:.1f} ms a part of {PART} clips"
    )
    click.echo(HEAD)
    for name, (pipeline, recordings) in sorted(pipelines.items()):
        one = estimated(*_measured(pipeline, recordings), clips, cores, scheduling_s)
        found["pipelines"][name] = {"recordings": len(recordings) - 1, **one}
        click.echo(
            f"{name:32}{one['clips_a_second_of_a_core']:13.1f}{one['core_hours']:12.1f}{one['hours']:8.2f}{one['store_gb']:10.1f}"
        )
    found["load"] = five_minute_load()
    write_json(out, found)
    click.echo(out)


def _pipelines(data: Path | None, sample: int) -> dict[str, tuple]:
    """Name → pipeline with its paper's own choices, and recordings spread evenly over the paper's corpora."""
    from ser_keras import choices, discovery
    from ser_keras.corpora import folder, table

    found = {}
    for paper in discovery.paper_names():
        for experiment in discovery.load_paper(paper).experiments:
            variant = experiment.variants[0]
            pipeline = variant.pipeline(choices.resolved(experiment.choices + variant.choices, {}))
            there = [name for name in experiment.corpora if folder.find(name, data)]
            if there and pipeline.name not in found:
                clips = table.load(there, data).clips[["clip", "path"]].values.tolist()
                found[pipeline.name] = pipeline, clips[:: max(len(clips) // sample, 1)][:sample]
    return {name: one for name, one in found.items() if len(one[1]) > 1}  # the first loads libraries


def _scheduling_s() -> float:
    """Seconds of the processor that command and scheduler take for a part with nothing to do."""
    import distributed
    import joblib

    parts = [
        [Recording(f"corpus/clip-{number}.wav", f"/shared/data/corpus/clip-{number}.wav")] * PART
        for number in range(512)
    ]
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local,
        distributed.Client(local) as client,
        joblib.parallel_config(backend="dask", client=client),
    ):
        workers = joblib.Parallel(batch_size=1)
        workers(joblib.delayed(len)(part) for part in parts[:64])
        start = time.process_time()  # of the command and the scheduler; the workers are processes of their own
        workers(joblib.delayed(len)(part) for part in parts)
        return (time.process_time() - start) / len(parts)


def _measured(pipeline, recordings) -> tuple[float, int]:
    """Mean seconds of the processor a clip, after a first one that loads libraries, and bytes a clip."""
    (clip, path), *others = recordings
    size, each = pipeline.array(path, clip).nbytes, []
    for clip, path in others:
        start = time.process_time()
        pipeline.array(path, clip)
        each.append(time.process_time() - start)
    return statistics.fmean(each), size


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.million")
