"""A cluster gives the bytes that one machine gives, loses and doubles nothing, and is refused in one line.

Scheduler and workers are processes of their own, each in a folder of its own, as `dask scheduler` and `dask worker`
start them.
"""

import json
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import ser_keras
from ser_keras import audio, cluster
from ser_keras.errors import AudioError, ClusterError, DependencyError
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import FIELDS, Recording, extract
from ser_keras.report.once import WRITTEN

distributed = pytest.importorskip("distributed")

ROOT = str(Path(ser_keras.__file__).parents[1])
PIPELINE = Pipeline(
    "noisy", None, (step(audio.fixed_length, seconds=0.1), step(audio.with_noise, random=True, scale=0.1))
)
CLIPS = 700  # 22 parts


class Machines:
    """A scheduler and workers, started as a person starts them."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")

    def start(self, *arguments):
        place = self.folder / f"machine-{len(self.started)}"
        place.mkdir()
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SER_KERAS")}
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=place,
                env={**kept, "PYTHONPATH": ROOT, "TF_NUM_INTEROP_THREADS": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def worker(self, threads=1):
        options = ["--nthreads", str(threads), "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        return self.start("worker", self.address, *options, "--local-directory", ".")

    def workers_as_told(self, number):
        """As docs/howto/cluster.md starts them: each watched by a nanny, which starts it anew when it dies."""
        return self.start("worker", self.address, "--nthreads", "1", "--nworkers", str(number))

    def wait_for(self, workers):
        with distributed.Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
            while len(client.nthreads()) > workers:  # one that was killed is forgotten in a moment
                time.sleep(0.05)

    def stop(self):
        for process in self.started[::-1]:
            process.terminate()  # a nanny then ends its workers, which it can't when it is killed
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    made = Machines(tmp_path_factory.mktemp("machines"))
    made.worker()
    made.worker()
    made.wait_for(2)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for number in range(CLIPS):
        path = folder / f"{number}.wav"
        soundfile.write(path, np.full(800, (number + 1) / 1000), 8000, subtype="FLOAT")
        made.append(Recording(f"c{number}", str(path)))
    made[5] = Recording("c5", str(folder / "5.txt"))
    (folder / "5.txt").write_text("no recording")
    return made


@pytest.fixture(scope="module")
def local(recordings, tmp_path_factory):
    """The store that one process makes: name of each file → its bytes."""
    root = tmp_path_factory.mktemp("local")
    extract(PIPELINE, recordings, root)
    return stored(root)


def stored(root):
    return {path.name: path.read_bytes() for path in root.rglob("part-*")}


def test_extraction_by_other_processes_gives_the_same_files(machines, recordings, local, tmp_path):
    with cluster.spread_over(machines.address, tmp_path / "runs") as out:
        assert cluster.on_cluster()
        features = extract(PIPELINE, recordings, out / "store")
    assert not cluster.on_cluster()
    assert stored(out) == local
    assert list(features.errors) == [5]
    assert not [path for path in out.rglob(".*") if path.is_file()]


def test_faults_of_ours_come_back_as_they_are(machines, tmp_path):
    gone = [Recording(f"c{number}", str(tmp_path / "text.wav")) for number in range(80)]
    (tmp_path / "text.wav").write_text("no recording")
    with (
        cluster.spread_over(machines.address, tmp_path) as out,
        pytest.raises(AudioError, match="none of 80 recordings"),
    ):
        extract(PIPELINE, gone, out / "store")


def test_results_come_in_the_order_of_the_calls(machines, tmp_path):
    calls = [(number, 2) for number in range(20)]
    assert list(cluster.each(pow, calls)) == [number**2 for number in range(20)]
    with cluster.spread_over(machines.address, tmp_path):
        assert list(cluster.each(pow, calls)) == [number**2 for number in range(20)]


def test_training_has_a_process_of_its_own_and_its_faults_come_back(machines, tmp_path):
    assert cluster.apart(os.getpid) == os.getpid()
    with cluster.spread_over(machines.address, tmp_path):
        found = list(cluster.each(partial(cluster.apart, os.getpid), [(), ()]))
        assert not {*found, os.getpid()} & {process.pid for process in machines.started}
        assert len(set(found)) == 2
        with pytest.raises(ValueError, match="invalid literal"):
            list(cluster.each(partial(cluster.apart, int), [("x",), ("1",)]))


def test_process_of_a_training_ends_with_its_worker(tmp_path):
    asked = tmp_path / "asked"
    asked.write_bytes(pickle.dumps((time.sleep, (600,))))
    command = [sys.executable, "-m", "ser_keras.cluster", asked, tmp_path / "answered"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "PYTHONPATH": ROOT})
    child.stdin.close()  # as the kernel does for a worker that is killed
    assert child.wait(60) == 1
    assert not (tmp_path / "answered").exists()


def test_features_travel_as_paths(recordings, tmp_path):
    features = extract(PIPELINE, recordings, tmp_path)
    travelled = pickle.dumps(features)
    assert len(travelled) < features.rows(range(5)).nbytes + 40 * CLIPS  # no arrays
    again = pickle.loads(travelled)
    rows = [0, 1, 2, 650]
    np.testing.assert_array_equal(again.rows(rows), features.rows(rows))
    assert again.errors == features.errors


@pytest.mark.parametrize(
    ("break_", "says"),
    [
        ({"python": "2.7"}, r"has python 3\.\d+\.\d+, this machine 2.7: install the same"),
        ({"numpy": "0.1"}, "numpy"),
    ],
)
def test_worker_with_other_packages_is_refused(machines, tmp_path, monkeypatch, break_, says):
    here = {**cluster.packages(), **break_}
    monkeypatch.setattr(cluster, "packages", lambda: here)
    with pytest.raises(ClusterError, match=says), cluster.spread_over(machines.address, tmp_path):
        pass


def test_worker_that_does_not_see_the_folder_is_refused(machines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = Path("/proc/self/cwd/runs")  # each process's own working folder
    with (
        pytest.raises(ClusterError, match="does not see /proc/self/cwd/runs: it has to be a folder that all"),
        cluster.spread_over(machines.address, elsewhere),
    ):
        pass
    assert not list((tmp_path / "runs").iterdir())
    (tmp_path / "emodb").mkdir()
    with (
        pytest.raises(ClusterError, match="does not see /proc/self/cwd: it has to be a folder that all"),
        cluster.spread_over(machines.address, tmp_path, elsewhere.parent),
    ):
        pass


def test_worker_with_several_threads_is_refused(machines, tmp_path):
    threaded = machines.worker(threads=2)
    machines.wait_for(3)
    try:
        with (
            pytest.raises(ClusterError, match=r"has 2 threads.*--nthreads 1 --nworkers 2"),
            cluster.spread_over(machines.address, tmp_path),
        ):
            pass
    finally:
        threaded.kill()
        machines.wait_for(2)


def test_scheduler_that_does_not_answer_is_one_line(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    command = [sys.executable, "-m", "ser_keras.reproduce", "yadav2022/emodb", "--cluster", address]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ROOT})
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: no scheduler answers at {address}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("address", ["foo", "", "http://host:8786", "tcp://host", "tcp://host:0", "tcp://host:65536"])
def test_what_is_no_address_is_refused_before_there_is_a_client(tmp_path, monkeypatch, address):
    monkeypatch.setattr(distributed, "Client", None)  # one that fails in its constructor still prints ten seconds later
    with (
        pytest.raises(ClusterError, match=f"^--cluster '{address}' is no address .* expected tcp://HOST:PORT"),
        cluster.spread_over(address, tmp_path),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "host:8786", "tcp://[::1]:8786", "tcp://a-b.c.org:8786"])
def test_addresses_that_dask_takes_are_taken(address):
    cluster._check_address(address)


def test_encrypted_scheduler_without_certificates_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(distributed, "Client", None)
    with (
        pytest.raises(ClusterError, match="tls://host:8786 needs certificates: name them in Dask's configuration"),
        cluster.spread_over("tls://host:8786", tmp_path),
    ):
        pass


def test_missing_package_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(DependencyError, match=r'pip install "ser_keras\[cluster\]"'),
        cluster.spread_over("x", tmp_path),
    ):
        pass


def test_scheduler_lost_half_way_is_told_in_one_line(recordings, tmp_path):
    own = Machines(tmp_path)
    try:
        stopped = own.worker()
        own.worker()
        own.wait_for(2)
        root = tmp_path / "store"

        def kill_after_the_first_part():
            while not list(root.rglob("part-*.csv")):
                time.sleep(0.01)
            own.started[0].kill()

        killer = threading.Thread(target=kill_after_the_first_part)
        with cluster.spread_over(own.address, tmp_path):
            stopped.send_signal(signal.SIGSTOP)  # its part is not done before the scheduler is gone
            killer.start()
            with pytest.raises(ClusterError, match=r"the cluster was lost .* goes on from what is done"):
                extract(PIPELINE, recordings, root)
        killer.join()
    finally:
        own.stop()
    assert 0 < len(stored(root)) < 2 * -(-CLIPS // 32)


def test_killed_worker_loses_and_doubles_nothing(machines, recordings, local, tmp_path):
    victim = machines.worker()
    machines.wait_for(3)
    root = tmp_path / "store"

    def kill_after_the_first_part():
        while not list(root.rglob("part-*.csv")):
            time.sleep(0.01)
        victim.kill()

    killer = threading.Thread(target=kill_after_the_first_part)
    with cluster.spread_over(machines.address, tmp_path):
        victim.send_signal(signal.SIGSTOP)  # what it is given is not done when it dies, however fast the others are
        killer.start()
        features = extract(PIPELINE, recordings, root)
        killer.join()
    assert victim.wait(5) == -signal.SIGKILL
    machines.wait_for(2)
    assert stored(root) == local
    rows = pd.concat(pd.read_csv(path) for path in root.rglob("part-*.csv"))
    assert sorted(rows.columns) == sorted(FIELDS)
    assert sorted(rows["clip"]) == sorted(one.clip for one in recordings)
    assert len(features) == CLIPS


def trained(folder, *options):
    command = [sys.executable, "-m", "ser_keras.reproduce", "sankaran2023/ann", "--data", folder / "data"]
    settings = ["--protocol", "speaker-independent", "--seeds", "2", "--epochs", "2", "--out", *options]
    environment = {**os.environ, "PYTHONPATH": ROOT, "TF_NUM_INTEROP_THREADS": "1"}
    done = subprocess.run([*command, *settings], cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_seeds_and_folds_trained_elsewhere_give_the_same_bytes(machines, tmp_path):
    import keras

    from ser_keras.corpora.synthetic import synthesize

    synthesize("tess", tmp_path / "data", clips_per_class=8, seed=0, jobs=1)
    victim = machines.worker()
    machines.wait_for(3)
    (tmp_path / "killed").mkdir()

    def kill_once_it_trains():
        while not list((tmp_path / "killed").rglob("fold-*.npz")):
            time.sleep(0.05)
        victim.kill()

    threading.Thread(target=kill_once_it_trains, daemon=True).start()
    trained(tmp_path, "killed", "--cluster", machines.address)
    assert victim.wait(5) == -signal.SIGKILL
    trained(tmp_path, "here")
    names = sorted(path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("predictions.csv"))
    assert len(names) == 2
    for name in names:
        here, there = tmp_path / "here" / name, tmp_path / "killed" / name
        assert there.read_bytes() == here.read_bytes()
        assert (there.parent / "split.csv").read_bytes() == (here.parent / "split.csv").read_bytes()
        folds = sorted(path.name for path in here.parent.glob("model*.keras"))
        assert folds == sorted(path.name for path in there.parent.glob("model*.keras"))
        for fold in folds:
            first, second = (keras.saving.load_model(one.parent / fold) for one in (here, there))
            for own, other in zip(first.get_weights(), second.get_weights(), strict=True):
                np.testing.assert_array_equal(own, other)
        assert not (there.parent / "unfinished").exists()
        assert json.loads((there.parent / "run.json").read_text())["set_aside"] == []


def compared(folder, out, *options):
    command = [sys.executable, "-m", "ser_keras.compare", "sankaran2023/ann", "--corpora", "tess,savee"]
    settings = ["--recordings", "synthetic", "--quick", "--epochs", "1", "--out", out, *options]
    environment = {**os.environ, "PYTHONPATH": ROOT, "TF_NUM_INTEROP_THREADS": "1"}
    done = subprocess.run([*command, *settings], cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return re.sub(
        r", \d+ s$", "", done.stdout.replace(f"{folder / out}/", f"{out}/").replace(out, "OUT"), flags=re.MULTILINE
    )


WHEN = re.compile(rb"Written \d{4}-\d\d-\d\d \d\d:\d\d UTC")


def result_files(folder):
    """Name of each file of a comparison's cells and report → what it holds, but not when and where it was made."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != WRITTEN):
        content = WHEN.sub(b"Written", path.read_bytes())
        if path.name in ("cell.json", "report.json"):
            record = json.loads(content)
            apart = {"started", "finished", "seconds", "provenance", "generated"}
            content = {key: record[key] for key in record.keys() - apart}
        found[str(path.relative_to(folder))] = content
    return found


@pytest.mark.slow
def test_comparison_by_workers_with_nannies_gives_the_files_of_one_machine(tmp_path):
    pytest.importorskip("opensmile")
    machines = Machines(tmp_path)
    try:
        machines.workers_as_told(2)
        machines.wait_for(2)
        there_told = compared(tmp_path, "there", "--cluster", machines.address)
    finally:
        machines.stop()
    here_told = compared(tmp_path, "here")
    assert there_told == here_told
    assert re.search(r"^sankaran2023/ann cross tess-to-savee seed 0: UAR ", here_told, re.MULTILINE)
    here, there = (result_files(tmp_path / out / "compare") for out in ("here", "there"))
    assert there.keys() == here.keys()
    cells = [name for name in here if name.endswith("predictions.csv")]
    assert len(cells) == 3 * 5  # models; two corpora, both merged, and each way across
    assert [name for name in here if there[name] != here[name]] == []
