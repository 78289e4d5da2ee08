"""What a worker process loads, and that the benchmarks' workers do what the store's do."""

import os

import numpy as np
import pytest
import soundfile

from benchmarks import extraction, workers
from ser_keras.features.store import Recording, extract

HEAVY = {"tensorflow", "keras", "sklearn", "pandas", "matplotlib", "librosa", "numba", "scipy.signal", "scipy.stats"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "noise.wav"
    wave = np.random.default_rng(0).standard_normal(30_000) * np.hanning(30_000) * 0.1
    soundfile.write(path, wave, 16_000)
    return str(path)


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    """Those of all papers, no recording being there."""
    return {name: one.pipeline for name, one in extraction.subjects(tmp_path_factory.mktemp("none")).items()}


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Those of all papers' altered copies, likewise."""
    return {name: one.pipeline for name, one in extraction.copies(tmp_path_factory.mktemp("none")).items()}


def loaded_for(pipelines, clip, folder):
    """The modules that a new worker has loaded once it has a clip done with each."""
    with workers.pool(1) as executor:
        for pipeline in pipelines:
            (part,) = workers.parts((clip,), 1)
            place = folder / pipeline.name
            place.mkdir()
            executor.submit(workers.extracted, pipeline, part, str(place)).result()
            (written,) = place.glob("*.npy")
            assert len(np.load(written)) == 1  # no error, for which nothing would be loaded
        return executor.submit(eval, "set(__import__('sys').modules)").result()


def test_worker_loads_no_more_than_features_take(clip, pipelines, tmp_path):
    loaded = loaded_for(pipelines.values(), clip, tmp_path)
    assert "parselmouth" in loaded
    assert not HEAVY & loaded


def test_worker_that_makes_altered_copies_loads_no_more_either(clip, copies, tmp_path):
    loaded = loaded_for(copies.values(), clip, tmp_path)
    assert "ser_keras.stretching" in loaded
    assert not HEAVY & loaded


def test_a_pool_is_kept_to_one_core_for_a_while():
    with workers.pool(1) as executor:
        before = executor.submit(os.sched_getaffinity, 0).result()
        with workers.kept_to_one_core(executor):
            assert executor.submit(os.sched_getaffinity, 0).result() == {min(before)}
        assert executor.submit(os.sched_getaffinity, 0).result() == before


def test_part_of_a_benchmark_is_a_part_of_the_store(clip, pipelines, tmp_path):
    pipeline = pipelines["kanoun2024-log-mel"]
    (part,) = workers.parts((clip,), 8)
    folder = tmp_path / f"{pipeline.name}-{pipeline.fingerprint}"
    workers.extracted(pipeline, part, str(folder))
    written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    extract(pipeline, [Recording(clip, clip)], tmp_path)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written


@pytest.mark.parametrize("kind", ["reference", "core", "floor"])
def test_every_way_is_timed_clip_by_clip_without_what_it_takes_to_begin(clip, pipelines, kind, monkeypatch):
    made, clock = workers._work, [0.0]

    def work(*given):
        clock[0] += 100
        really = made(*given)

        def take(path):
            clock[0] += 1
            return really(path)

        return take

    monkeypatch.setattr(workers, "_work", work)
    monkeypatch.setattr(workers.time, "process_time", lambda: clock[0])
    for pipeline in pipelines.values():
        assert workers.seconds(kind, pipeline, (clip, clip)) == 2


def test_shares_make_a_whole(clip, pipelines):
    shares = workers.shares(pipelines["rastogi2025-acoustic"], (clip,))
    assert sum(shares.values()) == pytest.approx(1, abs=0.05)  # what is under half a percent is left out
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert {"pitch", "spectrum", "tempo"} <= set(shares)


def test_workers_count_from_when_all_run_until_one_has_no_more_to_do():
    def part(worker, clips, start, end):
        return workers.Done(worker, clips, start, end, 0.0)

    both = [part(1, 8, 0.0, 2.0), part(1, 8, 2.0, 4.0), part(2, 8, 1.0, 3.0), part(2, 8, 3.5, 7.5)]
    rate, share = extraction.running(both)  # from 1 to 4: 4 + 8 clips of the one, 8 + 1 of the other
    assert rate == pytest.approx(21 / 3)
    assert share == pytest.approx((3 + 2 + 0.5) / 6)
    assert extraction.running(both[:2]) == pytest.approx((4, 1))
