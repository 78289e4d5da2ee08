"""A file of printed results is whole, or refused with the place of its fault."""

import json

import pytest

from ser_keras import discovery, published
from ser_keras.errors import PaperError

WHOLE = {
    "title": "T",
    "authors": ["A"],
    "year": 2020,
    "results": {"one": {"corpora": ["emodb"], "classes": ["a", "b"], "support": [3, 4], "accuracy_percent": 71.4}},
}


def read(folder, printed):
    path = folder / "published.json"
    path.write_text(printed if isinstance(printed, str) else json.dumps(printed))
    return published.read(path)


def test_whole_file_is_given_as_it_is(tmp_path):
    assert read(tmp_path, WHOLE) == WHOLE


def test_every_installed_papers_file_is_whole():
    assert all(discovery.published(name)["results"] for name in discovery.paper_names())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"classes": "ab"}, r"results\.one\.classes is 'ab', expected a list"),
        ({"classes": ["a", "a"]}, "names a class twice"),
        ({"support": [3, -1]}, r"results\.one\.support\[1\] is -1, expected a whole number"),
        ({"support": [3, 10**400]}, r"support\[1\] is 10000\d+…, expected a whole number"),
        ({"accuracy_percent": float("nan")}, "accuracy_percent is nan, expected a number from 0 to 100"),
        ({"accuracy_percent": 10**400}, "expected a number from 0 to 100"),
        ({"clips": True}, "clips is True, expected a whole number"),
        ({"report": {"a": {"recall": "x"}}}, r"report\.a\.recall is 'x', expected a number"),
        ({"confusion_counts": [[1, 2]]}, "not one row and one column a class, of 2"),
        ({"confusion_counts": [[1, 2], [1]]}, "not one row and one column a class, of 2"),
        ({"confusion_diagonal_of_support": {"a": [4, 3]}}, r"is \[4, 3\], expected right clips and all"),
        ({"confusion_diagonal_of_support": {"a": [0, 0]}}, r"is \[0, 0\], expected right clips and all"),
        ({"corpora": None}, "corpora is None, expected a list"),
    ],
)
def test_entry_that_is_not_what_its_name_promises_is_refused_with_its_place(tmp_path, change, told):
    one = {**WHOLE["results"]["one"], **change}
    with pytest.raises(PaperError, match=rf"published\.json: .*{told}.*; mend the file"):
        read(tmp_path, {**WHOLE, "results": {"one": one}})


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("{", "is no valid JSON"),
        ("[" * 100_000, "is no valid JSON"),
        ([], "the file is \\[\\], expected an object"),
        ({"title": "T"}, "the file lacks 'authors'"),
        ({**WHOLE, "results": {"one": {}}}, r"results\.one lacks 'corpora'"),
    ],
)
def test_file_that_is_no_paper_is_refused(tmp_path, printed, told):
    with pytest.raises(PaperError, match=told):
        read(tmp_path, printed)
