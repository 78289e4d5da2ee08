"""One process at a time; who waits says so, and a process that was killed blocks nobody."""

import signal
import subprocess
import sys

import pytest

from ser_keras.locks import alone

HOLD = """
import sys
from pathlib import Path
from ser_keras.locks import alone
with alone(Path(sys.argv[1]), "training") as waited:
    print("holds", flush=True)
    sys.stdin.readline()
print("waited" if waited else "did not wait")
"""
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


@pytest.fixture
def holding(tmp_path):
    """Another process that holds the lock of a folder until it is told to let go."""
    call = [sys.executable, "-c", HOLD, str(tmp_path / "seed-0")]
    with subprocess.Popen(call, **PIPES) as process:
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_second_process_says_that_it_waits_and_then_goes_on(holding):
    second = subprocess.Popen(holding.args, **PIPES)
    assert second.stderr.readline() == "waiting for another process to finish training\n"
    holding.stdin.write("\n")
    holding.stdin.close()
    assert second.stdout.readline() == "holds\n"  # no sooner than the first let go
    assert holding.stdout.read() == "did not wait\n"
    out, told = second.communicate("\n")
    assert (out, told) == ("waited\n", "")


def test_lock_of_a_killed_process_blocks_nobody(holding, tmp_path, capsys):
    holding.send_signal(signal.SIGKILL)
    holding.wait()
    assert (tmp_path / ".seed-0.lock").exists()
    with alone(tmp_path / "seed-0", "training") as waited:
        assert not waited
    assert capsys.readouterr().err == ""


def test_other_folders_are_not_waited_for(holding, tmp_path):
    with alone(tmp_path / "seed-1", "training") as waited:
        assert not waited
