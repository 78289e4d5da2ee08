"""The page as it is served: what comes in, what is refused, what is kept."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid

import pytest
import requests
import soundfile

from ser_keras.demo import limits, uploads

BOX = "cremad (rastogi2025/cnn-lstm coded)"
API = "gradio_api"


def upload(served, path, name=None):
    with path.open("rb") as file:
        done = requests.post(f"{served.address}{API}/upload", files={"files": (name or path.name, file)}, timeout=60)
    return done.json()[0] if done.ok else done


def ask(served, path, models=(BOX,), name="mine.wav", **other):
    """What the page shows of an upload: HTML, or the refusal."""
    data = {"path": str(path), "orig_name": name, "meta": {"_type": "gradio.FileData"}, **other}
    done = requests.post(f"{served.address}{API}/call/listen", json={"data": [data, list(models)]}, timeout=60)
    if not done.ok:
        return done
    told = requests.get(f"{served.address}{API}/call/listen/{done.json()['event_id']}", timeout=120).text
    event, _, rest = told.strip().rpartition("\n\n")[2].partition("\n")
    assert event in ("event: complete", "event: error"), told
    return json.loads(rest.removeprefix("data: "))


def test_recording_is_answered_and_gone(served, clip):
    (answer,) = ask(served, upload(served, clip))
    assert "mine.wav" in answer
    assert BOX in answer
    assert answer.count('role="img"') == 2
    assert "Pitch (f0), mean" in answer
    assert served.kept == []


def test_several_models_answer_side_by_side(served, clip):
    names = [BOX, "rastogi2025/cnn-lstm coded held-out speakers seed 0"]
    (answer,) = ask(served, upload(served, clip), names)
    assert answer.count('<table class="shares">') == 2
    assert all(name in answer for name in names)


def test_corrupt_recording_is_one_line_and_gone(served, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but no more")
    (answer,) = ask(served, upload(served, tmp_path / "bad.wav"))
    assert answer.startswith('<p class="fault" role="alert">mine.wav is no readable recording')
    assert "/" not in answer.partition(">")[2].removesuffix("</p>")
    assert served.kept == []


@pytest.mark.parametrize("name", ["../../../evil.wav", "/etc/evil.wav", "a\x00b.wav", "é" * 100, "-rf.wav"])
def test_upload_stays_in_its_folder_whatever_its_name_is(served, clip, name):
    found = upload(served, clip, name)
    if not isinstance(found, str):
        assert 400 <= found.status_code < 600
        return
    assert uploads.inside(found, served.temporary)
    assert "<h2>mine.wav</h2>" in ask(served, found)[0]


def test_name_of_a_recording_is_text(served, clip):
    (answer,) = ask(served, upload(served, clip), name="<script>alert(1)</script>${1+1}.wav")
    assert "<script" not in answer
    assert "&lt;script&gt;" in answer


@pytest.mark.parametrize("path", ["/etc/passwd", "setup.cfg", "https://example.org/a.wav", "http://127.0.0.1/", ""])
def test_only_an_upload_can_be_asked_about(served, path):
    done = ask(served, path)
    assert done.status_code == 403
    assert done.text == "Only a recording that was uploaded here can be asked about."


def test_file_that_hides_in_another_part_of_the_question_is_refused(served, clip):
    ours = upload(served, clip)
    assert ask(served, ours, subtitles={"path": "/etc/passwd"}).status_code == 403
    hidden = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    assert ask(served, ours, models=[hidden]).status_code == 403
    assert ask(served, f"{ours}/../../../../../etc/passwd").status_code == 403
    ask(served, ours)
    assert served.kept == []


@pytest.mark.parametrize(
    ("way", "status"),
    [
        (f"{API}/file=/etc/passwd", 403),
        (f"{API}/file=../../../../../../../../etc/passwd", 403),
        (f"{API}/file=%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 403),
        (f"{API}/file=https://example.org/", 403),
        (f"{API}/file/etc/passwd", 404),
        (f"{API}/proxy=https://example.org/", 404),
        (f"{API}/run-history/records", 404),
        (f"{API}/vibe-code", 404),
        (f"{API}/deep_link", 404),
        ("monitoring", 404),
        ("assets/../../../../../../../../etc/passwd", 403),
        ("static/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd", 403),
        ("docs", 404),
    ],
)
def test_nothing_else_is_served(served, way, status):
    host, port = served.address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:  # as it stands: clients tidy paths up
        raw.sendall(f"GET /{way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        told = b"".join(iter(lambda: raw.recv(65536), b"")).decode("utf-8", "replace")
    assert told.startswith(f"HTTP/1.1 {status} ")
    assert "root:" not in told


def test_web_socket_is_closed(served):
    host, port = served.address.removeprefix("http://").rstrip("/").split(":")
    ask = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(f"GET /{API}/queue/join HTTP/1.1\r\nHost: x\r\n{ask}Sec-WebSocket-Key: YQ==\r\n\r\n".encode())
        assert raw.recv(65536).split()[1] in (b"403", b"404")


@pytest.mark.parametrize("way", [f"{API}/process_recording", f"{API}/component_server", f"{API}/vibe-edit", "login"])
def test_nothing_else_takes_anything(served, way):
    assert requests.post(f"{served.address}{way}", json={}, timeout=30).status_code == 404


def test_large_upload_is_refused_before_it_is_taken(served):
    done = requests.post(
        f"{served.address}{API}/upload", data=b"x" * (limits.LARGEST + limits.ENVELOPE + 1), timeout=60
    )
    assert (done.status_code, done.text) == (413, "A recording may have 25 MB at most.")
    unsaid = requests.post(f"{served.address}{API}/upload", data=iter([b"x"]), timeout=60)
    assert unsaid.status_code == 411
    assert served.kept == []


def test_question_that_is_too_long_or_no_json_is_refused(served):
    way = f"{served.address}{API}/call/listen"
    assert requests.post(way, data=b" " * (limits.ENVELOPE + 1), timeout=30).status_code == 413
    assert requests.post(way, data=b"{", timeout=30).status_code == 400
    assert requests.post(way, data=b"[" * 60_000, timeout=30).status_code == 400


def test_long_recording_is_refused_quickly(served, tmp_path):
    soundfile.write(tmp_path / "hour.flac", [0.1, -0.1] * (1800 * 8000), 8000)
    (answer,) = ask(served, upload(served, tmp_path / "hour.flac"))
    assert "mine.wav is longer than 60 s" in answer
    assert served.kept == []


def test_page_asks_no_other_host_for_anything(served):
    page = requests.get(served.address, timeout=30)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_page_tells_what_the_model_must_not_be_used_for(served):
    config = requests.get(f"{served.address}config", timeout=30).text
    assert "no hiring, no policing, no covert monitoring" in config
    assert "52.04 %" in config  # the card's accuracy on unheard speakers


def test_page_is_for_this_computer_alone(served):
    assert served.address.startswith("http://127.0.0.1:")


def test_upload_that_nobody_asks_about_is_swept(tmp_path):
    old, new = tmp_path / uuid.uuid4().hex / "old.wav", tmp_path / "new.wav"
    old.parent.mkdir()
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 61,) * 2)
    uploads.sweep(tmp_path, 60)
    assert list(tmp_path.iterdir()) == [new]


def test_uploads_of_a_killed_server_go_with_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, running = (tmp_path / f"ser-keras-demo-{one}-x" for one in (gone.pid, os.getpid()))
    for folder in (left, running):
        folder.mkdir()
        (folder / "a.wav").write_bytes(b"x")
    with uploads.folder() as ours:
        assert sorted(tmp_path.iterdir()) == sorted([ours, running])
        assert ours.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == [running]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_ended_server_leaves_nothing(tmp_path, how, code):
    """With a page that says nothing, which starts at once; the real one ends the same way."""
    script = """if True:
        import sys, uvicorn
        from ser_keras import cli
        from ser_keras.demo import __main__ as command
        async def page(scope, receive, send):
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body"})
        def prepared(out, folder):
            (folder / "a.wav").write_bytes(b"x")
            return {"a": None}, ["a run"], uvicorn.Server(uvicorn.Config(page, log_level="warning", lifespan="off"))
        command._prepared = prepared
        cli.run(command.demo, ["--port", "0"])"""
    done = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    address = done.stdout.readline().split()[0]
    assert requests.get(address, timeout=120).ok
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["a.wav"]
    done.send_signal(how)
    _, told = done.communicate(timeout=120)
    interrupted = "interrupted: the page is closed, and nothing that was uploaded is kept\n"
    assert (done.returncode, told) == (code, "left out: a run\n" + (interrupted if how == signal.SIGINT else ""))
    assert list(tmp_path.iterdir()) == []


def test_taken_port_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "ser_keras.demo", "--port", str(port)], capture_output=True, text=True
        )
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1:{port} (Address already in use): give")
    assert done.stderr.count("\n") == 1


def test_missing_extra_is_one_line(tmp_path):
    code = "import sys; sys.modules['gradio'] = None; sys.argv = ['demo', '--port', '0']\n"
    code += "from ser_keras import cli; from ser_keras.demo.__main__ import demo; cli.run(demo)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        3,
        'error: the demo needs gradio, which is missing: pip install "ser_keras[demo]"\n',
    )
