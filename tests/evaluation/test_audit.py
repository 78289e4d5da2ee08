"""The audit finds what a printed table contradicts, and nothing else."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ser_keras import discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation.audit import audit, examined, examined_paper

CLASSES = ["angry", "happy", "sad"]

# Salian et al. (2021), Table 2 and section 5.3
SALIAN = {
    "source": "Table 2",
    "accuracy_percent": 89.26,
    "n_test": 1889,
    "classes": ["neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"],
    "report": {
        "neutral": {"precision": 92.0, "recall": 90.0, "f1": 91.0},
        "happy": {"precision": 82.0, "recall": 87.0, "f1": 84.0},
        "sad": {"precision": 92.0, "recall": 81.0, "f1": 86.0},
        "angry": {"precision": 90.0, "recall": 92.0, "f1": 91.0},
        "fear": {"precision": 91.0, "recall": 92.0, "f1": 91.0},
        "disgust": {"precision": 84.0, "recall": 96.0, "f1": 90.0},
        "surprise": {"precision": 95.0, "recall": 87.0, "f1": 91.0},
    },
    "confusion_diagonal_of_support": {"fear": [251, 274], "disgust": [249, 259], "happy": [220, 254]},
}

# Rastogi (2025), Figures 6 and 7
RASTOGI = {
    "source": "Figures 4, 6 and 7",
    "accuracy_percent": 65.14,
    "macro_f1": 0.65,
    "weighted_f1": 0.65,
    "classes": ["angry", "disgust", "happy", "neutral", "sad", "scared"],
    "support": [224, 223, 224, 190, 224, 223],
    "confusion_counts": [
        [178, 10, 13, 8, 1, 14],
        [26, 127, 8, 23, 19, 20],
        [19, 7, 138, 26, 5, 29],
        [1, 16, 12, 134, 18, 9],
        [1, 14, 3, 33, 150, 23],
        [17, 6, 20, 19, 36, 125],
    ],
    "report": {
        "angry": {"precision": 0.74, "recall": 0.79, "f1": 0.76},
        "disgust": {"precision": 0.71, "recall": 0.57, "f1": 0.63},
        "happy": {"precision": 0.71, "recall": 0.62, "f1": 0.66},
        "neutral": {"precision": 0.55, "recall": 0.71, "f1": 0.62},
        "sad": {"precision": 0.66, "recall": 0.67, "f1": 0.66},
        "scared": {"precision": 0.57, "recall": 0.56, "f1": 0.56},
        "macro_avg": {"precision": 0.65, "recall": 0.65, "f1": 0.65},
        "weighted_avg": {"precision": 0.66, "recall": 0.65, "f1": 0.65},
    },
}


def from_counts(counts, decimals=2):
    """An entry printed without any slip: percents, accuracy and scores of a matrix, worked out class by class."""
    n = sum(map(sum, counts))
    support = [sum(row) for row in counts]
    columns = [sum(row[column] for row in counts) for column in range(len(counts))]
    report, weighted = {}, [0.0, 0.0, 0.0]
    for number, name in enumerate(CLASSES):
        right = counts[number][number]
        precision, recall = right / columns[number], right / support[number]
        scores = (precision, recall, 2 * right / (support[number] + columns[number]))
        weighted = [total + score * support[number] / n for total, score in zip(weighted, scores, strict=True)]
        report[name] = scores
    report["macro_avg"] = tuple(sum(report[name][kind] for name in CLASSES) / len(CLASSES) for kind in range(3))
    report["weighted_avg"] = tuple(weighted)
    return {
        "source": "Table 1",
        "accuracy_percent": round(100 * sum(counts[i][i] for i in range(len(counts))) / n, decimals),
        "n_test": n,
        "classes": CLASSES,
        "support": support,
        "confusion_percent": [
            [round(100 * cell / clips, decimals) for cell in row] for row, clips in zip(counts, support, strict=True)
        ],
        "report": {
            name: {"precision": round(100 * p, decimals), "recall": round(100 * r, decimals), "f1": round(f, 4)}
            for name, (p, r, f) in report.items()
        },
    }


def tells_its_digits(counts):
    """Whether a percent of the matrix ends in the second decimal: JSON drops zeros, so 5.00 looks like 5."""
    return any(round(10000 * cell / sum(row)) % 10 for row in counts for cell in row)


def tells_its_scale(counts):
    """Whether some class is recognized in more than 1 %: a table whose percents stay below looks like fractions."""
    return any(100 * row[number] > sum(row) for number, row in enumerate(counts))


matrices = (
    st.lists(st.lists(st.integers(1, 400), min_size=3, max_size=3), min_size=3, max_size=3)
    .filter(tells_its_digits)
    .filter(tells_its_scale)
)


def test_only_the_macro_f1_of_table_2_contradicts_yadav2022():
    paper = examined_paper(discovery.published("yadav2022"))
    assert [(name, finding.where) for name, one in paper.items() for finding in one.findings] == [
        ("ravdess", "macro_avg f1")
    ]
    [finding] = paper["ravdess"].findings
    assert finding.printed == 0.8564
    assert round(finding.recomputed, 4) == 0.8020  # FACTS: "its own rows give 0.8020 (0.8564 is Table 4's)"
    assert finding.basis == "matrix and rows"
    assert finding.hint == "it is the macro F1 of ravdess-augmented (Figure 12, Table 4)"
    assert str(finding).startswith("macro F1: 0.8564 printed, 0.8020 by its matrix and by its printed rows; it is")
    # accuracy, 3 scores of each class, 6 averages
    assert [one.checked for one in paper.values()] == [31, 31, 28, 28]


@pytest.mark.parametrize("paper", discovery.paper_names())
def test_every_installed_paper_can_be_audited(paper):
    assert list(examined_paper(discovery.published(paper))) == list(discovery.published(paper)["results"])


@given(matrices)
def test_table_rounded_from_counts_contradicts_nothing(counts):
    found = examined(from_counts(counts))
    assert found.findings == ()
    assert (found.cells, found.checked) == (9, 16)


@given(matrices, st.data())
def test_score_off_by_two_units_is_found(counts, data):
    entry = from_counts(counts)
    row = data.draw(st.sampled_from([*CLASSES, "macro_avg", "weighted_avg"]))
    kind = data.draw(st.sampled_from(["precision", "recall", "f1"]))
    sign = data.draw(st.sampled_from([-2, 2]))
    unit = 0.0001 if kind == "f1" else 0.01
    entry["report"][row][kind] = round(entry["report"][row][kind] + sign * unit, 4)
    digits = [round(values[kind] / unit) % 10 for values in entry["report"].values()]
    assume(any(digits))  # else JSON no longer tells how many digits were printed
    assert [finding.where for finding in audit(entry)] == [f"{row} {kind}"]


@given(matrices, st.sampled_from([-2, 2]))
def test_accuracy_off_by_two_units_is_found(counts, sign):
    entry = from_counts(counts)
    entry["accuracy_percent"] = round(entry["accuracy_percent"] + sign * 0.01, 2)
    assume(round(entry["accuracy_percent"] * 100) % 10)
    assert [finding.where for finding in audit(entry)] == ["accuracy"]


@given(matrices, st.integers(0, 2), st.integers(0, 2))
def test_altered_cell_is_found(counts, row, column):
    entry = from_counts(counts)
    cell = entry["confusion_percent"][row][column]
    entry["confusion_percent"][row][column] = round(cell + 0.05, 2)
    assume(any(round(cell * 100) % 10 for cells in entry["confusion_percent"] for cell in cells))
    wheres = {finding.where for finding in audit(entry)}
    # 0.05 is more than the 0.015 that rounding three cells may add up to
    assert f"confusion {CLASSES[row]}" in wheres


def test_cell_that_is_no_whole_count_is_told_with_the_nearest():
    entry = from_counts([[30, 7, 4], [2, 20, 2], [1, 1, 30]])
    entry["confusion_percent"][0] = [73.17, 17.17, 9.66]
    told = [str(finding) for finding in audit(entry)]
    assert told[0] == "confusion of angry with happy: 17.17 printed, 17.07 the nearest that its support allows"
    assert told[1] == "confusion of angry with sad: 9.66 printed, 9.76 the nearest that its support allows"
    assert "held against the printed rows alone" in examined(entry).notes[0]


def test_row_that_misses_clips_is_told():
    entry = from_counts([[30, 7, 4], [2, 20, 2], [1, 1, 30]])
    entry["confusion_percent"][0][1] = 14.63  # 6 of 41
    told = [str(finding) for finding in audit(entry)]
    assert told == [
        "sum of the row of angry: 40 printed, 41 for a whole row",
        "sum of the row of angry: 97.56 printed, 100.00 for a whole row",
    ]


def test_supports_that_miss_the_test_clips_are_told():
    entry = from_counts([[30, 7, 4], [2, 20, 2], [1, 1, 30]]) | {"n_test": 98}
    assert [str(finding) for finding in audit(entry)] == [
        "test clips: 98 printed, 97 the nearest that its support allows",
    ]


def test_printed_counts_are_held_against_supports():
    entry = RASTOGI | {"support": [224, 223, 224, 190, 224, 222]}
    assert [finding.where for finding in audit(entry)] == ["confusion scared"]


def test_scores_in_fractions_of_two_digits_are_digested():
    found = examined(RASTOGI)
    assert found.findings == ()
    assert found.checked == 27  # accuracy, 18 scores, 6 averages, 2 averages quoted apart


def test_contradicted_average_quoted_apart_is_found():
    assert [finding.where for finding in audit(RASTOGI | {"macro_f1": 0.66})] == ["macro_f1"]


def test_table_without_matrix_is_held_against_itself():
    found = examined(SALIAN)
    assert found.checked == 7 + 3 + 1  # F1 of each row, recall of three classes, accuracy
    [finding] = found.findings
    # 1686 / 1889 = 0.892536, 1687 / 1889 = 0.893065: neither rounds to 0.8926
    assert str(finding) == (
        "accuracy: 89.26 printed, 89.25 the nearest that its test clips allow; no whole number of 1889 clips gives it; "
        "1890 clips could"
    )


@pytest.mark.parametrize(
    ("row", "value", "basis"),
    [
        ("sad", {"precision": 92.0, "recall": 81.0, "f1": 88.0}, "precision and recall"),  # 86.15
        ("happy", {"precision": 82.0, "recall": 85.0, "f1": 84.0}, "counts"),  # 220 / 254 = 86.6 %
        ("macro_avg", {"precision": 92.0}, "rows"),  # mean of the column: 89.4
    ],
)
def test_without_matrix_rows_contradict(row, value, basis):
    entry = SALIAN | {"report": SALIAN["report"] | {row: value}, "n_test": 1890}
    assert [finding.basis for finding in audit(entry)] == [basis]


def test_cut_digits_are_recognized():
    # Kanoun et al. (2024), Figure 9: 135 of 528 right is 25.57 %, printed as 25 %
    counts = [
        [3, 2, 2, 40, 1, 0],
        [0, 4, 0, 88, 4, 0],
        [1, 4, 1, 84, 5, 1],
        [0, 1, 0, 95, 0, 0],
        [0, 8, 0, 57, 31, 0],
        [0, 0, 0, 94, 1, 1],
    ]
    entry = {"classes": list("abcdef"), "accuracy_percent": 25, "confusion_counts": counts}
    assert str(audit(entry)[0]) == "accuracy: 25 printed, 25.57 by its matrix; digits are cut off there, not rounded"


def test_f1_of_averages_is_recognized():
    entry = from_counts([[40, 1, 1], [10, 10, 1], [10, 1, 5]])
    macro = entry["report"]["macro_avg"]
    macro["f1"] = round(2 * macro["precision"] * macro["recall"] / (macro["precision"] + macro["recall"]) / 100, 4)
    [finding] = audit(entry)
    assert finding.hint == "it is the F1 of the averaged precision and recall, not the average F1"


def test_accuracy_alone_can_only_tell_its_least_test_clips():
    found = examined({"source": "Table 1", "accuracy": 0.9893})
    assert (found.checked, found.findings, found.sizes, found.least) == (0, (), (), 187)
    # 1 − 0.9893 = 0.0107: 2 wrong of 187 is 0.01070; 1 wrong of 93 is 0.01075, of 94 0.01064
    assert "0.9893 needs 187 or more" in found.notes[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"support": [1, 2]}, "expected"),
        ({"report": {"surprise": {"f1": 0.5}}}, "row 'surprise'"),
        ({"report": {"angry": {"auc": 0.5}}}, "holds auc"),
    ],
)
def test_entry_that_is_not_whole_is_refused(change, told):
    with pytest.raises(PaperError, match=f"emodb: .*{told}"):
        audit(from_counts([[3, 1, 0], [0, 2, 1], [1, 0, 5]]) | change, "emodb")


def test_matrices_of_numpy_are_digested():
    assert audit(RASTOGI | {"confusion_counts": np.array(RASTOGI["confusion_counts"])}) == ()


def without_matrix(counts):
    """The same table with its matrix left out."""
    entry = from_counts(counts)
    del entry["confusion_percent"]
    return entry


@given(matrices)
def test_rows_rounded_from_counts_contradict_nothing(counts):
    assert examined(without_matrix(counts)).findings == ()


@given(matrices, st.sampled_from(CLASSES), st.sampled_from([-2, 2]))
def test_recall_that_no_whole_clips_give_is_found_without_matrix(counts, name, sign):
    entry = without_matrix(counts)
    recall = round(entry["report"][name]["recall"] + sign * 0.01, 2)
    entry["report"][name]["recall"] = recall
    assume(any(round(row["recall"] * 100) % 10 for row in entry["report"].values()))
    assume(0 <= recall <= 100)
    # at most 1200 clips a class: one clip is 0.083 %, and 0.02 % is none
    [finding] = [finding for finding in audit(entry) if finding.where == f"{name} recall"]
    assert finding.basis == "support"


@given(matrices, st.sampled_from([-5, 5]))
def test_accuracy_that_the_rows_rule_out_is_found_without_matrix(counts, sign):
    entry = without_matrix(counts)
    entry["accuracy_percent"] = round(entry["accuracy_percent"] + sign * 0.01, 2)
    assume(round(entry["accuracy_percent"] * 100) % 10)
    [finding] = [finding for finding in audit(entry) if finding.where == "accuracy"]
    assert finding.basis == "rows"


def test_accuracy_is_the_weighted_recall_where_no_supports_are_printed():
    entry = {"accuracy_percent": 85.76, "report": {"weighted_avg": {"precision": 87.49, "recall": 85.76}}}
    assert audit(entry) == ()
    [finding] = audit(entry | {"accuracy_percent": 87.49})
    assert str(finding) == "accuracy: 87.49 printed, 85.76 by its printed weighted recall"


def test_average_quoted_apart_is_held_against_the_table_without_matrix():
    rows = {name: row for name, row in RASTOGI.items() if name != "confusion_counts"}
    assert audit(rows) == ()
    assert [finding.where for finding in audit(rows | {"macro_f1": 0.67})] == ["macro_f1"]


def test_supports_that_miss_the_test_clips_are_told_without_matrix():
    entry = without_matrix([[30, 7, 4], [2, 20, 2], [1, 1, 30]]) | {"n_test": 98}
    assert "n_test" in {finding.where for finding in audit(entry)}


def test_accuracy_of_another_part_is_held_against_its_clips():
    # Salian et al. (2021), sections 4 and 5: 90.64 % of 7557; 6850 / 7557 = 0.906444
    assert audit({"train_accuracy_percent": 90.64, "n_train": 7557}) == ()
    [finding] = audit({"validation_accuracy": 0.64, "n_validation": 10})
    assert str(finding).startswith("validation accuracy: 0.64 printed, 0.60 the nearest that its clips allow")
    assert examined({"validation_accuracy": 0.64}).checked == 0
    beside_a_matrix = RASTOGI | {"validation_accuracy_percent": 64, "n_validation": 10}
    assert [finding.where for finding in audit(beside_a_matrix)] == ["validation_accuracy"]


def test_experiments_that_were_tested_on_different_clips_are_noted():
    # Kanoun et al. (2024), Figures 4 and 6: 790 clips each, 128 and 106 of them neutral
    papers = examined_paper(discovery.published("kanoun2024"))
    assert any("crnn has as many test clips, but not of each class" in note for note in papers["resnet"].notes)
    assert not any("tested on different clips" in note for note in papers["cross-corpus"].notes)
    same = examined_paper(discovery.published("yadav2022"))
    assert not any("tested on different clips" in note for one in same.values() for note in one.notes)


def test_counts_that_are_not_whole_are_refused():
    with pytest.raises(PaperError, match="no counts of clips"):
        audit({"classes": ["a", "b"], "confusion_counts": [[1, 0.5], [0, 2]]})


def test_matrix_of_cut_digits_is_read_as_such_and_contradicts_nothing():
    entry = {
        "classes": ["angry", "sad"],
        "support": [3, 7],
        "confusion_percent": [[66.66, 33.33], [14.28, 85.71]],  # 2 of 3, 6 of 7: rounded 66.67 and 14.29
        "accuracy_percent": 80.0,
        "corpora": [],
    }
    found = examined(entry)
    assert found.findings == ()
    assert found.notes == ("the matrix's digits are cut off, not rounded",)
    assert [(size.right, size.clips) for size in found.sizes] == [(8, 10)]
