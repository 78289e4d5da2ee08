"""Exit codes and one-line errors of every command."""

import importlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

import click
import pytest

from ser_keras import cli
from ser_keras.__main__ import COMMANDS
from ser_keras.errors import AudioError


def leave(error, arguments, capsys):
    @click.command()
    @cli.debug_option
    def command():
        if error is not None:
            raise error

    with pytest.raises(SystemExit) as left:
        cli.run(command, arguments, name="command")
    return left.value.code, capsys.readouterr().err


def test_done_is_0(capsys):
    assert leave(None, [], capsys) == (0, "")


def test_wrong_usage_is_2(capsys):
    code, printed = leave(None, ["--nonsense"], capsys)
    assert code == 2
    assert "No such option" in printed


def test_error_of_ours_is_3_in_one_line(capsys):
    assert leave(AudioError("a.wav is silent:\nreplace it"), [], capsys) == (3, "error: a.wav is silent: replace it\n")


def test_interrupted_is_130(capsys):
    code, printed = leave(KeyboardInterrupt(), [], capsys)
    assert code == 130
    assert len(printed.split("\n")) == 3  # the one that ends the line of ^C, and ours


def test_full_disk_is_one_line_with_the_file(capsys):
    code, printed = leave(OSError(28, "No space left on device", "out/run.json"), [], capsys)
    assert (code, printed) == (
        3,
        "error: No space left on device: out/run.json: make room and give the same command again\n",
    )


def test_debug_shows_the_traceback(capsys):
    code, printed = leave(AudioError("a.wav is silent"), ["--debug"], capsys)
    assert code == 3
    assert "Traceback" in printed


def test_what_worker_processes_leave_behind_after_an_interrupt_is_130_too(capsys):
    @click.command()
    def command():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            raise RuntimeError("a worker process was terminated") from None

    with pytest.raises(SystemExit) as left:
        cli.run(command, [])
    assert left.value.code == 130
    assert "interrupted: what was finished is kept" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_fault_of_ours_without_an_interrupt_is_no_interruption():
    @click.command()
    def command():
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        cli.run(command, [])


@pytest.mark.parametrize(("before", "after"), [(None, "3"), ("0", "0")])
def test_quiet_imports_keep_tensorflow_quiet_unless_asked_otherwise(monkeypatch, before, after):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", before or "")
    if before is None:
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    with cli.quiet_imports():
        assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == after


def refused(option, value):
    @click.command()
    @cli.out_option("Folder.")
    @cli.jobs_option
    @click.option("--file", type=cli.OUT_FILE)
    def command(**given):
        return given

    with pytest.raises(click.UsageError) as told:  # which leaves with 2
        command.main([option, str(value)], standalone_mode=False)
    assert "\n" not in told.value.format_message()
    return told.value.format_message()


def test_no_worker_processes_are_refused():
    assert "0 processes do no work; expected 1 or more, or -1" in refused("--jobs", 0)
    assert "'some' is not a valid integer" in refused("--jobs", "some")


@pytest.mark.parametrize("jobs", [-2, -1, 1, 3])
def test_numbers_of_worker_processes_are_those_of_joblib(jobs):
    @click.command()
    @cli.jobs_option
    def command(jobs):
        return jobs

    assert command.main(["--jobs", str(jobs)], standalone_mode=False) == jobs


@pytest.mark.parametrize("option", ["--out", "--file"])
@pytest.mark.parametrize("url", ["s3://bucket/x", "memory://x"])
def test_url_is_no_place_to_write_to(tmp_path, monkeypatch, option, url):
    monkeypatch.chdir(tmp_path)
    assert f"{url} is a URL, and only recordings (--data) and runs (--out of " in refused(option, url)
    assert not list(tmp_path.iterdir())


def test_file_is_no_folder_to_write_to_and_a_folder_no_file(tmp_path):
    (tmp_path / "table.csv").write_text("a")
    assert f"Directory '{tmp_path / 'table.csv'}' is a file" in refused("--out", tmp_path / "table.csv")
    assert f"File '{tmp_path}' is a directory" in refused("--file", tmp_path)


def every_command():
    todo = [getattr(importlib.import_module(module), own) for module, own in COMMANDS.values()]
    while todo:
        one = todo.pop()
        todo += one.commands.values() if isinstance(one, click.Group) else ()
        yield one


def test_every_command_checks_where_it_writes():
    found = [one.type for command in every_command() for one in command.params if "--out" in one.opts]
    assert len(found) > 8
    assert {type(one) for one in found} == {cli.OwnPath, cli.RunsFolder}
    computing = {one.name for one in every_command() for o in one.params if isinstance(o.type, cli.RunsFolder)}
    assert computing == {"reproduce", "ablate", "compare", "report"}


@pytest.mark.parametrize("named", ["tensorflw", "torch"])
def test_backend_that_is_not_installed_is_one_line_with_those_that_are(tmp_path, named):
    if importlib.util.find_spec(named):
        named = "no-backend"
    call = [sys.executable, "-m", "ser_keras", "predict", str(tmp_path)]
    (tmp_path / "clip.wav").touch()
    done = subprocess.run(call, env={**os.environ, "KERAS_BACKEND": named}, capture_output=True, text=True)
    assert done.returncode == 3
    says = f"error: KERAS_BACKEND={named} names no backend that is installed; expected (.* or )?tensorflow( or .*)?\n"
    assert re.fullmatch(says, done.stderr)


def test_error_while_keras_is_there_is_not_blamed_on_its_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflw")
    monkeypatch.setitem(sys.modules, "keras", sys)
    with pytest.raises(ValueError, match="another"), cli.quiet_imports():
        raise ValueError("another")


def test_what_a_command_shares_with_its_processes_is_cleared_up_without_a_warning():
    script = """
import os
import click
from ser_keras import cli

@click.command()
def cut_off():
    from joblib.externals.loky.backend import get_context
    lock = get_context("loky").RLock()
    os._exit(130)

HOW
"""
    said = {}
    told_nothing = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}  # by other tests
    for how in ("cut_off.main([])", "cli.run(cut_off, [])"):
        told = [sys.executable, "-c", script.replace("HOW", how)]
        done = subprocess.run(told, env=told_nothing, capture_output=True, text=True)
        assert done.returncode == 130
        said[how] = done.stderr
    assert "leaked semlock" in said["cut_off.main([])"]  # of joblib's own, else the test tells nothing
    assert said["cli.run(cut_off, [])"] == ""
