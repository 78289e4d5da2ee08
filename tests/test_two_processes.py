"""Processes at one run, one of which trains it again and again: none of them ever finds half of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import runpy, sys
from pathlib import Path
from ser_keras import training
from ser_keras.report.runs import read
from ser_keras.tasks import Settings

script, data, out, force = sys.argv[1], *map(Path, sys.argv[2:4]), sys.argv[4] == "force"
made = runpy.run_path(script)
task, corpora = made["task"]("published"), made["corpora"](data)
print("ready", flush=True)
for line in sys.stdin:
    over = Path(line.strip())
    while True:
        last = force or over.exists()
        folder = training.run(task, corpora, Settings(out, force=force))
        read(folder)
        if last:
            break
    over.touch()
    print(folder, flush=True)
"""
READ = """
import sys
from pathlib import Path
from ser_keras.report.runs import finished_runs

print("ready", flush=True)
for line in sys.stdin:
    while not Path(line.strip()).exists():
        [run] = finished_runs(Path(sys.argv[3]), "fake2020")
    print(run.folder, flush=True)
"""
ROUNDS = 4


@pytest.fixture
def started(tmp_path):
    """A function that starts a process which does its part of a round for each line it is given: a file to come."""
    script = Path(__file__).with_name("killed_run.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1]), "SER_KERAS_CHECKPOINT_SECONDS": "0"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3"}
    (tmp_path / "data").mkdir()
    processes = []

    def start(code, *options):
        command = [sys.executable, "-c", code, str(script), str(tmp_path / "data"), str(tmp_path / "out"), *options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, env=environment, text=True, **pipes))
        assert processes[-1].stdout.readline() == "ready\n", processes[-1].communicate()[1]
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_run_that_is_trained_again_is_whole_for_all_others_at_any_time(started, tmp_path):
    forced, usual, reader = started(RUN, "force"), started(RUN, "usual"), started(READ)
    contents = set()
    for number in range(ROUNDS):
        at_it = (forced, usual, reader) if number else (forced, usual)  # before, there is nothing to read
        for process in reversed(at_it):
            process.stdin.write(f"{tmp_path / str(number)}\n")
            process.stdin.flush()
        told = []
        for process in at_it:  # the others go on until the first is through
            told.append(process.stdout.readline())
            assert told[-1] != "", process.communicate()[1]
        [folder] = {Path(line.strip()) for line in told}
        contents.add((folder / "predictions.csv").read_bytes())
        assert {path.name for path in folder.iterdir()} == {
            "model.keras", "predictions.csv", "history.csv", "split.csv", "run.json"
        }  # fmt: skip
    assert len(contents) == 1
