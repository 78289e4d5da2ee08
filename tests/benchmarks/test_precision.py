"""bfloat16 beside float32: what is compared, and what is refused."""

import json

import pytest

from benchmarks import precision, write
from ser_keras.errors import RunError
from ser_keras.report.runs import finished_runs


@pytest.fixture
def runs(small_run, tmp_path):
    """A function: runs of seeds in float32 and in bfloat16, by how many of 20 clips each has right."""

    def make(usual, short):
        for seed, right in usual.items():
            small_run(seed, right)
        for seed, right in short.items():
            folder = small_run(seed, right, changed=True)  # a folder of its own
            record = json.loads((folder / "run.json").read_text())
            record["training"]["precision"], record["choices"][0]["value"] = "bfloat16", 1
            (folder / "run.json").unlink()
            place = folder.with_name(f"seed-{seed},precision=bfloat16")
            folder.rename(place)
            (place / "run.json").write_text(json.dumps(record))
        return tmp_path / "runs"

    return make


def test_differences_are_of_the_seeds_that_have_both(runs):
    found = precision.paired(finished_runs(runs({0: 18, 1: 16, 2: 14}, {1: 15, 2: 16}), "yadav2022"))
    assert found["float32_mean"] == pytest.approx(0.8)
    assert found["float32_std"] == pytest.approx(0.1)
    assert found["points"] == pytest.approx({1: -5, 2: 10})


def test_one_seed_or_no_pair_is_refused_with_what_to_train(runs):
    with pytest.raises(RunError, match="1 seeds in float32, 1 of them in bfloat16 as well: train two"):
        precision.paired(finished_runs(runs({0: 18}, {0: 15}), "yadav2022"))


def test_command_writes_what_the_page_tells(runs, tmp_path):
    folder = runs({0: 18, 1: 16}, {1: 15})
    precision.main([str(folder), "--out", str(tmp_path / "found.json")], standalone_mode=False)
    [line] = write.precision_lines(json.loads((tmp_path / "found.json").read_text()))
    assert "85.0%, standard deviation 7.1 percentage points over 2 seeds" in line
    assert "initial weights: −5.0 percentage points; one of 20 test clips is 5.0." in line
