"""What a paper leaves open, resolved: each choice at our value, or at the one given on the command line."""

import math
from collections.abc import Iterable, Mapping

from ser_keras.errors import PaperError
from ser_keras.experiment import Choice, Choices, Value

WORDS: dict[str, Value] = {"none": None, "true": True, "false": False}


def parsed(settings: Iterable[str]) -> dict[str, str]:
    """`KEY=VALUE` strings as a dict; the last of a key counts.

    Raises
    ------
    PaperError : a string without "=", or without a key
    """
    pairs = [setting.partition("=") for setting in settings]
    wrong = [key for key, equals, _ in pairs if not equals or not key]
    if wrong:
        raise PaperError(f"--choose takes KEY=VALUE, got {wrong[0]!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}


def resolved(choices: tuple[Choice, ...], given: Mapping[str, str]) -> Choices:
    """Every choice's value, by key: `given` ones (texts) where there are any, in the kind of the declared values.

    Raises
    ------
    PaperError : a key that is no choice here, or a text that is no value of the choice's kind
    """
    unknown = sorted(set(given) - {choice.key for choice in choices})
    if unknown:
        known = ", ".join(choice.key for choice in choices)
        raise PaperError(f"{unknown[0]!r} is no choice here; choices: {known}")
    return {
        choice.key: _value(choice, given[choice.key]) if choice.key in given else choice.value for choice in choices
    }


def changes(choices: tuple[Choice, ...], named: Iterable[str] = ()) -> tuple[tuple[str, Value], ...]:
    """One changed choice each, as (key, value), in the order of the declaration; our own values are none.

    Parameters
    ----------
    choices : those of an experiment's variant
    named : `KEY` for all alternatives of a choice, `KEY=VALUE/VALUE/…` for these, several parted by commas; none: all
        alternatives of all choices

    Raises
    ------
    PaperError : a key that is no choice here, a text that is no value of it, or nothing that would be a change
    """
    given: dict[str, list[str]] = {}
    for one in (part.strip() for text in named for part in text.split(",")):
        if one:
            key, equals, values = one.partition("=")
            given.setdefault(key.strip(), []).extend(values.split("/") if equals else ())
    known = resolved(choices, {})
    for key in given.keys() - known.keys():
        raise PaperError(f"{key!r} is no choice here; choices: {', '.join(known) or 'none'}")
    found: dict[tuple[str, Value], None] = {}
    for choice in choices:
        if given and choice.key not in given:
            continue
        texts = given.get(choice.key)
        values = [_value(choice, text.strip()) for text in texts] if texts else choice.alternatives
        found.update(dict.fromkeys((choice.key, value) for value in values if value != choice.value))
    if given and not found:
        raise PaperError(f"{', '.join(given)}: only our own values are named, which is what others are compared with")
    return tuple(found)


def _value(choice: Choice, text: str) -> Value:
    declared = (choice.value, *choice.alternatives)
    if text.lower() in WORDS and any(WORDS[text.lower()] is value for value in declared):
        return WORDS[text.lower()]
    kinds = {type(value) for value in declared} - {type(None), bool}
    for kind in (int, float):
        if kind in kinds:
            try:
                number = kind(text)
            except ValueError:
                continue
            if math.isfinite(number):
                return number
    if str in kinds and text in declared:
        return text
    expected = ", ".join(str(value).lower() if value is None else str(value) for value in declared)
    another = " (or another number)" if kinds & {int, float} else ""
    raise PaperError(f"choice {choice.key} can't be {text!r}; expected one of {expected}{another}")
