"""What worker processes do for the benchmarks; it imports no more than the store's own workers do."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib.externals.loky import ProcessPoolExecutor

from ser_keras import memory
from ser_keras.cores import own_core
from ser_keras.features import store
from ser_keras.features.pipeline import Pipeline

ENVIRONMENT = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
Part = list[tuple[store.Recording, tuple]]


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes as the store's, of one thread each."""
    with ProcessPoolExecutor(max_workers=workers, env=ENVIRONMENT) as executor:
        yield executor


@dataclass(frozen=True)
class Pools:
    """One process for the plain way, one for core and floor, and two that share work."""

    plain: ProcessPoolExecutor
    core: ProcessPoolExecutor
    both: ProcessPoolExecutor


@contextmanager
def pools() -> Iterator[Pools]:
    """Those that all measurements of a run share."""
    with pool(1) as plain, pool(1) as core, pool(2) as both:
        yield Pools(plain, core, both)


@contextmanager
def kept_to_one_core(executor: ProcessPoolExecutor) -> Iterator[None]:
    """Within, a pool's one process and its threads stay on one core (Linux)."""
    cores = executor.submit(os.sched_getaffinity, 0).result()
    executor.submit(os.sched_setaffinity, 0, {min(cores)}).result()
    try:
        yield
    finally:
        executor.submit(os.sched_setaffinity, 0, cores).result()


def parts(paths: tuple[str, ...], clips: int) -> list[Part]:
    """Recordings in parts of so many, as the store takes them."""
    todo = [(one, store._key(one)) for one in (store.Recording(path, path) for path in paths)]
    return [todo[start : start + clips] for start in range(0, len(todo), clips)]


def seconds(kind: str, pipeline: Pipeline, paths: tuple[str, ...]) -> float:
    """Seconds of the processor that recordings take, the plain way ("reference"), with the "core" or at the "floor"."""
    if kind != "reference":
        memory.keep_freed()  # as every worker does
    work = _work(kind, pipeline, paths)
    start = time.process_time()
    for path in paths:
        work(path)
    return time.process_time() - start


def _work(kind: str, pipeline: Pipeline, paths: tuple[str, ...]) -> Callable[[str], object]:
    if kind == "core":
        return lambda path: pipeline.array(path, path)
    if kind == "floor":
        from benchmarks.floor import Floor

        return Floor(pipeline, paths).take
    from benchmarks.reference import REFERENCES

    return REFERENCES[pipeline.name]


def shares(pipeline: Pipeline, paths: tuple[str, ...]) -> dict[str, float]:
    """Which share of the time of the core each kind of work takes, the largest first."""
    import cProfile
    import pstats

    from ser_keras import audio
    from ser_keras.features import prosody, spectral

    kinds = {
        "decoding": audio._one_channel,
        "resampling": audio.resampled,
        "trimming": audio.trimmed,
        "Wiener filter": audio.wiener_filtered,
        "spectrum": spectral.power_spectrum,
        "mel bands": spectral.mel_bands,
        "pitch": prosody.pitch_contour,
        "tempo": prosody.tempo,
        "spectral means": prosody.spectral_means,
    }
    seconds("core", pipeline, paths[:2])  # imports and caches
    profile = cProfile.Profile(time.process_time)
    profile.runcall(seconds, "core", pipeline, paths)
    taken = {key: cumulative for key, (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items()}
    whole = max(taken.values())
    codes = {kind: function.__code__ for kind, function in kinds.items()}
    found = {
        kind: taken.get((code.co_filename, code.co_firstlineno, code.co_name), 0) / whole
        for kind, code in codes.items()
    }
    found["rest"] = 1 - sum(found.values())
    return {kind: round(share, 3) for kind, share in sorted(found.items(), key=lambda one: -one[1]) if share > 0.005}


@dataclass(frozen=True)
class Done:
    """What a worker did of a part: between which moments (seconds), and in which time of the processor."""

    worker: int
    clips: int
    start: float
    end: float
    processor_s: float


def extracted(pipeline: Pipeline, part: Part, folder: str) -> Done:
    """A part taken into a store."""
    start, processor = time.time(), time.process_time()
    store._extract_part_on_own_core(pipeline, part, Path(folder))
    return Done(os.getpid(), len(part), start, time.time(), time.process_time() - processor)


def transforms(number: int) -> Done:
    """So many Fourier transforms of one frame, each counted as a clip: arithmetic alone."""
    start, processor = time.time(), time.process_time()
    frame = np.hanning(2048)
    with own_core():
        for _ in range(number):
            np.fft.rfft(frame)
    return Done(os.getpid(), number, start, time.time(), time.process_time() - processor)


def plainly(pipeline: Pipeline, part: Part, folder: str) -> None:
    """A part the plain way, kept nowhere; on a core of its own, as in `extracted`."""
    work = _work("reference", pipeline, ())
    with own_core():
        for recording, _ in part:
            work(recording.path)


def first(pipeline: Pipeline, path: str) -> tuple[float, float, dict]:
    """The moment at which a clip is done, the time of the processor until then, and memory."""
    pipeline.array(path, path)
    return time.time(), time.process_time(), memory_mb()


def memory_mb() -> dict:
    """Megabytes of this process (Linux): resident, and with the pages that processes share divided among them."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {"resident": round(kilobytes["Rss"] / 1000), "proportional": round(kilobytes["Pss"] / 1000)}
