"""What `report.md` tells as the page does: leaks, folds, and how averages over classes are taken."""

import json

import pytest

from ser_keras import discovery
from ser_keras.report import texts
from ser_keras.report.write import write_report


def written(tmp_path):
    path = write_report(tmp_path, "yadav2022")
    page, markdown = (one.read_text(encoding="utf-8") for one in (path, path.with_name("report.md")))
    return page, markdown, json.loads(path.with_name("report.json").read_text(encoding="utf-8"))


def row_of(head, *cells):
    return f'<th scope="row">{head}</th>' + "".join(f"<td>{cell}</td>" for cell in cells)


def test_page_and_markdown_have_the_accuracy_on_leaking_and_on_clean_clips(make_run, write_split, tmp_path):
    write_split(make_run(), leaking=lambda number: number < 40)
    page, markdown, report = written(tmp_path)
    row = next(one for one in report["experiments"][0]["leakage"]["kinds"] if one["kind"] == "speaker")
    leaking, clean = (texts.percent(row[key]) for key in ("accuracy", "accuracy_clean"))
    assert f"| speaker is in training | 40 | 37.4 % | {leaking} | {clean} |" in markdown
    assert "| 107 test examples of 1 run | Leaking |" in markdown
    assert row_of("speaker is in training", "40", "37.4 %", leaking, clean) in page
    for text in (markdown, page):
        assert text.count("the difference between their accuracies is not the effect of the leak alone") == 1


def test_nothing_is_said_of_a_difference_where_all_or_no_clips_leak(make_run, write_split, tmp_path):
    write_split(make_run(), leaking=lambda number: True)
    _, markdown, _ = written(tmp_path)
    assert "speaker is in training | 107 | 100.0 % |" in markdown
    assert "not the effect of the leak alone" not in markdown


def test_page_and_markdown_have_every_fold(make_run, tmp_path):
    path = make_run() / "predictions.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    cells = [head.split(","), *(row.split(",") for row in rows)]
    folds = ["fold", *(1 + number % 2 for number in range(len(rows)))]
    lines = [",".join([*row[:4], str(fold), *row[4:]]) for row, fold in zip(cells, folds, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page, markdown, report = written(tmp_path)
    first, second = report["experiments"][0]["runs"][0]["folds"]
    assert (first["n_test"], second["n_test"]) == (54, 53)
    assert "Seed 0, fold by fold:" in markdown
    for fold in (first, second):
        cells = [str(fold["fold"]), texts.percent(fold["accuracy"]), texts.percent(fold["uar"]), str(fold["n_test"])]
        assert f"| {' | '.join(cells)} | – | – | " in markdown
        assert row_of(*cells) in page
    assert "| pooled | " in markdown


def test_class_without_test_clips_is_named_beside_the_macro_average_that_counts_it_as_0(make_run, tmp_path):
    make_run()
    _, markdown, _ = written(tmp_path)
    assert "The macro average counts" not in markdown
    whole = discovery.published("yadav2022")["results"]["emodb"]
    support = [0 if name == "sad" else clips for name, clips in zip(whole["classes"], whole["support"], strict=True)]
    make_run(
        1, published={**{key: whole[key] for key in ("source", "classes", "accuracy_percent")}, "support": support}
    )
    page, markdown, report = written(tmp_path)
    [*_, run] = [run for entry in report["experiments"] for run in entry["runs"]]
    assert run["report"]["macro_avg"]["recall"] == pytest.approx(run["uar"] * 6 / 7)
    for text in (page, markdown):
        assert text.count("The macro average counts a class without test clips (sad) as 0") == 1
