"""What printed tables say against themselves: every installed paper's scores, recomputed from its own matrices.

python -m ser_keras.audit            all papers
python -m ser_keras.audit yadav2022  one

Reads the papers' `published.json` alone: no recordings, no runs, no TensorFlow.
"""

import json
from dataclasses import asdict

import click

from ser_keras import cli, discovery
from ser_keras.errors import PaperError
from ser_keras.evaluation.audit import Examined, examined_paper


def lines(paper: str, printed: dict, experiments: dict[str, Examined]) -> list[str]:
    """A paper's audit for people: one line an experiment, its findings indented below."""
    told = [f"{paper}: {printed['title']} ({printed['year']})"]
    for name, one in experiments.items():
        told.append(f"  {name} ({one.source}): {_checked(one)}")
        told += [f"    {finding}" for finding in one.findings]
        told += [f"    note: {note}" for note in one.notes]
        if one.checked and not one.findings:
            told.append("    nothing contradicts its own matrix" if one.cells else "    nothing contradicts the rest")
    return told


def _checked(one: Examined) -> str:
    values = "1 printed value" if one.checked == 1 else f"{one.checked} printed values"
    matrix = f", matrix of {one.cells} cells" if one.cells else ", no matrix printed"
    return f"{values} checked{matrix}"


@click.command()
@click.argument("papers", nargs=-1, metavar="[PAPER]...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@cli.debug_option
def audit(papers: tuple[str, ...], as_json: bool) -> None:
    """List printed values that their own paper contradicts; all installed papers when none is named."""
    names = list(dict.fromkeys(papers)) or list(discovery.paper_names())
    if not names:
        raise PaperError("no paper is installed: install a package with an entry point in the group ser_keras.papers")
    printed = {name: discovery.published(name) for name in names}
    found = {name: examined_paper(printed[name]) for name in names}
    if as_json:
        told = [
            {"paper": name, "experiments": [{"name": one, **asdict(what)} for one, what in found[name].items()]}
            for name in names
        ]
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    blocks = ["\n".join(lines(name, printed[name], found[name])) for name in names]
    click.echo("\n\n".join(blocks))


if __name__ == "__main__":
    cli.run(audit, name="python -m ser_keras.audit")
