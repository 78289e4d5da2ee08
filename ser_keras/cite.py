"""BibTeX of the papers, of the corpora and of this package.

    python -m ser_keras.cite yadav2022 emodb
    python -m ser_keras.cite all

The fields of a paper are those of its room's `published.json` (`title`, `authors`, `year`, and `bibtex` for what else
is known of where it was printed), of a corpus those of `data_manifests/corpora.toml`. Loads no Keras.
"""

import re
from collections.abc import Mapping

import click

from ser_keras import __version__, cli, completion, discovery
from ser_keras.corpora import manifest
from ser_keras.errors import PaperError

PACKAGE = "ser_keras"
ESCAPED = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_"}


def names() -> tuple[str, ...]:
    """Everything that can be cited: papers, corpora, this package."""
    return (*discovery.paper_names(), *manifest.corpora(), PACKAGE)


def bibtex(name: str) -> str:
    """The BibTeX entry of a paper, a corpus, or this package.

    Raises
    ------
    PaperError : no such name
    """
    if name in discovery.paper_names():
        printed = discovery.published(name)
        fields = {"title": printed["title"], "author": printed["authors"], "year": printed["year"]}
        return _entry(name, {**fields, **printed.get("bibtex", {})})
    if name in manifest.corpora():
        return _entry(name, manifest.corpus(name).bibtex)
    if name == PACKAGE:
        own = {"title": "{ser_keras}: reproduced and audited speech-emotion-recognition results", "type": "software"}
        return _entry(name, {**own, "author": ["{The ser_keras maintainers}"], "note": f"Version {__version__}"})
    raise PaperError(f"nothing is called {name!r}: give one of {', '.join(names())}, or all")


def _entry(key: str, fields: Mapping[str, object]) -> str:
    """One entry; `type` is the kind of publication, `author` a list of names, other fields as they are."""
    kind = fields.get("type", "misc")
    lines = [f"@{kind}{{{key},"]
    for name, value in fields.items():
        if name != "type":
            text = " and ".join(map(_escaped, value)) if isinstance(value, list) else _escaped(str(value), name)
            lines.append(f"  {name} = {{{text}}},")
    return "\n".join([*lines, "}"])


def _escaped(text: str, field: str = "") -> str:
    """Text without TeX's special characters; words of a title keep their inner capitals. Addresses stay as they are."""
    if field in ("doi", "url"):
        return text
    escaped = re.sub(r"[&%$#_]", lambda found: ESCAPED[found.group()], text)
    if field != "title":
        return escaped
    return re.sub(r"(?<![{\w-])([\w-]*\w[A-Z][\w-]*)", r"{\1}", escaped)


@click.command()
@click.argument(
    "wanted", nargs=-1, required=True, metavar="PAPER|CORPUS|ser_keras|all...", shell_complete=completion.citable
)
@cli.debug_option
def cite(wanted: tuple[str, ...]) -> None:
    """Print the BibTeX entries of papers and corpora."""
    chosen = dict.fromkeys(name for one in wanted for name in (names() if one == "all" else (one,)))
    click.echo("\n\n".join(map(bibtex, chosen)))


if __name__ == "__main__":
    cli.run(cite, name="python -m ser_keras.cite")
