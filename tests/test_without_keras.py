"""Where there is nothing to train, real commands on real folders load no Keras; and what is there stays there."""

import dataclasses
import os
import subprocess
import sys

import pytest

from ser_keras import declaration, discovery, once, provenance, recipes, reproduce, training
from ser_keras.corpora import table
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.evaluation.leakage import KINDS, OTHER_KINDS
from ser_keras.experiment import Training
from ser_keras.report.ledgers import BEGIN, END
from ser_keras.tasks import Settings

BACKENDS = {"keras", "tensorflow", "jax", "torch"}
REAL = """
import runpy, sys
code = None
try:
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
except SystemExit as left:
    code = left.code
print("loaded", *sys.modules)
sys.exit(code)
"""
SYNTHETIC = ("--corpora", "synthetic", "--quick", "--jobs", "1")
RUN = ("ser_keras.reproduce", "sankaran2023/ann", "--seeds", "2", *SYNTHETIC)
ABLATION = ("ser_keras.ablate", "sankaran2023/ann", "--choices", "n_mfcc=13", "--seeds", "1", *SYNTHETIC)
COMPARISON = (
    "ser_keras.compare", "sankaran2023/ann", "majority", "--corpora", "tess", "--recordings", "synthetic", "--quick",
    "--epochs", "1", "--jobs", "1",
)  # fmt: skip
FIRST = "runs/sankaran2023/ann/described/published/seed-0"
LEAKAGE = ("ser_keras.leakage", f"{FIRST}/split.csv", *(f"--allow={kind}" for kind in (*KINDS, *OTHER_KINDS)))


def called(*arguments, cwd):
    """A real command: the modules that it has loaded when it ends, and its lines on stdout."""
    kept = {key: value for key, value in os.environ.items() if key not in ("SER_KERAS_DATA", "KERAS_BACKEND")}
    kept["XDG_CACHE_HOME"] = str(cwd / "home")
    done = subprocess.run([sys.executable, "-c", REAL, *arguments], cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *lines, loaded = done.stdout.splitlines()
    assert loaded.startswith("loaded ")
    return set(loaded.split()), lines


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with two runs, an ablation and a comparison, all finished; features of another paper; a README."""
    folder = tmp_path_factory.mktemp("finished")
    loaded, _ = called(*RUN, cwd=folder)
    assert "keras" in loaded  # else what follows would hold of anything
    called(*ABLATION, cwd=folder)
    called(*COMPARISON, cwd=folder)
    reproduce.synthetic_data(["ravdess", "cremad"], folder / "runs", 8, 1)
    (folder / "README.md").write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    return folder


FEATURES = ("ser_keras.features", "table", "rastogi2025/mlp", "--data", "runs/cache/synthetic-8", "--out", "mlp.csv")


@pytest.mark.parametrize(
    "arguments",
    [
        RUN,
        (*RUN, "--parallel", "2"),
        ABLATION,
        COMPARISON,
        ("ser_keras.report", "runs"),
        ("ser_keras.report", "runs", "sankaran2023", "--format", "latex"),
        ("ser_keras.report", "--compare", FIRST, FIRST.replace("seed-0", "seed-1")),
        ("ser_keras.results", "--help"),
        ("ser_keras.results", "runs"),
        ("ser_keras.results",),
        (*FEATURES, "--jobs", "1"),  # also the first time: what computes features is no network
        ("ser_keras.features", "info"),
        ("ser_keras.features", "prune", "--yes"),
        ("ser_keras.corpora", "list"),
        LEAKAGE,
        ("ser_keras.audit", "sankaran2023"),
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_command_that_trains_nothing_loads_no_keras(finished, arguments):
    loaded, _ = called(*arguments, cwd=finished)
    assert "ser_keras.cli" in loaded
    assert not loaded & BACKENDS


def test_finished_runs_are_told_again_as_they_are(finished):
    records = {path: path.stat().st_mtime_ns for path in finished.glob("runs/*/*/*/*/seed-*/run.json")}
    lines = called(*RUN, cwd=finished)[1]
    assert [line.partition(":")[0] for line in lines[1:3]] == [
        f"sankaran2023/ann described seed {seed}" for seed in (0, 1)
    ]
    assert {path: path.stat().st_mtime_ns for path in records} == records


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (RUN, {"matplotlib", "pandas", "scipy.fft", "scipy.stats", "sklearn"}),
        (ABLATION, {"matplotlib", "pandas", "scipy.fft", "scipy.stats", "sklearn"}),
        (COMPARISON, {"matplotlib", "scipy.stats", "sklearn"}),
        (("ser_keras.report", "runs"), {"matplotlib", "numpy", "pandas"}),
        (("ser_keras.report", "runs", "sankaran2023", "--format", "latex"), {"matplotlib", "pandas", "scipy.stats"}),
        (LEAKAGE, {"pandas", "scipy.special"}),
    ],
)
def test_finished_command_loads_nothing_that_computes_or_draws(finished, arguments, spared):
    called(*arguments, cwd=finished)  # its report is of another number of seeds perhaps, and drawn
    loaded, _ = called(*arguments, cwd=finished)
    assert loaded & spared == set()


def test_tables_that_print_no_figure_need_no_matplotlib(finished):
    for arguments in (("ser_keras.report", "runs", "--format", "latex"), FEATURES, ("ser_keras.results", "--help")):
        assert not called(*arguments, cwd=finished)[0] & {"matplotlib", "sklearn", "librosa", "scipy.stats"}


@pytest.mark.parametrize("name", discovery.paper_names())
def test_paper_is_read_without_keras(name, tmp_path):
    script = "import sys; from ser_keras import discovery; discovery.load_paper(sys.argv[1]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f"papers.{name}.protocol" in done.stdout.split()
    assert not set(done.stdout.split()) & BACKENDS


# the last digit that is printed of the second is another in single precision, in which Keras keeps rates
@pytest.mark.parametrize("rate", [0.001, 0.00012345650000001])
@pytest.mark.parametrize(
    "made", [lambda rate: recipes.Adam(rate, epsilon=1e-8), lambda rate: recipes.SGD(rate, momentum=0.8), recipes.SGD]
)
def test_optimizer_as_a_value_is_declared_as_the_one_that_keras_makes_of_it(made, rate):
    value = made(rate)
    told, keras_tells = (
        declaration.training_record(Training(optimizer, "categorical_crossentropy", batch_size=1, epochs=1))
        for optimizer in (value, lambda: value())
    )
    assert told == keras_tells
    config = value().get_config()
    assert {key: config[key] for key in dataclasses.asdict(value)} == pytest.approx(dataclasses.asdict(value))


@pytest.fixture
def task(finished):
    """The finished run of seed 0, its corpora and settings."""
    [task] = reproduce.tasks_of([("sankaran2023", "ann")], None, "published", (0,))
    corpora = table.load(("tess",), finished / "runs/cache/synthetic-8")
    return task, corpora, Settings(finished / "runs", quick=True)


@pytest.fixture
def trained(monkeypatch):
    """The tasks that are handed over to be trained."""
    found = []
    monkeypatch.setattr(training, "run", lambda task, corpora, settings: found.append(task) or settings.out)
    monkeypatch.setattr(training, "extract", lambda task, corpora, settings: found.append(task))
    return found


def test_finished_run_is_handed_to_nobody(task, trained, finished):
    assert once.run(*task) == finished / FIRST
    once.extract(*task)
    assert trained == []


@pytest.mark.parametrize("change", [{"force": True}, {"precision": "bfloat16"}, {"choose": {"n_mfcc": "20"}}])
def test_run_that_is_not_there_or_is_wanted_anew_is_trained(task, trained, change):
    wanted, corpora, settings = task
    once.run(wanted, corpora, dataclasses.replace(settings, **change))
    once.extract(wanted, corpora, dataclasses.replace(settings, **change))
    assert trained == [wanted, wanted]


def test_run_that_a_process_may_be_at_is_left_to_training(task, trained, finished):
    (finished / FIRST / "unfinished").mkdir()
    try:
        once.run(*task)
    finally:
        (finished / FIRST / "unfinished").rmdir()
    assert trained == [task[0]]


@pytest.mark.parametrize("stored", [None, {"set_aside": [{"clip": "a.wav", "reason": "it is empty"}]}])
def test_run_whose_record_goes_or_that_strict_refuses_is_left_to_training(task, trained, monkeypatch, stored):
    monkeypatch.setattr(once, "read_record", lambda path: stored)
    wanted, corpora, settings = task
    once.run(wanted, corpora, dataclasses.replace(settings, strict=True))
    assert trained == [wanted]


def test_recipe_that_makes_its_optimizer_itself_is_left_to_training(task, trained):
    def recipe(choices):
        known = declared(choices)
        return dataclasses.replace(known, optimizer=lambda: known.optimizer())

    wanted, corpora, settings = task
    declared = wanted.variant.training
    stranger = dataclasses.replace(wanted, variant=dataclasses.replace(wanted.variant, training=recipe))
    assert once.finished_run(stranger, corpora, settings) is None
    once.run(stranger, corpora, settings)
    assert trained == [stranger]


def test_task_without_corpora_has_no_finished_run(task, tmp_path):
    assert once.finished_run(task[0], LoadedCorpora((), {}), Settings(tmp_path)) is None


def test_backend_is_told_once_keras_is_there_though_it_was_asked_before(monkeypatch):
    monkeypatch.setattr(provenance, "_backend", lambda: None)
    assert provenance.provenance()["backend"] is None
    monkeypatch.setattr(provenance, "_backend", lambda: "tensorflow")
    assert provenance.computed_by()["backend"] == "tensorflow"
