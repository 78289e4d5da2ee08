"""A comparison's report from made-up cells: boards, matrices, calibration, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from ser_keras.comparison.cells import Cell, cell_folder
from ser_keras.errors import RunError
from ser_keras.report import comparison, comparison_texts
from ser_keras.report.comparison_write import write_report

CLASSES = ["happy", "sad", "angry"]
EVIL = "<script>alert(1)</script>"


def predictions(corpus, sure, seed, clips=24):
    """Clips of four speakers, right with the probability that the model gives, which is `sure`."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, clips)
    called = np.where(rng.uniform(size=clips) < sure, true, (true + 1) % 3)
    scores = np.full((clips, 3), (1 - sure) / 2)
    scores[np.arange(clips), called] = sure
    speakers = np.arange(clips) % 4
    table = pd.DataFrame(
        {
            "clip": [f"{corpus}/{number}" for number in range(clips)],
            "corpus": corpus,
            "speaker": [f"{corpus}-{speaker}" for speaker in speakers],
            "gender": np.where(speakers % 2, "male", "female"),
            "fold": 1 + speakers,
            "true": np.asarray(CLASSES)[true],
            "predicted": np.asarray(CLASSES)[called],
        }
    )
    return table.join(pd.DataFrame(scores, columns=CLASSES))


@pytest.fixture
def make_cell(tmp_path):
    def make_cell(model, train, test=None, *, sure=0.6, seed=0, **changes):
        test = test or train
        cell = Cell(model, "within" if train == test else "cross", (train,), (test,), seed)
        folder = cell_folder(tmp_path, cell)
        folder.mkdir(parents=True)
        table = predictions(test, sure, seed)
        table.to_csv(folder / "predictions.csv", index=False)
        corpus = {"clips": 24, "expected": 24, "synthetic": False, "manifest_sha256": "a", "altered": 0, "foreign": 0}
        record = {
            "schema": 1,
            "model": model,
            "title": f"what {model} is",
            "mode": cell.mode,
            "seed": seed,
            "train": [train],
            "test": [test],
            "quick": False,
            "classes": CLASSES,
            "tested": len(table),
            "clips": {"count": 24, "sha256": "b"},
            "corpora": dict.fromkeys((train, test), corpus),
            "set_aside": [],
            "folds": [{"leaks": {"speaker": 0, "fitted": None}} for _ in range(4)],
            "seconds": 1.0,
            **changes,
        }
        (folder / "cell.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    return make_cell


@pytest.fixture
def two_corpora(make_cell, tmp_path):
    """A good model and a poor floor on two corpora, each way."""
    for model, sure in (("paper/good", 0.95), ("majority", 0.4)):
        for train in ("emodb", "savee"):
            for test in ("emodb", "savee"):
                lost = {"emodb": 0.05, "savee": 0.4}[train] if train != test else 0
                make_cell(model, train, test, sure=max(sure - lost, 0.35))
    return tmp_path


def test_board_has_the_best_first_with_scores_of_its_predictions(two_corpora):
    found = comparison.report(comparison.read_all(two_corpora), "two")
    assert [comparison_texts.board_name(one) for one in found["boards"]] == [
        *("emodb, unheard speakers", "savee, unheard speakers", "emodb → savee", "savee → emodb")
    ]
    best, worst = found["boards"][0]["rows"]
    assert (best["model"], worst["model"]) == ("paper/good", "majority")
    table = predictions("emodb", 0.95, 0)
    assert best["uar"] == pytest.approx(balanced_accuracy_score(table["true"], table["predicted"]))
    assert best["ece"] == pytest.approx(abs((table["true"] == table["predicted"]).mean() - 0.95))
    assert (best["clips"], best["speakers"], best["folds"]) == (24, 4, 4)
    assert set(best["by_gender"]) == {"female", "male"}
    assert best["by_gender"]["male"]["clips"] == 12


def test_matrix_has_training_corpora_down_and_unheard_speakers_on_the_diagonal(two_corpora):
    found = comparison.report(comparison.read_all(two_corpora), "two")
    uar = {
        (board["train"][0], board["test"][0], row["model"]): row["uar"]
        for board in found["boards"]
        for row in board["rows"]
    }
    for matrix in found["matrices"]:
        assert matrix["corpora"] == ["emodb", "savee"]
        for row, train in enumerate(matrix["corpora"]):
            for column, test in enumerate(matrix["corpora"]):
                assert matrix["uar"][row][column] == uar[train, test, matrix["model"]]
    (first, _) = found["overall"]
    errors = [row["ece"] for board in found["boards"][:2] for row in board["rows"] if row["model"] == "paper/good"]
    assert first["ece_within"] == pytest.approx(np.mean(errors))
    assert first["cross"] == pytest.approx(
        (uar["emodb", "savee", "paper/good"] + uar["savee", "emodb", "paper/good"]) / 2
    )


def test_seeds_are_pooled_to_their_mean(make_cell, tmp_path):
    for seed in (0, 1, 2):
        make_cell("paper/good", "emodb", seed=seed)
    (row,) = comparison.report(comparison.read_all(tmp_path), "one")["boards"][0]["rows"]
    tables = [predictions("emodb", 0.6, seed) for seed in (0, 1, 2)]
    accuracies = [(one["true"] == one["predicted"]).mean() for one in tables]
    assert row["seeds"] == [0, 1, 2]
    assert row["accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["clips"] == 24
    assert row["uar_std"] > 0


def test_ece_is_the_mean_of_the_seeds_where_pooled_errors_would_cancel_out(make_cell, tmp_path):
    tables = [predictions("emodb", 0.6, seed) for seed in (0, 6)]
    for seed in (0, 6):
        make_cell("paper/good", "emodb", seed=seed)
    own = [(one["true"] == one["predicted"]).mean() - 0.6 for one in tables]
    assert own[0] * own[1] < 0  # one too sure, the other not sure enough
    found = comparison.report(comparison.read_all(tmp_path), "one")
    (row,) = found["boards"][0]["rows"]
    (calibrated,) = found["calibration"]
    assert row["ece"] == calibrated["ece"] == pytest.approx(np.mean(np.abs(own)))
    assert sum(one["clips"] for one in calibrated["bins"]) == 48


def test_gender_that_equals_corpus_is_told_where_both_divide_the_clips_alike(make_cell, tmp_path):
    folder = make_cell("paper/good", "savee+tess")
    table = pd.read_csv(folder / "predictions.csv")
    half = np.arange(len(table)) < 12

    def line(genders):
        told = table.assign(corpus=np.where(half, "savee", "tess"), gender=genders)
        told.to_csv(folder / "predictions.csv", index=False)
        (board,) = comparison.report(comparison.read_all(tmp_path), "one")["boards"]
        return comparison_texts.board_line(board)

    alike = "Gender and corpus divide these clips alike (tess is all female, savee is all male)"
    assert alike in line(np.where(half, "male", "female"))
    assert "alike" not in line(np.where(np.arange(len(table)) < 11, "male", "female"))
    assert "alike" not in line(np.full(len(table), "male"))


def test_pairs_are_those_of_all_corpora_of_a_mode(two_corpora):
    found = comparison.report(comparison.read_all(two_corpora), "two")
    (pairs,) = [one["pairs"] for one in found["pairs"] if (one["model"], one["mode"]) == ("majority", "within")]
    (one,) = pairs
    tables = pd.concat([predictions(name, 0.4, 0) for name in ("emodb", "savee")])
    angry = tables[tables["true"] == "angry"]
    assert (one["first"], one["second"]) == ("angry", "happy")
    assert one["first_as_second"] == pytest.approx((angry["predicted"] == "happy").mean())


def test_page_markdown_and_json_say_the_same(two_corpora):
    page = write_report(two_corpora)
    text, told = page.read_text(encoding="utf-8"), page.with_name("report.md").read_text(encoding="utf-8")
    report = json.loads(page.with_name("report.json").read_text(encoding="utf-8"))
    for board in report["boards"]:
        for row in board["rows"]:
            cell = comparison_texts.cell(row["uar"], row["uar_interval"])
            assert cell in text
            assert cell.replace("[", "\\[").replace("]", "\\]") in told or cell in told
    for name in ("board-within-emodb", "cross-paper-good", "reliability-majority"):
        assert (page.parent / f"figures/{name}.png").stat().st_size > 1000
        assert f"figures/{name}.png" in told
    assert text.count("<img") == 2 + 2 + 2  # boards, matrices, reliability
    assert "No test clip shares its speaker with training" in text


def test_names_from_files_are_escaped(make_cell, tmp_path):
    make_cell("paper/good", "emodb", title=EVIL, set_aside=[{"clip": EVIL, "model": EVIL, "reason": EVIL}])
    text = write_report(tmp_path).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_leaking_speakers_and_synthetic_and_quick_cells_are_told(make_cell, tmp_path):
    corpus = {"clips": 24, "expected": 48, "synthetic": True, "manifest_sha256": "a", "altered": 0, "foreign": 0}
    make_cell("paper/good", "emodb", folds=[{"leaks": {"speaker": 3}}], corpora={"emodb": corpus}, quick=True)
    text = write_report(tmp_path).read_text(encoding="utf-8")
    assert "3 test clips share their speaker with training." in text
    assert "Synthetic recordings" in text
    assert "Quick runs" in text


def test_cells_of_other_clips_are_not_compared(make_cell, tmp_path):
    make_cell("paper/good", "emodb")
    make_cell("majority", "emodb", clips={"count": 23, "sha256": "c"})
    with pytest.raises(RunError, match=r"is of other clips than .*: compute both again with --force"):
        comparison.read_all(tmp_path)


def test_cell_whose_predictions_are_cut_off_is_named(make_cell, tmp_path):
    path = make_cell("paper/good", "emodb") / "predictions.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:10]) + "\n")
    with pytest.raises(RunError, match="has 9 predictions for 24 test clips"):
        comparison.read_all(tmp_path)


def test_folder_without_cells_is_named(tmp_path):
    with pytest.raises(RunError, match="holds no finished cell"):
        write_report(tmp_path)
