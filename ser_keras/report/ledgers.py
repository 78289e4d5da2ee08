"""What is kept of finished runs in the repository: one small JSON an experiment, and the tables that are made of them.

`results/PAPER/EXPERIMENT.json` holds figures, intervals, verdict, leaks and provenance; no recordings, no models. Runs
on synthetic or incomplete corpora and quick ones are left out: they are not comparable with a paper. Runs with changed
choices are kept as what was tried, apart from the others. Runs that are in a ledger already stay in it, so that seeds
which were trained on several machines add up; to begin anew, remove the ledger.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ser_keras import discovery
from ser_keras.experiment import Choice
from ser_keras.report import ablation, ablation_texts, comparable, evidence, markdown, overview, pooling, tables, worth
from ser_keras.report.runs import Run, changed_choices, trained_as_usual

BEGIN = "<!-- results: written by `make results` from stored runs -->"
END = "<!-- end of results -->"
FOLDER = Path("results")
TUTORIAL, TOLD = Path("docs", "tutorial.md"), "sankaran2023/ann"  # a page and the experiment that it tells of
PRINTED = ("accuracy", "accuracy_text", "half", "n_test", "right", "uar", "source")
CHOICE = ("value", "default", "changed")
# of an entry of `tables.experiments`: what figures depend on, what they came to and where they are from
KEPT = (
    "name", "title", "variant", "summary", "weights", "protocol", "settings", "quick", "classes", "corpora",
    "missing_corpora", "runs", "accuracy_mean", "accuracy_std", "uar_mean", "uar_std", "difference_points",
    "published_interval", "rerun_interval", "difference_interval", "verdict", "rests_on", "leakage", "parts",
    "set_aside", "training", "provenance",
)  # fmt: skip


def belongs(record: dict) -> bool:
    """Whether a run may stand beside its paper: (almost) all clips, all real, the whole recipe, trained by us."""
    return not unlike(record)


def unlike(record: dict) -> list[str]:
    """What keeps a run from standing beside its paper; [] where nothing does."""
    usual = trained_as_usual(record)
    return [*([] if usual else ["not trained here in float32"]), *comparable.unlike_paper(record)]


def of_runs(runs: Sequence[Run], earlier: Mapping[str, dict] | None = None) -> dict[str, dict]:
    """What is kept of a paper's comparable runs: experiment → ledger; those with none of our own choices left out.

    Parameters
    ----------
    runs : of one paper
    earlier : the ledgers that are there; runs of the same setting that are not in `runs`, trained on another machine,
        say, stay in them and count
    """
    kept = pooling.distinct([run for run in runs if belongs(run.record)])
    found = {}
    for name in dict.fromkeys(run.record["experiment"] for run in kept):
        own = [run for run in kept if run.record["experiment"] == name]
        known = (earlier or {}).get(name, {"entries": [], "ablations": []})
        new = pooling.unknown(own, known["entries"])
        fresh = [_kept(entry) for entry in tables.experiments(new)] if new else []
        entries = pooling.pooled(known["entries"], fresh)
        if lines := overview.lines(entries):
            found[name] = {
                "paper": runs[0].record["paper"],
                "experiment": name,
                "line": lines[0],
                "entries": entries,
                "ablations": pooling.fuller(known.get("ablations", ()), _ablations(own)),
            }
    return found


def _kept(entry: dict) -> dict:
    kept = {key: entry[key] for key in KEPT}
    kept["published"] = {key: entry["published"][key] for key in PRINTED}
    kept["choices"] = {key: {part: one[part] for part in CHOICE} for key, one in entry["choices"].items()}
    kept["runs"] = [{key: value for key, value in run.items() if key != "report"} for run in entry["runs"]]
    kept["pipeline"] = entry["pipeline"].get("fingerprint")
    return kept


def _ablations(runs: Sequence[Run]) -> list[dict]:
    """What changing one choice does, of each variant and protocol that was run with some changed and with ours."""
    found = []
    places = dict.fromkeys((run.record["variant"], run.record["protocol"]) for run in runs)
    for variant, protocol in places:
        same = [
            run
            for run in sorted(runs, key=lambda run: run.record["seed"])
            if (run.record["variant"], run.record["protocol"]) == (variant, protocol)
            and len(changed_choices(run.record)) < 2
        ]
        changed = [bool(changed_choices(run.record)) for run in same]
        if any(changed) and not all(changed):
            record = same[0].record
            declared = [
                Choice(one["key"], one["default"], one["reason"], tuple(one["alternatives"]))
                for one in record["choices"]
            ]
            results = discovery.published(record["paper"])["results"]
            others = {name: one for name, one in results.items() if name != record["experiment"]}
            found.append(ablation.table(same, declared, others))
    return found


def stored(folder: Path = FOLDER) -> dict[tuple[str, str], dict]:
    """The ledgers in a folder: (paper, experiment) → ledger."""
    order = [(paper, name) for paper in discovery.paper_names() for name in discovery.published(paper)["results"]]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.json"))]
    kept = {(one["paper"], one["experiment"]): one for one in found}
    return {key: kept[key] for key in sorted(kept, key=lambda key: order.index(key) if key in order else len(order))}


def lines(kept: dict[tuple[str, str], dict]) -> list[dict]:
    """One line an experiment of all papers, in their order; of those that were not run the printed figures alone."""
    found = []
    for paper in discovery.paper_names():
        names, printed = worth.printed_experiments(paper)
        for name in names:
            if (paper, name) in kept:
                line = kept[paper, name]["line"]
            else:
                [line] = overview.lines([], [name], printed)
            found.append({**line, "name": f"{paper}/{name}"})
    return found


def table(kept: dict[tuple[str, str], dict]) -> Iterator[str]:
    """The README's table, line by line."""
    yield from markdown.table(overview.HEADS, map(overview.cells, lines(kept))).splitlines()
    yield ""
    yield markdown.plain(overview.CAPTION)
    incomplete = {
        line for one in kept.values() for entry in one["entries"] for line, _ in comparable.lacking(entry["corpora"])
    }
    if incomplete:
        yield f"In these runs {'; '.join(sorted(incomplete))}."


def with_table(readme: str, kept: dict[tuple[str, str], dict]) -> str:
    """The README with its table written anew between the two markers.

    Raises
    ------
    RunError : a marker is missing
    """
    return markdown.with_block(readme, BEGIN, END, table(kept), "README.md")


def with_verdict(tutorial: str, kept: dict[tuple[str, str], dict]) -> str:
    """The tutorial with the line of its experiment, and why its verdict is what it is, between the two markers.

    Raises
    ------
    RunError : a marker is missing
    """
    own = [line for line in lines(kept) if line["name"] == TOLD]
    rows = markdown.table(overview.HEADS, map(overview.cells, own)).splitlines()
    told = [f"- {markdown.plain(line)}" for line in overview.reasons(own)]
    return markdown.with_block(tutorial, BEGIN, END, [*rows, "", *told], str(TUTORIAL))


def document(kept: dict[tuple[str, str], dict]) -> str:
    """`results/README.md`: the table, its plot, why each verdict is what it is, and what was tried."""
    told = lines(kept)
    blocks = ["# Results", "Written by `make results` from stored runs; `PAPER/EXPERIMENT.json` holds all of it."]
    blocks += ["\n".join(table(kept)), f"![{markdown.plain(overview.words(told))}](figures/{overview.KEY}.png)"]
    blocks += ["## Verdicts", "\n".join(f"- {markdown.plain(line)}" for line in overview.reasons(told))]
    blocks.append("## What else was tried, and what moves a figure")
    for paper in discovery.paper_names():
        entries = [entry for (own, _), one in kept.items() if own == paper for entry in one["entries"]]
        ways = [f"- {markdown.plain(line)}" for line in evidence.variants(entries)]
        blocks += [f"### {paper}", "\n".join(ways)] if ways else []
    blocks += _ablated(kept)
    blocks += ["## Runs", COMMITS, markdown.table(RUNS, _runs(kept))]
    return "\n\n".join(blocks) + "\n"


def _ablated(kept: dict[tuple[str, str], dict]) -> list[str]:
    """What was found by changing one choice at a time: a table and its sentences each."""
    blocks = ["## Choices, changed one at a time", markdown.plain(ablation_texts.LEGEND)]
    for (paper, name), one in kept.items():
        for entry in one.get("ablations", []):
            blocks.append(f"### {paper}/{name} ({entry['variant']}, {entry['protocol']} protocol)")
            blocks.append(markdown.table(ablation_texts.HEADS, map(ablation_texts.cells, entry["settings"])))
            blocks.append("\n".join(f"- {markdown.plain(line)}" for line in ablation_texts.sentences(entry)))
    return blocks if len(blocks) > 2 else []


RUNS = ("Experiment", "Variant", "Protocol", "Changed", "Seed", "Accuracy", "UAR", "Test clips", "Epochs", "Commit")
COMMITS = "Commit: of the code that trained; + marks a checkout with changes that were not committed."


def _runs(kept: dict[tuple[str, str], dict]) -> Iterator[list[str]]:
    """Every single run, none left out."""
    for (paper, name), one in kept.items():
        for entry in one["entries"]:
            changed = [f"{key}={choice['value']}" for key, choice in entry["choices"].items() if choice["changed"]]
            commits = {seed: part.get("commit") for part in entry["provenance"] for seed in part["seeds"]}
            for run in entry["runs"]:
                commit = commits[run["seed"]] or ""
                told = commit[:7] + ("+" if commit.endswith("+changes") else "")
                figures = [f"{100 * run[key]:.2f} %" for key in ("accuracy", "uar")]
                yield [f"{paper}/{name}", entry["variant"], entry["protocol"], ", ".join(changed) or "–",
                       str(run["seed"]), *figures, str(run["n_test"]), str(run["epochs_run"]), told]  # fmt: skip
