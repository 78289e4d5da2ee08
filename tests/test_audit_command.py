"""`python -m ser_keras.audit`: what it prints of the installed papers, and of any `published.json`."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ser_keras import audit as command
from ser_keras import discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation.audit import examined_paper


def printed_lines(*papers):
    done = CliRunner().invoke(command.audit, papers)
    assert done.exit_code == 0
    return done.output.splitlines()


def lines_of(printed):
    return command.lines("somebody2020", {"title": "T", "year": 2020} | printed, examined_paper(printed))


def test_command_prints_findings_and_what_was_checked():
    lines = printed_lines("yadav2022")
    assert lines[1] == "  ravdess (Figure 9, Table 2): 31 printed values checked, matrix of 64 cells"
    assert "0.8564 printed, 0.8020 by its matrix" in lines[2]
    assert sum("nothing contradicts its own matrix" in line for line in lines) == 3


# FACTS: 61 % is 481 of 790, 78.99 % is 624 of 790, 25 % is 135 of 528; 65.14 % is 852 of 1308; no count for 89.26 %
@pytest.mark.parametrize(
    ("paper", "line"),
    [
        ("kanoun2024", "accuracy: 61 % is 481 of 790 (12.3 % of 6440) test clips"),
        ("kanoun2024", "accuracy: 78.99 % is 624 of 790 (12.3 % of 6440) test clips"),
        ("kanoun2024", "accuracy: its matrix has right 135 of 528 (8.2 % of 6440) test clips"),
        ("rastogi2025", "accuracy: 65.14 % is 852 of 1308 (12.0 % of 10898) test clips"),
        ("yadav2022", "accuracy: 79.86 % is 230 of 288 (20.0 % of 1440) test clips"),
    ],
)
def test_accuracy_is_told_as_right_clips_of_the_printed_number(paper, line):
    assert f"    {line}" in printed_lines(paper)


def test_bare_accuracy_is_told_with_its_least_and_its_likeliest_number_of_clips():
    lines = "\n".join(printed_lines("sankaran2023"))
    assert "0.9893 takes 187 test clips or more; first of the usual numbers 277 of 280 (10 % of 2800) fits" in lines
    assert "then 554 of 560 (20 % of 2800)" in lines
    assert "503 of 504 (20 % of the 90 % that a test part of 10 % leaves) fits\n" in lines


def test_bare_accuracy_without_number_of_clips_has_a_least_one():
    lines = lines_of({"results": {"one": {"source": "Table 1", "accuracy_percent": 75}}})
    assert lines[2] == "    accuracy: 75 % takes 4 test clips or more"
    lines = lines_of({"results": {"one": {"source": "Table 1", "accuracy_percent": 89.26, "clips": 100}}})
    assert lines[2].endswith("no usual share of 100 is known that gives it")


def test_statements_are_counted_and_contradicted_ones_listed():
    claim = {"where": "Section 2", "says": "5 clips", "kind": "total", "printed": 5, "basis": "Table 1"}
    published = {"results": {}, "claims": [claim | {"parts": {"a": 2, "b": 2}}]}
    assert lines_of(published)[1:] == [
        "  text: 1 statement in numbers checked, 1 contradicted",
        "    Section 2: 5 clips; Table 1 gives 4 (a 2, b 2)",
    ]
    published["claims"] = [claim | {"parts": {"a": 2, "b": 3}}] * 2
    assert lines_of(published)[1:] == ["  text: 2 statements in numbers checked, none contradicted"]


def test_paper_without_claims_has_no_line_on_its_text():
    assert not any("text:" in line for line in lines_of({"results": {"one": {"accuracy": 0.9}}}))


def test_command_prints_json():
    done = CliRunner().invoke(command.audit, ["--json", "yadav2022", "sankaran2023"])
    yadav, sankaran = json.loads(done.output)
    [finding] = [finding for one in yadav["experiments"] for finding in one["findings"]]
    assert (finding["experiment"], finding["where"], finding["printed"]) == ("ravdess", "macro_avg f1", 0.8564)
    [lstm] = [one for one in sankaran["experiments"] if one["name"] == "lstm"]
    assert lstm["least"] == 187
    assert lstm["sizes"][0] == {"clips": 280, "right": 277, "share": "10 % of 2800", "least": 277, "most": 277}
    assert {"where", "says", "kind", "against"} == set(sankaran["text"][0])
    assert sankaran["statements"] == len(discovery.published("sankaran2023")["claims"])


def test_unknown_paper_is_refused():
    with pytest.raises(PaperError, match="no paper is called 'nobody1999'"):
        CliRunner().invoke(command.audit, ["nobody1999"], catch_exceptions=False)


def test_command_loads_no_heavy_library():
    heavy = "tensorflow keras librosa sklearn pandas matplotlib papers.yadav2022"
    code = (
        "import sys, ser_keras.audit as a\n"
        "a.audit(['yadav2022'], standalone_mode=False)\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
