"""Statements of a text against numbers: each kind where it holds and where it does not, and the papers' known slips."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ser_keras import discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation import claims


def told(**claim):
    found = claims.slips({"claims": [{"where": "Section 1", "says": "so", **claim}]})
    return found[0].against if found else ""


PARTS = {"a": 2, "b": 3}
LOSSES = {"cnn": 0.002, "lstm": 0.0012, "gru": 1.1745}
TABLE = {"precision": 87.49, "recall": 85.76}
DENSE = [["dense", 256], ["norm"], ["dense", 128], ["norm"], ["dense", 64], ["dense", 6]]


@pytest.mark.parametrize(
    "claim",
    [
        {"kind": "total", "printed": 5, "parts": PARTS, "basis": "Table 1"},
        {"kind": "total", "printed": 100, "parts": {"a": 33.3, "b": 33.3, "c": 33.3}, "basis": "Table 1"},
        {"kind": "share", "part": 150, "whole": 1000, "percent": 15},
        {"kind": "share", "part": 154, "whole": 1000, "percent": 15},
        {"kind": "share", "part": 151, "whole": 1000, "percent": 15.1},
        {"kind": "share", "part": 170, "whole": 1000, "percent": 15, "tolerance": 2},
        {"kind": "change", "from": 61, "to": 78.99, "by": 18},  # in points
        {"kind": "change", "from": 50, "to": 60, "by": 20},  # in percent
        {"kind": "same", "places": {"here": 3, "there": 3}},
        {"kind": "same", "places": {"here": 79, "there": 78.99}},
        {"kind": "same", "places": {"here": 99.3, "there": 99.29}},
        {"kind": "least", "of": "lstm", "values": LOSSES},
        {"kind": "least", "of": ["lstm", "cnn"], "values": LOSSES},
        {"kind": "greatest", "of": "gru", "values": LOSSES},
        {"kind": "greatest", "of": "a", "values": {"a": 91, "b": 91, "c": 84}},
        {"kind": "parameters", "inputs": 30, "layers": DENSE, "printed": 51_014},
        {"kind": "windows", "samples": 65_000, "hop": 128, "size": 128, "step": 64, "printed": 6},
        {"kind": "duration", "samples": 512, "rate": 21_500, "printed": 23.8, "unit": "ms"},
        {"kind": "duration", "samples": 132_300, "rate": 44_100, "printed": 3},
        {"kind": "is", "value": 85.76, "name": "recall", "prints": TABLE},
        {"kind": "is", "value": 0.9, "name": "recall", "prints": {"recall": 0.90}},
        {"kind": "cross-entropy", "loss": 0.03, "accuracy": 0.99, "classes": 7},
        {"kind": "cross-entropy", "loss": 1.2, "accuracy": 0.5, "classes": 7},
        {"kind": "cross-entropy", "loss": 1.9, "accuracy": 0.99, "classes": 7},
    ],
)
def test_statement_that_holds_gives_nothing(claim):
    assert told(**claim) == ""


@pytest.mark.parametrize(
    ("claim", "against"),
    [
        ({"kind": "total", "printed": 6, "parts": PARTS, "basis": "Table 1"}, "Table 1 gives 5 (a 2, b 3)"),
        ({"kind": "total", "printed": 10.5, "parts": {"a": 4.5, "b": 5.0}, "basis": "it"}, "it gives 9.5 (a 4.5, b 5)"),
        ({"kind": "share", "part": 12, "whole": 100, "percent": 15}, "12 of 100 is 12.0 %"),
        ({"kind": "share", "part": 154, "whole": 1000, "percent": 15.1}, "154 of 1000 is 15.40 %"),
        ({"kind": "change", "from": 50, "to": 60, "by": 15}, "from 50 to 60 is 10.00 points, or 20.0 %"),
        ({"kind": "same", "places": {"here": 3, "there": 4}}, "printed as 3 (here), 4 (there)"),
        ({"kind": "same", "places": {"a": 10896, "b": 10898}}, "printed as 10896 (a), 10898 (b)"),
        ({"kind": "same", "places": {"here": 98, "there": 98.93}}, "printed as 98 (here), 98.93 (there)"),
        ({"kind": "same", "places": {"a": 3, "b": 3, "c": 2}}, "printed as 3 (a), 3 (b), 2 (c)"),
        ({"kind": "least", "of": "cnn", "values": LOSSES}, "lstm has less: 0.0012, where cnn has 0.002"),
        ({"kind": "greatest", "of": "lstm", "values": LOSSES}, "gru has more: 1.1745, where lstm has 0.0012"),
        ({"kind": "greatest", "of": ["gru", "lstm"], "values": LOSSES}, "cnn has more: 0.002, where lstm has 0.0012"),
        (
            {"kind": "parameters", "inputs": 3, "layers": [["dense", 2]], "printed": 10},
            "3 inputs make 8 parameters; 10 are those of 4 inputs",
        ),
        (
            {"kind": "parameters", "inputs": 1, "layers": [["dense", 2]], "printed": 11},
            "1 input makes 4 parameters; 11 printed",
        ),
        (
            {"kind": "windows", "samples": 650, "hop": 10, "size": 8, "step": 4, "printed": 2, "instead": 110},
            "650 samples give 15 windows; 110 samples give 2",
        ),
        (
            {"kind": "duration", "samples": 256, "rate": 21_500, "printed": 23, "unit": "ms"},
            "256 samples at 21500 Hz last 11.9 ms",
        ),
        (
            {"kind": "is", "value": 87.49, "name": "recall", "prints": TABLE},
            "recall is printed as 85.76, and 87.49 is the precision",
        ),
        ({"kind": "is", "value": 5, "name": "depth", "prints": {"width": 6}}, "depth is not printed"),
    ],
)
def test_statement_that_does_not_hold_is_held_against_the_numbers(claim, against):
    assert told(**claim) == against


counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


@given(counts, st.integers(-5, 5))
def test_total_holds_for_the_sum_of_counts_alone(parts, off):
    named = {str(number): part for number, part in enumerate(parts)}
    assert (told(kind="total", printed=sum(parts) + off, parts=named, basis="it") == "") == (off == 0)


@given(st.integers(1, 10_000), st.data(), st.integers(0, 3))
def test_share_holds_as_it_is_rounded_and_no_further(whole, data, digits):
    part = data.draw(st.integers(0, whole))
    percent = round(100 * part / whole, digits)
    assert told(kind="share", part=part, whole=whole, percent=percent) == ""
    assert told(kind="share", part=part, whole=whole, percent=percent + 1.01)


@given(st.floats(0.01, 100), st.integers(1, 4), st.integers(0, 4))
def test_number_agrees_with_its_own_rounding(value, digits, fewer):
    fine = round(value, digits)
    coarse = round(fine, max(digits - fewer, 0))
    assert told(kind="same", places={"here": fine, "there": coarse}) == ""
    assert told(kind="same", places={"here": fine, "there": coarse + 2})


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=8, unique=True), st.data())
def test_extremes_hold_for_the_first_of_the_sorted_alone(values, data):
    named = {str(value): value for value in values}
    order = [str(value) for value in sorted(values)]
    some = data.draw(st.integers(1, len(values) - 1))
    assert told(kind="least", of=order[:some], values=named) == ""
    assert told(kind="greatest", of=order[-some:], values=named) == ""
    other = data.draw(st.sampled_from(order[1:]))
    assert told(kind="least", of=other, values=named).startswith(f"{order[0]} has less")


@given(st.integers(0, 10**6), st.integers(1, 1024), st.integers(1, 64), st.integers(1, 64))
def test_windows_are_those_that_can_be_laid_over_the_frames(samples, hop, size, step):
    frames = len(range(0, samples + 1, hop))  # centred: one at each multiple of the hop, 0 among them
    assume(frames < 5000)
    laid = sum(1 for start in range(0, frames, step) if start + size <= frames)
    assert claims.n_windows(samples, hop, size, step) == laid


@given(st.integers(1, 10**6), st.integers(8000, 96_000), st.integers(0, 3))
def test_duration_holds_as_it_is_rounded(samples, rate, digits):
    seconds = samples / rate
    assert told(kind="duration", samples=samples, rate=rate, printed=round(seconds, digits)) == ""
    assert told(kind="duration", samples=samples, rate=rate, printed=round(seconds, digits) + 2)


@pytest.mark.parametrize("classes", [4, 7])
def test_loss_of_a_softmax_applied_twice_is_recognized(classes):
    floor = math.log(math.e + classes - 1) - 1
    found = told(kind="cross-entropy", loss=floor + 0.01, accuracy=0.99, classes=classes)
    assert f"{floor:.4f}" in found and "softmax was applied twice" in found


@pytest.mark.parametrize(
    ("inputs", "layers", "parameters"),
    [
        (3, [["dense", 5], ["norm"], ["dense", 2]], 3 * 5 + 5 + 4 * 5 + 5 * 2 + 2),
        (2, [["conv1d", 4, 5]], 5 * 2 * 4 + 4),
        (2, [["conv2d", 4, 3]], 3 * 3 * 2 * 4 + 4),
        (6, [["lstm", 3], ["dense", 1]], 4 * (6 * 3 + 3 * 3 + 3) + 3 + 1),
        (6, [["bilstm", 3], ["dense", 1]], 2 * 4 * (6 * 3 + 3 * 3 + 3) + 6 + 1),
        (30, DENSE, 51_014),  # Rastogi (2025), Figure 4
        # Yadav et al. (2022), Table 1 with 8 classes; FACTS: 825 288
        (
            1,
            [
                *(layer for one in ([64, 9], [64, 7], [128, 5], [128, 3]) for layer in (["conv2d", *one], ["norm"])),
                ["bilstm", 128],
                ["dense", 8],
            ],
            825_288,
        ),
    ],
)
def test_parameters_of_layers(inputs, layers, parameters):
    assert claims.layer_parameters(inputs, layers) == parameters


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({}, "'kind' is missing"),
        ({"kind": "guess"}, "its kind is 'guess', known are total, share"),
        ({"kind": "total", "printed": 3}, "'parts' is missing"),
        ({"kind": "total", "printed": 3, "parts": [1, 2]}, "attribute"),
        ({"kind": "share", "part": 1, "whole": 0, "percent": 1}, "zero"),
        ({"kind": "same", "places": {"a": "many", "b": 2}}, "one of its numbers is none"),
        ({"kind": "least", "of": "cnn", "values": {"lstm": 1, "gru": 2}}, "'cnn' is missing"),
        ({"kind": "least", "of": "cnn", "values": {"cnn": 1}}, "empty"),
        ({"kind": "parameters", "inputs": 1, "layers": [["gru", 2]], "printed": 3}, "no layer is called 'gru'"),
        ({"kind": "duration", "samples": 1, "rate": 1, "printed": 1, "unit": "h"}, "'h' is missing"),
    ],
)
def test_claim_that_is_not_whole_is_refused_by_number_place_and_reason(claim, reason):
    with pytest.raises(PaperError, match=rf"claim 1 of published\.json is not whole \(Section 1\): .*{reason}"):
        told(**claim)


def test_claims_that_are_no_list_of_objects_are_refused():
    with pytest.raises(PaperError, match=r"claims of published\.json are NoneType, expected a list"):
        claims.slips({"claims": None})
    with pytest.raises(PaperError, match=r"claim 1 .*: 'all well' is no object"):
        claims.slips({"claims": ["all well"]})


def test_paper_without_claims_has_no_slips():
    assert claims.slips({"results": {}}) == ()


# the known slips of the five papers that numbers can show, and those found beside them
@pytest.mark.parametrize(
    ("paper", "against"),
    [
        ("yadav2022", "87.49 is the weighted precision"),
        ("kanoun2024", "0.64 (Section 8.2, percent), 64 (Figure 5, percent)"),
        ("rastogi2025", "1308 of 10898 is 12.0 %"),
        ("rastogi2025", "43 inputs make 54342 parameters; 51014 are those of 30 inputs"),
        ("rastogi2025", "1 input makes 405830 parameters; 51014 printed"),
        ("rastogi2025", "50 (Experimental Environment), 40 (Training Performance), 42 (the author's notebook)"),
        ("rastogi2025", "neutral has more: 0.71, where sad has 0.67"),
        ("salian2021", "gives 4720"),
        ("salian2021", "gives 652 (RAVDESS 192, TESS 400, SAVEE 60)"),
        ("salian2021", "65000 samples give 6"),
        ("salian2021", "printed as 1450 (Table 3), 1889 (Section 4)"),
        ("salian2021", "84 is the F1 of happy"),
        ("sankaran2023", "LSTM has less: 0.0012, where CNN has 0.002"),
        ("sankaran2023", "LSTM has less: 0.9893, where GRU has 0.9929"),
        ("sankaran2023", "0.0019 is the training loss"),
        ("sankaran2023", "softmax was applied twice"),
    ],
)
def test_known_slips_of_the_papers_are_found(paper, against):
    assert any(against in slip.against for slip in claims.slips(discovery.published(paper)))


# Numbers that a claim takes from the paper's table are the table's: (paper, key, experiment → score of a result)
def test_numbers_that_claims_take_from_tables_are_the_tables():
    rastogi, sankaran = discovery.published("rastogi2025"), discovery.published("sankaran2023")
    recalls = {
        name: row["recall"] for name, row in rastogi["results"]["mlp"]["report"].items() if not name.endswith("_avg")
    }
    assert any(claim.get("values") == recalls for claim in rastogi["claims"])
    for key in ("loss", "accuracy"):
        printed = {name.upper(): result[key] for name, result in sankaran["results"].items()}
        assert any(claim.get("values") == printed for claim in sankaran["claims"])
    salian = discovery.published("salian2021")
    for kind in ("precision", "recall"):
        rows = {name: row[kind] for name, row in salian["results"]["td-cnn-lstm"]["report"].items()}
        assert any(claim.get("values") == rows for claim in salian["claims"])
