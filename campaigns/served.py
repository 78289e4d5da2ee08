"""A corpus of noise that is registered for one campaign, and a slow web server on this machine that has it."""

import contextlib
import hashlib
import io
import re
import threading
import time
import wave
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "killed"
CLIPS, SAMPLES = 24, 40_000
BLOCK, PAUSE = 1 << 14, 0.02  # bytes at a time, and the seconds between: 0.8 MB/s
TOML = f"""title = "Noise"\nlicence = "none"\ncitation = "none"\nhomepage = "none"\nfolders = ["{NAME}"]
by_hand = "make it"\n"""


def clips() -> dict[str, bytes]:
    """Recordings of noise by file name."""
    made = {}
    for number in range(CLIPS):
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(16000)
            out.writeframes(hashlib.shake_128(f"{number}".encode()).digest(2 * SAMPLES))
        made[f"{number:02d}.wav"] = buffer.getvalue()
    return made


def register(folder: Path) -> Path:
    """A folder for PYTHONPATH that holds an installed package with the corpus's manifest."""
    package, info = folder / "killed_corpus", folder / "killed_corpus-1.dist-info"
    for made in (package, info):
        made.mkdir(parents=True)
    rows = ["file,bytes,sha256,emotion,code,speaker,gender,text"]
    for name, content in clips().items():
        rows.append(f"{name},{len(content)},{hashlib.sha256(content).hexdigest()},sad,S,{name[0]},female,t")
    (package / "__init__.py").touch()
    (package / "corpus.toml").write_text(TOML, encoding="utf-8")
    (package / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: killed_corpus\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[ser_keras.corpora]\n{NAME} = killed_corpus\n", encoding="utf-8")
    return folder


@dataclass
class Served:
    """Where a server answers, and what it was asked for: (path, first byte)."""

    address: str
    asked: list[tuple[str, int]] = field(default_factory=list)


@contextlib.contextmanager
def server() -> Iterator[Served]:
    """A slow server of the clips, and of an archive of them at /killed.zip, that understands Range."""
    files = {f"/{name}": content for name, content in clips().items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name[1:]), content)
    files[f"/{NAME}.zip"] = packed.getvalue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = files[self.path]
            stated = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            begin = int(stated[1]) if stated else 0
            served.asked.append((self.path, begin))
            if begin >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(content) - begin))
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for place in range(begin, len(content), BLOCK):
                    self.wfile.write(content[place : place + BLOCK])
                    time.sleep(PAUSE)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of connections that a kill broke off."""

    listening = Quiet(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{listening.server_address[1]}")
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
