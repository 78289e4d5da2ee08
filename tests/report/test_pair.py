"""Two runs side by side: figures, tests on what both tested, settings that differ."""

import csv

import pytest
from click.testing import CliRunner

from ser_keras.errors import RunError
from ser_keras.evaluation import paired
from ser_keras.report import pair
from ser_keras.report.__main__ import report as command
from ser_keras.report.runs import read


def hits(folder):
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        return [row["true"] == row["predicted"] for row in csv.DictReader(stream)]


def test_same_clips_are_compared_clip_by_clip(make_run):
    first, second = make_run(0, right=0.5), make_run(1, right=0.9)
    told = pair.comparison(read(first), read(second))
    pairs = list(zip(hits(first), hits(second), strict=True))
    only = [sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)]
    assert f"A alone is right on {only[0]}, B alone on {only[1]}" in told["sentences"][1]
    assert paired.mcnemar(*only) < 0.001 and "p < 0.001" in told["sentences"][1]
    assert told["points"] == pytest.approx(100 * (only[1] - only[0]) / 107)


def test_other_clips_are_compared_by_their_number(make_run):
    first = make_run(0)
    second = make_run(0, experiment="ravdess")
    told = pair.comparison(read(first), read(second))
    assert "They tested different clips (107 in both)" in told["sentences"][1]  # the fixture names clips by number
    assert not any(row[0].startswith("Recall") for row in told["rows"])  # other classes


def test_settings_that_differ_are_named_with_both_values(make_run):
    first = make_run(0, quick=True)
    second = make_run(1)
    told = pair.comparison(read(first), read(second))
    assert told["settings"] == [["quick", "true", "false"]]


def test_command_writes_page_markdown_json_and_figures(make_run, tmp_path):
    folders = [str(make_run(seed)) for seed in (0, 1)]
    done = CliRunner().invoke(command, ["--compare", *folders, "--out", str(tmp_path / "two")], standalone_mode=False)
    assert done.output.strip() == str(tmp_path / "two/index.html")
    names = sorted(path.relative_to(tmp_path / "two").as_posix() for path in (tmp_path / "two").rglob("*.*"))
    figures = [f"figures/{key}.{end}" for key in ("a", "b", "difference") for end in ("png", "svg")]
    assert names == ["comparison.json", "comparison.md", *figures, "index.html"]


def test_folder_without_a_run_is_refused(make_run, tmp_path):
    with pytest.raises(RunError, match="none holds no finished run"):
        pair.write_pair(make_run(0), tmp_path / "none", tmp_path / "two")
