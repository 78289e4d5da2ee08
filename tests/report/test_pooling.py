"""Runs that are in a ledger and runs that come to it: seeds add up, and nothing counts twice."""

import json

import pytest

from ser_keras.report import ledgers, pooling
from ser_keras.report.runs import finished_runs


@pytest.fixture
def run(small_run):
    """A function that writes a small run and its split, of whose 20 test clips the ten of speaker a leak."""

    def make(seed, right, **others):
        folder = small_run(seed, right, **others)
        rows = [f"{number},{'ab'[number % 2]},test" for number in range(20)]
        (folder / "split.csv").write_text("\n".join(["clip,speaker,part", *rows, "20,a,train"]) + "\n")

    return make


@pytest.fixture
def ledger(tmp_path):
    """A function: the ledger of the runs that were written since it was last called, beside an earlier one."""

    def make(earlier=None, paper="yadav2022"):
        found = ledgers.of_runs(finished_runs(tmp_path / "runs", paper), earlier)
        (tmp_path / "runs").rename(tmp_path / f"runs-{len(list(tmp_path.iterdir()))}")
        return found

    return make


def test_seeds_of_two_folders_come_to_what_those_of_one_come_to(run, ledger):
    for seed, right in enumerate((18, 16, 11, 13)):
        run(seed, right)
    [whole] = ledger()["emodb"]["entries"]
    run(0, 18), run(2, 11)
    first = ledger()
    run(1, 16), run(3, 13)
    found = ledger(first)["emodb"]
    [entry] = found["entries"]
    assert [one["seed"] for one in entry["runs"]] == [0, 1, 2, 3]
    same = [key for key in whole if key not in ("parts", "leakage")]
    assert {key: entry[key] for key in same} == {key: whole[key] for key in same}
    assert found["line"]["described"]["runs"] == 4
    assert entry["leakage"]["tested"] == whole["leakage"]["tested"] == 80
    for ours, expected in zip(entry["leakage"]["kinds"], whole["leakage"]["kinds"], strict=True):
        assert ours == pytest.approx(expected)


def test_scores_of_groups_are_kept_of_the_part_with_more_runs_with_its_seeds(run, ledger):
    run(0, 18), run(1, 16)
    first = ledger()
    run(2, 11)
    [entry] = ledger(first)["emodb"]["entries"]
    assert entry["parts"]["seeds"] == [0, 1]
    assert entry["parts"]["pairs"] == first["emodb"]["entries"][0]["parts"]["pairs"]


def test_run_of_a_seed_that_is_there_does_not_count_twice(run, ledger):
    run(0, 18), run(1, 16)
    first = ledger()
    run(1, 12), run(2, 12)  # not all that is there: what is there stays
    [entry] = ledger(first)["emodb"]["entries"]
    assert [round(20 * one["accuracy"]) for one in entry["runs"]] == [18, 16, 12]
    assert entry["leakage"]["tested"] == 60


def test_folder_with_all_seeds_replaces_what_is_there(run, ledger):
    run(0, 18), run(1, 16)
    first = ledger()
    run(0, 10), run(1, 12), run(2, 14)
    [entry] = ledger(first)["emodb"]["entries"]
    assert [round(20 * one["accuracy"]) for one in entry["runs"]] == [10, 12, 14]
    assert [part["seeds"] for part in entry["provenance"]] == [[0, 1, 2]]


def test_changed_choices_stay_apart_and_another_recipe_replaces(run, ledger, tmp_path):
    run(0, 18)
    run(0, 10, changed=True)
    first = ledger()
    run(1, 16)
    entries = ledger(first)["emodb"]["entries"]
    assert [(len(one["runs"]), one["settings"]) for one in entries] == [(2, {}), (1, {"trim": 2})]
    run(2, 14)
    [path] = (tmp_path / "runs").glob("*/*/*/*/*/run.json")
    path.write_text(path.read_text().replace('"epochs_limit": 60', '"epochs_limit": 90'))
    entries = ledger({"emodb": {**first["emodb"], "entries": entries}})["emodb"]["entries"]
    assert [[one["seed"] for one in entry["runs"]] for entry in entries] == [[2], [0]]


def test_runs_of_before_a_part_of_the_recipe_was_named_count_where_that_part_is_none(run, ledger, tmp_path):
    run(0, 18)
    first = ledger()
    for seed, plateau in ((1, None), (2, "val_loss x 0.5 after 4")):
        run(seed, 16)
        [path] = (tmp_path / "runs").glob("*/*/*/*/*/run.json")
        record = json.loads(path.read_text())
        assert "plateau" not in record["training"]
        path.write_text(json.dumps({**record, "training": {**record["training"], "plateau": plateau}}))
        entries = ledger(first)["emodb"]["entries"]
        assert [one["seed"] for one in entries[0]["runs"]] == ([0, 1] if plateau is None else [2])


def test_ablation_of_more_runs_is_kept(run, ledger):
    for seed in (0, 1):
        run(seed, 18), run(seed, 12, changed=True)
    first = ledger()
    run(2, 18), run(2, 12, changed=True)
    [ablation] = ledger(first)["emodb"]["ablations"]
    assert ablation["seeds"] == [0, 1]


def test_stored_intervals_over_too_few_speakers_are_left_out():
    ends = {"accuracy_interval": [0.4, 0.5], "uar_interval": [0.3, 0.6]}
    corpus = {"tess": {"speakers": 2, **ends}, "ravdess": {"speakers": 24, **ends}}
    over = {"accuracy": [0.4, 0.5], "uar": [0.3, 0.6]}
    runs = [{"seed": 0, "speaker_intervals": {"speakers": 7, **over}}, {"seed": 1, "speaker_intervals": None}]
    runs += [{"seed": 2, "speaker_intervals": {"speakers": 8, **over}}]
    entry = {"parts": {"corpus": corpus, "gender": {}, "pairs": [1]}, "runs": runs, "name": "mlp"}
    found = pooling.without_few_speakers(entry)
    assert found["parts"]["corpus"]["ravdess"] == corpus["ravdess"]
    assert found["parts"]["corpus"]["tess"] == {"speakers": 2, "accuracy_interval": None, "uar_interval": None}
    assert found["parts"]["pairs"] == [1]
    assert [run["speaker_intervals"] for run in found["runs"]] == [None, None, {"speakers": 8, **over}]
    assert pooling.without_few_speakers({**entry, "parts": None})["parts"] is None
