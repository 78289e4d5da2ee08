"""One page for all papers whose runs lie in a folder: a line an experiment, the plot, and the way to each report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from ser_keras import __version__, discovery
from ser_keras.files import write_json, write_text
from ser_keras.locks import alone
from ser_keras.report import evidence, html, markdown, overview, texts, worth
from ser_keras.report.runs import papers_with_runs
from ser_keras.report.write import contents, write_figures

FOLDER = "report"


def write_summary(out: Path) -> Path:
    """Write OUT/report from all finished runs under OUT; the page's path is returned.

    Raises
    ------
    RunError : a run can't be read
    """
    out = Path(out)
    with alone(out / FOLDER, "the page of all papers"):
        return _written(out)


def _written(out: Path) -> Path:
    papers = [contents(out, name)[0] for name in papers_with_runs(out)]
    lines = [{**line, "name": f"{name}/{line['name']}"} for name, told in _overviews(papers).items() for line in told]
    entries = [entry for paper in papers for entry in paper["experiments"]]
    drawing = overview.drawing(lines)
    said = {
        "generated": datetime.now(UTC).isoformat(timespec="seconds"),
        "bands": texts.bands(entries),
        "rows": [overview.cells(line) for line in lines],
        "reasons": overview.reasons(lines),
        "papers": [_paper(paper) for paper in papers],
    }
    folder = out / FOLDER
    write_figures(folder / "figures", [drawing])
    write_json(folder / "report.json", {"generated": said["generated"], "overview": lines})
    write_text(folder / "report.md", _document(said, lines, drawing))
    page = html.rendered(
        "summary.html",
        **{**said, "rows": [[html.together(cell) for cell in row] for row in said["rows"]]},
        heads=overview.HEADS,
        caption=overview.CAPTION,
        plot={**drawing, "uri": html.data_uri(drawing["svg"])},
        version=__version__,
        words=texts,
    )
    write_text(folder / "index.html", page)
    return folder / "index.html"


def _overviews(papers: list[dict]) -> dict[str, list[dict]]:
    """The lines of each paper, also of those that are installed and were not run."""
    told = {paper["paper"]: paper["overview"] for paper in papers}
    for name in discovery.paper_names():
        told.setdefault(name, overview.lines([], *worth.printed_experiments(name)))
    return dict(sorted(told.items()))


def _paper(report: Mapping) -> dict:
    citation = report["citation"]
    return {
        "name": report["paper"],
        "title": citation.get("title") or report["paper"],
        "by": f"{', '.join(citation.get('authors', []))} ({citation.get('year', 'no year')})",
        "runs": sum(len(entry["runs"]) for entry in report["experiments"]),
        "page": f"../{quote(report['paper'])}/report/index.html",
        "ways": evidence.variants(report["experiments"]),
        "slips": citation.get("slips", []),
    }


def _document(said: Mapping, lines: list[dict], drawing: Mapping) -> str:
    plain = markdown.plain
    blocks = [*(f"**{band}**" for band in said["bands"]), "# What reproduces, and what it is worth"]
    blocks.append(f"Written {texts.moment(said['generated'])}.")
    blocks += markdown.overview_blocks(lines, drawing)
    for paper in said["papers"]:
        page = paper["page"].replace("index.html", "report.md")
        blocks += [f"## {plain(paper['name'])}", f"{plain(paper['title'])}. {plain(paper['by'])}. [Report]({page})"]
        told = [f"- {plain(line)}" for line in (*paper["ways"], *paper["slips"])]
        blocks += ["\n".join(told)] if told else []
    return "\n\n".join(blocks) + "\n"
