"""The ledger: only comparable runs are kept, and the README's table is what the stored ones give."""

import copy
import json
from pathlib import Path

import pytest

from ser_keras import results
from ser_keras.errors import RunError

CHECKOUT = Path(__file__).parents[1]
RECORD = {
    "corpora": {"emodb": {"clips": 535, "expected": 535, "synthetic": False}},
    "choices": [
        {"key": "top_db", "value": None, "default": None},
        {"key": "epochs", "value": 60, "default": 60},
    ],
    "quick": False,
    "training": {"epochs_limit": 60},
}


def run(seed, confusion, experiment="emodb", variant="described", clips_there=535, protocol="published"):
    right, clips = confusion[0][0] + confusion[1][1], sum(map(sum, confusion))
    uar = (confusion[0][0] / sum(confusion[0]) + confusion[1][1] / sum(confusion[1])) / 2
    figures = {"accuracy": right / clips, "uar": uar, "confusion": confusion}
    named = {"experiment": experiment, "variant": variant, "protocol": protocol, "seed": seed}
    return {**named, **figures, "corpora": {"emodb": {"clips": clips_there, "expected": 535}}}


def test_readme_table_is_what_the_stored_results_give():
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert results.with_table(readme, results.stored(CHECKOUT / "results")) == readme


def test_stored_results_are_comparable_runs_with_their_provenance():
    ledgers = results.stored(CHECKOUT / "results")
    assert any(ledger["runs"] for ledger in ledgers)
    for ledger in ledgers:
        for kept in ledger["runs"]:
            assert results.comparable({**kept, "quick": False})
            assert sum(map(sum, kept["confusion"])) == sum(kept["split"]["supports"]["test"].values())
            right = sum(row[number] for number, row in enumerate(kept["confusion"]))
            assert kept["accuracy"] == pytest.approx(right / sum(map(sum, kept["confusion"])))
            assert kept["provenance"]["packages"]["keras"]
            assert all(len(corpus["manifest_sha256"]) == 64 for corpus in kept["corpora"].values())


def test_complete_real_run_with_our_choices_is_comparable():
    assert results.comparable(RECORD)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("corpora", "emodb", "clips"), 534),
        (("corpora", "emodb", "synthetic"), True),
        (("choices", 0, "value"), 80.0),
        (("quick",), True),
        (("training", "epochs_limit"), 30),
        (("weights",), "published"),
        (("missing_corpora",), ["savee"]),
    ],
)
def test_run_that_is_not_the_papers_is_left_out(place, value):
    record = copy.deepcopy(RECORD)
    inner = record
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not results.comparable(record)


def test_table_gives_mean_and_deviation_over_seeds_and_what_was_not_run():
    ledger = {"paper": "yadav2022", "runs": [run(0, [[8, 2], [0, 10]]), run(1, [[6, 4], [0, 10]])]}
    lines = list(results.table([ledger]))
    # accuracies 90 and 80 %: mean 85, deviation sqrt(2 · 5²) = 7.07
    assert "| yadav2022/emodb | 83.18 % | 85.00 ± 7.07 % | 2 | 85.00 ± 7.07 % | 20 |  |" in lines
    assert "| yadav2022/ravdess | 79.86 % | not run | 0 | | |  |" in lines


def test_corpus_that_lacks_under_a_thousandth_is_comparable_and_named_below_the_table():
    lacking = copy.deepcopy(RECORD)
    lacking["corpora"] = {"tess": {"clips": 2798, "expected": 2800, "synthetic": False}}
    assert results.comparable(lacking)
    ledger = {"paper": "yadav2022", "runs": [run(0, [[8, 2], [0, 10]], clips_there=534)]}
    assert list(results.table([ledger]))[-1] == "In these runs emodb lacks 1 of 535 clips."


def test_runs_on_unheard_speakers_have_a_column_and_are_never_averaged_with_the_others():
    apart = run(0, [[5, 5], [3, 7]], protocol="speaker-independent")
    lines = list(results.table([{"paper": "yadav2022", "runs": [run(0, [[8, 2], [0, 10]]), apart]}]))
    assert "| yadav2022/emodb | 83.18 % | 90.00 % | 1 | 90.00 % | 20 | 60.00 % |" in lines


def test_variants_have_a_row_each_under_their_names():
    runs = [run(0, [[8, 2], [0, 10]]), run(0, [[5, 5], [5, 5]], variant="coded")]
    lines = [line for line in results.table([{"paper": "yadav2022", "runs": runs}]) if "yadav2022/emodb (" in line]
    assert [line.split("|")[1].strip() for line in lines] == ["yadav2022/emodb (described)", "yadav2022/emodb (coded)"]
    assert [line.split("|")[3].strip() for line in lines] == ["90.00 %", "50.00 %"]


def test_readme_without_the_markers_is_refused():
    with pytest.raises(RunError, match=r"README\.md lacks the lines"):
        results.with_table("# nothing", [])


def test_text_around_the_table_is_kept():
    readme = f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n"
    once = results.with_table(readme, [{"paper": "yadav2022", "runs": []}])
    assert once.startswith("before\n") and once.endswith(f"{results.END}\nafter\n")
    assert "old" not in once
    assert results.with_table(once, [{"paper": "yadav2022", "runs": []}]) == once


def test_ledgers_are_read_from_their_folder(tmp_path):
    (tmp_path / "yadav2022.json").write_text(json.dumps({"paper": "yadav2022", "runs": []}))
    assert results.stored(tmp_path) == [{"paper": "yadav2022", "runs": []}]
    assert results.stored(tmp_path / "none") == []
