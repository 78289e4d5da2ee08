"""A data folder that is named by a URL: what a corpus has there is here when it is looked for, and read as ever."""

import functools
import http.server
import threading

import pytest

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
def served(there):
    """The same behind HTTP."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

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
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == sorted([*FILES, remote.MARK])


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
        ("nonsense://x", CorpusError, "of no kind that fsspec knows"),
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


def test_name_that_leads_out_of_the_folder_is_passed_over(tmp_path):
    class Hostile:
        def find(self, source, detail):
            return {"b/EmoDB/../../x.wav": {"size": 1}, "b/EmoDB/a.wav": {"size": 2}}

    assert dict(remote._files(Hostile(), "b/EmoDB", (".wav",))) == {"a.wav": 2}
