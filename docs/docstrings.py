"""What our docstrings leave to the reader of the source, made plain for numpydoc before it reads them."""

import re

import click
from sphinx.application import Sphinx

BEFORE_NUMPYDOC = 400


def with_blocks(lines: list[str]) -> list[str]:
    """Indented text after a blank line is code, as in Markdown."""
    told: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        if indented and not inside and (number == 0 or not lines[number - 1].strip()):
            told += ["::", ""]
            inside = True
        elif line.strip() and not indented:
            inside = False
        told.append(line)
    return told


def plain(line: str) -> str:
    """A line without reStructuredText's own meaning of `*`, `|` and a last `_`, but where it stands in backquotes."""
    return re.sub(
        r"`[^`]*`|[*|]|(?<=\w)_(?=\W|$)", lambda found: found[0] if found[0][0] == "`" else rf"\{found[0]}", line
    )


def with_sources(lines: list[str]) -> list[str]:
    """A closing paragraph `Source: …` becomes a section, so that it is no part of the section before it."""
    for number, line in enumerate(lines):
        if line.startswith("Source: "):
            first = line.removeprefix("Source: ")
            return [*lines[:number], "Notes", "-----", f"*Source:* {first}", *lines[number + 1 :]]
    return lines


def process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Change a docstring's lines in place, as `autodoc-process-docstring` has it."""
    code = "    " if what == "module" else None
    told = [line if code and line.startswith(code) else plain(line) for line in lines]
    lines[:] = with_blocks(told) if what == "module" else with_sources(told)


def skipped(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Commands are told on the page of commands, with their options."""
    return True if isinstance(obj, click.Command) else None


def setup(app: Sphinx) -> None:
    """Connect both to autodoc."""
    app.connect("autodoc-process-docstring", process, priority=BEFORE_NUMPYDOC)
    app.connect("autodoc-skip-member", skipped)
