"""A paper's printed results from the file that holds them, `published.json`, checked before anybody computes with it.

The file of a paper that is a package of its own is a stranger's: what is read here has the sizes, kinds and ranges
that the audit counts on, whatever else it says. Claims are checked one by one where they are audited.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from ser_keras.errors import PaperError

CLASSES = 1000  # at most; the papers' have up to 14
CLIPS = 10_000_000  # at most


class _FaultError(Exception):
    """What is wrong, and where in the file."""


def read(path: Path) -> dict:
    """What `published.json` holds: `paper`, `title`, `authors`, `year`, `results` and what else it has.

    Raises
    ------
    PaperError : it is missing or no JSON, or one of its entries is not what its name promises
    """
    try:
        printed = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PaperError(f"{path} is missing: a paper's room needs its printed results there") from None
    except (ValueError, RecursionError, OSError) as error:
        raise PaperError(f"{path} is no valid JSON ({error}): mend the file or reinstall the paper") from None
    try:
        _object(printed, "the file")
        for key, check in PAPER.items():
            check(_part(printed, key, ""), key)
        for name, result in printed["results"].items():
            _check_result(result, f"results.{name}")
    except _FaultError as fault:
        raise PaperError(f"{path}: {fault}; mend the file") from None
    return printed


def _check_result(result: object, where: str) -> None:
    _object(result, where)
    _part(result, "corpora", where)
    for key in sorted(set(result) & set(RESULT)):
        RESULT[key](result[key], f"{where}.{key}")
    classes = result.get("classes", [])
    if len(set(classes)) != len(classes):
        raise _FaultError(f"{where}.classes names a class twice")
    for key in ("confusion_counts", "confusion_percent"):
        rows = result.get(key, classes)
        if len(rows) != len(classes) or (key in result and any(len(row) != len(classes) for row in rows)):
            raise _FaultError(f"{where}.{key} is not one row and one column a class, of {len(classes)}")


def _part(printed: Mapping, key: str, where: str) -> object:
    if key not in printed:
        raise _FaultError(f"{where or 'the file'} lacks {key!r}")
    return printed[key]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _object(value: object, where: str) -> None:
    if not isinstance(value, dict):
        raise _FaultError(f"{where} is {_shown(value)}, expected an object")


def _text(value: object, where: str) -> None:
    if not isinstance(value, str):
        raise _FaultError(f"{where} is {_shown(value)}, expected a text")


def _whole(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= CLIPS:
        raise _FaultError(f"{where} is {_shown(value)}, expected a whole number from 0 to {CLIPS}")


def _number(most: float) -> Callable[[object, str], None]:
    def check(value: object, where: str) -> None:
        number = not isinstance(value, bool) and isinstance(value, (int, float))
        if not number or not 0 <= value <= most:  # NaN is in no range
            raise _FaultError(f"{where} is {_shown(value)}, expected a number from 0 to {most:g}")

    return check


def _pair(value: object, where: str) -> None:
    _list(_whole)(value, where)
    if len(value) != 2 or not 0 <= value[0] <= value[1] or not value[1]:
        raise _FaultError(f"{where} is {_shown(value)}, expected right clips and all of them")


def _list(check: Callable[[object, str], None], most: int = CLASSES) -> Callable[[object, str], None]:
    def checked(value: object, where: str) -> None:
        if not isinstance(value, list) or len(value) > most:
            raise _FaultError(f"{where} is {_shown(value)}, expected a list of {most} entries at most")
        for number, one in enumerate(value):
            check(one, f"{where}[{number}]")

    return checked


def _named(check: Callable[[object, str], None]) -> Callable[[object, str], None]:
    def checked(value: object, where: str) -> None:
        _object(value, where)
        for name, one in value.items():
            check(one, f"{where}.{name}")

    return checked


PAPER = {
    "title": _text,
    "authors": _list(_text),
    "year": _whole,
    "results": _named(_object),
}
RESULT = {
    "corpora": _list(_text),
    "source": _text,
    "classes": _list(_text),
    "support": _list(_whole),
    "clips": _whole,
    "n_test": _whole,
    "n_train": _whole,
    "n_validation": _whole,
    "accuracy": _number(1),
    "accuracy_percent": _number(100),
    "train_accuracy": _number(1),
    "train_accuracy_percent": _number(100),
    "validation_accuracy": _number(1),
    "validation_accuracy_percent": _number(100),
    "macro_f1": _number(100),
    "weighted_f1": _number(100),
    "confusion_counts": _list(_list(_whole)),
    "confusion_percent": _list(_list(_number(100))),
    "confusion_diagonal_of_support": _named(_pair),
    "report": _named(_named(_number(100))),
}
