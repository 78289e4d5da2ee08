"""The report as Markdown: the page's tables and sentences, its figures as files beside it."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ser_keras.errors import RunError
from ser_keras.report import evidence, overview, parts, split_texts, texts

PARTS = ("Part", "Test examples", "Speakers", "Accuracy", "UAR")


def document(report: Mapping[str, object], drawn: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    """The report as GitHub-flavoured Markdown.

    Parameters
    ----------
    report : as in `report.json`
    drawn : entry id → its figures: `key`, `alt`, `file` (name in figures/, without ending)
    """
    entries, citation = report["experiments"], report["citation"]
    blocks = [f"**{band}**" for band in texts.bands(entries)]
    blocks.append(f"# {plain(citation.get('title') or report['paper'])}")
    by = f"{', '.join(citation.get('authors', []))} ({citation.get('year', 'no year')})"
    blocks.append(plain(f"{report['paper']}: {by}. Written {texts.moment(report['generated'])}."))
    blocks += ["## What reproduces, and what it is worth", *overview_blocks(report["overview"], drawn[overview.KEY][0])]
    heads = [
        "Experiment",
        "Published",
        "Reproduced",
        "Points",
        "Verdict",
        "UAR published",
        "UAR",
        "Test clips published",
        "Here",
    ]
    blocks += [
        "## Figures in full",
        table(
            heads,
            ([" ".join([texts.name(entry), *texts.marks(entry)]), *texts.summary_cells(entry)] for entry in entries),
        ),
    ]
    ways = [f"- {plain(line)}" for line in evidence.variants(entries)]
    blocks += ["## The same experiment in several ways", "\n".join(ways)] if ways else []
    slips = [f"- {plain(slip)}" for slip in citation.get("slips", [])]
    blocks += ["## What the text says against its own numbers", "\n".join(slips)] if slips else []
    for entry in entries:
        blocks += _experiment(entry, drawn[entry["id"]])
    return "\n\n".join(blocks) + "\n"


def overview_blocks(lines: Sequence[Mapping], drawing: Mapping[str, object], folder: str = "figures") -> list[str]:
    """The table that reports open with, its reading, and its plot."""
    return [
        table(overview.HEADS, (overview.cells(line) for line in lines)),
        plain(overview.CAPTION),
        f"![{plain(drawing['alt'])}]({folder}/{drawing['file']}.png)",
        "\n".join(f"- {plain(line)}" for line in overview.reasons(lines)),
    ]


def plain(text: object) -> str:
    """Text that Markdown and HTML leave as it is, in one line."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|_#])", r"\\\1", " ".join(escaped.split()))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; the first column is aligned left, the others right."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)]]
    told = [[plain(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in (*lines, *told))


def _experiment(entry: Mapping, figures: Sequence[Mapping[str, object]]) -> list[str]:
    blocks = [f"## {plain(texts.name(entry))}", plain(f"{entry['title']} ({entry['published']['source']})")]
    blocks += [f"**{plain(texts.verdict(entry))}**"]
    blocks += ["\n".join(f"- {plain(line)}" for line in evidence.evidence(entry))] if evidence.evidence(entry) else []
    blocks += [*(plain(note) for note in texts.notes(entry))]
    runs = [
        [f"seed {run['seed']}", *map(texts.percent, (run["accuracy"], run["uar"])), run["n_test"], run["epochs_run"],
         run["best_epoch"] or texts.NOTHING, texts.duration(run["durations"].get("training_s"))]
        for run in entry["runs"]
    ]  # fmt: skip
    blocks += ["### Runs", table(["Run", "Accuracy", "UAR", "Test clips", "Epochs", "Kept", "Training"], runs)]
    blocks.append(texts.spread(entry))
    for run in entry["runs"]:
        if rows := split_texts.fold_rows(run):
            blocks += [f"Seed {run['seed']}, fold by fold:", table(split_texts.FOLD_HEADS, rows)]
    by_parts = parts.rows(entry)
    blocks += ["### Parts of the test set", table(PARTS, by_parts)] if by_parts else []
    blocks += [plain(parts.confused(entry))] if parts.confused(entry) else []
    paired = any(one["key"] == "pair" for one in figures)
    shown = [one for one in figures if not paired or one["key"] not in ("published", "reproduced")]
    blocks += ["### Figures", *(f"![{plain(one['alt'])}](figures/{one['file']}.png)" for one in shown)]
    blocks += _scores(entry)
    blocks += _choices(entry)
    blocks += _split(entry)
    return blocks + _corpora(entry) + _provenance(entry)


def _scores(entry: Mapping) -> list[str]:
    heads = ["Class (support)"]
    heads += [f"{side} {unit}" for side in ("published", "reproduced") for unit in texts.units(entry)]
    rows = [
        [row["label"],
         *(f"{cell} †" if wrong else cell for cell, wrong in zip(row["published"], row["contradicted"], strict=True)),
         *row["reproduced"]]
        for row in texts.classification_rows(entry)
    ]  # fmt: skip
    findings = [f"- {plain(finding['text'])} ({plain(finding['source'])})" for finding in entry["audit"]]
    blocks = ["### Classification report", table(heads, rows)]
    blocks += [plain(parts.absent(entry))] if parts.absent(entry) else []
    blocks.append("### Audit of the printed table")
    blocks += [plain(line) for line in (texts.audit_line(entry), *evidence.size_lines(entry))]
    blocks += [*(["\n".join(findings)] if findings else [])]
    return blocks + [plain(f"Note: {note}.") for note in entry["audit_notes"]]


def _choices(entry: Mapping) -> list[str]:
    rows = [
        [key, texts.value_text(choice["value"]) + (" (changed)" if choice["changed"] else ""), choice["reason"],
         ", ".join(map(texts.value_text, choice["alternatives"]))]
        for key, choice in entry["choices"].items()
    ]  # fmt: skip
    return ["### What the paper leaves open", table(["Choice", "Value", "Reason", "Alternatives"], rows)]


def _split(entry: Mapping) -> list[str]:
    blocks = ["### Split"]
    if entry["leakage"]:
        blocks.append(table(split_texts.leak_heads(entry), split_texts.leak_rows(entry)))
        blocks += [caution] if (caution := split_texts.leak_caution(entry)) else []
    for split in entry["splits"]:
        blocks.append(plain(f"{texts.seeds(split).capitalize()}. {split_texts.leak(entry, split)} {split['note']}"))
        blocks += [plain(line) for line in split_texts.more_leaks(split)]
        if split["shared_speakers"]:
            blocks.append(plain(f"Speakers in training and test: {', '.join(split['shared_speakers'])}."))
        parts = [split["supports"][part] for part in ("train", "validation", "test")]
        rows = [
            [label, *(part[label] for part in parts), entry["published"]["supports"].get(label, texts.NOTHING)]
            for label in entry["classes"]
        ]
        total = ["all", *(sum(part.values()) for part in parts), entry["published"]["n_test"] or texts.NOTHING]
        blocks.append(table(["Class", "Training", "Validation", "Test", "Test, published"], [*rows, total]))
    return blocks


def _corpora(entry: Mapping) -> list[str]:
    rows = [
        [name, corpus["clips"], corpus["expected"], corpus["missing"], corpus.get("altered", texts.NOTHING),
         corpus.get("foreign", texts.NOTHING), "synthetic" if corpus["synthetic"] else "real"]
        for name, corpus in entry["corpora"].items()
    ]  # fmt: skip
    heads = ["Corpus", "Clips", "Expected", "Missing", "Altered", "Foreign", "Recordings"]
    aside = [f"- {plain(one['clip'])}: {plain(one['reason'])}" for one in entry["set_aside"]]
    told = ["Set aside:", "\n".join(aside)] if aside else ["No clip was set aside."]
    return ["### Corpora", table(heads, rows), *told]


def _provenance(entry: Mapping) -> list[str]:
    facts = texts.training_facts(entry)
    for one in entry["provenance"]:
        facts += [(f"{key} ({texts.seeds(one)})", value) for key, value in texts.provenance_facts(one)]
    return ["### Training and provenance", "\n".join(f"- {plain(key)}: {plain(value)}" for key, value in facts)]


def with_block(text: str, begin: str, end: str, lines: Iterable[str], name: str) -> str:
    """A text with these lines in place of those between two marks; `name`: what it is called.

    Raises
    ------
    RunError : a mark is missing, or there twice
    """
    if text.count(begin) != 1 or text.count(end) != 1:
        raise RunError(f"{name} lacks the lines {begin!r} and {end!r}: put them back where the table belongs")
    before, _, rest = text.partition(begin)
    return "\n".join([before + begin, *lines, end + rest.partition(end)[2]])
