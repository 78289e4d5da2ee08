"""Every command of README, CONTRIBUTING, docs and the papers' rooms, given as a reader gives it.

What is changed so that a command runs here, in seconds and without the internet, stands in `commands.toml`.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from joblib.externals.loky import get_reusable_executor

from ser_keras.corpora.synthetic import synthesize

ROOT = Path(__file__).parents[2]
LISTED = tomllib.loads(Path(__file__).with_name("commands.toml").read_text(encoding="utf-8"))
TEXTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/howto/*.md", "papers/*/README.md",
         "ser_keras/boxed/*/MODEL_CARD.md")  # fmt: skip
PROGRAMS = "python|ser-keras|make|bash|pip|cp|mkdir|eval"
CALL = re.compile(rf"(?:[A-Z_0-9]+=\S* +)*(?:{PROGRAMS}) +\S.*|(?:[A-Z_0-9]+=\S* +)+(?:{PROGRAMS})\b.*")
CORPORA = ("emodb", "tess", "ravdess", "cremad", "savee")
RUN = Path("runs", "sankaran2023", "ann", "described", "published", "seed-0")
PLACES = {"RUN": str(RUN), "RUN_A": str(RUN), "RUN_B": str(RUN.with_name("seed-1"))}  # a run lies where it was written
OWN = re.compile(r"mine\b|mine2027")  # packages of one's own are installed beside, so a new process has to find them


def texts() -> list[Path]:
    """The texts that are searched for commands."""
    return sorted(path for pattern in TEXTS for path in ROOT.glob(pattern))


def commands(text: str) -> Iterator[str]:
    """Every command of a Markdown text, without its comment; blocks of a console are the tutorial's own test."""
    text = re.sub(r"<!-- \w+: written by .*?<!-- end of", "", text, flags=re.DOTALL)  # what a campaign gave
    text = re.sub(r"^```console\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^    (.*)$", text, flags=re.MULTILINE)
    rest = re.sub(r"^    .*$", "", text, flags=re.MULTILINE)
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]
    for line in lines:
        line = re.sub(r"^(\$ |- |run: )+", "", line.strip())
        line = re.sub(r"\s+# .*$", "", line)
        if CALL.fullmatch(line):
            yield line


def told() -> dict[str, Path]:
    """Every command and a text that tells it."""
    return {one: path for path in texts() for one in commands(path.read_text(encoding="utf-8"))}


def test_every_command_in_the_texts_is_known_here_and_no_other():
    known = [one["command"] for kind in ("run", "not_run") for one in LISTED[kind]]
    assert len(set(known)) == len(known)
    assert not set(told()) - set(known), "a text tells a command that tests/docs/commands.toml does not know"
    assert not set(known) - set(told()), "tests/docs/commands.toml knows a command that no text tells any more"


def test_a_command_that_is_new_in_a_text_is_found():
    text = "Do `python -m ser_keras.audit\nnew2028`:\n\n    make new   # now\n\n```yaml\nrun: ser-keras cite new\n```\n"
    assert sorted(commands(text)) == ["make new", "python -m ser_keras.audit new2028", "ser-keras cite new"]


def test_extras_that_texts_name_are_there():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = {
        extra for path in texts() for extra in re.findall(r"pip install \S*\[(\w+)\]", path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= set(setup["options.extras_require"])


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with what the texts take for there, by their names: synthetic corpora, runs, a split, clips."""
    folder = tmp_path_factory.mktemp("workplace")
    here = os.getcwd()
    os.chdir(folder)
    get_reusable_executor().shutdown()  # workers that were started elsewhere would stay there
    try:
        for name in CORPORA:
            synthesize(name, Path("my_corpora"), clips_per_class=8, jobs=2)
        call("python -m ser_keras.reproduce sankaran2023/ann --data my_corpora --quick --seeds 2", folder)
        shutil.copy(RUN / "split.csv", "SPLIT.csv")
        Path("splits").mkdir()
        rows = ["clip,speaker,text,emotion,part", "1,a,t,sad,train", "2,a,u,angry,test", "3,b,t,sad,test"]
        Path("splits", "test.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        clips = sorted(Path("my_corpora", "emodb").rglob("*.wav"))[:6]
        shutil.copy(clips[0], "CLIP")
        shutil.copy(clips[0], "1005_DFA_ANG_XX.wav")
        sounds = [soundfile.read(clip)[0] for clip in clips]
        soundfile.write("talk.mp3", np.concatenate(sounds), soundfile.info(clips[0]).samplerate)
        own = Path("my_corpora", "mine")
        own.mkdir()
        for number, clip in enumerate(clips):
            for speaker in "abcdef":
                shutil.copy(clip, own / f"{speaker}_t{number}_{('sad', 'angry')[number % 2]}.wav")
        Path("FOLDER").symlink_to(own)
        lines = [f"{one.name},{one.stem.split('_')[2]},{one.stem.split('_')[0]}" for one in sorted(own.iterdir())]
        Path("clips.csv").write_text("\n".join(["path,emotion,speaker", *lines]) + "\n", encoding="utf-8")
    finally:
        os.chdir(here)
    return folder


def call(command: str, folder: Path) -> int:
    """Give a command in a folder; its exit code. Ours run in this process, so that TensorFlow starts once."""
    words = [PLACES.get(word, word) for word in shlex.split(command)]
    if words[:2] == ["python", "-m"] and words[2].startswith("ser_keras.") and not OWN.search(command):
        return called_here(words[2], words[3:], folder)
    if words[0] == "ser-keras":
        return called_here("ser_keras", words[1:], folder)
    programs = {"python": [sys.executable], "pip": [sys.executable, "-m", "pip"]}
    words = [*programs.get(words[0], words[:1]), *words[1:]]
    path = os.pathsep.join([str(folder / "installed"), str(ROOT)])
    place = ROOT if words[0] == "make" or words[:2] == ["bash", "-n"] else folder
    done = subprocess.run(words, cwd=place, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    print(done.stdout, done.stderr)
    return done.returncode


def called_here(module: str, arguments: list[str], folder: Path) -> int:
    """Run a module as `python -m` does, with the folder as the current one."""
    here, before = os.getcwd(), sys.argv
    os.chdir(folder)
    get_reusable_executor().shutdown()  # workers that were started elsewhere would stay there
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as left:
        return left.code or 0
    finally:
        os.chdir(here)
        sys.argv = before
    return 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
@pytest.mark.parametrize("listed", [pytest.param(one, id=one["command"]) for one in LISTED["run"]])
def test_command_does_what_the_text_says(listed, workplace, real_corpora):
    assert call(listed.get("given", listed["command"]), workplace) == listed.get("code", 0)


@pytest.mark.slow
@pytest.mark.parametrize("listed", [pytest.param(one, id=one["command"]) for one in LISTED["not_run"]])
def test_command_that_cannot_run_here_is_there_at_least(listed, tmp_path):
    assert len(listed["why"]) > 10
    assert call(listed["instead"], tmp_path) == 0
