"""Packages written for people who bring a paper or a corpus of their own: `ser-keras new-paper`, `new-corpus`."""

import keyword
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from ser_keras import __version__
from ser_keras.errors import PaperError

NAME = re.compile(r"[a-z][a-z0-9_]*")


def checked_name(name: str, taken: tuple[str, ...]) -> str:
    """The name, if a package can bear it and nothing installed does.

    Raises
    ------
    PaperError : it can't, or something does
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise PaperError(f"{name!r} can't name a package: take small letters, digits and _, a letter first (mine2027)")
    if name in taken:
        raise PaperError(f"{name!r} is installed already: take another name")
    return name


def write_package(kind: str, name: str, out: Path, values: Mapping[str, object], data: Mapping[str, str]) -> Path:
    """Write a package from the templates of a kind; its folder is given back.

    Parameters
    ----------
    kind : "paper" or "corpus": a folder of templates here; `NAME` in a template's path stands for the name
    out : folder that the package's own folder is made in
    values : what the templates are filled with, beside `name` and `version`
    data : further files, path in the package's folder → text

    Raises
    ------
    PaperError : the folder is there already
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = out / name
    if folder.exists():
        raise PaperError(f"{folder} is there already: take another name or --out, or remove it")
    environment = Environment(
        loader=PackageLoader("ser_keras.scaffold", kind), undefined=StrictUndefined, keep_trailing_newline=True
    )
    written = dict(data)
    for path in sorted(template.name for template in files(__name__).joinpath(kind).iterdir()):
        if path.endswith(".jinja"):
            text = environment.get_template(path).render(name=name, version=__version__, **values)
            written[_place(path, name)] = text
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return folder


def _place(template: str, name: str) -> str:
    """Where a template's text goes: `module--model.py.jinja` → src/NAME/model.py, `tests--…` → tests/…, others on top.

    Below `src`: beside the folder that a package is made in, `python -m` would take that folder for the package.
    """
    path = template.removesuffix(".jinja").replace("--", "/")
    return f"src/{name}/{path.removeprefix('module/')}" if path.startswith("module/") else path
