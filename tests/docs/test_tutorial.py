"""The consoles on the tutorial's page: each command is given, and must print what the page shows."""

import doctest
import os
import re
import shlex
import subprocess
import sys

import pytest

from docs.pages import ROOT

CONSOLE = re.compile(r"^```console\n\$ ([^\n]*)\n(.*?)^```$(?:\n\nThe exit code is (\d+))?", re.DOTALL | re.MULTILINE)
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
CONSOLES = CONSOLE.findall(PAGE)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("tutorial")


def test_every_console_is_found():
    assert len(CONSOLES) == PAGE.count("```console") > 5
    assert [code for *_, code in CONSOLES if code] == re.findall(r"exit code is (\d+)", PAGE) == ["1"]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown", "code"), CONSOLES, ids=[command for command, *_ in CONSOLES])
def test_console_shows_what_the_command_prints_and_leaves_with_the_code_that_the_page_tells(
    command, shown, code, place
):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(place / "cache")}
    environment.pop("SER_KERAS_DATA", None)
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == int(code or 0), done.stderr
    ways = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE  # columns are as wide as their figures
    assert doctest.OutputChecker().check_output(shown, done.stdout, ways), done.stdout
