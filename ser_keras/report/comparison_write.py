"""A comparison's report, written from its stored cells alone: page, Markdown, JSON and figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ser_keras import __version__
from ser_keras.comparison.cells import CROSS, WITHIN
from ser_keras.comparison.models import FLOORS
from ser_keras.files import write_json, write_text
from ser_keras.locks import alone
from ser_keras.report import comparison, comparison_figures, comparison_texts, figures, html, markdown, texts
from ser_keras.report.write import write_figures


def write_report(folder: Path) -> Path:
    """Write FOLDER/report from the finished cells of the comparison in FOLDER; the page's path is returned.

    Raises
    ------
    RunError : there is no finished cell, or one can't be read
    """
    place = folder / "report"
    with alone(place, f"the report of {folder.name}"):
        report = comparison.report(comparison.read_all(folder), folder.name)
        drawn = drawings(report)
        write_figures(place / "figures", drawn)
        write_json(place / "report.json", report)
        write_text(place / "report.md", document(report, drawn))
        write_text(place / "index.html", page(report, drawn))
    return place / "index.html"


def drawings(report: Mapping) -> list[dict]:
    """The figures: `key` (the part of the report that has it), `file`, `alt`, `caption`, `svg`, `png` (bytes)."""
    chance = 1 / len(report["classes"])
    made = []
    for board in report["boards"]:
        if board["mode"] == WITHIN:
            name = comparison_texts.board_name(board)
            told = "; ".join(f"{row['model']} {100 * row['uar']:.1f} %" for row in board["rows"])
            figure = comparison_figures.board_figure(name, board["rows"], tuple(FLOORS), chance)
            key = comparison_texts.board_id(board)
            made.append((key, f"board-{key}", figure, f"UAR, {name}: {told}", f"UAR and intervals, {name}"))
    best = [one["model"] for one in report["overall"]]
    for found in sorted(report["matrices"], key=lambda one: best.index(one["model"])):
        heads, rows = comparison_texts.matrix(found)
        told = "; ".join(
            f"trained on {row[0]}: " + ", ".join(f"{name} {one}" for name, one in zip(heads[1:], row[1:], strict=True))
            for row in rows
        )
        figure = comparison_figures.cross_figure(found["model"], found["corpora"], found["uar"], chance)
        made.append(("cross", f"cross-{_file(found['model'])}", figure, f"UAR in %, {told}", found["model"]))
    for one in report["overall"]:
        of_model = [found for found in report["calibration"] if found["model"] == one["model"]]
        tables = [(comparison_texts.MODES[found["mode"]], found["bins"], found["ece"]) for found in of_model]
        figure = comparison_figures.reliability_figure(one["model"], tables)
        told = "; ".join(map(comparison_texts.sureness, of_model))
        made.append(("calibration", f"reliability-{_file(one['model'])}", figure, told, f"{one['model']}. {told}"))
    return [_drawing(*one) for one in made]


def _drawing(key: str, file: str, figure: Figure, alt: str, caption: str) -> dict:
    return {
        "key": key, "file": file, "alt": alt, "caption": caption,
        "svg": figures.svg(figure), "png": figures.png(figure),
    }  # fmt: skip


def _file(model: str) -> str:
    return model.replace("/", "-")


def sections(report: Mapping) -> list[dict]:
    """The report's parts in their order: `id`, `title`, `text`, and `tables`, (caption, heads, rows) each."""
    words = comparison_texts
    found = [
        {"id": "overall", "title": "All models", "text": words.OVERALL, "tables": [("", *words.overall(report))]},
    ]
    for board in report["boards"]:
        tables = [("", *words.board(board))]
        for kind, caption in (
            ("by_gender", "UAR by gender, in %"),
            ("by_corpus", "UAR by corpus of the test clips, in %"),
        ):
            table = words.groups(board, kind)
            tables += [(caption, *table)] if table else []
        part = {
            "id": words.board_id(board),
            "title": words.board_name(board),
            "text": words.board_line(board),
            "tables": tables,
        }
        found.append({**part, "folded": board["mode"] == CROSS})
    if report["matrices"]:
        text = "Rows: trained on; columns: tested on; on the diagonal, bold, unheard speakers of the same corpus."
        place = next(number for number, one in enumerate(found) if one.get("folded"))
        found.insert(
            place, {"id": "cross", "title": "Trained on one corpus, tested on another", "text": text, "tables": []}
        )
    text = (
        "All corpora of a mode in one: dashed, as often right as sure; orange, how far off; bars below, how many clips "
        "are that sure. What is too sure of one corpus and not sure enough of another cancels out here, so that this "
        "ECE is below the mean over corpora. Of several seeds the diagram holds all clips, once a seed; the ECE is the "
        "mean of the seeds' own."
    )
    found.append({"id": "calibration", "title": "Calibration", "text": text, "tables": []})
    pairs = [
        (words.MODES[mode].capitalize() + ", in %", *table)
        for mode in (WITHIN, CROSS)
        if (table := words.pairs(report, mode))
    ]
    if pairs:
        title = "Confusion among high-arousal emotions"
        found.append({"id": "pairs", "title": title, "text": words.PAIRS, "tables": pairs})
    return [{"folded": False, **one} for one in found]


def page(report: Mapping, drawn: Sequence[Mapping]) -> str:
    """The report as one page, figures inside."""
    return html.rendered(
        "comparison.html",
        report=report,
        title=comparison_texts.title(report),
        sections=sections(report),
        figures=[{**one, "uri": html.data_uri(one["svg"])} for one in drawn],
        bands=[comparison_texts.BANDS[mark] for mark in report["marks"]],
        notes=comparison_texts.notes(report),
        version=__version__,
        words=texts,
        is_floor=comparison_texts.is_floor,
    )


def document(report: Mapping, drawn: Sequence[Mapping]) -> str:
    """The report as GitHub-flavoured Markdown."""
    blocks = [f"**{comparison_texts.BANDS[mark]}**" for mark in report["marks"]]
    blocks.append(f"# {markdown.plain(comparison_texts.title(report))}")
    blocks.append(f"Written {texts.moment(report['generated'])} by ser_keras {__version__}.")
    blocks.append("\n".join(f"- {markdown.plain(note)}" for note in comparison_texts.notes(report)))
    blocks.append(markdown.table(("Model", "What it is"), report["models"].items()))
    for part in sections(report):
        blocks += [f"## {part['title']}", markdown.plain(part["text"])]
        for caption, heads, rows in part["tables"]:
            blocks += [*([f"{caption}:"] if caption else []), markdown.table(heads, rows)]
        blocks += [
            f"![{markdown.plain(one['alt'])}](figures/{one['file']}.png)" for one in drawn if one["key"] == part["id"]
        ]
    return "\n\n".join(blocks) + "\n"
