"""Two runs side by side: figures, what they were right on, settings that differ, matrices."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ser_keras import __version__
from ser_keras.evaluation import intervals, metrics, paired
from ser_keras.files import write_json, write_text
from ser_keras.report import figures, html, markdown, overview, tables, texts
from ser_keras.report.runs import Run, read
from ser_keras.report.write import write_figures

HEADS = ("", "A", "B")


def write_pair(first: Path, second: Path, out: Path) -> Path:
    """Write a comparison of two finished runs into the folder `out`; the page's path is returned.

    Raises
    ------
    RunError : one is no finished run, or can't be read
    """
    runs = read(Path(first).absolute()), read(Path(second).absolute())
    compared = comparison(*runs)
    drawn = _drawings(*runs) if runs[0].record["classes"] == runs[1].record["classes"] else []
    write_figures(out / "figures", drawn)
    write_json(out / "comparison.json", compared)
    write_text(out / "comparison.md", _document(compared, drawn))
    shown = [{**one, "uri": html.data_uri(one["svg"])} for one in drawn]
    page = html.rendered("pair.html", pair=compared, heads=HEADS, figures=shown, version=__version__, words=texts)
    write_text(out / "index.html", page)
    return out / "index.html"


def comparison(first: Run, second: Run) -> dict:
    """What tells two runs apart, as in `comparison.json`: `names`, `rows` and `settings` (name, A, B), `sentences`."""
    outcomes = [tables.outcome(run) for run in (first, second)]
    rows = [
        ["Accuracy", *(_share(one) for one in outcomes)],
        ["UAR", *(texts.percent(one["uar"]) for one in outcomes)],
        ["Test clips", *(str(one["n_test"]) for one in outcomes)],
        ["Epochs", *(str(one["epochs_run"]) for one in outcomes)],
        ["Training", *(texts.duration(one["durations"].get("training_s")) for one in outcomes)],
    ]
    if first.record["classes"] == second.record["classes"]:
        rows += [
            [f"Recall, {name}", *(texts.percent(one["report"][name]["recall"]) for one in outcomes)]
            for name in first.record["classes"]
        ]
    said = [_named(run) for run in (first, second)]
    ours, theirs = (tables.settings(run) for run in (first, second))
    settings = [
        [key, *(texts.value_text(one.get(key)) for one in (ours, theirs))]
        for key in dict.fromkeys((*ours, *theirs))
        if ours.get(key) != theirs.get(key)
    ]
    points = 100 * (outcomes[1]["accuracy"] - outcomes[0]["accuracy"])
    return {
        "generated": datetime.now(UTC).isoformat(timespec="seconds"),
        "names": said,
        "rows": rows,
        "settings": settings,
        "points": points,
        "sentences": [f"B minus A: {texts.signed(points)} points of accuracy.", *_tests(first, second, outcomes)],
    }


def _named(run: Run) -> str:
    one = run.record
    return f"{one['paper']}/{one['experiment']}, {one['variant']}, {one['protocol']} protocol, {run.folder.name}"


def _share(outcome: Mapping) -> str:
    right = round(outcome["accuracy"] * outcome["n_test"])
    return texts.percent(outcome["accuracy"]) + overview.ends(intervals.wilson(right, outcome["n_test"]))


def _tests(first: Run, second: Run, outcomes: list[dict]) -> list[str]:
    """On the same clips McNemar's test; on others the interval of the difference."""
    hits = [dict(zip(run.clips, np.equal(run.y_true, run.y_pred), strict=True)) for run in (first, second)]
    if hits[0].keys() == hits[1].keys():
        pairs = [(hits[0][clip], hits[1][clip]) for clip in hits[0]]
        only = [sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)]
        p = paired.mcnemar(*only)
        told = "< 0.001" if p < 0.001 else f"= {p:.3f}"
        return [
            f"Both tested the same {len(pairs)} clips: A alone is right on {only[0]}, B alone on {only[1]}, both on "
            f"{sum(a and b for a, b in pairs)}, neither on {sum(not a and not b for a, b in pairs)}; exact McNemar "
            f"test: p {told}. It compares two trained networks, not two ways to train one: another seed may turn it."
        ]
    shared = len(hits[0].keys() & hits[1].keys())
    (right, clips), (other_right, other_clips) = (
        (round(one["accuracy"] * one["n_test"]), one["n_test"]) for one in outcomes
    )
    low, high = (texts.signed(100 * end) for end in intervals.newcombe(other_right, other_clips, right, clips))
    return [
        f"They tested different clips ({shared} in both). By the clips alone the difference is {low} to {high} points "
        "(Newcombe, 95 %), as if they had none in common."
    ]


def _drawings(first: Run, second: Run) -> list[dict]:
    classes = first.record["classes"]
    counts = [metrics.confusion_matrix(run.y_true, run.y_pred, classes) for run in (first, second)]
    words = [texts.matrix_words(one.tolist(), classes) for one in counts]
    made = [
        ("a", figures.confusion_figure([("A", counts[0])], classes), f"Confusion matrix of A; {words[0]}", "A"),
        ("b", figures.confusion_figure([("B", counts[1])], classes), f"Confusion matrix of B; {words[1]}", "B"),
        (
            "difference",
            figures.difference_figure(*counts, classes, "B − A"),
            "B minus A, share of each cell in points",
            "B − A in percentage points; on the diagonal, red is better in B",
        ),
    ]
    return [
        {"key": key, "file": key, "alt": alt, "caption": caption, "svg": figures.svg(drawn), "png": figures.png(drawn)}
        for key, drawn, alt, caption in made
    ]


def _document(compared: Mapping, drawn: list[dict]) -> str:
    plain = markdown.plain
    blocks = ["# Two runs", *(f"{letter}: {plain(name)}" for letter, name in zip("AB", compared["names"], strict=True))]
    blocks += [markdown.table(HEADS, compared["rows"]), "\n".join(f"- {plain(one)}" for one in compared["sentences"])]
    blocks += [f"![{plain(one['alt'])}](figures/{one['file']}.png)" for one in drawn]
    blocks += ["## Settings that differ", markdown.table(HEADS, compared["settings"])] if compared["settings"] else []
    return "\n\n".join(blocks) + "\n"
