"""A data folder that is named by a URL: what a corpus has there is here when it is looked for, and read as ever."""

import ftplib
import functools
import http.server
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import ser_keras
from ser_keras.corpora import folder, remote
from ser_keras.corpora.fetch import fetch
from ser_keras.errors import CorpusError, DependencyError

fsspec = pytest.importorskip("fsspec")
FILES = {"03a01Fa.wav": b"happy", "03a01Wa.wav": b"angry!"}  # EMO-DB's names: speaker 03, text a01


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def there(tmp_path):
    """A data folder with a part of EMO-DB, a file that is no recording, and another corpus."""
    root = tmp_path / "there"
    for name, held in {**{f"EmoDB/wav/{name}": held for name, held in FILES.items()}, "tess/OAF_back_sad.wav": b"s",
                       "EmoDB/erklaerung.txt": b"text"}.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(held)
    return root


@pytest.fixture
def asked():
    """The recordings that the server was asked for, in order."""
    return []


@pytest.fixture
def given():
    """Whether the server gives recordings; until then they have to be waited for."""
    event = threading.Event()
    event.set()
    return event


@pytest.fixture
def served(there, asked, given):
    """The same behind HTTP."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            if self.path.endswith(".wav"):
                asked.append(self.path)
                given.wait(60)
            super().do_GET()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=there))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def in_memory(there):
    system = fsspec.filesystem("memory")
    system.put(f"{there}/", "/bucket/corpora/", recursive=True)
    yield "memory://bucket/corpora"
    system.rm("/bucket", recursive=True)


def held(found):
    return {path.name: path.read_bytes() for path in found.paths.values()}


@pytest.mark.parametrize("kind", ["file", "http", "memory"])
def test_corpus_elsewhere_is_found_and_nothing_else_is_brought(kind, there, cache, request, monkeypatch):
    urls = {"file": lambda: f"file://{there}", "http": lambda: request.getfixturevalue("served")}
    url = urls.get(kind, lambda: request.getfixturevalue("in_memory"))()
    monkeypatch.setenv(folder.VARIABLE, url)
    found = folder.find("emodb")
    assert held(found) == FILES
    assert cache in found.folder.parents
    assert sorted(path.name for path in cache.rglob("[!.]*") if path.is_file()) == sorted([*FILES, remote.MARK])


def test_what_is_here_is_not_brought_again_and_what_changed_is(there):
    data = remote.folder(f"file://{there}/")
    assert data == remote.folder(f"file://{there}")
    paths = {path.name: path for path in folder.find("emodb", data).paths.values()}
    before = {name: path.stat().st_mtime_ns for name, path in paths.items()}
    (there / "EmoDB/wav/03a01Wa.wav").write_bytes(b"another length")
    again = folder.find("emodb", data)
    assert held(again) == {**FILES, "03a01Wa.wav": b"another length"}
    assert paths["03a01Fa.wav"].stat().st_mtime_ns == before["03a01Fa.wav"]
    (there / "EmoDB/wav/03a01Fa.wav").unlink()
    assert list(held(folder.find("emodb", data))) == ["03a01Wa.wav"]


def test_corpus_that_is_not_there_is_not_found(there):
    assert folder.find("savee", remote.folder(f"file://{there}")) is None


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("file:///nowhere/at/all", CorpusError, "file:///nowhere/at/all can't be read"),
        ("http://127.0.0.1:9", CorpusError, "http://127.0.0.1:9 can't be read"),
        ("http://127.0.0.1:99999", CorpusError, "can't be read .ValueError Port out of range"),
        ("data://x", CorpusError, "data://x can't be read .NotImplementedError"),
        ("ftp://127.0.0.1:9", CorpusError, "ftp://127.0.0.1:9 can't be read"),
        ("nonsense://x", CorpusError, "of no kind that fsspec knows"),
        ("reference://x", CorpusError, "of no kind that fsspec knows"),
        ("s3://bucket/x", (DependencyError, CorpusError), "s3://bucket/x"),
    ],
)
def test_address_that_can_not_be_read_is_named(url, error, says):
    with pytest.raises(error, match=says) as told:
        folder.find("emodb", remote.folder(url))
    assert "\n" not in str(told.value)


def test_nothing_is_fetched_into_a_url(there):
    with pytest.raises(CorpusError, match="is only read: fetch into a folder of this machine"):
        fetch("emodb", remote.folder(f"file://{there}"))


class Faulty(fsspec.AbstractFileSystem):
    """A storage whose folders are listed with the error that a test asks for."""

    protocol = "faulty"
    cachable = False
    error = OSError

    def ls(self, path, detail=True, **named):
        raise self.error("no\nsuch thing")


@pytest.fixture
def faulty(monkeypatch):
    fsspec.register_implementation("faulty", Faulty, clobber=True)
    return remote.folder("faulty://x"), functools.partial(monkeypatch.setattr, Faulty, "error")


def test_what_kinds_of_storage_raise_is_told_in_one_line(faulty):
    place, raise_ = faulty
    for error in (TimeoutError, PermissionError, ftplib.error_perm, pytest.importorskip("aiohttp").ClientPayloadError):
        raise_(error)
        with pytest.raises(CorpusError, match=rf"faulty://x can't be read \({error.__name__} no such thing\)"):
            folder.find("emodb", place)


def test_error_of_a_package_is_known_once_it_is_loaded(faulty, monkeypatch):
    place, raise_ = faulty
    azure = type(sys)("azure.core.exceptions")
    azure.AzureError = type("AzureError", (Exception,), {})
    raise_(azure.AzureError)
    with pytest.raises(azure.AzureError):
        folder.find("emodb", place)
    monkeypatch.setitem(sys.modules, "azure.core.exceptions", azure)
    with pytest.raises(CorpusError, match=r"can't be read \(AzureError no such thing\)"):
        folder.find("emodb", place)


def test_fault_of_a_program_is_not_taken_for_one_of_the_storage(faulty, there, monkeypatch):
    place, raise_ = faulty
    raise_(AttributeError)
    with pytest.raises(AttributeError, match="no\nsuch thing"):
        folder.find("emodb", place)
    monkeypatch.setattr(remote, "_mirrored", lambda *_: {}["x"])
    with pytest.raises(KeyError, match="x"):
        folder.find("emodb", remote.folder(f"file://{there}"))


class Hostile:
    """A storage with keys of somebody else's choice."""

    def __init__(self, *keys):
        self.keys = keys

    def find(self, source, detail):
        return {key: {"size": 1} for key in self.keys}

    def get_file(self, source, path):
        Path(path).write_bytes(b"x")


def leading_out(tmp_path):
    """Keys that would be written outside of the folder `target`, or that are no plain path in it."""
    return [
        f"b/EmoDB/{tmp_path}/x.wav", f"b/EmoDB//{tmp_path}/x.wav", "b/EmoDB/../x.wav", "b/EmoDB/wav/../../x.wav",
        "b/EmoDB/wav/..//../x.wav", "b/EmoDB/..\\x.wav", "b/EmoDB/\\x.wav", "b/EmoDB/\\\\host\\x.wav",
        "b/EmoDB/C:/x.wav", "b/EmoDB/C:x.wav", "b/EmoDB/wav//x.wav", "b/EmoDB/./x.wav", "b/EmoDB/x\0.wav",
        "b/EmoDB/out/x.wav", "b/other/x.wav", "x.wav",
    ]  # fmt: skip


@pytest.mark.parametrize("linked", [False, True], ids=["folder", "link to a folder"])
def test_name_that_leads_out_of_the_folder_is_passed_over(tmp_path, linked):
    target = tmp_path / "cache/EmoDB"
    real = tmp_path / "disk/EmoDB" if linked else target
    real.mkdir(parents=True)
    if linked:
        target.parent.mkdir()
        target.symlink_to(real)
    (tmp_path / "elsewhere").mkdir()
    (target / "out").symlink_to(tmp_path / "elsewhere")
    keys = ["b/EmoDB/a.wav", "b/EmoDB/wav/b..c.wav", *leading_out(tmp_path)]
    remote._mirrored(Hostile(*keys), "b/EmoDB/", target, (".wav",))
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {real / "a.wav", real / "wav/b..c.wav"}


def test_hidden_files_are_neither_brought_nor_removed_but_what_a_killed_process_left(tmp_path):
    script = "import os; print(os.getpid())"
    gone = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    (tmp_path / "wav/.hidden").mkdir(parents=True)
    left = f"wav/.a.{platform.node()}-{gone}.wav"
    kept = {f"wav/.a.{platform.node()}-{os.getppid()}.wav", f"wav/.a.elsewhere-{gone}.wav", "wav/.hidden/b.wav"}
    for name in (left, "wav/old.wav", *kept):
        (tmp_path / name).write_bytes(b"half")
    remote._mirrored(Hostile("b/wav/a.wav", "b/wav/._a.wav", "b/.trash/a.wav"), "b", tmp_path, (".wav",))
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"wav/a.wav", *kept}


FIND = """
import sys
from ser_keras.corpora import folder, remote
found = folder.find("emodb", remote.folder(sys.argv[1]))
print(*(path.name + "=" + path.read_text() for path in found.paths.values()))
"""


def test_two_processes_bring_a_corpus_once(there, served, asked, given):
    given.clear()
    command = [sys.executable, "-c", FIND, served]
    environment = {**os.environ, "PYTHONPATH": str(Path(ser_keras.__file__).parents[1])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as first:
        while not asked:
            time.sleep(0.05)
        with subprocess.Popen(command, **pipes) as second:
            told = second.stderr.readline()
            assert told == f"waiting for another process to finish bringing {served}/EmoDB\n"
            given.set()
            found = [process.communicate() for process in (first, second)]
    assert found == [("03a01Fa.wav=happy 03a01Wa.wav=angry!\n", "")] * 2
    assert sorted(asked) == [f"/EmoDB/wav/{name}" for name in FILES]
