"""Statements of a text against numbers: each kind where it holds and where it does not, and the papers' known slips."""

import math

import pytest

from ser_keras import discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation import claims


def told(**claim):
    found = claims.slips({"claims": [{"where": "Section 1", "says": "so", **claim}]})
    return found[0].against if found else ""


PARTS = {"a": 2, "b": 3}
LOSSES = {"cnn": 0.002, "lstm": 0.0012}
TABLE = {"precision": 87.49, "recall": 85.76}


@pytest.mark.parametrize(
    "claim",
    [
        {"kind": "total", "printed": 5, "parts": PARTS, "basis": "Table 1"},
        {"kind": "share", "part": 150, "whole": 1000, "percent": 15},
        {"kind": "share", "part": 154, "whole": 1000, "percent": 15},
        {"kind": "same", "places": {"here": 3, "there": 3}},
        {"kind": "least", "of": "lstm", "values": LOSSES},
        {"kind": "greatest", "of": "cnn", "values": LOSSES},
        {"kind": "parameters", "inputs": 30, "units": [256, 128, 64, 6], "normalised": 2, "printed": 51_014},
        {"kind": "windows", "samples": 65_000, "hop": 128, "size": 128, "step": 64, "printed": 6},
        {"kind": "is", "value": 85.76, "name": "recall", "prints": TABLE},
        {"kind": "cross-entropy", "loss": 0.03, "accuracy": 0.99, "classes": 7},
        {"kind": "cross-entropy", "loss": 1.2, "accuracy": 0.5, "classes": 7},
    ],
)
def test_statement_that_holds_gives_nothing(claim):
    assert told(**claim) == ""


@pytest.mark.parametrize(
    ("claim", "against"),
    [
        ({"kind": "total", "printed": 6, "parts": PARTS, "basis": "Table 1"}, "Table 1 gives 5 (a 2, b 3)"),
        ({"kind": "share", "part": 12, "whole": 100, "percent": 15}, "12 of 100 is 12.0 %"),
        ({"kind": "same", "places": {"here": 3, "there": 4}}, "printed as 3 (here), 4 (there)"),
        ({"kind": "least", "of": "cnn", "values": LOSSES}, "lstm has less: 0.0012, where cnn has 0.002"),
        ({"kind": "greatest", "of": "lstm", "values": LOSSES}, "cnn has more: 0.002, where lstm has 0.0012"),
        (
            {"kind": "parameters", "inputs": 3, "units": [2], "printed": 10},
            "3 inputs make 8 parameters; 10 are those of 4 inputs",
        ),
        (
            {"kind": "windows", "samples": 650, "hop": 10, "size": 8, "step": 4, "printed": 2, "instead": 110},
            "650 samples give 15 windows; 110 samples give 2",
        ),
        (
            {"kind": "is", "value": 87.49, "name": "recall", "prints": TABLE},
            "recall is printed as 85.76, and 87.49 is the precision",
        ),
    ],
)
def test_statement_that_does_not_hold_is_held_against_the_numbers(claim, against):
    assert told(**claim) == against


@pytest.mark.parametrize("classes", [4, 7])
def test_loss_of_a_softmax_applied_twice_is_recognized(classes):
    floor = math.log(math.e + classes - 1) - 1
    found = told(kind="cross-entropy", loss=floor + 0.01, accuracy=0.99, classes=classes)
    assert f"{floor:.4f}" in found and "softmax was applied twice" in found


def test_parameters_of_dense_layers_are_weights_biases_and_four_a_normalised_unit():
    assert claims.dense_parameters(3, [5, 2], 1) == 3 * 5 + 5 + 4 * 5 + 5 * 2 + 2


@pytest.mark.parametrize(
    "claim",
    [{}, {"kind": "guess"}, {"kind": "total", "printed": 3}, {"kind": "share", "part": 1, "whole": 0, "percent": 1}],
)
def test_claim_that_is_not_whole_is_refused_by_its_number(claim):
    with pytest.raises(PaperError, match=r"claim 1 of published\.json is not whole"):
        told(**claim)


def test_paper_without_claims_has_no_slips():
    assert claims.slips({"results": {}}) == ()


# the known slips of the five papers that numbers can show
@pytest.mark.parametrize(
    ("paper", "against"),
    [
        ("yadav2022", "87.49 is the weighted precision"),
        ("kanoun2024", "0.64 (Section 8.2, percent), 64 (Figure 5, percent)"),
        ("rastogi2025", "1308 of 10898 is 12.0 %"),
        ("rastogi2025", "43 inputs make 54342 parameters; 51014 are those of 30 inputs"),
        ("rastogi2025", "50 (Experimental Environment), 40 (Training Performance)"),
        ("salian2021", "gives 4720"),
        ("salian2021", "gives 652 (RAVDESS 192, TESS 400, SAVEE 60)"),
        ("salian2021", "65000 samples give 6"),
        ("sankaran2023", "LSTM has less: 0.0012"),
        ("sankaran2023", "softmax was applied twice"),
    ],
)
def test_known_slips_of_the_papers_are_found(paper, against):
    assert any(against in slip.against for slip in claims.slips(discovery.published(paper)))
