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
from ser_keras.evaluation import claims
from ser_keras.evaluation import printed as printed_figures
from ser_keras.evaluation.audit import Examined, examined_paper
from ser_keras.evaluation.granularity import Size

SHOWN = 4  # numbers of test clips that are named for people; --json has all


def lines(paper: str, printed: dict, experiments: dict[str, Examined]) -> list[str]:
    """A paper's audit for people: one line an experiment, its findings indented below."""
    told = [f"{paper}: {printed['title']} ({printed['year']})"]
    for name, one in experiments.items():
        told.append(f"  {name} ({one.source}): {_checked(one)}")
        told += [f"    {finding}" for finding in one.findings]
        told += size_lines(one.sizes, printed["results"][name])
        told += [f"    note: {note}" for note in one.notes]
        if one.checked and not one.findings:
            told.append("    nothing contradicts its own matrix" if one.cells else "    nothing contradicts the rest")
    slips = claims.slips(printed)
    if printed.get("claims"):
        told.append(f"  text: {len(printed['claims'])} statements checked, {len(slips) or 'none'} contradicted")
    return told + [f"    {slip}" for slip in slips]


def size_lines(sizes: tuple[Size, ...], result: dict) -> list[str]:
    """How many test clips a printed accuracy tells of, the likeliest first."""
    if not sizes:
        return []
    texts = [f"{one.right} of {one.clips}" + (f" ({one.share})" if one.share else "") for one in sizes]
    if printed_figures.test_clips(result) is not None:
        return [f"    accuracy: {texts[0]} test clips"]
    more = [*texts[1:SHOWN], f"{len(texts) - SHOWN} more"] if len(texts) > SHOWN else texts[1:]
    rest = f"; so do {', '.join(more)}" if more else ""
    return [f"    accuracy: of the usual numbers of test clips {texts[0]} fits{rest}"]


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
            {
                "paper": name,
                "experiments": [{"name": one, **asdict(what)} for one, what in found[name].items()],
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
