"""The command as a user calls it, on synthetic corpora and, for the floor, on real EMO-DB."""

import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from campaigns import stages
from ser_keras import compare

CROSS = ["--corpora", "savee,tess", "--recordings", "synthetic", "--quick", "--epochs", 1, "--jobs", 1]


def call(*arguments, cwd, blocked="", **environment):
    """The command; `blocked` is a package that is not installed for it."""
    kept = {key: value for key, value in os.environ.items() if key != "SER_KERAS_DATA"}
    kept["XDG_CACHE_HOME"] = str(cwd / "home")  # no corpora of this machine's user
    code = (
        "import importlib.util, sys; find = importlib.util.find_spec; "
        f"importlib.util.find_spec = lambda name, *rest: None if name == {blocked!r} else find(name, *rest); "
        "from ser_keras import cli, compare; cli.run(compare.compare)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**kept, **environment},
    )


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """Two cheap networks and the floors, trained on one synthetic corpus and tested on the other."""
    folder = tmp_path_factory.mktemp("compare")
    done = call("sankaran2023/ann", "rastogi2025/mlp", *CROSS, "--mode", "cross", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


MODELS = {"sankaran2023/ann", "rastogi2025/mlp", "egemaps-svm", "majority"}


def test_every_model_is_tested_on_the_same_clips(synthetic):
    comparison = synthetic[0] / "runs/compare/savee+tess"
    cells = sorted(comparison.glob("cells/*/cross/*/seed-0/cell.json"))
    assert len(cells) == 8  # four models, both ways
    for test in ("savee", "tess"):
        tables = [pd.read_csv(path.with_name("predictions.csv")) for path in cells if f"to-{test}" in str(path)]
        assert len({tuple(table["clip"]) for table in tables}) == 1
        assert set(tables[0]["corpus"]) == {test}
        assert set(tables[0]["true"]) == {"neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"}


def without_seconds(told):
    return re.sub(r"\d+ s$", "", told, flags=re.M)


def outcome(folder):
    """What a comparison left, but for the clock's part in its cells."""
    found = stages.outcome(folder / "runs/compare")
    for name in found:
        if name.endswith("cell.json"):
            del found[name]["seconds"]
    return found


@pytest.mark.slow
def test_cells_side_by_side_give_the_bytes_and_the_report_of_cells_one_after_another(synthetic, tmp_path):
    options = ("sankaran2023/ann", "rastogi2025/mlp", *CROSS, "--mode", "cross", "--parallel", 2)
    done = call(*options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert without_seconds(done.stdout) == without_seconds(synthetic[1].stdout)
    found, before = outcome(tmp_path), outcome(synthetic[0])
    assert [name for name in set(found) | set(before) if found.get(name) != before.get(name)] == []
    assert sum(name.endswith("cell.json") for name in found) == 8


def test_first_and_last_line_say_that_the_recordings_are_synthetic(synthetic):
    lines = synthetic[1].stdout.splitlines()
    assert lines[0] == lines[-1] == compare.SYNTHETIC_LINE


def test_each_cell_has_a_line_and_the_report_has_each_model(synthetic):
    folder, done = synthetic
    report = json.loads((folder / "runs/compare/savee+tess/report/report.json").read_text(encoding="utf-8"))
    assert {one["model"] for one in report["overall"]} == set(report["models"]) == MODELS
    assert report["marks"] == ["synthetic", "quick"]
    assert report["leaks"]["speaker"] == 0
    for board in report["boards"]:
        for row in board["rows"]:
            start = (
                f"{row['model']} cross {board['train'][0]}-to-{board['test'][0]} seed 0: UAR {100 * row['uar']:.2f} %"
            )
            assert any(line.startswith(start) for line in done.stdout.splitlines())


def test_second_call_computes_nothing_and_another_mode_is_added(synthetic):
    folder = synthetic[0]
    cells = list((folder / "runs/compare/savee+tess").glob("cells/**/cell.json"))
    before = {path: path.stat().st_mtime_ns for path in cells}
    again = call("majority", *CROSS, cwd=folder)
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in cells} == before
    report = json.loads((folder / "runs/compare/savee+tess/report/report.json").read_text(encoding="utf-8"))
    assert len(report["boards"]) == 5  # each corpus, both merged, and the two pairs of the first call
    assert {row["model"] for row in report["boards"][2]["rows"]} == {"egemaps-svm", "majority"}
    assert {row["model"] for row in report["boards"][3]["rows"]} == MODELS


def test_other_settings_are_refused(synthetic):
    settings = [2 if one == 1 and CROSS[place - 1] == "--epochs" else one for place, one in enumerate(CROSS)]
    done = call("rastogi2025/mlp", *settings, "--mode", "cross", cwd=synthetic[0])
    assert done.returncode == 3
    assert "holds a finished cell with other settings (training)" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "Missing option '--corpora'"),
        (["--corpora", "iemocap"], 3, "no corpus is called 'iemocap'"),
        (["--corpora", "emodb", "--mode", "cross"], 3, "--mode cross of 1 corpora: name more with --corpora"),
        (["--corpora", "emodb"], 3, "python -m ser_keras.corpora fetch emodb"),
        (["--corpora", "emodb", "--seeds", "many"], 2, "neither a number of seeds"),
    ],
)
def test_wrong_call_is_one_clear_line(arguments, code, says, tmp_path):
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if code == 3:
        assert len(done.stderr.strip().splitlines()) == 1


def test_missing_opensmile_is_one_line_before_anything_is_computed(synthetic):
    done = call("majority", *CROSS, cwd=synthetic[0], blocked="opensmile")
    assert done.returncode == 3
    assert done.stderr.strip().splitlines()[-1] == (
        'error: opensmile is not installed: pip install "ser_keras[baseline]"'
    )


@pytest.mark.parametrize(("text", "found"), [("emodb,ravdess", ("emodb", "ravdess")), (" a, ,a", ("a",)), ("", ())])
def test_names_are_separated_by_commas(text, found):
    assert compare.names(text) == found


@pytest.mark.real_data
@pytest.mark.slow
def test_egemaps_svm_on_emodb_is_near_the_literature(real_corpora, tmp_path):
    done = call("egemaps-svm", "--corpora", "emodb", "--data", real_corpora, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    report = json.loads((tmp_path / "runs/compare/emodb/report/report.json").read_text(encoding="utf-8"))
    (board,) = report["boards"]
    row = next(one for one in board["rows"] if one["model"] == "egemaps-svm")
    assert (row["clips"], row["speakers"], row["folds"], len(report["classes"])) == (535, 10, 10, 7)
    # with the 6373 ComParE functionals an SVM comes to 77.1 % UAR; 88 functionals, scaled over all training speakers
    # alike, to somewhat less. Other splits of the search for the cost and other releases move it by a few points.
    assert 0.6 < row["uar"] < 0.8
    majority = next(one for one in board["rows"] if one["model"] == "majority")
    assert majority["uar"] == pytest.approx(1 / 7, abs=0.01)
    assert majority["accuracy"] == pytest.approx(127 / 535, abs=0.01)  # angry
