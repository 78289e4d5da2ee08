"""Recordings that go or change in the middle of a run, names that are no text, links in a circle."""

import csv
import os
import shutil
import subprocess
import time
from pathlib import Path

from campaigns.troubles import QUICK, Ground, Row, arguments, called, environment, equal, through

NAMES = (
    b"with space",
    b"new\nline",
    b"no \xff\xfe text",
    "\u00fcml\u00e4ut \u4f60".encode(),
    b"'quoted\"",
    b"$x_{",
    b"\x1b[31m",
    b"<script>",
)
REAL = ("ser_keras.reproduce", "sankaran2023/ann", "--epochs", "3", "--jobs", "1", "--out", "{out}")


def _in_the_middle(ground: Ground, out: Path, data: Path, meddle: object) -> "tuple[int, list[str]]":
    """Call `reproduce` and meddle with the last recording when the first part of the features is there."""
    process = subprocess.Popen(
        arguments((*REAL, "--data", str(data)), out),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment(),
    )
    while not any(out.glob("cache/features/*/part-*.csv")) and process.poll() is None:
        time.sleep(0.001)
    meddle()
    told = process.communicate()[1].decode(errors="replace").replace("\r", "\n").split("\n")
    return process.returncode, [line for line in told if line.startswith("error: ")]


def vanished_or_changed(ground: Ground) -> list[Row]:
    """A recording that goes, or is written, while features are taken."""
    rows = []
    for fault, said in (("vanished recording", "No such file"), ("changed recording", "changed while it was read")):
        data, out = ground.folder / "data", ground.folder / "out"
        shutil.copytree(ground.recordings, data)
        last = max((data / "tess").rglob("*.wav"))  # that features are taken of
        content = last.read_bytes()
        others = sorted((data / "tess").rglob("*.wav"))

        def meddle(fault: str = fault, last: Path = last, others: list[Path] = others) -> None:
            last.unlink() if fault == "vanished recording" else shutil.copyfile(others[0], last)

        code, told = _in_the_middle(ground, out, data, meddle)
        faults = [] if code == 3 and len(told) == 1 and said in told[0] else [f"left with {code}: {told}"]
        parts = {path: path.stat().st_mtime_ns for path in out.glob("cache/features/*/part-*.csv")}
        faults += [] if parts else ["nothing was kept"]
        last.write_bytes(content)
        faults += through(called((*REAL, "--data", str(data)), out))
        faults += [f"{path.name} was computed again" for path in parts if path.stat().st_mtime_ns != parts[path]]
        undisturbed = ground.folder / "whole"
        faults += through(called((*REAL, "--data", str(data)), undisturbed))
        predictions = [next(folder.glob("*/*/*/*/*/predictions.csv")).read_bytes() for folder in (out, undisturbed)]
        faults += [] if predictions[0] == predictions[1] else ["other predictions than undisturbed"]
        for folder in (data, out, undisturbed):
            shutil.rmtree(folder)
        rows.append(
            Row(
                fault,
                "`reproduce`, when the first part of the features had been written",
                1,
                "one line, exit 3; what was computed is kept; once the recording is restored, the results of an "
                "undisturbed run",
                tuple(faults),
            )
        )
    return rows


def names(ground: Ground) -> list[Row]:
    """Names with spaces, newlines, quotes, escapes, markup and bytes that are no UTF-8."""
    source = next(ground.recordings.rglob("*.wav"))
    odd = ground.folder / os.fsdecode(b"no \xff text\n here")
    heard = odd / "heard"
    heard.mkdir(parents=True)
    for name in NAMES:
        shutil.copyfile(source, heard / f"{os.fsdecode(name)}.wav")
    faults = through(called(("ser_keras.predict", str(heard))))
    json_lines = called(("ser_keras.predict", str(heard), "--json"))
    faults += through(json_lines)
    faults += [] if len(json_lines.out.splitlines()) == len(NAMES) else [f"{len(json_lines.out.splitlines())} lines"]
    table = odd / os.fsdecode(b"h\xfe.csv")
    options = ("--segments", "1", "--csv", str(table), "--plots", str(odd / "plots"))
    faults += through(called(("ser_keras.predict", str(heard), *options)))
    with table.open(encoding="utf-8", newline="") as file:
        clips = {row["clip"] for row in csv.DictReader(file)}
    faults += [] if len(clips) == len(NAMES) else [f"the table names {clips}"]
    pictures = len(list((odd / "plots").glob("*-timeline.png")))
    faults += [] if pictures == len(NAMES) else [f"{pictures} timelines"]
    first = Row(
        "names",
        f"{len(NAMES)} recordings whose names hold a space, a newline, quotes, `$`, an escape, markup, or bytes "
        "that are not UTF-8, to `predict` as lines, `--json`, `--csv` with `--plots`",
        3 * len(NAMES),
        "each is predicted: a line, an object, rows of a table and a plot each",
        tuple(faults),
    )
    data, out = odd / "data", odd / os.fsdecode(b"runs\xfe \n")
    shutil.copytree(ground.recordings, data)
    for name in NAMES:
        shutil.copyfile(source, data / "tess" / f"{os.fsdecode(name)}.wav")
    faults = through(called(QUICK, out)) + equal(out, ground.wanted)
    faults += through(called((*REAL, "--data", str(data)), odd / "other"))
    faults += through(called(("ser_keras.report", "{out}"), out))
    run = next(out.glob("*/*/*/*/seed-0"))
    faults += through(called(("ser_keras.predict", str(source), "--run", str(run))))
    shutil.rmtree(odd)
    second = Row(
        "names",
        "`reproduce` with such names for `--out`, for `--data` and in the corpus; `report` and `predict --run` on it",
        4,
        "the same results; recordings of other names count as foreign",
        tuple(faults),
    )
    return [first, second]


def loops(ground: Ground) -> list[Row]:
    """Links to a folder above, to each other, to themselves and to nowhere, in a corpus and in a folder to be heard."""
    data = ground.folder / "loops"
    shutil.copytree(ground.recordings, data)
    links = {"loop": ".", "up": "../..", "a": "b", "b": "a", "me.wav": "me.wav", "nowhere.wav": "nothing"}
    for name, target in links.items():
        (data / "tess" / name).symlink_to(target)
    out = ground.folder / "out"
    plain = ground.folder / "plain"
    faults = through(called((*REAL, "--data", str(data)), out))
    faults += through(called((*REAL, "--data", str(ground.recordings)), plain))
    predictions = [next(folder.glob("*/*/*/*/*/predictions.csv")).read_bytes() for folder in (out, plain)]
    faults += [] if predictions[0] == predictions[1] else ["other predictions than without links"]
    done = called(("ser_keras.predict", str(data / "tess"), "--json"))
    clips = len(list(ground.recordings.rglob("*.wav")))
    faults += through(done)
    faults += [] if len(done.out.splitlines()) == clips else [f"{len(done.out.splitlines())} of {clips} clips"]
    for folder in (data, out, plain):
        shutil.rmtree(folder)
    return [
        Row(
            "links in a circle",
            f"{len(links)} links in a corpus to parent folders, each other, themselves and nothing; `reproduce`, "
            "`predict`",
            2,
            "each recording counts once; the same predictions",
            tuple(faults),
        )
    ]
