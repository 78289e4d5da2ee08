"""The tab key: what shells are offered, asked as bash, zsh and fish ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = [sys.executable, "-c", "from ser_keras.__main__ import main; main()"]
HEAVY = {"tensorflow", "keras", "librosa", "sklearn", "matplotlib"}


def offered(words, cwd, python=()):
    """What zsh is offered for the last of the words: values, each with its kind before it and help after it."""
    environment = {**os.environ, "_SER_KERAS_COMPLETE": "zsh_complete", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    done = subprocess.run(
        [sys.executable, *python, *SCRIPT[1:]], env=environment, cwd=cwd, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    return list(zip(lines[::3], lines[1::3], lines[2::3], strict=True)), done.stderr


def values(words, cwd):
    return [value for _, value, _ in offered(words, cwd)[0]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ser-keras re", ["report", "reproduce"]),
        ("ser-keras reproduce al", ["all"]),
        ("ser-keras reproduce yadav2022/emo", ["yadav2022/emodb", "yadav2022/emodb-augmented"]),
        ("ser-keras reproduce rastogi2025 sal", ["salian2021", "salian2021/td-cnn-lstm"]),
        ("ser-keras ablate sankaran2023/a", ["sankaran2023/ann"]),
        ("ser-keras features table rastogi2025/m", ["rastogi2025/mlp"]),
        ("ser-keras audit ka", ["kanoun2024"]),
        ("ser-keras cite sa", ["salian2021", "sankaran2023", "savee"]),
        ("ser-keras compare maj", ["majority"]),
        ("ser-keras compare --corpora emodb,s", ["emodb,savee"]),
        ("ser-keras corpora fetch t", ["tess"]),
        ("ser-keras export x --format o", ["onnx"]),
        ("ser-keras reproduce --protocol speaker-t", ["speaker-text-independent"]),
    ],
)
def test_names_are_offered(words, expected, tmp_path):
    assert values(words, tmp_path) == expected


def test_corpus_that_is_named_already_is_not_offered_again(tmp_path):
    assert "emodb,emodb" not in values("ser-keras compare --corpora emodb,", tmp_path)


@pytest.mark.parametrize(
    "words", ["ser-keras export ru", "ser-keras predict --run ru", "ser-keras report --compare ru"]
)
def test_finished_runs_are_offered(words, tmp_path):
    run = Path("runs", "yadav2022", "emodb", "described", "published", "seed-0")
    for folder in (run, run.with_name("seed-1")):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / run / "run.json").touch()
    assert values(words, tmp_path) == [str(run)]


@pytest.mark.parametrize(
    ("words", "kind"),
    [("ser-keras export my", "dir"), ("ser-keras leakage my", "file"), ("ser-keras reproduce --data my", "file")],
)
def test_folders_and_files_are_left_to_the_shell(words, kind, tmp_path):
    assert offered(words, tmp_path)[0] == [(kind, "my", "_")]


def test_titles_stand_beside_papers(tmp_path):
    [(kind, value, told), *_] = offered("ser-keras audit yad", tmp_path)[0]
    assert (kind, value) == ("plain", "yadav2022")
    assert told == "Speech Emotion Recognition using Convolutional Recurrent Neural Network"


def test_completion_loads_nothing_heavy(tmp_path):
    _, errors = offered("ser-keras reproduce yad", tmp_path, ["-X", "importtime"])
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in errors.splitlines()}
    assert "ser_keras" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("shell", "hook"), [("bash", "complete -o nosort -F"), ("zsh", "compdef"), ("fish", "complete ")]
)
def test_each_shell_gets_its_script(shell, hook):
    environment = {**os.environ, "_SER_KERAS_COMPLETE": f"{shell}_source"}
    done = subprocess.run(SCRIPT, env=environment, capture_output=True, text=True, check=True)
    assert hook in done.stdout
    assert "ser-keras" in done.stdout


def test_bash_itself_completes(tmp_path):
    called = tmp_path / "ser-keras"
    called.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from ser_keras.__main__ import main; main()" "$@"\n')
    called.chmod(0o755)
    script = (
        'eval "$(_SER_KERAS_COMPLETE=bash_source ser-keras)"; COMP_WORDS=(ser-keras reproduce yadav2022/r); '
        'COMP_CWORD=2; _ser_keras_completion ser-keras; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["yadav2022/ravdess", "yadav2022/ravdess-augmented"]
