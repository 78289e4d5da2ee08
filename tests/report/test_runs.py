"""Stored runs are read whole, or refused with the file and what to do."""

import json
import threading
import time

import pytest

from ser_keras.errors import RunError
from ser_keras.report import runs as stored_runs
from ser_keras.report.runs import finished_runs, papers_with_runs, read
from ser_keras.tasks import UNFINISHED, WHOLE


def change_record(folder, **changes):
    path = folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({key: value for key, value in record.items() if value is not ...}), encoding="utf-8")


def change_rows(path, change):
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(rows)) + "\n", encoding="utf-8")


def test_runs_come_by_experiment_and_seed_as_a_number(make_run, tmp_path):
    for seed in (10, 9):
        make_run(seed)
    make_run(0, experiment="ravdess")
    runs = finished_runs(tmp_path, "yadav2022")
    assert [(run.record["experiment"], run.record["seed"]) for run in runs] == [
        ("emodb", 9),
        ("emodb", 10),
        ("ravdess", 0),
    ]
    assert (len(runs[0].clips), len(runs[2].clips)) == (107, 288)
    assert set(runs[0].y_true) == set(runs[0].record["classes"])
    assert runs[0].history["epoch"] == tuple(range(1, 13))
    assert papers_with_runs(tmp_path) == ("yadav2022",)


def test_run_without_validation_has_no_watched_columns(make_run, tmp_path):
    make_run(validation=False)
    [run] = finished_runs(tmp_path, "yadav2022")
    assert set(run.history) == {"epoch", "loss", "accuracy", "seconds"}


def test_unfinished_run_is_left_out(make_run, tmp_path):
    make_run(0)
    (make_run(1) / "run.json").unlink()
    assert len(finished_runs(tmp_path, "yadav2022")) == 1


@pytest.fixture
def half_put(make_run):
    """The folder of a run that another process is about to put in its place: all of it is there but its record."""
    folder = make_run(0)
    (folder / UNFINISHED / WHOLE).mkdir(parents=True)
    (folder / "run.json").replace(folder / UNFINISHED / WHOLE / "run.json")
    return folder


def test_run_that_is_put_in_its_place_is_waited_for(half_put, tmp_path):
    def finish():
        time.sleep(0.2)
        (half_put / UNFINISHED / WHOLE / "run.json").replace(half_put / "run.json")

    other = threading.Thread(target=finish)
    other.start()
    assert [run.folder for run in finished_runs(tmp_path, "yadav2022")] == [half_put]
    other.join()


def test_run_whose_process_was_killed_before_its_record_came_is_left_out(half_put, make_run, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_runs, "PUTTING_S", 0.05)
    other = make_run(1)
    assert [run.folder for run in finished_runs(tmp_path, "yadav2022")] == [other]


def test_run_that_is_replaced_while_it_is_read_is_read_again(make_run, monkeypatch):
    folder = make_run(0)
    taken = stored_runs._predictions

    def replaced(path, classes):
        monkeypatch.setattr(stored_runs, "_predictions", taken)
        (folder / "new.json").write_text(json.dumps(json.loads((folder / "run.json").read_text()) | {"title": "new"}))
        (folder / "new.json").replace(folder / "run.json")
        raise RunError("its predictions were just removed")

    monkeypatch.setattr(stored_runs, "_predictions", replaced)
    assert read(folder).record["title"] == "new"


def test_folder_without_runs_names_the_command(tmp_path):
    with pytest.raises(RunError, match=r"holds no finished run: python -m ser_keras\.reproduce yadav2022 --out"):
        finished_runs(tmp_path, "yadav2022")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"schema": 2}, "is of schema 2; this version reads 1"),
        ({"classes": ...}, "lacks 'classes'"),
        ({"classes": "angry"}, "has classes of the type str, expected list"),
        ({"classes": []}, "names no classes"),
        ({"choices": [{"key": "a", "value": 1}]}, "lacks 'default' in choices"),
        ({"corpora": {"emodb": {"clips": 5}}}, "lacks 'expected' in corpora"),
        ({"set_aside": ["a.wav"]}, "lacks 'clip' in set_aside"),
        ({"split": {}}, "lacks the supports of train, validation and test"),
        ({"split": {"supports": {"train": {}, "validation": {}, "test": {}}, "speakers": {}}}, "lacks the speakers"),
        ({"seed": 1}, "emodb/described/published/seed-1,monitor=val_loss, which is not where it lies"),
        ({"experiment": "ravdess"}, "which is not where it lies"),
    ],
)
def test_record_that_is_not_whole_is_refused(make_run, tmp_path, changes, told):
    change_record(make_run(), **changes)
    with pytest.raises(RunError, match=told) as caught:
        finished_runs(tmp_path, "yadav2022")
    assert "run.json" in str(caught.value)
    remedy = "put it there" if "where it lies" in told else "remove the run's folder and train it again"
    assert remedy in str(caught.value)


def test_folder_that_is_no_run_is_not_to_be_removed(tmp_path):
    with pytest.raises(RunError) as caught:
        read(tmp_path)
    assert str(caught.value) == f"{tmp_path} holds no finished run: name the folder with its run.json"


def test_supports_of_other_classes_are_refused(make_run, tmp_path):
    folder = make_run()
    split = json.loads((folder / "run.json").read_text(encoding="utf-8"))["split"]
    split["supports"]["train"].pop("sad")
    change_record(folder, split=split)
    with pytest.raises(RunError, match="supports of the train part that are not one a class"):
        finished_runs(tmp_path, "yadav2022")


@pytest.mark.parametrize("content", ["{", "", "[]", "\udcff"])
def test_record_that_is_no_json_object_is_refused(make_run, tmp_path, content):
    (make_run() / "run.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RunError, match=r"run\.json (can't be read|holds a list)"):
        finished_runs(tmp_path, "yadav2022")


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("predictions.csv", lambda rows: rows[:-1], "has 106 rows for the 107 test clips of run.json"),
        ("predictions.csv", lambda rows: [*rows[:-1], rows[-1][:9]], "values in line 108 for 11 columns"),
        ("predictions.csv", lambda rows: [rows[0].replace("sad", "joy"), *rows[1:]], "has the columns clip, speaker"),
        (
            "predictions.csv",
            lambda rows: [rows[0], rows[1].replace("angry", "joy"), *rows[2:]],
            "names 'joy' in line 2",
        ),
        ("predictions.csv", lambda rows: rows[:1], "has no rows"),
        ("predictions.csv", lambda rows: [], "has no rows"),
        ("history.csv", lambda rows: [rows[0].replace("loss", "cost"), *rows[1:]], "lacks the column loss"),
        ("history.csv", lambda rows: [rows[0], rows[1].replace("1,", "one,", 1), *rows[2:]], "else than numbers"),
    ],
)
def test_table_that_is_not_whole_is_refused(make_run, tmp_path, name, change, told):
    change_rows(make_run() / name, change)
    with pytest.raises(RunError, match=told) as caught:
        finished_runs(tmp_path, "yadav2022")
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["predictions.csv", "history.csv"])
def test_missing_table_is_refused(make_run, tmp_path, name):
    (make_run() / name).unlink()
    with pytest.raises(RunError, match=f"{name} can't be read"):
        finished_runs(tmp_path, "yadav2022")
