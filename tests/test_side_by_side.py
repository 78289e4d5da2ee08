"""Trainings side by side: the bytes of one after another, and nothing lost or left behind where a process is killed."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from campaigns import kill, stages
from ser_keras import cli, reproduce, side_by_side, training
from ser_keras.corpora import table
from ser_keras.errors import AudioError, RunError
from ser_keras.tasks import Settings

SCRIPT = Path(__file__).with_name("killed_run.py")
FOLDS = 4  # of the script's run


@pytest.fixture
def light(monkeypatch):
    """Processes as of a command that has loaded no network: they start at once."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)


@pytest.mark.usefixtures("light")
def test_results_come_in_the_order_of_the_calls():
    def slowest_first(number):
        time.sleep(0.2 if number == 0 else 0)
        return number, os.getpid()

    found = list(side_by_side.each(slowest_first, [(number,) for number in range(6)], 2))
    assert [number for number, _ in found] == list(range(6))
    assert os.getpid() not in {process for _, process in found}


def test_one_call_or_one_process_needs_no_other_process():
    assert set(side_by_side.each(os.getpid, [(), ()], 1)) == {os.getpid()}
    assert set(side_by_side.each(os.getpid, [()], 2)) == {os.getpid()}


@pytest.mark.usefixtures("light")
def test_what_is_to_be_done_ahead_is_done_here_and_before():
    done = []
    assert list(side_by_side.each(abs, [(-1,), (-2,)], 2, ahead=done.append)) == [1, 2]
    assert done == [-1, -2]
    assert list(side_by_side.each(abs, [(-3,), (-4,)], 1, ahead=done.append)) == [3, 4]
    assert done == [-1, -2]  # each call does it by itself


@pytest.mark.usefixtures("light")
def test_each_process_has_a_line_for_its_progress_and_the_threads_of_one_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)

    def surroundings(number):
        from tqdm import tqdm

        (tmp_path / str(number)).touch()
        while len(list(tmp_path.iterdir())) < 2:  # so that no process has both calls
            time.sleep(0.01)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return abs(tqdm(total=2, disable=False).pos), *map(os.environ.get, names)

    found = list(side_by_side.each(surroundings, [(0,), (1,)], 2))
    assert sorted(line for line, *_ in found) == [0, 1]
    assert {tuple(threads) for _, *threads in found} == {("7", None)}


@pytest.mark.usefixtures("light")
def test_fault_of_a_call_comes_back_as_it_is_after_what_was_asked_before():
    def second_fails(number):
        if number == 1:
            raise AudioError("clip.wav: no recording")
        return number

    found = side_by_side.each(second_fails, [(0,), (1,), (2,)], 2)
    assert next(found) == 0
    with pytest.raises(AudioError, match=r"^clip.wav: no recording$"):
        next(found)


@pytest.mark.usefixtures("light")
def test_process_that_is_killed_is_told_in_one_line_with_the_remedy():
    calls = [(signal.SIGKILL,), (signal.SIGKILL,)]
    with pytest.raises(RunError, match=r"killed from outside.*the same command goes on.*smaller --parallel"):
        list(side_by_side.each(signal.raise_signal, calls, 2))


@pytest.mark.usefixtures("light")
def test_processes_are_gone_once_nobody_takes_their_results():
    calls = [(0,), (600,), (600,)]
    with closing(side_by_side.each(time.sleep, calls, 2)) as done:
        next(done)
        processes = children(os.getpid())
        assert len(processes) >= 2
        clock = time.monotonic()
    assert time.monotonic() - clock < 60  # not the ten minutes that they sleep
    assert not [process for process in processes if alive(process)]


@pytest.mark.usefixtures("light")
def test_ctrl_c_is_heard_by_the_command_alone():
    """A terminal sends it to all: here to the process of a call, which would tell of it at length."""
    calls = [(signal.SIGINT,), (signal.SIGINT,)]
    assert list(side_by_side.each(signal.raise_signal, calls, 2)) == [None, None]


@pytest.mark.parametrize(
    ("processes", "runs", "protocol", "found"),
    [
        (2, 0, "speaker-independent", (1, 1)),
        (2, 5, "speaker-independent", (2, 1)),
        (2, 2, "speaker-independent", (2, 1)),
        (2, 1, "speaker-independent", (1, 2)),
        (4, 2, "speaker-text-independent", (1, 4)),
        (4, 2, "published", (4, 1)),  # one fold each
        (1, 1, "speaker-independent", (1, 1)),
    ],
)
def test_runs_are_shared_out_and_folds_where_there_are_too_few_runs(processes, runs, protocol, found):
    assert side_by_side.shared(processes, runs, protocol) == found


def children(process):
    """Processes of Python that this one started, by loky, but for the one that keeps account of semaphores."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = status.with_name("cmdline").read_bytes()
        except (OSError, IndexError):  # it is gone
            continue
        if parent == process and b"popen_loky" in command:
            found.append(int(status.parent.name))
    return found


def alive(process):
    """Whether a process is there and no zombie, which nobody may be left to bury."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory):
    """What the script's run comes to, fold after fold in this process."""
    out = tmp_path_factory.mktemp("undisturbed")
    runpy.run_path(str(SCRIPT))["main"](data, out)
    return stages.outcome(out)


@pytest.mark.backend
def test_folds_side_by_side_give_the_bytes_of_folds_one_after_another(undisturbed, data, tmp_path):
    runpy.run_path(str(SCRIPT))["main"](data, tmp_path / "out", 2)
    found = stages.outcome(tmp_path / "out")
    assert [name for name in set(found) | set(undisturbed) if found.get(name) != undisturbed.get(name)] == []
    assert sum(name.endswith(".keras") for name in found) == FOLDS


def started(data, out):
    """The script, two folds at a time, once the state of one is kept; and its processes."""
    command = [sys.executable, str(SCRIPT), str(data), str(out), "2"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "SER_KERAS_CHECKPOINT_SECONDS": "0"}
    process = subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE)
    drained = []
    reader = threading.Thread(target=lambda: drained.append(process.stderr.read()))
    reader.start()
    while not list(out.rglob("fold-*.npz")):
        assert process.poll() is None
        time.sleep(0.005)
    found = children(process.pid)
    assert len(found) == 2

    def told():
        reader.join()
        return drained[0]

    return process, found, told


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False], ids=["command", "one of its processes"])
def test_killed_folds_go_on_from_their_states_to_the_same_bytes(undisturbed, data, tmp_path, whole):
    out = tmp_path / "out"
    process, processes, told = started(data, out)
    os.kill(process.pid if whole else processes[0], signal.SIGKILL)
    code = process.wait(60)
    deadline = time.monotonic() + 60
    while any(map(alive, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if whole:
        assert code == -signal.SIGKILL
    else:
        assert code == 1
        assert re.search(r"^ser_keras.errors.RunError: a process that trained was killed from outside", told(), re.M)
    folder = runpy.run_path(str(SCRIPT))["main"](data, out, 2)
    found = stages.outcome(out)
    assert [name for name in set(found) | set(undisturbed) if found.get(name) != undisturbed.get(name)] == []
    assert any(json.loads((folder / "run.json").read_text())["resumed_after"])


@pytest.mark.slow
def test_ctrl_c_leaves_folds_side_by_side_with_130_and_one_line(tmp_path):
    told = tmp_path / "told"
    options = ("--corpora", "synthetic", "--quick", "--protocol", "speaker-independent", "--parallel", "2")
    process = kill.started(("sankaran2023/ann", *options), tmp_path / "out", told)
    while "fold" not in kill.phase(told):
        assert process.poll() is None, told.read_text()
        time.sleep(0.05)
    processes = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the processes too
    assert process.wait(timeout=60) == 130
    after = re.split(r"\d+%\|[^\r\n]*", told.read_text())[-1]
    lines = [line.strip() for line in re.sub(r"\x1b\[[A-Z]", "", after).split("\n")]
    assert [line for line in lines if line] == [cli.INTERRUPTED]
    assert not [one for one in processes if alive(one)]


@pytest.mark.slow
def test_runs_side_by_side_give_the_bytes_of_runs_one_after_another(tmp_path):
    tasks = reproduce.tasks_of([("sankaran2023", "ann")], None, "published", (0, 1))
    data = reproduce.synthetic_data(["tess"], tmp_path, 3, 1)
    corpora, found = table.load(("tess",), data), []
    for processes in (2, 1):
        out = tmp_path / str(processes)
        todo = [(task, corpora, Settings(out, quick=True)) for task in tasks]
        runs = list(side_by_side.each(training.run, todo, processes, ahead=training.extract))
        assert [folder.name for folder in runs] == ["seed-0", "seed-1"]
        found.append(stages.outcome(out))
    assert found[0] == found[1]
    place = "sankaran2023/ann/described/published/seed-{}/predictions.csv"
    assert found[0][place.format(0)] != found[0][place.format(1)]
