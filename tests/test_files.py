"""Files are whole or not there."""

import os
import platform
import subprocess
import sys

import pytest

from ser_keras import files


def test_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def fail(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed_by_the_next_writing_and_what_others_write_is_not(tmp_path):
    script = "import os; print(os.getpid())"
    gone = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    names = {
        "gone": f".a.{platform.node()}-{gone}.txt",
        "here": f".a.{platform.node()}-{os.getppid()}.txt",
        "elsewhere": f".a.another-machine-{gone}.txt",
        "other": f".b.{platform.node()}-{gone}.txt",
    }
    for name in names.values():
        (tmp_path / name).write_text("half")
    files.write_text(tmp_path / "a.txt", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", *names.values()} - {names["gone"]}
    files.remove_left(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", names["here"], names["elsewhere"]}


def test_full_disk_is_told_with_the_name_of_the_file(tmp_path):
    def fail(temporary):
        raise OSError(28, "No space left on device")  # as `write` raises it: without a name

    with pytest.raises(OSError, match="No space") as raised:
        files.write_atomically(tmp_path / "a.txt", fail)
    assert raised.value.filename == str(tmp_path / "a.txt")


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(tmp_path / "a.json", {"accuracy": float("nan")})
    assert not list(tmp_path.iterdir())
