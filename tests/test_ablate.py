"""The ablation command as a user calls it: what it refuses, and that it goes on where it was killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from campaigns import stages
from ser_keras import ablate as command_module
from ser_keras import training
from ser_keras.ablate import ablate
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import SerError
from ser_keras.report import ablation_texts, evidence, once, tables
from ser_keras.report.runs import finished_runs, papers_with_runs
from ser_keras.reproduce import SYNTHETIC_LINE, tasks_of
from ser_keras.tasks import Settings

TARGET = "sankaran2023/ann"
CHOICES = "n_mfcc=200,epochs=15,batch_size=8/4,standardise=none"  # there are 128 mel bands; a batch of 4 is ours
OPTIONS = (TARGET, "--choices", CHOICES, "--seeds", 2, "--epochs", 1, "--quick")
SETTINGS = ("", ",batch_size=8", ",standardise=none")


def command(*arguments):
    return [sys.executable, "-m", "ser_keras.ablate", *map(str, arguments)]


def environment(cwd):
    kept = {key: value for key, value in os.environ.items() if key != "SER_KERAS_DATA"}
    return kept | {"XDG_CACHE_HOME": str(cwd / "home"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def call(*arguments, cwd):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, env=environment(cwd))


def records(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("runs/*/*/*/*/seed-*/run.json")}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder where an ablation was killed after its second run and called again: what was there, and what it said."""
    folder = tmp_path_factory.mktemp("killed")
    options = (*OPTIONS, "--corpora", "synthetic", "--jobs", 1)
    process = subprocess.Popen(
        command(*options), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(folder)
    )
    deadline = time.monotonic() + 300
    while len(records(folder)) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = records(folder)
    return folder, before, call(*options, cwd=folder)


def entry(folder):
    return json.loads((folder / "runs/sankaran2023/ablation/ann-described-published.json").read_text(encoding="utf-8"))


def test_killed_ablation_goes_on_with_what_is_missing(killed):
    folder, before, done = killed
    assert done.returncode == 0, done.stderr
    assert 2 <= len(before) < 6
    after = records(folder)
    assert set(after) == {f"seed-{seed}{setting}" for seed in (0, 1) for setting in SETTINGS}
    assert {name: after[name] for name in before} == before


def told(folder, done):
    """What a call printed, but for where it was and how long its runs took."""
    return re.sub(r"\d+ s$", "", done.stdout.replace(str(folder), ""), flags=re.M)


@pytest.mark.slow
def test_runs_side_by_side_give_the_bytes_and_the_table_of_runs_one_after_another(killed, tmp_path):
    done = call(*OPTIONS, "--corpora", "synthetic", "--parallel", 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert told(tmp_path, done) == told(killed[0], killed[2])
    found, before = (stages.outcome(folder / "runs/sankaran2023/ann") for folder in (tmp_path, killed[0]))
    assert [name for name in set(found) | set(before) if found.get(name) != before.get(name)] == []
    assert sum(name.endswith("predictions.csv") for name in found) == 6


def test_network_that_keras_cant_build_is_a_line_and_the_others_go_on(monkeypatch, capsys, tmp_path):
    def run(task, loaded, settings):
        if settings.choose == {"conv_blocks": "9"}:
            raise ValueError("Computed output size\nwould be negative")
        return settings.choose

    seen = {}
    monkeypatch.setattr(training, "run", run)
    monkeypatch.setattr(command_module, "result_line", lambda task, folder: f"ran {folder}")
    monkeypatch.setattr(command_module, "_table", lambda task, done, out, failures: seen.update(failures))
    monkeypatch.setattr(once, "ablation_files", lambda *arguments: None)
    monkeypatch.setattr(ablation_texts, "screen", lambda entry: "table")
    tasks = tasks_of([("sankaran2023", "cnn")], None, "published", (0,))
    loaded = LoadedCorpora((), {})
    command_module._carried_out(tasks, (("conv_blocks", 9), ("filters", 16)), loaded, Settings(tmp_path), 1)
    assert seen == {("conv_blocks", 9): {0: "Computed output size would be negative"}}
    assert "filters = 16: ran {'filters': '16'}" in capsys.readouterr().out


def test_table_has_every_setting_and_seed(killed):
    settings = entry(killed[0])["settings"]
    found = {(one["choice"], one["value"]): [run["seed"] for run in one["runs"]] for one in settings}
    assert found == {
        (None, None): [0, 1],
        ("n_mfcc", 200): [],
        ("epochs", 15): [],
        ("batch_size", 8): [0, 1],
        ("standardise", "none"): [0, 1],
    }


def test_printed_table_says_what_its_figures_are_not(killed):
    lines = killed[2].stdout.splitlines()
    assert lines[0] == lines[-1] == SYNTHETIC_LINE
    assert "NOT FOR FIGURES: the recordings of tess are synthetic; quick runs" in lines
    assert any(line.startswith("standardise = none  ") for line in lines)
    assert lines[-2] == "ablation: runs/sankaran2023/ablation/ann-described-published.md"
    for ending in ("html", "md", "csv", "svg", "png"):
        assert (killed[0] / f"runs/sankaran2023/ablation/ann-described-published.{ending}").stat().st_size


def test_report_of_the_runs_names_each_by_what_was_changed(killed):
    entries = tables.experiments(finished_runs(killed[0] / "runs", "sankaran2023"))
    assert [one["settings"] for one in entries] == [{}, {"batch_size": 8}, {"standardise": "none"}]
    [line] = evidence.variants(entries)
    assert line.startswith("ann: published 0.9976; described, published protocol ")
    assert "standardise = none alone moves described by " in line
    assert papers_with_runs(killed[0] / "runs") == ("sankaran2023",)


def test_setting_that_cant_be_run_is_a_line_and_the_others_go_on(killed):
    lines = killed[2].stdout.splitlines()
    assert "epochs = 15  0  can't be run (seeds 0, 1): --epochs or --quick decides the epochs of all runs" in lines
    assert any(line.startswith("n_mfcc = 200  0  can't be run (seeds 0, 1): ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["yadav2022"], 3, "yadav2022 has several experiments, and an ablation is of one: yadav2022/ravdess, "),
        (["yadav2022/emodb", "--seeds", "many"], 2, "neither a number of seeds"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_call_is_one_clear_line(arguments, code, says, tmp_path):
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    if code == 3:
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody1999/x"], "no paper is called 'nobody1999'"),
        (["yadav2022/iemocap"], "yadav2022 has no experiment 'iemocap'"),
        (
            ["rastogi2025/mlp"],
            "rastogi2025/mlp coded leaves nothing open; what does, of rastogi2025: cnn-lstm described",
        ),
        (["yadav2022/emodb", "--choices", "volume"], "yadav2022/emodb described: 'volume' is no choice here"),
        (["yadav2022/emodb", "--choices", "l2=loud"], "yadav2022/emodb described: choice l2 can't be 'loud'"),
        (["yadav2022/emodb", "--variant", "coded"], "yadav2022/emodb described is the only variant"),
        (["yadav2022/emodb"], "python -m ser_keras.corpora fetch emodb"),
    ],
)
def test_what_cant_be_ablated_is_named(arguments, says, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SER_KERAS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SerError) as refused:
        ablate.main(arguments, standalone_mode=False)
    assert says in str(refused.value)
