"""What the tab key offers for the arguments of commands: papers, experiments, corpora, folders of runs.

Each function is a click `shell_complete` callback; names and folders are read from metadata and files, without Keras.
"""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ser_keras import discovery
from ser_keras.corpora import manifest

OUT = Path("runs")  # where commands put runs unless told otherwise
RUNS = "*/*/*/*/*/run.json"  # PAPER/EXPERIMENT/VARIANT/PROTOCOL/seed-N


def papers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The papers, with their titles."""
    return [
        CompletionItem(name, help=discovery.published(name)["title"])
        for name in discovery.paper_names()
        if name.startswith(incomplete)
    ]


def experiments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The experiments of all papers as PAPER/EXPERIMENT."""
    names = [f"{paper}/{name}" for paper in discovery.paper_names() for name in discovery.published(paper)["results"]]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Papers and experiments."""
    return papers(ctx, param, incomplete) + experiments(ctx, param, incomplete)


def targets_or_all(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Papers, experiments, and `all`."""
    return targets(ctx, param, incomplete) + [CompletionItem("all")] * "all".startswith(incomplete)


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Papers, experiments, and the floors of `compare`."""
    floors = [CompletionItem(name) for name in ("egemaps-svm", "majority") if name.startswith(incomplete)]
    return targets(ctx, param, incomplete) + floors


def citable(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Papers, corpora, this package, and `all`."""
    names = [*manifest.corpora(), "ser_keras", "all"]
    return papers(ctx, param, incomplete) + [CompletionItem(name) for name in names if name.startswith(incomplete)]


def corpora(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Corpora, several with commas between them."""
    before, comma, last = incomplete.rpartition(",")
    named = before.split(",")
    return [
        CompletionItem(before + comma + name, help=one.title)
        for name, one in manifest.corpora().items()
        if name.startswith(last) and name not in named
    ]


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders of finished runs below `runs`; where none begins so, any folder."""
    found = sorted(str(path.parent) for path in OUT.glob(RUNS))
    return [CompletionItem(name) for name in found if name.startswith(incomplete)] or [
        CompletionItem(incomplete, type="dir")
    ]
