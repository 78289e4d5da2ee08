"""Faults of a machine, in small; each was tried for real with the command line: `python -m campaigns.faults`."""

import csv
import json
import os
import shutil

import numpy as np
import pytest
import soundfile

from campaigns import troubles
from ser_keras import audio, cli
from ser_keras.corpora import table
from ser_keras.errors import RunError, visible
from ser_keras.evaluation.leakage import leaks
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.prediction import sounds, tables
from ser_keras.report.write import write_report

NO_TEXT = os.fsdecode(b"b\xff\n\x1b[31m.wav")


def tone(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        soundfile.write(file, 0.5 * np.sin(np.arange(8000) / 5), 8000, format="WAV", subtype="FLOAT")
    return path


def test_file_that_can_t_be_written_whole_is_one_line_and_the_old_one_stays(small_run, tmp_path):
    small_run(0, 12)
    out = tmp_path / "runs"
    page = write_report(out, "yadav2022")
    before = page.read_bytes()
    small_run(1, 15)
    done = troubles.called(("ser_keras.report", "{out}"), out, wrapped=("prlimit", "--fsize=20000"))
    assert troubles.refused(done, "error: File too large") == []
    assert page.read_bytes() == before
    assert not list(out.rglob(".*[!k]"))  # locks alone are hidden: nothing half written
    write_report(out, "yadav2022")
    assert page.read_bytes() != before


def test_folder_that_may_not_be_written_is_one_line(small_run, tmp_path):
    paper = small_run(0, 12).parents[3]
    paper.chmod(0o555)
    wrapped = troubles.NOT_ROOT if os.geteuid() == 0 else ()
    done = troubles.called(("ser_keras.report", "{out}"), tmp_path / "runs", wrapped=wrapped)
    paper.chmod(0o755)
    assert troubles.refused(done, "Permission denied", str(paper)) == []


def test_command_needs_no_home(tmp_path):
    bare = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
    done = troubles.called(("ser_keras.corpora", "list"), env=bare)
    assert done.code == 0
    assert "data folder: " in done.out


def test_report_comes_out_the_same_whenever_the_runs_were_finished(small_run, tmp_path):
    found = []
    for moment in ("2026-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00", "1970-01-01T00:00:00+00:00"):
        folder = small_run(0, 12)
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**record, "finished": moment}))
        small_run(1, 14)
        write_report(tmp_path / "runs", "yadav2022")
        text = (tmp_path / "runs/yadav2022/report/report.md").read_text()
        found.append([line for line in text.splitlines() if "Written" not in line])
        shutil.rmtree(tmp_path / "runs")
    assert found[0] == found[1] == found[2]


def test_recordings_whose_names_are_no_text_are_read_and_told_in_one_line(tmp_path):
    path = tone(tmp_path / "folder" / NO_TEXT)
    assert sounds.files([tmp_path / "folder"]) == [path]
    wave, rate = audio.read(path)
    assert (len(wave), rate) == (8000, 8000)
    heard = tables.Heard(str(path), np.array([0.25, 0.75]))
    assert len(tables.line(heard, ["a", "b"]).splitlines()) == 1
    assert tables.line(heard, ["a", "b"]).encode()  # as UTF-8, or this raises
    out = tmp_path / os.fsdecode(b"t\xfe.csv")
    tables.write_csv(out, [heard], ["a", "b"], "m", segments=False)
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["emotion"] for row in csv.DictReader(file)] == ["b"]
    stream = tables.as_json(heard, ["a", "b"], "m").encode(errors="backslashreplace")
    assert json.loads(stream)["clip"] == str(path)


def test_what_can_t_be_printed_is_escaped_and_all_else_is_as_it_is():
    assert visible("ünï 你.wav") == "ünï 你.wav"
    assert visible("a\nb\x1b[31m\udcff") == "a\\nb\\x1b[31m\\udcff"


def test_error_that_names_such_a_file_is_one_line(capsys):
    @cli.click.command()
    def fail():
        raise RunError(f"{NO_TEXT} can't be read")

    with pytest.raises(SystemExit) as left:
        cli.run(fail, [])
    assert left.value.code == 3
    assert capsys.readouterr().err == "error: b\\udcff \\x1b[31m.wav can't be read\n"


def test_random_steps_and_splits_take_clips_in_folders_whose_names_are_no_text(tmp_path):
    pipeline = Pipeline("noise", None, (step(audio.with_noise, random=True, scale=0.1),))
    assert pipeline.applied(np.ones(100, np.float32), 8000, NO_TEXT, name="x").shape == (100,)
    data = tmp_path / os.fsdecode(b"d\xff")
    for name in ("03a01Fa.wav", "03a01Nc.wav"):
        tone(data / "emodb" / "wav" / name)
    clips = table.load(("emodb",), data).clips
    assert len(clips) == 2
    assert leaks(clips, [0], [], [1]).counts["recording"] == 0
