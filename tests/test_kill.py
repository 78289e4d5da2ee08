"""A command killed at random moments comes to what it comes to undisturbed. Long form: `python -m campaigns.kill`."""

import json
import os
import re
import signal
import time

import pytest

from campaigns import kill, stages


@pytest.mark.slow
def test_command_killed_twice_gives_the_same_predictions_and_report(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_KERAS_CHECKPOINT_SECONDS", "0")
    found = kill.campaign(("sankaran2023/ann", "--corpora", "synthetic", "--quick"), 2, 1, tmp_path)
    assert found["kills"] == 2
    assert found["compared_files"] >= 6  # predictions, split, history, model, run.json and the report
    assert found["differing"] == []


@pytest.mark.slow
def test_ctrl_c_leaves_with_130_and_one_line(tmp_path):
    told = tmp_path / "told"
    process = kill.started(("sankaran2023/ann", "--corpora", "synthetic", "--quick"), tmp_path / "out", told)
    while kill.phase(told) == "start":
        assert process.poll() is None, told.read_text()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    assert process.wait(timeout=60) == 130
    after = re.split(r"\d+%\|[^\r\n]*", told.read_text())[-1].split("\n")
    assert [line for line in after if line.strip()] == [
        "interrupted: what was finished is kept; the same command goes on from there"
    ]


def finished(out, accuracy, seconds):
    run = out / "p" / "e" / "described" / "published" / "seed-0"
    run.mkdir(parents=True)
    (run / "predictions.csv").write_text(f"clip,true\na,{accuracy}\n")
    (run / "run.json").write_text("{}")
    (out / "p" / "report").mkdir()
    report = {"generated": str(seconds), "experiments": [{"accuracy": accuracy, "runs": [{"durations": seconds}]}]}
    (out / "p" / "report" / "report.json").write_text(json.dumps(report))
    return kill.outcome(out)


def test_outcomes_that_differ_in_their_times_alone_are_equal_and_others_are_not(tmp_path):
    first = finished(tmp_path / "a", 0.5, 1)
    assert first == finished(tmp_path / "b", 0.5, 2)
    other = finished(tmp_path / "c", 0.6, 1)
    assert sorted(name for name in first if first[name] != other[name]) == [
        "p/e/described/published/seed-0/predictions.csv",
        "p/report/report.json",
    ]


def test_how_often_a_run_was_gone_on_with_is_no_part_of_its_outcome():
    assert stages.without_times({"runs": [{"resumed_after": [3], "seed": 0}], "started": "x"}) == {
        "runs": [{"seed": 0}]
    }


def test_file_that_is_half_written_is_a_difference(tmp_path):
    whole = finished(tmp_path / "a", 0.5, 1)
    (tmp_path / "a/p/e/described/published/seed-0/.model.17.keras").write_bytes(b"half")
    assert set(kill.outcome(tmp_path / "a")) - set(whole) == {"p/e/described/published/seed-0/.model.17.keras"}


def test_phase_is_the_last_bar_on_stderr(tmp_path):
    told = tmp_path / "told"
    told.write_text("note: 5\n")
    assert kill.phase(told) == "start"
    told.write_text("tess-mfcc:   0%|  |\rtess-mfcc: 100%|##|\nsankaran2023/ann coded seed 0:  33%|# |")
    assert kill.phase(told) == "sankaran2023/ann coded seed 0"
