"""A paper's report, written from its stored runs alone: page, Markdown, LaTeX tables, JSON and figures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ser_keras import __version__
from ser_keras.files import write_atomically, write_json, write_text
from ser_keras.locks import alone
from ser_keras.report import html, latex, markdown, overview, tables, texts, worth
from ser_keras.report.runs import Run, curves, finished_runs


def write_report(out: Path, paper: str) -> Path:
    """Write OUT/PAPER/report from the paper's finished runs under OUT; the page's path is returned.

    Raises
    ------
    RunError : there is no finished run, or one can't be read
    PaperError : a run's printed figures are not whole
    """
    out = Path(out)
    folder = out / paper / "report"
    with alone(folder, f"the report of {paper}"):  # from reading the runs on, so that the last report has them all
        return _written(out, paper, folder)


def _written(out: Path, paper: str, folder: Path) -> Path:
    report, groups = contents(out, paper)
    drawn = {entry["id"]: drawings(entry, group) for entry, group in zip(report["experiments"], groups, strict=True)}
    drawn[overview.KEY] = [overview.drawing(report["overview"])]
    write_figures(folder / "figures", [one for group in drawn.values() for one in group])
    write_json(folder / "report.json", report)
    write_text(folder / "report.md", markdown.document(report, drawn))
    write_text(folder / "tables.tex", latex.document(report))
    write_text(folder / "index.html", html.page(report, drawn, __version__))
    return folder / "index.html"


def contents(out: Path, paper: str) -> tuple[dict, list[list[Run]]]:
    """What a report says, as in `report.json`, and the runs of each of its entries.

    Raises
    ------
    RunError : there is no finished run, or one can't be read
    PaperError : a run's printed figures are not whole
    """
    runs = finished_runs(out, paper)
    entries = tables.experiments(runs)
    newest = max(runs, key=lambda run: run.record.get("finished", ""))
    report = {
        "paper": paper,
        "citation": newest.record.get("citation", {}),
        "generated": datetime.now(UTC).isoformat(timespec="seconds"),
        "overview": overview.lines(entries, *worth.printed_experiments(paper)),
        "experiments": entries,
    }
    return report, tables.groups(runs)


def drawings(entry: dict, group: Sequence[Run]) -> list[dict]:
    """An entry's figures: `key`, `file` (name without ending), `alt`, `caption`, `svg` and `png` (bytes).

    The one with the key `pair`, both matrices side by side, is for print and Markdown; the page has them one by one,
    so that they go below each other on a phone.
    """
    from ser_keras.report import figures  # Matplotlib: LaTeX tables alone do without

    classes, ours = entry["classes"], np.array(entry["confusion"])
    theirs = entry["published"]["confusion"]
    runs = texts.counted(len(group), "run")
    reproduced = "Reproduced" if len(group) == 1 else f"Reproduced, {runs} pooled"
    made = []
    if theirs is not None:
        theirs = np.array(theirs)
        made.append(
            (
                "published",
                figures.confusion_figure([("Published", theirs)], classes),
                f"Published confusion matrix; {texts.matrix_words(theirs, classes)}",
                f"Published ({entry['published']['source']})",
            )
        )
    made.append(
        (
            "reproduced",
            figures.confusion_figure([(reproduced, ours)], classes),
            f"Reproduced confusion matrix; {texts.matrix_words(ours, classes)}",
            reproduced,
        )
    )
    if theirs is not None:
        diagonal = np.diag(figures.percents(ours) - figures.percents(theirs))
        told = ", ".join(f"{name} {texts.signed(value)}" for name, value in zip(classes, diagonal, strict=True))
        made.append(
            (
                "difference",
                figures.difference_figure(theirs, ours, classes),
                f"Reproduced minus published share of each cell; on the diagonal, in points: {told}",
                "Difference in percentage points; on the diagonal, red is better than published",
            )
        )
        made.append(
            (
                "pair",
                figures.confusion_figure([("Published", theirs), (reproduced, ours)], classes),
                "Published and reproduced confusion matrix in one colour scale",
                "",
            )
        )
    trained = [curve for run in group for curve in curves(run)]
    if trained:
        each = runs if len(trained) == len(group) else f"{runs}, each fold by itself"
        made.append(
            (
                "learning",
                figures.learning_figure(trained),
                texts.learning_words(trained),
                f"Loss and accuracy over epochs, {each}; the epoch whose weights were kept is marked",
            )
        )
    return [
        {"key": key, "file": f"{entry['id']}-{key}", "alt": alt, "caption": caption,
         "svg": figures.svg(figure), "png": figures.png(figure)}
        for key, figure, alt, caption in made
    ]  # fmt: skip


def write_figures(folder: Path, drawn: Sequence[dict]) -> None:
    """Write the figures, and remove those of runs that are no longer there."""
    for one in drawn:
        for ending in ("svg", "png"):
            write_atomically(folder / f"{one['file']}.{ending}", lambda path, data=one[ending]: path.write_bytes(data))
    wanted = {f"{one['file']}.{ending}" for one in drawn for ending in ("svg", "png")}
    for path in folder.glob("*.[sp][vn]g"):
        if path.name not in wanted:
            path.unlink()
