"""Packages for a paper and a corpus of one's own, installed and run as their owners would."""

import os
import site
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from ser_keras.corpora import manifest
from ser_keras.errors import CorpusError, PaperError
from ser_keras.scaffold import corpus as new_corpus
from ser_keras.scaffold import paper as new_paper

CHECKOUT = Path(__file__).parents[1]


def call(command, *arguments):
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)


def python(*arguments, cwd, packages):
    paths = os.pathsep.join(map(str, (*packages, CHECKOUT)))
    environment = {**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )


def installed(package, target):
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", target, package], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def recordings(tmp_path):
    """Eight clips of two speakers, two sentences and two emotions, named SPEAKER_TEXT_EMOTION.wav."""
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for speaker in ("anna", "bert"):
        for text in ("t1", "t2"):
            for emotion in ("wut", "sad"):
                soundfile.write(folder / f"{speaker}_{text}_{emotion}.wav", rng.uniform(-0.3, 0.3, 16000), 16000)
    return folder


def test_new_paper_installs_registers_passes_its_test_and_runs(tmp_path):
    done = call(new_paper.new_paper, "mine2027", "--out", tmp_path, "--accuracy", 70.5, "--author", "A. Nother")
    assert done.exception is None, done.exception
    package = tmp_path / "mine2027"
    target = installed(package, tmp_path / "installed")
    tested = python("-m", "pytest", "-q", "tests", cwd=package, packages=[target])
    assert tested.returncode == 0, tested.stdout
    listed = python("-m", "ser_keras.reproduce", cwd=tmp_path, packages=[target])
    assert "mine2027/emodb" in listed.stdout and "70.50 %" in listed.stdout
    reading = (
        "import sys; from ser_keras import discovery as d; d.load_paper('mine2027'); print('keras' in sys.modules)"
    )
    assert python("-c", reading, cwd=tmp_path, packages=[target]).stdout.strip() == "False"
    options = ["--corpora", "synthetic", "--quick", "--jobs", "1"]
    run = python("-m", "ser_keras.reproduce", "mine2027", *options, cwd=tmp_path, packages=[target])
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "runs/mine2027/report/index.html").is_file()


@pytest.mark.slow
def test_package_is_found_from_the_folder_it_was_made_in_when_installed_editable(tmp_path, recordings):
    done = call(new_paper.new_paper, "mine2027", "--out", tmp_path)
    made = call(new_corpus.new_corpus, "mine", recordings, "--pattern", "{speaker}_{text}_{emotion}", "--emotion",
                "wut=angry", "--out", tmp_path)  # fmt: skip
    assert done.exception is made.exception is None
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    other = tmp_path / "venv" / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--editable"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *site.getsitepackages()])}
    for package in ("mine2027", "mine"):
        pip = [sys.executable, "-m", "pip", "--python", other, "install", *options, tmp_path / package]
        subprocess.run(pip, check=True, env=environment)
    for command, shown in (("reproduce", "mine2027/emodb"), ("corpora list", "mine "), ("audit mine2027", "mine2027:")):
        words = [other, "-m", *f"ser_keras.{command}".split()]
        told = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        assert shown in told.stdout


def test_new_corpus_from_names_installs_registers_and_is_verified(tmp_path, recordings):
    options = ["--pattern", "{speaker}_{text}_{emotion}", "--emotion", "wut=angry"]
    done = call(new_corpus.new_corpus, "mine", recordings, *options, "--out", tmp_path)
    assert done.exception is None, done.exception
    package = tmp_path / "mine"
    target = installed(package, tmp_path / "installed")
    tested = python("-m", "pytest", "-q", "tests", cwd=package, packages=[target])
    assert tested.returncode == 0, tested.stdout
    verified = python("-m", "ser_keras.corpora", "verify", "mine", "--data", tmp_path / "data", cwd=tmp_path,
                      packages=[target])  # fmt: skip
    assert verified.returncode == 0, verified.stderr
    script = "from ser_keras.corpora.table import load; print(load(['mine'], 'data').clips.iloc[0].to_dict())"
    told = python("-c", script, cwd=tmp_path, packages=[target]).stdout
    assert "'emotion': 'sad'" in told and "'speaker': 'mine-anna'" in told and "'text': 'mine-t1'" in told


def test_new_corpus_from_a_table_has_its_labels(tmp_path, recordings):
    table = tmp_path / "clips.csv"
    lines = [f"{path.name},{path.stem.rpartition('_')[2]},{path.name[:4]}" for path in sorted(recordings.iterdir())]
    table.write_text("\n".join(["path,emotion,speaker", *lines]) + "\n", encoding="utf-8")
    options = ["--recordings", recordings, "--emotion", "wut=angry", "--out", tmp_path]
    assert call(new_corpus.new_corpus, "mine", table, *options).exception is None
    found = manifest.read_manifest((tmp_path / "mine/src/mine/manifest.csv").read_bytes(), listed=True)
    assert [entry.labels.emotion for entry in found.entries[:4]] == ["sad", "angry", "sad", "angry"]
    assert [entry.labels.code for entry in found.entries[:2]] == ["sad", "wut"]
    assert {entry.labels.speaker for entry in found.entries} == {"anna", "bert"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "say what its names mean"),
        (["--pattern", "{speaker}_{text}"], "must name each of emotion and speaker once"),
        (["--pattern", "{speaker}-{emotion}"], "is not named as"),
        (["--pattern", "{speaker}_t{2}_{emotion}"], "has {2}: what is in braces is a name"),
        (["--pattern", "{speaker}_{text}_{emotion}"], "'wut' is none of neutral"),
        (["--pattern", "{speaker}_{text}_{emotion}", "--emotion", "wut=rage"], "expected OWN=OURS"),
    ],
)
def test_wrong_names_and_words_are_refused_in_one_line(tmp_path, recordings, options, says):
    done = call(new_corpus.new_corpus, "mine", recordings, *options, "--out", tmp_path)
    assert isinstance(done.exception, CorpusError)
    assert says in str(done.exception)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("path,emotion\na.wav,sad\n", "lacks the column speaker"),
        ("path,emotion,speaker\n", "has no rows"),
        ("path,emotion,speaker\na.wav,,x\n", "empty in line 2"),
        ("path,emotion,speaker\nnone.wav,sad,x\n", "none.wav is not there"),
        ("path,emotion,speaker\na.wav,sad,x\nb.wav,sad,x\na.wav,happy,x\n", "lists a.wav in line 2 and in line 4"),
    ],
)
def test_table_that_is_not_whole_is_refused_in_one_line(tmp_path, table, says):
    (tmp_path / "clips.csv").write_text(table, encoding="utf-8")
    done = call(new_corpus.new_corpus, "mine", tmp_path / "clips.csv", "--out", tmp_path)
    assert isinstance(done.exception, CorpusError)
    assert says in str(done.exception)


@pytest.mark.parametrize("name", ["Mine", "2027", "class", "a-b", "yadav2022"])
def test_name_that_no_package_can_bear_is_refused(tmp_path, name):
    assert isinstance(call(new_paper.new_paper, name, "--out", tmp_path).exception, PaperError)


def test_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine2027").mkdir()
    done = call(new_paper.new_paper, "mine2027", "--out", tmp_path)
    assert isinstance(done.exception, PaperError)
    assert list((tmp_path / "mine2027").iterdir()) == []
