"""A corpus of five tiny recordings in EMO-DB's naming, and a web server that can break off."""

import hashlib
import io
import re
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ser_keras.corpora import emodb
from ser_keras.corpora.manifest import COLUMNS, Corpus, Manifest, Source, read_manifest


def tiny_wav(seed: int) -> bytes:
    """A WAV of a few thousand arbitrary samples, as long as `seed` says: no two seeds give equal files."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(b"".join(hashlib.sha256(f"{seed} {n}".encode()).digest() for n in range(100 + seed)))
    return buffer.getvalue()


@dataclass(frozen=True)
class Tiny:
    """A description, a manifest, a loader, and the recordings: manifest file → content."""

    corpus: Corpus
    manifest: Manifest
    clips: dict[str, bytes]
    labels = staticmethod(emodb.labels)

    def known(self) -> tuple:
        return self.corpus, self.manifest, self.labels

    def write(self, folder: Path) -> None:
        for file, content in self.clips.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def at(self, address: str, **stated) -> tuple:
        described = Corpus(**{**vars(self.corpus), "source": Source(address, **stated)})
        return described, self.manifest, self.labels


@pytest.fixture
def tiny() -> Tiny:
    """Five clips of three speakers; the last two are the same recording under two names, as in CREMA-D."""
    names = ["wav/03a01Fa.wav", "wav/03a02Wb.wav", "wav/08b10Na.wav", "wav/16a04La.wav", "wav/16a04Lb.wav"]
    clips = {name: tiny_wav(min(seed, 3)) for seed, name in enumerate(names)}
    rows = [",".join([*COLUMNS, "text", "version"])]
    for name, content in clips.items():
        says = emodb.labels(name)
        extras = [value for _, value in says.extras]
        checksum = hashlib.sha256(content).hexdigest()
        rows.append(
            ",".join([name, str(len(content)), checksum, says.emotion, says.code, says.speaker, says.gender, *extras])
        )
    corpus = Corpus(
        name="tiny",
        title="Tiny",
        licence="none",
        citation="none",
        homepage="none",
        folders=("tiny", "Tiny Corpus"),
        by_hand="ask Ada for it, and put it under {folder}",
    )
    return Tiny(corpus, read_manifest("\n".join(rows).encode()), clips)


@dataclass
class Server:
    """Files by path, and how answers misbehave.

    `cuts` are the bytes after which the next answers break off (None: not at all); `always_cut` holds for every one
    after them; `ranges` says whether Range is understood, and `shift` by how many bytes it is misunderstood; the
    first `busy` answers are 503; `most` is how many bytes a part has at most; `lengths` says
    whether answers state theirs; `asked` gathers (path, Range header).
    """

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int | None] = field(default_factory=list)
    always_cut: int | None = None
    ranges: bool = True
    shift: int = 0
    busy: int = 0
    most: int | None = None
    lengths: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on this machine, started for one test."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            script.asked.append((self.path, self.headers.get("Range")))
            if script.busy:
                script.busy -= 1
                self._head(503, 0, {})
            elif self.path in script.redirects:
                self._head(302, 0, {"Location": script.redirects[self.path]})
            elif self.path in script.files:
                self._send(script.files[self.path])
            else:
                self._head(404, 0, {})

        def _send(self, content):
            stated = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            begin = int(stated[1]) + script.shift if stated and script.ranges else 0
            body = content[begin:]
            if begin >= len(content) > 0:
                self._head(416, 0, {"Content-Range": f"bytes */{len(content)}"})
                return
            body = body[: script.most] if begin else body
            stated = {"Content-Range": f"bytes {begin}-{begin + len(body) - 1}/{len(content)}"} if begin else {}
            self._head(206 if begin else 200, len(body), stated)
            cut = script.cuts.pop(0) if script.cuts else script.always_cut
            self.wfile.write(body[:cut])
            if cut is not None and cut < len(body):
                self.close_connection = True

        def _head(self, status, length, headers):
            self.send_response(status)
            stated = {"Content-Length": str(length)} if script.lengths else {"Connection": "close"}
            for name, value in {**stated, **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    script = Server(f"http://127.0.0.1:{listening.server_address[1]}")
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield script
    listening.shutdown()
    listening.server_close()
    thread.join()
