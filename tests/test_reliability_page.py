"""docs/reliability.md says what the campaigns found, and nothing else."""

import json

from campaigns import write


def test_figures_on_the_page_are_those_of_the_stored_campaigns():
    text = write.PAGE.read_text(encoding="utf-8")
    assert write.page(text) == text


def test_stored_campaign_has_a_million_inputs_and_no_fault():
    targets = json.loads((write.FOUND / "fuzz.json").read_text(encoding="utf-8"))["targets"]
    assert sum(one["inputs"] for one in targets) == 1_000_000
    assert all(one["read"] + one["refused"] == one["inputs"] for one in targets)
    assert all(one["peak_mib"] < 1024 for one in targets)


def test_table_has_a_row_a_reader():
    one = {"target": "recording", "inputs": 1500, "read": 1000, "refused": 499, "faults": [{}], "peak_mib": 40}
    assert write.fuzz_table({"targets": [one]})[2:] == ["| recording | 1 500 | 1 000 | 499 | 1 | 40 MiB |"]
