"""Choices from the command line: kinds follow the declaration, and what is wrong is named."""

import pytest

from ser_keras.choices import changes, parsed, resolved
from ser_keras.errors import PaperError
from ser_keras.experiment import Choice

CHOICES = (
    Choice("threshold", 60.0, "why", (20.0, None)),
    Choice("size", 3, "why", (5,)),
    Choice("edge", "dropped", "why", ("kept",)),
    Choice("flag", False, "why", (True,)),
)


def test_choices_are_at_the_declared_values_unless_given():
    assert resolved(CHOICES, {}) == {"threshold": 60.0, "size": 3, "edge": "dropped", "flag": False}


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("threshold=30", "threshold", 30.0),
        ("threshold=none", "threshold", None),
        ("size=9", "size", 9),
        ("edge=kept", "edge", "kept"),
        ("flag=true", "flag", True),
    ],
)
def test_given_text_becomes_a_value_of_the_declared_kind(text, key, value):
    result = resolved(CHOICES, parsed([text]))[key]
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("volume=3", "'volume' is no choice here; choices: threshold, size, edge, flag"),
        ("size=none", "choice size can't be 'none'; expected one of 3, 5"),
        ("size=2.5", "choice size can't be '2.5'"),
        ("edge=torn", "choice edge can't be 'torn'; expected one of dropped, kept"),
        ("flag=maybe", "choice flag can't be 'maybe'"),
        ("threshold=loud", "choice threshold can't be 'loud'; expected one of 60.0, 20.0, none"),
        ("threshold=nan", "choice threshold can't be 'nan'"),
        ("threshold", "KEY=VALUE, got 'threshold'"),
        ("=3", "KEY=VALUE"),
    ],
)
def test_wrong_setting_is_refused_with_what_was_expected(text, says):
    with pytest.raises(PaperError, match=says):
        resolved(CHOICES, parsed([text]))


def test_all_alternatives_are_changes_unless_choices_are_named():
    everything = (("threshold", 20.0), ("threshold", None), ("size", 5), ("edge", "kept"), ("flag", True))
    assert changes(CHOICES) == everything
    assert changes(CHOICES, ["edge,threshold"]) == (*everything[:2], everything[3])
    assert changes(CHOICES, ["edge", "threshold"]) == changes(CHOICES, ["edge, threshold"])


def test_values_of_a_choice_can_be_named_and_ours_is_no_change():
    assert changes(CHOICES, ["threshold=20/60/45/none/45,size"]) == (
        ("threshold", 20.0),
        ("threshold", 45.0),
        ("threshold", None),
        ("size", 5),
    )


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("volume", "'volume' is no choice here; choices: threshold, size, edge, flag"),
        ("size=many", "choice size can't be 'many'"),
        ("edge=kept/torn", "choice edge can't be 'torn'"),
        ("size=3", "size: only our own values are named"),
        ("size=", "choice size can't be ''"),
    ],
)
def test_named_changes_that_are_none_are_refused(named, says):
    with pytest.raises(PaperError, match=says):
        changes(CHOICES, [named])
