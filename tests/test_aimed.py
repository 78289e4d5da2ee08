"""Commands killed in a stage come to what they come to undisturbed. Long form: `python -m campaigns.aimed`."""

import random
import signal

import pytest

from campaigns import aimed, served
from campaigns.stages import STAGES, Stage, outcome, reached, whole

BY_NAME = {one.name: one for one in STAGES}
HALVES = """
import sys, time
from pathlib import Path
out = Path(sys.argv[1])
print("begun", flush=True)
for text in ("half", "whole"):
    (out / "a.txt").write_text(text)
    time.sleep(0.3)
"""


@pytest.fixture
def where(tmp_path):
    """A folder, a server and a registered corpus for the stages of one test."""
    with served.server() as server:
        yield aimed.Range(tmp_path, server.address, served.register(tmp_path / "registered")), server


@pytest.mark.parametrize(("name", "kills"), [("download of an archive", 2), ("download of single clips", 1)])
def test_download_that_is_killed_goes_on_and_comes_to_the_same_bytes(where, name, kills):
    found = aimed.tried(where[0], BY_NAME[name], kills, random.Random(1), signal.SIGKILL)
    assert found["kills"] == kills
    assert found["results"] == served.CLIPS
    assert found["differing"] == []
    assert name == "download of single clips" or any(begin > 0 for _, begin in where[1].asked)  # or they came whole


def test_interrupted_download_leaves_with_130_and_one_line(where):
    found = aimed.tried(where[0], BY_NAME["download of an archive"], 1, random.Random(2), signal.SIGINT)
    assert (found["kills"], found["differing"]) == (1, [])


def test_report_that_is_killed_is_whole_or_not_there_and_written_by_the_same_command(where, small_run, tmp_path):
    small_run(0, 12)
    (tmp_path / "runs").rename(where[0].out)
    stage = Stage("report", ("ser_keras.report", "{out}"), "file:*/report", "", ("*/report", "report"))
    found = aimed.tried(where[0], stage, 2, random.Random(0), signal.SIGKILL)
    assert found["kills"] == 2
    assert found["results"] > 10  # the run's three, pages and figures
    assert found["differing"] == []


def test_result_that_is_written_in_two_goes_is_found(where, tmp_path):
    module = tmp_path / "registered" / "in_halves.py"
    module.write_text(HALVES)
    stage = Stage("halves", ("in_halves", "{out}"), "begun", "", ("a.txt",))
    found = aimed.tried(where[0], stage, 4, random.Random(0), signal.SIGKILL)
    assert "after a kill: a.txt" in found["differing"]


def test_stages_have_begun_when_their_sign_is_told_or_there(tmp_path):
    bar = r"synthetic tess: +\d+%"
    assert not reached(bar, "synthetic tess: waiting", tmp_path)
    assert reached(bar, "\rsynthetic tess:   0%|", tmp_path)
    assert not reached("file:*/report", "report", tmp_path)
    (tmp_path / "p" / "report").mkdir(parents=True)
    assert reached("file:*/report", "", tmp_path)
    assert not reached("", "anything", tmp_path)  # the end of the command


def test_outcomes_are_equal_but_for_times_and_half_written_files_are_seen(tmp_path):
    for name, seconds in (("a", 3), ("b", 12)):
        folder = tmp_path / name
        (folder / "report").mkdir(parents=True)
        (folder / "history.csv").write_text(f"epoch,loss,seconds\n1,0.5,{seconds}\n")
        (folder / "report" / "report.md").write_text(f"Written 2026-01-0{len(name)} 10:{seconds} UTC. {seconds} s\n")
        (folder / "run.json").write_text(f'{{"seed": 0, "durations": {{"total_s": {seconds}}}}}')
    wanted = outcome(tmp_path / "a")
    assert outcome(tmp_path / "b") == wanted
    (tmp_path / "b" / "history.csv").write_text("epoch,loss,seconds\n1,0.6,3\n")
    (tmp_path / "b" / ".run.host-12.json").write_text("half")
    differing = {name for name, one in outcome(tmp_path / "b").items() if wanted.get(name) != one}
    assert differing == {"history.csv", ".run.host-12.json"}
    assert set(whole(tmp_path / "b")) == {"history.csv", "report/report.md", "run.json"}
