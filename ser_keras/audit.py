"""What printed tables say against themselves: every installed paper's scores, recomputed from its own matrices.

python -m ser_keras.audit            all papers
python -m ser_keras.audit yadav2022  one

Reads the papers' `published.json` alone: no recordings, no runs, no TensorFlow.
"""

import json
from dataclasses import asdict

import click

from ser_keras import cli, completion, discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation import claims
from ser_keras.evaluation import printed as printed_figures
from ser_keras.evaluation.audit import Examined, examined_paper

SHOWN = 4  # numbers of test clips that are named for people; --json has all


def lines(paper: str, printed: dict, experiments: dict[str, Examined]) -> list[str]:
    """A paper's audit for people: one line an experiment, its findings indented below, then what the text says."""
    told = [f"{paper}: {printed['title']} ({printed['year']})"]
    for name, one in experiments.items():
        told.append(f"  {name} ({one.source}): {_checked(one)}")
        told += [f"    {finding}" for finding in one.findings]
        others = [result for other, result in printed["results"].items() if other != name]
        told += size_lines(one, printed["results"][name], others)
        told += [f"    note: {note}" for note in one.notes]
        if one.checked and not one.findings:
            told.append("    nothing contradicts its own matrix" if one.cells else "    nothing contradicts the rest")
    slips, said = claims.slips(printed), len(printed.get("claims", ()))
    if said:
        statements = "1 statement" if said == 1 else f"{said} statements"
        told.append(f"  text: {statements} in numbers checked, {len(slips) or 'none'} contradicted")
    return told + [f"    {slip}" for slip in slips]


def size_lines(one: Examined, result: dict, others: list[dict]) -> list[str]:
    """How many test clips a printed accuracy tells of, the likeliest first."""
    found = printed_figures.accuracy(result, others)
    if found is None or not (one.sizes or one.least):
        return []
    text = found[1].text(found[0]) + (" %" if found[1].scale == 100 else "")
    if printed_figures.test_clips(result) is not None:
        wrong = any(finding.where == "accuracy" for finding in one.findings)
        told = "its matrix has right" if wrong else f"{text} is"
        return [f"    accuracy: {told} {size} test clips" for size in one.sizes]
    least = f"    accuracy: {text} takes {one.least} test clips or more"
    if not one.sizes:
        usual = f" of {result['clips']}" if "clips" in result else ""
        return [f"{least}; no usual share{usual} is known that gives it" if usual else least]
    first, *rest = one.sizes
    more = [*map(str, rest[: SHOWN - 1]), *([f"{len(rest) - SHOWN + 1} more"] if len(rest) >= SHOWN else [])]
    return [f"{least}; first of the usual numbers {first} fits" + (f", then {', '.join(more)}" if more else "")]


def _checked(one: Examined) -> str:
    values = "1 printed value" if one.checked == 1 else f"{one.checked} printed values"
    matrix = f", matrix of {one.cells} cells" if one.cells else ", no matrix printed"
    return f"{values} checked{matrix}"


@click.command()
@click.argument("papers", nargs=-1, metavar="[PAPER]...", shell_complete=completion.papers)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@cli.debug_option
def audit(papers: tuple[str, ...], as_json: bool) -> None:
    """List printed values that contradict other numbers in the same paper; default: all installed papers."""
    names = list(dict.fromkeys(papers)) or list(discovery.paper_names())
    if not names:
        raise PaperError("no paper is installed: install a package with an entry point in the group ser_keras.papers")
    printed = {name: discovery.published(name) for name in names}
    found = {name: examined_paper(printed[name]) for name in names}
    if as_json:
        told = [
            {
                "paper": name,
                "experiments": [{"name": one, **asdict(what)} for one, what in found[name].items()],
                "statements": len(printed[name].get("claims", ())),
                "text": [asdict(slip) for slip in claims.slips(printed[name])],
            }
            for name in names
        ]
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    blocks = ["\n".join(lines(name, printed[name], found[name])) for name in names]
    click.echo("\n\n".join(blocks))


if __name__ == "__main__":
    cli.run(audit, name="python -m ser_keras.audit")
