"""Which papers are installed, and their printed results, without importing any of them.

A paper is an entry point of the group `ser_keras.papers` that names the paper's `PAPER` value. Names and
`published.json` are read from metadata and files alone, so that listing and audit load no Keras; `load_paper` is
the only function here that imports a room.
"""

import importlib.util
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ser_keras import published as published_json
from ser_keras.errors import PaperError
from ser_keras.experiment import Experiment, Paper

GROUP = "ser_keras.papers"


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def paper_names() -> tuple[str, ...]:
    """Names of the installed papers, sorted."""
    return tuple(_entries())


def _entry(name: str) -> EntryPoint:
    try:
        return _entries()[name]
    except KeyError:
        known = ", ".join(paper_names()) or "none"
        raise PaperError(f"no paper is called {name!r}; installed papers: {known}") from None


def room(name: str) -> Path:
    """Folder of a paper's package, found without importing it.

    Raises
    ------
    PaperError : no such paper, or its package is gone
    """
    module = _entry(name).module
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise PaperError(f"paper {name} is registered as the package {module}, which is not there: reinstall it")
    return Path(next(iter(spec.submodule_search_locations)))


def published(name: str) -> dict:
    """A paper's printed results, as `published.json` in its room holds them.

    Returns
    -------
    dict with `paper`, `title`, `authors`, `year` and `results`: experiment name → printed figures, of which
    `corpora` (the corpora the experiment was run on) is always there

    Raises
    ------
    PaperError : no such paper, or its file is missing, no JSON or not whole
    """
    return published_json.read(room(name) / "published.json")


def load_experiment(paper: str, name: str) -> Experiment:
    """One of a paper's experiments; loads it as `load_paper` does.

    Raises
    ------
    PaperError : no such paper or experiment
    """
    known = {one.name: one for one in load_paper(paper).experiments}
    if name not in known:
        raise PaperError(f"{paper} has no experiment {name!r}; experiments: {', '.join(known)}")
    return known[name]


def load_paper(name: str) -> Paper:
    """A paper's declaration; imports its room, and with it Keras where the room does so before it builds a network.

    Raises
    ------
    PaperError : no such paper, or its entry point names something else than a `Paper`
    """
    paper = _entry(name).load()
    if not isinstance(paper, Paper):
        raise PaperError(f"the entry point of paper {name} gives {type(paper).__name__}, expected a Paper")
    return paper
