"""docs/reliability.md says what the campaigns found, and nothing else."""

import json

import numpy as np

from campaigns import matrices, write


def test_figures_on_the_page_are_those_of_the_stored_campaigns():
    text = write.PAGE.read_text(encoding="utf-8")
    assert write.page(text) == text


def test_stored_campaign_has_a_million_inputs_and_no_fault_in_this_process():
    targets = json.loads((write.FOUND / "fuzz.json").read_text(encoding="utf-8"))["targets"]
    assert sum(one["inputs"] for one in targets) == 1_000_000
    assert all(one["read"] + one["refused"] + len(one["faults"]) == one["inputs"] for one in targets)
    assert {one["target"] for one in targets if one["faults"]} <= {"published weights"}  # read in a process of its own
    assert all(one["peak_mib"] < 1024 for one in targets)


def test_stored_campaign_of_matrices_claims_no_wrong_counts():
    ways = json.loads((write.FOUND / "matrices.json").read_text(encoding="utf-8"))["ways"]
    assert sum(one[key] for one in ways for key in matrices.OUTCOMES) == 100_000
    assert all(one["wrong"] == one["called impossible"] == 0 for one in ways)
    assert all(one["right"] for one in ways)


def test_matrices_of_the_campaign_are_printed_as_it_says():
    counts = np.array([[2, 1], [0, 0]])
    assert matrices.printed(counts, 2, False).tolist() == [[66.67, 33.33], [0, 0]]
    assert matrices.printed(counts, 2, True).tolist() == [[66.66, 33.33], [0, 0]]
    found = {matrices.outcome(*matrices.drawn(1, number)) for number in range(300)}
    assert found == {"right", "ambiguous"}


def test_table_has_a_row_a_reader():
    one = {"target": "recording", "inputs": 1500, "read": 1000, "refused": 499, "faults": [{}], "peak_mib": 40}
    assert write.fuzz_table({"targets": [one]})[2:] == ["| recording | 1 500 | 1 000 | 499 | 1 | 40 MiB |"]


def test_table_of_stages_has_a_row_a_stage_and_their_sum():
    one = {
        "stage": "report", "command": "python -m x", "kills": 5, "rounds": 2, "results": 9, "differing": ["a"],
        "requests_gone_on_with": 1,
    }  # fmt: skip
    lines = write.stage_lines({"signal": "SIGKILL", "stages": [one, {**one, "stage": "training", "kills": 6}]})
    assert lines[0] == "11 kills, each aimed at a stage of a command:"
    assert lines[4:6] == ["| report | 5 | 2 | 9 | 1 | `python -m x` |", "| training | 6 | 2 | 9 | 1 | `python -m x` |"]
    assert lines[-1].endswith("interrupted download: 2.")


def test_table_of_faults_says_what_happened_instead_where_it_did():
    row = {"fault": "full disk", "tried": "x", "times": 2, "happens": "one line", "faults": []}
    found = {"full disk": [row, {**row, "faults": ["left with 1", "a differs"]}]}
    assert write.fault_table(found)[4:] == [
        "| full disk | x | 2 | one line |",
        "| full disk | x | 2 | left with 1; a differs |",
    ]


def test_stored_kills_of_every_stage_left_nothing_half_written():
    stages = json.loads((write.FOUND / "aimed.json").read_text(encoding="utf-8"))["stages"]
    assert {"prediction", "report", "download of an archive"} <= {one["stage"] for one in stages}
    assert all(one["kills"] and one["results"] and not one["differing"] for one in stages)


def test_line_of_the_web_page_has_the_figures_of_its_campaign():
    found = {
        "cores": 2, "uploads": 9, "own": 8, "seconds": 20.4, "slowest_s": 20.1, "median_s": 10.2, "before_mib": 700,
        "peak_mib": 800, "kept_after_answers": 1, "hour_s": 0.5, "large_s": 0.25, "leaving": 4, "gone_after_s": 61.2,
    }  # fmt: skip
    (line,) = write.demo_lines(found)
    for said in ("9 visitors at once, 8 of them", "in 20 s on 2 cores", "median 10 s", "700 MiB before and 800",
                 "1 uploads were", "0.50 s", "0.25 s", "Of 4 visitors", "after 61 s"):  # fmt: skip
        assert said in line
