"""The report as one page: figures and style inside, everything that came from a file escaped."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ser_keras.report import evidence, overview, split_texts, texts
from ser_keras.report import parts as by_parts

HERE = Path(__file__).parent
PARTS = (
    ("runs", "Runs"),
    ("confusion", "Confusion matrices"),
    ("report", "Classification report"),
    ("audit", "Audit"),
    ("learning", "Learning curves"),
    ("choices", "Choices"),
    ("split", "Split"),
    ("corpora", "Corpora"),
    ("provenance", "Provenance"),
)


def page(report: Mapping[str, object], drawn: Mapping[str, Sequence[Mapping[str, object]]], version: str) -> str:
    """The page of a report.

    Parameters
    ----------
    report : as in `report.json`
    drawn : entry id → its figures: `key`, `alt`, `caption`, `svg` (bytes)
    version : of this package
    """
    items = [
        {
            "id": entry["id"],
            "entry": entry,
            "figures": [
                {**figure, "uri": data_uri(figure["svg"])} for figure in drawn[entry["id"]] if figure["key"] != "pair"
            ],
        }
        for entry in report["experiments"]
    ]
    return rendered(
        "template.html",
        paper=report["paper"],
        citation=report["citation"],
        generated=report["generated"],
        version=version,
        bands=texts.bands(report["experiments"]),
        n_runs=sum(len(entry["runs"]) for entry in report["experiments"]),
        items=items,
        lines=[[together(cell) for cell in overview.cells(line)] for line in report["overview"]],
        heads=overview.HEADS,
        caption=overview.CAPTION,
        reasons=overview.reasons(report["overview"]),
        plot={**drawn[overview.KEY][0], "uri": data_uri(drawn[overview.KEY][0]["svg"])},
        ways=evidence.variants(report["experiments"]),
        parts=PARTS,
        words=texts,
        proof=evidence,
        parting=split_texts,
        by=by_parts,
    )


def together(cell: str) -> str:
    """A cell that breaks between figures and not inside one: no-break spaces there; a name after its slash."""
    return re.sub(
        r"(?<=\w)/(?=\w)|\[[^\]]*\]|\(\d+ runs?\)|[\d.]+ ± [\d.]+ %|(\w+ )?[\d.]+ %|gap \S+",
        lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}").replace("/", "/\N{ZERO WIDTH SPACE}"),
        cell,
    )


def rendered(template: str, **values: object) -> str:
    """A template of this folder with its values, all of them escaped, and with our style."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    style = Markup((HERE / "style.css").read_text(encoding="utf-8"))  # ours, not a run's
    return environment.get_template(template).render(style=style, **values)


def data_uri(svg: bytes) -> str:
    """A figure as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
