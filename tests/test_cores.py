import multiprocessing
import os

import pytest

from ser_keras import cores
from ser_keras.cores import own_core

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system pins no process to a core")


@pytest.fixture(autouse=True)
def name(monkeypatch):
    """Of these tests alone: what else runs on the machine may have taken cores."""
    own = f"{cores.NAME}-{os.getpid()}"
    monkeypatch.setattr(cores, "NAME", own)
    return own


def held(name, pipe):
    cores.NAME = name
    with own_core() as core:
        pipe.send((core, os.sched_getaffinity(0)))
        pipe.recv()


@pytest.fixture
def processes(name):
    """Starts processes that keep to a core until told to end; gives (process, core, cores) of one."""
    context = multiprocessing.get_context("spawn")
    made = []

    def start():
        ours, theirs = context.Pipe()
        process = context.Process(target=held, args=(name, theirs))
        process.start()
        made.append((process, ours))
        return process, *ours.recv()

    yield start
    for process, pipe in made:
        if process.is_alive():
            pipe.send("end")
        process.join()


def test_own_core_keeps_to_one_core_and_gives_all_back():
    before = os.sched_getaffinity(0)
    with own_core() as core:
        assert os.sched_getaffinity(0) == {core}
        assert core in before
    assert os.sched_getaffinity(0) == before


def test_own_core_gives_all_back_after_an_error():
    before = os.sched_getaffinity(0)
    with pytest.raises(ZeroDivisionError), own_core():
        1 / 0  # noqa: B018 - the error is wanted
    assert os.sched_getaffinity(0) == before


def test_own_core_is_no_other_process_s(processes):
    (_, one, kept), (_, other, also) = processes(), processes()
    assert one != other
    assert (kept, also) == ({one}, {other})


def test_own_core_keeps_to_none_where_all_are_taken(processes):
    before = os.sched_getaffinity(0)
    for _ in before:
        processes()
    with own_core() as core:
        assert core is None
        assert os.sched_getaffinity(0) == before


def test_own_core_is_free_again_when_its_process_is_killed(processes):
    for _ in os.sched_getaffinity(0):
        process, core, _ = processes()
    process.kill()
    process.join()
    with own_core() as free:
        assert free == core


def test_own_core_keeps_to_none_where_the_system_refuses(monkeypatch):
    monkeypatch.setattr(cores, "NAME", cores.NAME + "x" * 200)  # longer than any address may be
    before = os.sched_getaffinity(0)
    with own_core() as core:
        assert core is None
        assert os.sched_getaffinity(0) == before
