"""Which cells there are, where they lie, and which are finished."""

import json

import pytest

from ser_keras.comparison import cells
from ser_keras.comparison.cells import Cell
from ser_keras.errors import RunError


def test_within_has_each_corpus_and_all_merged_cross_every_ordered_pair():
    found = cells.planned(["m"], ["a", "b", "c"], "both", [0])
    assert [one.corpora for one in found] == [
        *("a", "b", "c", "a+b+c"),
        *("a-to-b", "a-to-c", "b-to-a", "b-to-c", "c-to-a", "c-to-b"),
    ]
    assert all(one.train != one.test for one in found if one.mode == "cross")


def test_one_corpus_alone_is_not_merged():
    assert [one.corpora for one in cells.planned(["m"], ["a"], "both", [0])] == ["a"]


def test_models_and_seeds_multiply():
    found = cells.planned(["m", "n"], ["a"], "within", [0, 7])
    assert [(one.model, one.seed) for one in found] == [("m", 0), ("n", 0), ("m", 7), ("n", 7)]


def test_folder_says_what_the_cell_is(tmp_path):
    comparison = cells.comparison_folder(tmp_path, ("emodb", "ravdess"), ("sad", "angry"))
    assert comparison == tmp_path / "compare/emodb+ravdess,classes=sad+angry"
    cell = Cell("paper/experiment", "cross", ("emodb",), ("ravdess",), 3)
    assert cells.cell_folder(comparison, cell) == comparison / "cells/paper-experiment/cross/emodb-to-ravdess/seed-3"


DECLARED = {key: [] for key in cells.DECISIVE} | {"title": "one"}


def test_cell_is_finished_when_its_declaration_is_there(tmp_path):
    assert not cells.finished(tmp_path, DECLARED)
    (tmp_path / "cell.json").write_text(json.dumps({**DECLARED, "title": "worded anew", "folds": []}))
    assert cells.finished(tmp_path, DECLARED)


def test_recording_that_the_manifest_does_not_know_makes_no_other_cell(tmp_path):
    told = [{**DECLARED, "corpora": {"emodb": {"clips": 535, "foreign": stray}}} for stray in (0, 1)]
    (tmp_path / "cell.json").write_text(json.dumps(told[0]))
    assert cells.finished(tmp_path, told[1])


@pytest.mark.parametrize("key", cells.DECISIVE)
def test_finished_cell_of_other_settings_is_refused(key, tmp_path):
    (tmp_path / "cell.json").write_text(json.dumps({**DECLARED, key: ["other"]}))
    with pytest.raises(RunError, match=rf"finished cell with other settings \({key}\).*--force"):
        cells.finished(tmp_path, DECLARED)


def test_cell_that_is_cut_off_is_named(tmp_path):
    (tmp_path / "cell.json").write_text('{"schema": 1,')
    with pytest.raises(RunError, match=r"cell\.json can't be read"):
        cells.finished(tmp_path, DECLARED)


@pytest.mark.parametrize("wanted", [None, ("sad", "angry")])
def test_name_of_a_comparison_gives_its_corpora_in_their_order(wanted):
    assert cells.corpora_of(cells.comparison_name(("savee", "emodb"), wanted)) == ("savee", "emodb")
