"""A folder of runs that is named by a URL: what is finished here comes there, what is there counts as finished here."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ser_keras import remote_runs
from ser_keras.errors import RunError

fsspec = pytest.importorskip("fsspec")
RUN = "paper/one/coded/published/seed-0"
FILES = {f"{RUN}/predictions.csv": "a", f"{RUN}/run.json": "{}", "paper/report/index.html": "page"}


@pytest.fixture(params=["file", "memory"])
def url(request, tmp_path):
    if request.param == "file":
        yield f"file://{tmp_path}/bucket/runs"
        return
    yield "memory://bucket/runs"
    if fsspec.filesystem("memory").exists("/bucket"):
        fsspec.filesystem("memory").rm("/bucket", recursive=True)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Makes this another machine, with a cache of its own; gives the folder for a URL."""

    def changed_to(name, url):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        return remote_runs.folder(url)

    return changed_to


def fill(place, files=FILES):
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)


def there(url):
    """Name → content, of what others see in the storage."""
    system, root = fsspec.core.url_to_fs(url)
    found = {path.removeprefix(f"{root}/"): system.cat_file(path).decode() for path in system.find(root)}
    return {name: text for name, text in found.items() if not name.startswith(".")}


def put(url, name, text):
    system, root = fsspec.core.url_to_fs(url)
    system.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
    system.pipe_file(f"{root}/{name}", text.encode())


def worked(place, files=FILES):
    with remote_runs.kept_in_step(place):
        fill(place, files)


def test_what_is_finished_is_sent_and_what_is_of_use_here_alone_stays(url, machine, capsys):
    stays = {"cache/features/part.npy": "x", f"{RUN}/unfinished/fold-0.pkl": "x", f"{RUN}/.a.csv": "half"}
    worked(machine("a", url), FILES | stays)
    assert there(url) == FILES
    assert capsys.readouterr().err == f"{url}: 3 files sent\n"
    worked(machine("a", url), {})
    assert capsys.readouterr().err == f"{url}: 0 files sent\n"


def test_what_another_machine_finished_comes_and_what_it_changed_comes_again(url, machine):
    worked(machine("a", url))
    place = machine("b", url)
    worked(place, {"paper/one/coded/published/seed-1/run.json": "{1}"})
    assert {name: (place / name).read_text() for name in FILES if RUN in name} == {
        f"{RUN}/predictions.csv": "a",
        f"{RUN}/run.json": "{}",
    }
    assert set(there(url)) == {*FILES, "paper/one/coded/published/seed-1/run.json"}
    worked(machine("a", url), {f"{RUN}/run.json": "{another}"})
    assert remote_runs.bring(place) == 1
    assert (place / f"{RUN}/run.json").read_text() == "{another}"
    assert remote_runs.bring(place) == 0


def test_what_changed_here_is_not_overwritten_by_what_changed_there(url, machine):
    place = machine("a", url)
    worked(place)
    fill(place, {f"{RUN}/run.json": "{finished here}"})
    put(url, f"{RUN}/run.json", "{finished there, too}")
    worked(place, {})
    assert (place / f"{RUN}/run.json").read_text() == "{finished here}" == there(url)[f"{RUN}/run.json"]


def test_nothing_is_removed_there_and_what_is_removed_here_comes_back(url, machine):
    place = machine("a", url)
    worked(place)
    shutil.rmtree(place / "paper")
    worked(place, {})
    assert (place / f"{RUN}/run.json").read_text() == "{}"
    assert there(url) == FILES


def test_report_does_not_come_for_it_is_written_from_the_runs(url, machine):
    worked(machine("a", url))
    place = machine("b", url)
    assert remote_runs.bring(place) == 2
    assert not (place / "paper/report").exists()


def test_what_went_there_is_sent_again(url, machine):
    place = machine("a", url)
    worked(place)
    system, root = fsspec.core.url_to_fs(url)
    system.rm(root, recursive=True)
    worked(place, {})
    assert there(url) == FILES


def test_record_does_not_come_beside_files_of_a_run_that_replaces_it(url, machine):
    place = machine("a", url)
    worked(place)
    (place / f"{RUN}/run.json").unlink()  # as a training does that was killed afterwards
    fill(place, {f"{RUN}/predictions.csv": "another"})
    assert remote_runs.bring(place) == 0
    fill(place, {f"{RUN}/predictions.csv": "a"})
    (place / f"{RUN}/unfinished").mkdir()
    assert remote_runs.bring(place) == 0


def test_file_that_is_finished_here_while_it_comes_is_kept(url, machine, monkeypatch):
    worked(machine("a", url))
    place = machine("b", url)
    kind = type(fsspec.core.url_to_fs(url)[0])
    get_file = kind.get_file

    def finished_meanwhile(self, source, target, **named):
        get_file(self, source, target, **named)
        fill(place, {source.partition("runs/")[2]: "finished here"})

    monkeypatch.setattr(kind, "get_file", finished_meanwhile)
    remote_runs.bring(place)
    assert (place / f"{RUN}/run.json").read_text() == "finished here"


def test_what_a_killed_call_had_finished_is_sent_before_the_next_begins(url, machine):
    place = machine("a", url)
    fill(place)  # and never sent
    with remote_runs.kept_in_step(place):
        assert there(url) == FILES


def test_what_is_finished_is_sent_while_work_goes_on(url, machine, monkeypatch):
    monkeypatch.setattr(remote_runs, "PAUSE_S", 0.05)
    place = machine("a", url)
    with remote_runs.kept_in_step(place):
        fill(place)
        end = time.monotonic() + 30
        while there(url) != FILES:
            assert time.monotonic() < end
            time.sleep(0.05)


class Faulty(fsspec.get_filesystem_class("memory")):
    """A storage that can fail, and remembers in which order it was given files."""

    protocol = "faultyruns"
    store, pseudo_dirs, given, fails = {}, [""], [], False

    def put_file(self, lpath, rpath, **named):
        if type(self).fails:
            raise TimeoutError("no\nanswer")
        self.given.append(rpath)
        super().put_file(lpath, rpath, **named)


@pytest.fixture
def faulty(monkeypatch):
    fsspec.register_implementation("faultyruns", Faulty, clobber=True)
    for name, value in (("store", {}), ("pseudo_dirs", [""]), ("given", []), ("fails", False)):
        monkeypatch.setattr(Faulty, name, value)
    return "faultyruns://bucket/runs"


def test_record_of_a_run_is_sent_when_all_else_of_it_is_there(faulty, machine):
    cell = "compare/a/cells/m/within/a/seed-0"
    worked(machine("a", faulty), FILES | {f"{cell}/cell.json": "{}", f"{cell}/predictions.csv": "a"})
    records = [path.endswith((f"{RUN}/run.json", "cell.json")) for path in Faulty.given]
    assert records == [False, False, False, True, True]


def test_record_of_a_run_that_is_replaced_is_withdrawn_until_the_new_one_is_there(faulty, machine):
    place = machine("a", faulty)
    worked(place)
    fill(place, {f"{RUN}/predictions.csv": "new", f"{RUN}/run.json": "{new}"})
    Faulty.fails = True
    with pytest.raises(RunError):
        remote_runs.send(place)
    assert f"{RUN}/run.json" not in there(faulty)
    Faulty.fails = False
    worked(place, {})
    assert there(faulty) == FILES | {f"{RUN}/predictions.csv": "new", f"{RUN}/run.json": "{new}"}


def test_file_that_goes_while_files_are_sent_is_passed_over(faulty, machine, monkeypatch):
    place = machine("a", faulty)
    fill(place)

    def gone(self, lpath, rpath, **named):
        Path(lpath).unlink()
        raise FileNotFoundError(lpath)

    monkeypatch.setattr(Faulty, "put_file", gone)
    assert remote_runs.send(place) == 0


def test_what_could_not_be_sent_is_named_and_kept_and_sent_by_the_next_call(faulty, machine, monkeypatch, capsys):
    monkeypatch.setattr(remote_runs, "PAUSE_S", 0.01)
    place = machine("a", faulty)
    told = r"faultyruns://bucket/runs can't be written \(TimeoutError no answer\)"
    with pytest.raises(RunError, match=told), remote_runs.kept_in_step(place):
        Faulty.fails = True
        fill(place)
        time.sleep(0.2)
    assert capsys.readouterr().err.count("tried again every minute") == 1
    assert there(faulty) == {}
    Faulty.fails = False
    worked(place, {})
    assert there(faulty) == FILES


@pytest.mark.parametrize("fails", [False, True])
def test_what_ended_the_work_is_told_and_what_was_finished_is_sent(faulty, machine, capsys, fails):
    place = machine("a", faulty)
    with pytest.raises(KeyboardInterrupt), remote_runs.kept_in_step(place):
        fill(place)
        Faulty.fails = fails
        raise KeyboardInterrupt
    assert there(faulty) == ({} if fails else FILES)
    assert ("can't be written (TimeoutError no answer)" in capsys.readouterr().err) == fails


@pytest.mark.parametrize("url", ["file:///", "s3://"])
def test_url_that_names_no_folder_is_refused(machine, url):
    with pytest.raises(RunError, match=f"{url} names no folder"):
        machine("a", url)


def test_nothing_is_sent_where_runs_are_only_read(faulty, machine):
    worked(machine("a", faulty))
    place = machine("b", faulty)
    Faulty.fails = True
    with remote_runs.kept_in_step(place, is_read=True, sends=False):
        fill(place, {"paper/report/index.html": "another"})
    assert there(faulty) == FILES


def test_place_that_can_not_be_written_to_is_told_before_any_work(machine):
    place = machine("a", "http://127.0.0.1:9/runs")
    with pytest.raises(RunError, match=r"http://127\.0\.0\.1:9/runs can't be"), remote_runs.kept_in_step(place):
        raise AssertionError("work has begun")


def test_url_without_runs_is_nothing_to_read(url, machine):
    place = machine("a", url)
    with pytest.raises(RunError, match="holds no runs"), remote_runs.kept_in_step(place, is_read=True):
        raise AssertionError("work has begun")
    assert not there(url)


def test_name_that_leads_out_of_the_folder_or_is_of_no_use_here_is_passed_over(url, machine):
    place = machine("a", url)
    for name in ("cache/x.json", f"{RUN}/unfinished/x.json", "a\\..\\x.json", ".hidden/x.json", "C:x.json"):
        put(url, name, "x")
    assert remote_runs.bring(place) == 0


def test_folder_of_this_machine_is_left_alone(tmp_path):
    worked(tmp_path / "runs")
    assert {path.relative_to(tmp_path / "runs").as_posix() for path in (tmp_path / "runs").rglob("*.*")} == set(FILES)


def test_run_in_storage_is_finished_for_every_machine(tmp_path, monkeypatch):
    target = f"file://{tmp_path}/bucket/runs"
    command = [
        sys.executable, "-m", "ser_keras.reproduce", "sankaran2023/ann", "--corpora", "synthetic", "--quick",
        "--epochs", "1", "--out", target,
    ]  # fmt: skip
    bucket = tmp_path / "bucket/runs"
    trained, records = [], []
    for name in ("a", "b"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        trained.append("epoch/s" in done.stderr)  # the bar of a training
        records += [path.read_bytes() for path in bucket.glob("*/*/*/*/seed-0/run.json")]
    assert trained == [True, False]
    assert records[0] == records[1]
    told = subprocess.run([sys.executable, "-m", "ser_keras.report", target], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert Path(told.stdout.splitlines()[0]).is_file()
    assert (bucket / "report/index.html").is_file()
