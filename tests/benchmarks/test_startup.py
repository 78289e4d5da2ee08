"""Start-up: what is measured of a command and of a network, and how the page tells it."""

import pytest

from benchmarks import startup, write
from ser_keras.errors import RunError


def test_start_of_a_command_is_told_by_processor_and_clock():
    (found,) = startup.taken(startup.START, [("ser_keras.audit", "--help")], rounds=1)
    assert set(found) == {"processor_s", "clock_s", "mib"}
    assert min(found.values()) > 0


def test_command_that_fails_is_named_with_its_error():
    with pytest.raises(RunError, match=r"ser_keras\.audit nobody1999 fails: .*no paper is called"):
        startup.measured(startup.START, ("ser_keras.audit", "nobody1999"))


def test_page_tells_starts_and_calls_and_how_busy_the_machine_was():
    start = {"command": "ser_keras --help", "processor_s": 0.123, "clock_s": 0.5, "mib": 30.4}
    call = {f"{part}_{kind}": 1.0 for part in write.PARTS for kind in ("processor_s", "clock_s")}
    hardware = {"cores": 2, "cpu": "C", "memory_gib": 8}
    found = {"hardware": hardware, "load": 3.7, "rounds": 3, "experiment": "p/e", "starts": [start]}
    lines = write.startup_lines({**found, "calls": [{"network": "ONNX", **call, "second_clock_s": 2.0}]})
    assert lines[0] == "Measured on 2 cores (C), 8 GiB, five-minute load average at most 4. Starts of each: 3."
    assert "| ser_keras --help | 0.12 s | 0.50 s | 30 MiB |" in lines
    assert lines[-1] == "| ONNX | 1.00 / 1.00 s | 1.00 / 1.00 s | 1.00 / 2.00 s |"
