"""The pages that are made of what the repository holds: papers, corpora, commands, modules, and texts from elsewhere.

`docs/conf.py` calls `write` before every build. Nothing here is typed off: a paper's page is its room's README,
declaration and `published.json`, the audit, and `results/`; a corpus's page its manifest and description.
"""

import ast
import importlib
import pkgutil
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

import papers
import ser_keras
from ser_keras import __main__, audit, cite, declaration, discovery
from ser_keras.choices import resolved
from ser_keras.corpora import folder, manifest
from ser_keras.evaluation.audit import examined_paper
from ser_keras.experiment import Choice, Experiment, Variant
from ser_keras.report import evidence, ledgers, markdown, overview

ROOT = Path(__file__).parents[1]
INCLUDED = {"changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md", "results": "results/README.md",
            "model-card": "ser_keras/boxed/cremad/MODEL_CARD.md"}  # fmt: skip


def write(out: Path) -> None:
    """Write every generated page below `out`, which is emptied before."""
    shutil.rmtree(out, ignore_errors=True)
    pages = {f"papers/{name}.md": paper(name) for name in discovery.paper_names()}
    pages |= {f"corpora/{name}.md": corpus(name) for name in manifest.corpora()}
    pages |= {f"api/{module}.rst": module_page(module) for module in modules()}
    pages |= {"commands.md": commands(), "results-table.md": "\n".join(ledgers.table(_kept()))}
    pages |= {"papers.md": papers_page(), "corpora.md": corpora_page(), "api.rst": api_page()}
    pages |= {f"{name}.md": _moved(name, path) for name, path in INCLUDED.items()}
    for name, text in pages.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")


def _kept() -> dict[tuple[str, str], dict]:
    return ledgers.stored(ROOT / ledgers.FOLDER)


def _moved(name: str, path: str) -> str:
    """A text of the repository as a page: its pictures and files are found from where it is now."""
    if name == "results":
        text = (ROOT / path).read_text(encoding="utf-8")
        return text.replace("](figures/", "](../../results/figures/")
    return f"```{{include}} ../../{path}\n```\n"


def _toctree(entries: Iterable[str], **options: object) -> str:
    told = [f":{key}: {value}" if value else f":{key}:" for key, value in options.items()]
    return "\n".join(["```{toctree}", *told, "", *entries, "```"])


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table of cells that are Markdown already; all columns to the left."""
    heads = list(heads)
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *map(list, rows)))


def _code(text: str, kind: str = "text") -> str:
    return f"```{kind}\n{text}\n```"


# papers


def papers_page() -> str:
    """The list of papers, with what each came to."""
    told = [(discovery.published(name), name) for name in discovery.paper_names()]
    rows = [
        (f"[{name}](papers/{name}.md)", f"*{printed['title']}*", f"{', '.join(printed['authors'])} ({printed['year']})",
         str(len(printed["results"])))
        for printed, name in told
    ]  # fmt: skip
    tree = _toctree([f"papers/{name}" for name in discovery.paper_names()], hidden="")
    return "\n\n".join(["# Papers", _table(("Package", "Paper", "Authors", "Published results"), rows), tree]) + "\n"


def paper(name: str) -> str:
    """A paper's page: what it fixes, leaves open and slips in, what we chose, what came of it, what the audit finds."""
    declared = discovery.load_paper(name).experiments
    kept = {key: one for key, one in _kept().items() if key[0] == name}
    readme = _with_choices((discovery.room(name) / "README.md").read_text(encoding="utf-8"), declared)
    blocks = [readme.strip(), "## Experiments, as declared", *(block for one in declared for block in _declared(one))]
    lines = [line for line in ledgers.lines(_kept()) if line["name"].startswith(f"{name}/")]
    blocks += ["## Published and reproduced", markdown.table(overview.HEADS, map(overview.cells, lines))]
    blocks += [markdown.plain(overview.CAPTION), _listed(overview.reasons(lines))]
    ways = evidence.variants([entry for one in kept.values() for entry in one["entries"]])
    blocks += ["### The same experiment in several ways", _listed(ways)] if ways else []
    blocks += ["## What the audit finds", f"`python -m ser_keras.audit {name}` prints:", _code(_audit(name), "console")]
    blocks += ["## Citation", _code(cite.bibtex(name), "bibtex")]
    return "\n\n".join(blocks) + "\n"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {markdown.plain(line)}" for line in lines)


def _audit(name: str) -> str:
    printed = discovery.published(name)
    return "\n".join(audit.lines(name, printed, examined_paper(printed)))


def _with_choices(readme: str, experiments: tuple[Experiment, ...]) -> str:
    """The README, its table of choices taken from the declarations, which hold the reasons in full."""
    table = re.search(r"^\| key \|.*\n(\|.*\n)+", readme, re.MULTILINE)
    if table is None:
        return readme
    return readme[: table.start()] + _choices(experiments) + "\n" + readme[table.end() :]


def _choices(experiments: tuple[Experiment, ...]) -> str:
    """Every declared choice, with where it holds when it is not everywhere."""
    found: dict[Choice, list[str]] = {}
    places = [(one.name, variant) for one in experiments for variant in one.variants]
    for experiment, variant in places:
        own = next(one.choices for one in experiments if one.name == experiment)
        for choice in own + variant.choices:
            found.setdefault(choice, []).append(f"{experiment} {variant.name}")
    rows = [
        (f"`{choice.key}`", f"`{_value(choice.value)}`", markdown.plain(choice.reason),
         ", ".join(f"`{_value(one)}`" for one in choice.alternatives),
         "all" if len(where) == len(places) else ", ".join(where))
        for choice, where in found.items()
    ]  # fmt: skip
    return _table(("key", "ours", "why", "alternatives", "where"), rows)


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _declared(experiment: Experiment) -> Iterator[str]:
    """One experiment: what it is run on, and each variant's recipe, after all choices are made."""
    yield f"### {experiment.name}"
    yield f"{markdown.plain(experiment.title)}. Corpora: {', '.join(_corpus_links(experiment))}."
    for variant in experiment.variants:
        yield "\n".join(f"- {line}" for line in _recipe(experiment, variant))


def _corpus_links(experiment: Experiment) -> list[str]:
    optional = dict.fromkeys(experiment.optional, " (optional)")
    return [f"[{name}](../corpora/{name}.md){optional.get(name, '')}" for name in experiment.corpora]


def _recipe(experiment: Experiment, variant: Variant) -> Iterator[str]:
    choices = resolved(experiment.choices + variant.choices, {})
    recipe = declaration.training_record(variant.training(choices))
    summary = f": {markdown.plain(variant.summary)}" if variant.summary else ""
    yield f"**{variant.name}**{summary}"
    yield f"classes: {', '.join(variant.classes or experiment.classes)}"
    steps = [step["function"].rpartition(".")[2] for step in variant.pipeline(choices).description()["steps"]]
    yield f"pipeline: {' → '.join(f'`{step}`' for step in steps)}"
    told = [f"{key.replace('_', ' ')} {_value(value)}" for key, value in recipe.items() if key != "optimizer"]
    yield f"training: {recipe['optimizer']}; {'; '.join(told)}"


# corpora


def corpora_page() -> str:
    """The list of corpora."""
    rows = [
        (f"[{name}](corpora/{name}.md)", one.title, f"{len(manifest.manifest(name).entries)}", one.licence)
        for name, one in manifest.corpora().items()
    ]
    tree = _toctree([f"corpora/{name}" for name in manifest.corpora()], hidden="")
    return "\n\n".join(["# Corpora", _table(("Name", "Corpus", "Clips", "Licence"), rows), tree]) + "\n"


def corpus(name: str) -> str:
    """A corpus's page: what its manifest counts, its licence, how to get it, how to cite it."""
    described, entries = manifest.corpus(name), [one.labels for one in manifest.manifest(name).entries]
    speakers = {one.speaker: one.gender for one in entries}
    genders = Counter(speakers.values())
    sentences = {folder.loader(name).text(one) for one in entries}
    size = sum(entry.bytes for entry in manifest.manifest(name).entries)
    facts = [
        ("clips", f"{len(entries)}, {size / 1e6:.0f} MB"),
        ("speakers", f"{len(speakers)}: " + ", ".join(f"{genders[one]} {one}" for one in sorted(genders))),
        ("emotions", str(len({one.emotion for one in entries}))),
        ("sentences or words", str(len(sentences))),
        ("licence", described.licence),
        ("homepage", f"<{described.homepage}>"),
        ("folder names", ", ".join(f"`{one}`" for one in described.folders)),
        ("manifest", f"`data_manifests/{name}.csv`: a checksum, an emotion, a speaker and a gender a clip"),
    ]
    place = Path("my_corpora") / described.folders[0]
    blocks = [f"# {name}: {described.title}", _table(("", described.title), facts), "## Clips", _counts(entries)]
    blocks += ["## How to get it", _sentence(_linked(folder.how_to_get(described, place)))]
    if described.source is not None:
        blocks.append(f"By hand: {_linked(folder.by_hand(described, place))}.")
    blocks += ["What of it is there, and exact:", _code(f"python -m ser_keras.corpora verify {name} --data my_corpora")]
    used = [paper for paper in discovery.paper_names() if name in _corpora_of(paper)]
    links = [f"[{paper}](../papers/{paper}.md)" for paper in used]
    blocks += [
        "## Papers that use it",
        ", ".join(links) if links else "None of those here; the bundled model.",
    ]
    blocks += ["## Citation", _linked(described.citation), _code(cite.bibtex(name), "bibtex")]
    return "\n\n".join(blocks) + "\n"


def _linked(text: str) -> str:
    """Text with its addresses as links, a closing comma or stop left out."""
    return re.sub(r"https?://[^\s`]*[^\s`.,;]", r"<\g<0>>", text)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _corpora_of(paper: str) -> set[str]:
    return {name for one in discovery.published(paper)["results"].values() for name in one["corpora"]}


def _counts(entries: list[manifest.Labels]) -> str:
    """Clips by emotion and gender, with sums."""
    genders = sorted({one.gender for one in entries})
    counts = Counter((one.emotion, one.gender) for one in entries)
    emotions = [one for one in manifest.EMOTIONS if any(counts[one, gender] for gender in genders)]
    rows = [(one, *(counts[one, gender] for gender in genders)) for one in emotions]
    rows.append(("all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True))))
    return markdown.table(("Emotion", *genders, "all"), ((*row, sum(row[1:])) for row in rows))


# commands


def commands() -> str:
    """What every command says of itself under `--help`."""
    found = {name: f"ser-keras {name}" for name in sorted(__main__.COMMANDS)}
    blocks = ["# Commands", "What `--help` says. `ser-keras NAME` and `python -m ser_keras.NAME` are the same."]
    group = __main__.ser_keras
    for name, program in found.items():
        blocks += [f"## {name}", *_helps(group.get_command(click.Context(group), name), program)]
    return "\n\n".join(blocks) + "\n"


def _helps(command: click.Command, program: str) -> Iterator[str]:
    context = click.Context(command, info_name=program, terminal_width=88, max_content_width=88)
    yield _code(command.get_help(context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield f"### {program.removeprefix('ser-keras ')} {name}"
            yield from _helps(command.get_command(context, name), f"{program} {name}")


# modules


def modules() -> list[str]:
    """Every public module of the package and of the papers' rooms, by name."""
    found = [one.name for one in pkgutil.walk_packages(ser_keras.__path__, "ser_keras.")]
    found += [one.name for one in pkgutil.walk_packages(papers.__path__, "papers.")]
    return sorted(["ser_keras", *(one for one in found if "._" not in one)])


def _summary(module: str) -> str:
    """First sentence of a module's docstring, read without importing it."""
    spec = importlib.util.find_spec(module)
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def _children(module: str) -> list[str]:
    return [one for one in modules() if one.rpartition(".")[0] == module]


def module_page(module: str) -> str:
    """A module's page: its docstring, its functions and classes from theirs; of a package its modules as well."""
    blocks = [_heading(module, "="), f".. automodule:: {module}\n   :members:"]
    if children := _children(module):
        blocks += [_heading("Modules", "-"), _told(children, ""), _tree(children, "")]
    return "\n\n".join(blocks) + "\n"


def _heading(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}"


def _told(members: Iterable[str], folder: str) -> str:
    """A list of modules with what each gives."""
    return "\n".join(f":doc:`{one} <{folder}{one}>`\n    {_summary(one)}" for one in members)


def _tree(members: Iterable[str], folder: str) -> str:
    entries = "\n".join(f"   {one} <{folder}{one}>" for one in members)
    return f".. toctree::\n   :hidden:\n\n{entries}"


def api_page() -> str:
    """The packages, and all modules with what each gives."""
    roots = ["ser_keras", *_children("papers")]
    packages = ["ser_keras", *(one for one in modules() if one.startswith("ser_keras.") and _children(one))]
    blocks = [_heading("API", "="), "Conventions that a whole module shares stand at its head."]
    for package in packages:
        plain = [one for one in _children(package) if not _children(one)]
        blocks += [_heading(package, "-"), _told([package, *plain], "api/")]
    blocks += [_heading("Paper packages", "-"), _told(_children("papers"), "api/"), _tree(roots, "api/")]
    return "\n\n".join(blocks) + "\n"
