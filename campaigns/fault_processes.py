"""Two processes on one folder, clocks that jump, no HOME."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from campaigns.stages import outcome
from campaigns.troubles import (
    QUICK,
    Done,
    Ground,
    Row,
    arguments,
    called,
    environment,
    equal,
    refused,
    through,
)  # fmt: skip

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def _both(commands: list[list[str]], delay: float = 0.0) -> list[Done]:
    """Commands at the same time, to their ends."""
    started = []
    for command in commands:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env=environment(), **pipes))
        time.sleep(delay)
    ended = [(process.communicate(), process) for process in started]
    return [Done(process.returncode, *told) for told, process in ended]


def two_processes(ground: Ground) -> list[Row]:
    """One output folder: the same seed, different seeds, and after a process that was killed with the lock."""
    out = ground.folder / "out"
    faults = []
    done = _both([arguments(QUICK, out)] * 2)
    for one in done:
        faults += through(one)
    waiting = [line for one in done for line in one.lines if "waiting for another process" in line]
    faults += [] if waiting else ["nobody said that it waits"]
    faults += [] if sum("epoch" in one.err for one in done) == 1 else ["both trained"]
    faults += equal(out, ground.wanted)
    shutil.rmtree(out)
    same = Row(
        "two processes",
        "`reproduce` twice at once on one folder, same experiment and seed",
        1,
        "one works, the other prints a line that it is waiting; trained once, with the results of a single process",
        tuple(faults),
    )
    alone = ground.folder / "alone"
    faults = through(called((*QUICK, "--seeds", "2"), alone))
    for one in _both([arguments((*QUICK, "--seeds", f"{seed},"), out) for seed in (0, 1)]):
        faults += through(one)
    faults += equal(out, outcome(alone))
    shutil.rmtree(out)
    shutil.rmtree(alone)
    different = Row(
        "two processes",
        "`reproduce` twice at once on one folder, seeds 0 and 1",
        1,
        "both work; the report has both runs and equals that of one process with two seeds",
        tuple(faults),
    )
    return [same, different, _stale(ground)]


def _stale(ground: Ground) -> Row:
    faults, times = [], 2
    for _ in range(times):
        out = ground.copy("out", "sankaran2023")
        process = subprocess.Popen(
            arguments(QUICK, out),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not list(out.glob("*/*/*/*/*/unfinished")):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        faults += [] if list(out.glob("*/*/*/*/.*.lock")) else ["there was no lock"]
        done = called(QUICK, out)
        faults += (
            through(done) + equal(out, ground.wanted) + ([f"waited: {done.lines}"] if "waiting" in done.err else [])
        )
        shutil.rmtree(out)
    return Row(
        "two processes",
        "`reproduce` killed (SIGKILL) while holding the lock of its run, and repeated",
        times,
        "does not wait for the lock left behind; the same results",
        tuple(faults),
    )


def clocks(ground: Ground) -> list[Row]:
    """Recordings and results from the future, commands in the past, a clock that goes back between two commands."""
    if not FAKETIME.exists():
        raise RuntimeError(f"{FAKETIME} is not there: apt-get install libfaketime")
    faults = []
    for moment in ("2035-01-01 00:00:00", "2001-09-09 01:46:40"):
        out = ground.folder / "out"
        faked = environment(LD_PRELOAD=str(FAKETIME), FAKETIME=f"@{moment}")
        faults += through(called(QUICK, out, env=faked)) + equal(out, ground.wanted)
        done = called((*QUICK, "--seeds", "2"), out, env=environment())  # seed 1 in another time than seed 0
        faults += through(done) + (["a finished run was trained again"] if "seed 0: " in done.err else [])
        faults += through(called(("ser_keras.report", "{out}"), out, env=faked))
        shutil.rmtree(out)
    out = ground.copy("out", "sankaran2023", "cache/features")
    for path in out.rglob("*.wav"):
        os.utime(path, (4e9, 4e9))
    faults += through(called(QUICK, out)) + equal(out, ground.wanted)
    shutil.rmtree(out)
    return [
        Row(
            "clock jumps",
            "`reproduce` in 2035 and in 2001, resumed at the present time, `report` in 2035 and 2001; recordings of "
            "2096",
            7,
            "the same results; finished runs count, whatever their date",
            tuple(faults),
        )
    ]


def no_home(ground: Ground) -> list[Row]:
    """An empty environment, and a HOME that is not there."""
    bare = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
    faults = []
    nowhere = {"HOME": "/nonexistent/home"}
    for given in (bare, {**bare, **nowhere}):
        out = ground.folder / "out"
        faults += through(called(QUICK, out, env=given)) + equal(out, ground.wanted)
        done = called(("ser_keras.corpora", "list"), env=given)
        faults += through(done)
        clip = next(ground.recordings.rglob("*.wav"))
        faults += through(called(("ser_keras.predict", str(clip)), env=given))
        shutil.rmtree(out)
    done = called(
        ("ser_keras.reproduce", "yadav2022/emodb", "--out", "{out}"), ground.folder / "out", env={**bare, **nowhere}
    )
    faults += refused(done, "none of its 535 clips")
    return [
        Row(
            "no HOME",
            "`reproduce`, `corpora list` and `predict` in an empty environment, and with a HOME that does not exist",
            7,
            "the same results; a corpus looked for in the cache is reported missing in one line",
            tuple(faults),
        )
    ]
