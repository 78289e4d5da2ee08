"""Imports run one way, and what needs no model loads none."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ser_keras
from ser_keras.__main__ import COMMANDS

CORE = Path(ser_keras.__file__).parent
HEAVY = ("tensorflow", "keras", "jax", "torch", "librosa", "sklearn", "matplotlib", "parselmouth", "gradio")


def imported(path):
    """Names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(paths, forbidden):
    return [
        f"{path.relative_to(CORE)} imports {name}"
        for path in paths
        for name in imported(path)
        if any(name == root or name.startswith(f"{root}.") for root in forbidden)
    ]


def test_the_core_knows_no_paper():
    assert not offenders(CORE.rglob("*.py"), ["papers"])


@pytest.mark.parametrize(
    ("place", "forbidden"),
    [
        (
            "evaluation",
            ["keras", "librosa", "tensorflow", "ser_keras.report", "ser_keras.training", "ser_keras.reproduce"],
        ),
        ("splits.py", ["keras", "librosa", "tensorflow", "ser_keras.features", "ser_keras.corpora"]),
        ("features", ["keras", "tensorflow", "ser_keras.training", "ser_keras.reproduce", "ser_keras.evaluation"]),
        ("corpora", ["keras", "tensorflow", "ser_keras.features", "ser_keras.training", "ser_keras.reproduce"]),
        ("audio.py", ["keras", "tensorflow", "librosa", "ser_keras.features", "ser_keras.corpora"]),
        ("stretching.py", ["keras", "tensorflow", "librosa", "scipy.signal", "ser_keras.corpora"]),
        (
            "report",
            ["keras", "tensorflow", "librosa", "ser_keras.training", "ser_keras.fitting", "ser_keras.reproduce"],
        ),
        ("training.py", ["ser_keras.report", "ser_keras.reproduce"]),
        ("declaration.py", ["keras", "ser_keras.training", "ser_keras.fitting", "ser_keras.preparation"]),
        ("once.py", ["keras", "ser_keras.fitting", "ser_keras.report", "ser_keras.reproduce"]),
        ("folds.py", ["ser_keras.report", "ser_keras.reproduce", "ser_keras.training"]),
        ("side_by_side.py", ["ser_keras.report", "ser_keras.reproduce", "ser_keras.training"]),
        ("comparison", ["ser_keras.report", "ser_keras.reproduce", "ser_keras.compare"]),
        ("comparison/cells.py", ["keras", "ser_keras.fitting", "ser_keras.training", "ser_keras.features"]),
        ("fitting.py", ["ser_keras.report", "ser_keras.reproduce", "ser_keras.training"]),
    ],
)
def test_imports_run_one_way(place, forbidden):
    path = CORE / place
    paths = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert paths
    assert not offenders(paths, forbidden)


def test_scan_sees_a_forbidden_import(tmp_path):
    (tmp_path / "bad.py").write_text("def f():\n    from keras import layers\n")
    assert "keras" in set(imported(tmp_path / "bad.py"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m", "ser_keras.reproduce"],
        ["-m", "ser_keras.reproduce", "--help"],
        ["-m", "ser_keras.compare", "--help"],
        ["-m", "ser_keras.predict", "--help"],
        ["-m", "ser_keras.demo", "--help"],
        ["-m", "ser_keras.corpora", "list"],
        ["-m", "ser_keras.corpora", "--help"],
        ["-m", "ser_keras.audit", "yadav2022"],
        ["-m", "ser_keras", "--help"],
        ["-c", "import ser_keras"],
    ],
)
def test_commands_without_a_model_load_nothing_heavy(arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "ser_keras" in loaded
    assert not loaded & set(HEAVY)


SLOW = {*HEAVY, "pandas", "scipy", "joblib", "jinja2", "requests", "soundfile", "distributed", "onnxruntime", "fsspec"}
COUNTING = ("audit", "leakage")  # these compute with NumPy whatever they are asked; the help of others does without


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_loads_neither_tables_nor_arrays(name, tmp_path):
    script = "import sys, click; from ser_keras.__main__ import ser_keras as group\n"
    script += "assert 'Options' in group.get_command(context := click.Context(group), sys.argv[1]).get_help(context)\n"
    script += "print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, name], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    loaded = set(done.stdout.split())
    assert "ser_keras.cli" in loaded
    assert not loaded & (SLOW | ({"numpy"} if name not in COUNTING else set()))


@pytest.mark.parametrize(
    "arguments", [["reproduce"], ["cite", "yadav2022", "emodb"], ["corpora", "list"], ["--help"], ["audit"]]
)
def test_answer_that_needs_no_model_loads_no_tables(arguments, tmp_path):
    script = "import sys; from ser_keras.__main__ import ser_keras as group\n"
    script += "group.main(sys.argv[1:], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout
    assert not set(done.stderr.split()) & SLOW
