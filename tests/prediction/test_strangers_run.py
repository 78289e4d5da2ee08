"""A run folder from a stranger: it names papers, functions and places, and none of it is imported or read."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ser_keras
from ser_keras.errors import PaperError, RunError, SerError
from ser_keras.report import runs


@pytest.fixture
def folder(tone_run, tmp_path):
    """A copy of a run, in the place that its record says."""
    return shutil.copytree(tone_run, tmp_path / "runs" / Path(*tone_run.parts[-5:]))


def edited(folder, edit):
    record = json.loads((folder / "run.json").read_text())
    edit(record)
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize("paper", ["os", "papers.yadav2022", "../yadav2022", "/etc", "tests.killed_run", ""])
def test_paper_that_is_not_installed_is_not_imported(folder, paper):
    edited(folder, lambda record: record.update(paper=paper))
    with pytest.raises(PaperError, match=f"no paper is called {paper!r}"):
        ser_keras.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("paper", ["sankaran2023"]),
        ("experiment", {}),
        ("variant", None),
        ("seed", "0"),
        ("classes", [1, 2]),
        ("classes", "happy"),
        ("choices", {"a": 1}),
        ("choices", ["a"]),
        ("choices", [{"key": []}]),
        ("pipeline", []),
        ("sample_rate", 10**12),
        ("sample_rate", "16000"),
        ("sample_rate", 0),
        ("sample_rate", True),
    ],
)
def test_record_with_something_else_in_it_is_refused_by_name(folder, key, value):
    edited(folder, lambda record: record.update({key: value}))
    with pytest.raises(RunError, match=r"run\.json"):
        ser_keras.load(folder)


@pytest.mark.parametrize("value", ["/etc/passwd", "os.system", [1], {"a": 1}, 1e400, "nan"])
def test_choice_of_another_kind_is_refused(folder, value):
    number = next(
        place
        for place, one in enumerate(json.loads((folder / "run.json").read_text())["choices"])
        if isinstance(one["value"], (int, float)) and not isinstance(one["value"], bool)
    )
    edited(folder, lambda record: record["choices"][number].update(value=value))
    with pytest.raises(PaperError, match="can't be"):
        ser_keras.load(folder)


def test_record_nested_without_end_is_refused(folder):
    (folder / "run.json").write_text('{"a":' * 100_000)
    with pytest.raises(RunError, match=r"run\.json can't be read"):
        ser_keras.load(folder)
    with pytest.raises(RunError, match=r"run\.json can't be read"):
        runs.read(folder)


def test_file_beside_the_models_of_folds_is_no_model(folded_run, tmp_path):
    folder = shutil.copytree(folded_run, tmp_path / "run")
    (folder / "model-evil.keras").write_text("evil")
    assert len(ser_keras.load(folder).networks) == 3


EVIL = """
import pathlib
pathlib.Path("imported").touch()
PAPER = None
def run(wave, sample_rate):
    pathlib.Path("called").touch()
"""
WATCH = """
import runpy, sys
heard = []
sys.addaudithook(lambda event, args: heard.append((event, str(args[:2]))) if event in ("open", "import", "os.system",
    "subprocess.Popen", "os.exec", "os.posix_spawn", "os.listdir", "os.scandir") else None)
sys.argv = ["command", *sys.argv[1:]]
try:
    runpy.run_module(sys.argv.pop(1), run_name="__main__")
except SystemExit:
    pass
print([one for one in heard if "decoy" in one[1] or one[0] == "os.system"])
"""


def named_everywhere(node, text):
    """The tree with `text` for every text that names no part of a run's place."""
    if isinstance(node, dict):
        kept = ("paper", "experiment", "variant", "protocol", "classes", "supports", "key")
        return {key: one if key in kept else named_everywhere(one, text) for key, one in node.items()}
    if isinstance(node, list):
        return [named_everywhere(one, text) for one in node]
    return text if isinstance(node, str) else node


@pytest.mark.parametrize("text", ["decoy.run", "file://../decoy/secret"])
def test_reports_of_a_run_neither_import_nor_open_what_it_names(folder, tmp_path, text):
    (tmp_path / "decoy.py").write_text(EVIL)
    edited(folder, lambda record: record.update(named_everywhere(record, text)))
    command = [sys.executable, "-c", WATCH, "ser_keras.report", str(tmp_path / "runs")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (folder.parents[3] / "report" / "index.html").is_file(), told.stderr
    assert told.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "imported").exists()
    with pytest.raises(SerError):
        ser_keras.load(folder)
    assert not (tmp_path / "imported").exists()


def test_watch_hears_an_import(tmp_path):
    (tmp_path / "decoy.py").write_text(EVIL)
    command = [sys.executable, "-c", WATCH, "decoy"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "decoy" in told.stdout and (tmp_path / "imported").exists()
