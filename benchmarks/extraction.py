"""Extraction: the core against the plain way and against the floor, one worker against two.

Plain way, core and floor run in turn on the same few clips, each in a process with one thread; a ratio is the median
over these turns. Times are those of the processor, which other programs on the machine hardly move; only two workers
against one is by the clock.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import workers
from ser_keras import choices, discovery
from ser_keras.corpora.table import load
from ser_keras.errors import CorpusError, SerError
from ser_keras.experiment import Choices, Variant
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import PART
from ser_keras.preparation import chosen
from ser_keras.tasks import Task

BLOCK = 8  # clips of one turn
PARTS = 12  # that workers share, or several times these
TURN_S = 10.0  # of one worker at least
CHUNK = 256  # recordings of one turn of all of them
TRANSFORMS = 3000  # of 2048 samples, in a part of them


@dataclass(frozen=True)
class Subject:
    """A pipeline with its default choices, and recordings of the corpora that its paper takes."""

    pipeline: Pipeline
    paths: tuple[str, ...]

    def some(self, clips: int) -> tuple[str, ...]:
        """So many recordings, evenly spaced over all."""
        return self.paths[:: max(len(self.paths) // clips, 1)][:clips]


def subjects(data: Path | None) -> dict[str, Subject]:
    """The pipelines of all papers by name, with the recordings that are there."""
    return _subjects(data, lambda variant, chosen: (variant.pipeline(chosen),))


def copies(data: Path | None) -> dict[str, Subject]:
    """The pipelines of all papers' altered copies, made before or after the split, likewise."""
    return _subjects(data, _altered)


def _altered(variant: Variant, chosen: Choices) -> tuple[Pipeline, ...]:
    return tuple(one for make in (variant.copies, variant.augmentation) if make for one in make(chosen, 0))


def _subjects(data: Path | None, pipelines: Callable[[Variant, Choices], tuple[Pipeline, ...]]) -> dict[str, Subject]:
    found = {}
    for experiment in (one for name in discovery.paper_names() for one in discovery.load_paper(name).experiments):
        for variant in experiment.variants:
            for pipeline in pipelines(variant, choices.resolved(experiment.choices + variant.choices, {})):
                if pipeline.name not in found:
                    paths = [path for corpus in experiment.corpora for path in _recordings(corpus, data)]
                    found[pipeline.name] = Subject(pipeline, tuple(paths))
    return found


def own_clips(name: str, data: Path | None) -> tuple[str, ...]:
    """Recordings of the clips that an experiment, PAPER/EXPERIMENT, uses: those of its classes alone.

    Raises
    ------
    CorpusError : a corpus of it is not there
    """
    paper, _, own = name.partition("/")
    experiment = discovery.load_experiment(paper, own)
    clips = load(experiment.corpora, data, optional=experiment.optional).clips
    return tuple(chosen(Task(paper, {}, {}, experiment, experiment.variants[0], 0), clips)["path"])


def _recordings(corpus: str, data: Path | None) -> list[str]:
    try:
        return list(load((corpus,), data).clips["path"])
    except SerError:
        return []


def against_reference(pools: workers.Pools, subject: Subject, clips: int, rounds: int) -> dict:
    """Clips a second of plain way, core and floor, how they compare, and where the core's time goes."""
    paths = subject.some(clips)
    blocks = [paths[start : start + BLOCK] for start in range(0, len(paths), BLOCK)]
    times = {"reference": [], "core": [], "floor": []}
    processes = {"reference": pools.plain, "core": pools.core, "floor": pools.core}
    for kind, process in processes.items():
        process.submit(workers.seconds, kind, subject.pipeline, paths[:2]).result()  # imports and caches
    for block in blocks * rounds:
        for kind, process in processes.items():
            taken = process.submit(workers.seconds, kind, subject.pipeline, block).result()
            times[kind].append(taken / len(block))
    return {
        "clips": len(paths),
        "rounds": rounds,
        "clips_a_second": {kind: round(1 / statistics.fmean(values), 1) for kind, values in times.items()},
        "times_the_reference": _median_ratio(times["reference"], times["core"]),
        "of_the_floor": _median_ratio(times["floor"], times["core"]),
        "shares": pools.core.submit(workers.shares, subject.pipeline, paths).result(),
    }


def _median_ratio(above: list[float], below: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 3)


def two_workers(pools: workers.Pools, subject: Subject, rounds: int) -> dict:
    """How many times one worker's clips two do, once running, writing to a store; and what they could do here at most.

    Each round gives the same parts to one worker, then to two, and then transforms that need neither files nor memory:
    how many times as many of them two processes do is what the machine gives (cores side by side share its clock,
    caches and other guests). Clips count from when both are at work until the first has no more to do. By the clock
    two can do no better than what other programs leave them; so it also says which share of that time both were at a
    part, and whether one beside another takes more of the processor for a clip. The one keeps to one core: Praat's
    pitch takes all that there are.
    """
    todo = workers.parts(subject.some(PART * PARTS), PART)
    rates, processors, machine, busy = {1: [], 2: []}, {1: [], 2: []}, {1: [], 2: []}, []
    with tempfile.TemporaryDirectory() as folder, workers.kept_to_one_core(pools.core):
        for executor in (pools.core, pools.both):
            list(_parts(executor, subject.pipeline, [todo[0][:2]] * 4, folder))  # imports and caches
        trial = list(_parts(pools.core, subject.pipeline, todo[:2], folder))
        todo *= max(round(TURN_S / (trial[-1].end - trial[0].start) * len(trial) / len(todo)), 1)
        for _ in range(rounds):
            for number, executor in ((1, pools.core), (2, pools.both)):
                done = list(_parts(executor, subject.pipeline, todo, folder))
                rate, share = running(done)
                rates[number].append(rate)
                processors[number].append(sum(part.processor_s for part in done))
            busy.append(share)
            for number, executor in ((1, pools.core), (2, pools.both)):
                machine[number].append(running(list(executor.map(workers.transforms, [TRANSFORMS] * 4 * PARTS)))[0])
    return {
        "times_one": _median_ratio(rates[2], rates[1]),
        "machine_times_one": _median_ratio(machine[2], machine[1]),
        "both_at_work": round(statistics.median(busy), 3),
        "processor_times_one": _median_ratio(processors[2], processors[1]),
    }


def running(done: Sequence[workers.Done]) -> tuple[float, float]:
    """Clips a second while all workers are running, and the share of their time in which they are at a part.

    They are from when the last has begun its first part until the first has ended its last one; a part that reaches
    beyond counts for what lies within.
    """
    of = {one.worker: [part for part in done if part.worker == one.worker] for one in done}
    begin = max(min(part.start for part in parts) for parts in of.values())
    end = min(max(part.end for part in parts) for parts in of.values())
    within = [(part, max(min(part.end, end) - max(part.start, begin), 0.0)) for part in done]
    clips = sum(part.clips * spent / (part.end - part.start) for part, spent in within)
    return clips / (end - begin), sum(spent for _, spent in within) / (len(of) * (end - begin))


def _parts(executor: Executor, pipeline: Pipeline, todo: list[workers.Part], folder: str) -> Iterator[workers.Done]:
    return executor.map(workers.extracted, [pipeline] * len(todo), todo, [folder] * len(todo))


def at_work(pools: workers.Pools, subject: Subject) -> None:
    """Have all processes of the pools take a clip, as they have when the start of a pipeline is measured.

    What processes share is divided among as many then.
    """
    (path,) = subject.some(1)
    everybody = (pools.plain, pools.core, pools.both, pools.both)
    for done in [executor.submit(workers.first, subject.pipeline, path) for executor in everybody]:
        done.result()


def started(subject: Subject) -> dict:
    """Seconds until two new workers each have a clip done, by the clock and of the processor; their memory then."""
    start = time.time()
    with workers.pool(2) as executor:
        paths = subject.some(2)
        done = list(executor.map(workers.first, [subject.pipeline] * len(paths), paths))
    moments, taken, memory = zip(*done, strict=True)
    return {
        "clock_s": round(max(moments) - start, 2),
        "processor_s": round(max(taken), 2),
        "worker_mb": {kind: max(used[kind] for used in memory) for kind in ("resident", "proportional")},
    }


def check_whole(subject: Subject) -> None:
    """Refuse recordings of which nothing is left for `whole` to measure.

    Raises
    ------
    CorpusError : there are too few
    """
    if len(subject.paths) <= CHUNK:
        raise CorpusError(
            f"--whole: {len(subject.paths)} recordings, and the first {CHUNK} are not measured, for they pay for "
            "imports: give --data more of them"
        )


def whole(pools: workers.Pools, subject: Subject, chunk: int = CHUNK) -> dict:
    """All recordings with two workers, the plain way and with the core, by chunks in turn."""
    clocks, clips = {"reference": 0.0, "core": 0.0}, 0
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(subject.paths), chunk):
            todo = workers.parts(subject.paths[start : start + chunk], BLOCK)
            for kind, work in (("reference", workers.plainly), ("core", workers.extracted)):
                begun = time.perf_counter()
                list(pools.both.map(work, [subject.pipeline] * len(todo), todo, [folder] * len(todo)))
                if start:  # the first chunk pays for imports
                    clocks[kind] += time.perf_counter() - begun
            clips += sum(map(len, todo)) if start else 0
    return {
        "clips": clips,
        "left_out": chunk,
        "seconds": {kind: round(value, 1) for kind, value in clocks.items()},
        "times_the_reference": round(clocks["reference"] / clocks["core"], 3),
    }
