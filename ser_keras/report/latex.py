"""The comparison as LaTeX tables with `booktabs` rules, to be put into a paper with \\input."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ser_keras.report import overview, texts

HEAD = "% Written by ser_keras; needs \\usepackage{array,booktabs} and \\usepackage[T1]{fontenc}."
OVERVIEW = "l" + "".join(
    f">{{\\raggedright\\arraybackslash}}p{{0.{width}\\linewidth}}" for width in ("10", "12", "12", "12", "08", "17")
)
SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "−": r"$-$", "†": r"$^\dagger$",
    "–": "--", "…": r"\dots{}", "\N{NO-BREAK SPACE}": "~", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def document(report: Mapping[str, object]) -> str:
    """The tables of a report, each a `table` environment with caption and label.

    Parameters
    ----------
    report : as in `report.json`
    """
    paper = report["paper"]
    blocks = [HEAD, *(f"% {band}" for band in texts.bands(report["experiments"]))]
    blocks.append(
        table(
            overview.HEADS,
            map(overview.cells, report["overview"]),
            caption=f"{paper}: published and reproduced accuracy. {overview.CAPTION}",
            label=f"tab:{paper}-overview",
            columns=OVERVIEW,
            wide=True,
        )
    )
    blocks += [_scores(paper, entry) for entry in report["experiments"]]
    return "\n\n".join(blocks) + "\n"


def _scores(paper: str, entry: texts.Entry) -> str:
    """Precision, recall and F1 of each class, published beside reproduced."""
    heads = ["Class (support)", *texts.units(entry), *texts.units(entry)]
    rows = [
        [row["label"],
         *(f"{cell} †" if wrong else cell for cell, wrong in zip(row["published"], row["contradicted"], strict=True)),
         *row["reproduced"]]
        for row in texts.classification_rows(entry)
    ]  # fmt: skip
    marked = " † contradicted by the paper's own tables." if any("†" in cell for row in rows for cell in row) else ""
    return table(
        heads,
        rows,
        caption=f"{paper}/{texts.name(entry)}: published scores (left), reproduced (right). "
        f"{texts.verdict(entry)}{marked}",
        label=f"tab:{paper}-{entry['id']}",
        columns="l" + "r" * (len(heads) - 1),
        above="& \\multicolumn{3}{c}{published} & \\multicolumn{3}{c}{reproduced} \\\\\n"
        "\\cmidrule(lr){2-4} \\cmidrule(lr){5-7}",
    )


def escaped(text: object) -> str:
    """Text that LaTeX prints as it is, in one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in re.sub(r"[\x00-\x1f\x7f]+", " ", str(text)))


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    label: str,
    columns: str,
    above: str = "",
    wide: bool = False,
) -> str:
    """One table; all cells, heads and the caption are escaped.

    Parameters
    ----------
    columns : LaTeX's column types
    above : LaTeX above the heads
    wide : over both columns of a paper, in small letters
    """
    kind = "table*" if wide else "table"
    lines = [f"\\begin{{{kind}}}", "\\centering", *(["\\footnotesize"] if wide else [])]
    lines += [
        f"\\caption{{{escaped(caption)}}}",
        f"\\label{{{re.sub(r'[^A-Za-z0-9:-]+', '-', label)}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
    ]
    lines += [*([above] if above else []), " & ".join(map(escaped, heads)) + " \\\\", "\\midrule"]
    lines += [" & ".join(map(escaped, row)) + " \\\\" for row in rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", f"\\end{{{kind}}}"])
