"""Runs side by side: the same bytes as one after another, and one line where a process is killed."""

import dataclasses
import hashlib

import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ser_keras import reproduce, side_by_side, training
from ser_keras.corpora import table
from ser_keras.errors import RunError
from ser_keras.tasks import Settings


@pytest.fixture
def tasks():
    return reproduce.tasks_of([("sankaran2023", "ann")], None, "published", (0, 1))


@pytest.mark.slow
def test_runs_side_by_side_give_the_bytes_of_runs_one_after_another(tasks, tmp_path):
    data = reproduce.synthetic_data(["tess"], tmp_path, 3, 1)
    corpora = table.load(("tess",), data)
    settings = Settings(tmp_path / "runs", quick=True)
    found = []
    for processes in (2, 1):
        todo = [(task, corpora, dataclasses.replace(settings, force=True)) for task in tasks]
        runs = list(side_by_side.folders(todo, processes))
        assert [folder.name for folder in runs] == ["seed-0", "seed-1"]
        kept = [folder / name for folder in runs for name in ("predictions.csv", "split.csv")]
        found.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in kept])
    assert found[0] == found[1]
    assert found[0][0] != found[0][2]


def test_process_that_is_killed_is_told_in_one_line_with_the_remedy(tasks, tmp_path, monkeypatch):
    def killed(*given, **named):
        raise TerminatedWorkerError("SIGKILL(-9)")
        yield

    monkeypatch.setattr(side_by_side.joblib, "Parallel", lambda **named: killed)
    monkeypatch.setattr(training, "extract", lambda *given: None)
    todo = [(task, table.LoadedCorpora(None, {}), Settings(tmp_path)) for task in tasks]
    with pytest.raises(RunError, match=r"killed from outside.*the same command goes on"):
        list(side_by_side.folders(todo, 2))


def test_task_is_found_again_by_its_names(tasks):
    for task in tasks:
        paper, experiment, variant, protocol, seed = side_by_side._names(task)
        [again] = reproduce.tasks_of([(paper, experiment)], variant, protocol, (seed,))
        assert (again.name, again.variant.name, again.seed) == (task.name, task.variant.name, task.seed)
