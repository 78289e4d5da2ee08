"""Growth reads the memory of each process itself, and refuses numbers that are none."""

import subprocess
import sys

import click
import pytest

from benchmarks import growth


def test_peak_of_memory_is_of_the_process_not_of_the_one_that_started_it():
    start = "import resource, subprocess, sys; held = bytearray(b'x') * 400_000_000; subprocess.run(sys.argv[1:])"
    ask = (
        "import resource; from benchmarks import growth; "
        "print(growth.peak_mb(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)"
    )
    done = subprocess.run([sys.executable, "-c", start, sys.executable, "-c", ask], capture_output=True, text=True)
    own, counted = map(float, done.stdout.split())
    assert 10 < own < 390
    assert counted > 390  # getrusage: not less than the process that started it held


def test_peak_of_memory_is_in_megabytes_of_a_million_bytes():
    ask = (
        "from benchmarks import growth; before = growth.peak_mb(); held = bytearray(b'x') * 600_000_000; "
        "print(growth.peak_mb() - before)"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert 597 <= int(done.stdout) <= 603  # 586 if the system's kB were taken for a thousand bytes


def test_growth_of_few_clips_is_measured_in_workers(tmp_path):
    found = growth.measured(2 * 32 + 1, tmp_path)
    assert found["clips"] == 65
    assert 10 < found["worker_mb"] < 1000


@pytest.mark.parametrize("numbers", ["abc", "", "10,", "0,10", "-5", "1.5"])
def test_numbers_that_are_none_are_refused(numbers, tmp_path):
    with pytest.raises(click.BadParameter, match=f"'{numbers}' is not a list of numbers from 1 on"):
        growth.main(["--numbers", numbers, "--out", str(tmp_path / "growth.json")], standalone_mode=False)
