"""What a model heard in recordings, as lines for people, JSON objects and CSV rows; needs no Keras."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_keras.errors import visible
from ser_keras.files import write_atomically
from ser_keras.prediction.sounds import Window


@dataclass(frozen=True)
class Segment:
    """A window with its probabilities; None and the reason where it can't be used."""

    window: Window
    scores: np.ndarray | None
    error: str = ""


@dataclass(frozen=True)
class Heard:
    """A recording with its probabilities, and those of its windows, () where it was heard as one.

    Of a recording that can't be used `scores` is None and `error` says why. `seconds` is how long it is, 0 where that
    is not known.
    """

    clip: str
    scores: np.ndarray | None
    segments: tuple[Segment, ...] = ()
    error: str = ""
    seconds: float = 0.0


def line(heard: Heard, classes: Sequence[str]) -> str:
    """`a.wav: angry 63 % (sad 30 %, happy 7 %)`; with windows a line for each of them below."""
    own = f"{visible(heard.clip)}: {_told(heard.scores, classes)}"
    return "\n".join([own, *(f"  {_seconds(one)}  {_told(one.scores, classes)}" for one in heard.segments)])


def _told(scores: np.ndarray | None, classes: Sequence[str]) -> str:
    if scores is None:
        return "can't be used"
    first, *others = [f"{classes[number]} {100 * scores[number]:.1f} %" for number in np.argsort(-scores)]
    return f"{first} ({', '.join(others)})"


def _seconds(segment: Segment) -> str:
    return f"{segment.window.start_s:7.2f} to {segment.window.end_s:7.2f} s"


def as_json(heard: Heard, classes: Sequence[str], model: str) -> str:
    """One object in one line: clip, emotion, probabilities by class, model; with windows `segments`.

    Of a recording that can't be used: clip, error, model. Segments have start_s, end_s, emotion and probabilities, or
    start_s, end_s and error.
    """
    if heard.scores is None:
        return json.dumps({"clip": heard.clip, "error": heard.error, "model": model}, ensure_ascii=False)
    value = {"clip": heard.clip, **_answer(heard.scores, classes), "model": model}
    if heard.segments:
        value["segments"] = [
            {
                "start_s": round(one.window.start_s, 6),
                "end_s": round(one.window.end_s, 6),
                **({"error": one.error} if one.scores is None else _answer(one.scores, classes)),
            }
            for one in heard.segments
        ]
    return json.dumps(value, ensure_ascii=False)


def _answer(scores: np.ndarray, classes: Sequence[str]) -> dict:
    shares = {str(name): round(float(share), 6) for name, share in zip(classes, scores, strict=True)}
    return {"emotion": str(classes[int(scores.argmax())]), "probabilities": shares}


def write_csv(path: Path, all_heard: Sequence[Heard], classes: Sequence[str], model: str, *, segments: bool) -> None:
    """One row a clip, or with `segments` one a window: clip, start_s, end_s, emotion, one column a class, model, error.

    Without `segments` there are no start_s and end_s. A clip that can't be used has one row, with its error.
    """
    place = ["start_s", "end_s"] if segments else []
    rows = [["clip", *place, "emotion", *classes, "model", "error"]]
    for heard in all_heard:
        if not segments or not heard.segments:
            rows.append([heard.clip, *("" for _ in place), *_cells(heard.scores, classes), model, heard.error])
        for one in heard.segments if segments else ():
            window = [f"{one.window.start_s:.6g}", f"{one.window.end_s:.6g}"]
            rows.append([heard.clip, *window, *_cells(one.scores, classes), model, one.error])
    write_atomically(path, lambda temporary: _write_rows(temporary, rows))


def _cells(scores: np.ndarray | None, classes: Sequence[str]) -> list[str]:
    if scores is None:
        return [""] * (1 + len(classes))
    return [str(classes[int(scores.argmax())]), *(f"{share:.6f}" for share in scores)]


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        csv.writer(file).writerows([[_plain(cell) for cell in row] for row in rows])


def _plain(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: a name that starts like one gets `'` before it."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
