"""The web page under a crowd: many visitors at once, visitors who leave, recordings that are too long or too large.

    python -m campaigns.demo --uploads 200 --json campaigns/found/demo.json

Every visitor's recording is another one, with the visitor's number as its name, so that an answer that is lost or goes
to somebody else is seen. The page is a process of its own; its memory is what the kernel counts.
"""

import asyncio
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import httpx
import numpy as np
import soundfile

RATE = 16000
SECONDS = (1.0, 10.0)  # of a visitor's recording
MODEL = "cremad (rastogi2025/cnn-lstm coded)"
PATIENCE_S = 3600.0


@dataclass(frozen=True)
class Visit:
    """What came of a visitor: seconds until the answer, and whether it was the visitor's own."""

    seconds: float
    own: bool


def recording(number: int, seconds: float) -> bytes:
    """A WAV of one tone, another for each number."""
    wave = 0.5 * np.sin(2 * np.pi * (100 + number) * np.arange(round(seconds * RATE)) / RATE)
    stream = io.BytesIO()
    soundfile.write(stream, wave, RATE, format="WAV")
    return stream.getvalue()


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str) -> str:
    """Upload a recording; gives what the page calls it."""
    done = await client.post("gradio_api/upload", files={"files": (name, content)})
    done.raise_for_status()
    return done.json()[0]


async def asked(client: httpx.AsyncClient, path: str, name: str) -> str:
    """Ask about an upload; gives the number of the question."""
    file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    done = await client.post("gradio_api/call/listen", json={"data": [file, [MODEL]]})
    done.raise_for_status()
    return done.json()["event_id"]


async def answered(client: httpx.AsyncClient, question: str) -> str:
    """The answer to a question, waited for."""
    async with client.stream("GET", f"gradio_api/call/listen/{question}") as told:
        event = ""
        async for line in told.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event in ("complete", "error"):
                return line.removeprefix("data: ")
    return ""


async def visit(client: httpx.AsyncClient, number: int, seconds: float) -> Visit:
    """Upload, ask, wait."""
    name, clock = f"visitor-{number}.wav", time.monotonic()
    question = await asked(client, await uploaded(client, recording(number, seconds), name), name)
    answer = await answered(client, question)
    own = f"<h2>{name}</h2>" in answer and 'class=\\"shares\\"' in answer
    return Visit(time.monotonic() - clock, own)


def connected(address: str) -> httpx.AsyncClient:
    """A client that does not give up, and takes as many connections as there are visitors."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=address, timeout=PATIENCE_S, limits=limits, trust_env=False)


async def crowd(address: str, uploads: int, seed: int = 0) -> list[Visit]:
    """So many visitors at once."""
    rng = random.Random(seed)
    async with connected(address) as client:
        return await asyncio.gather(*(visit(client, number, rng.uniform(*SECONDS)) for number in range(uploads)))


async def leavers(address: str, number: int) -> None:
    """Visitors who upload and leave, and as many who ask and leave before they are answered."""
    async with connected(address) as client:
        for one in range(number):
            await uploaded(client, recording(one, 2.0), f"left-{one}.wav")
        for one in range(number):
            path = await uploaded(client, recording(1000 + one, 2.0), f"asked-{one}.wav")
            await asked(client, path, f"asked-{one}.wav")


async def refusals(address: str) -> dict[str, float]:
    """Seconds until an hour, and a file of over 25 MB, are refused."""
    stream, taken = io.BytesIO(), {}
    soundfile.write(stream, np.tile([0.1, -0.1], 1800 * 8000), 8000, format="FLAC")
    async with connected(address) as client:
        clock = time.monotonic()
        question = await asked(client, await uploaded(client, stream.getvalue(), "hour.flac"), "hour.flac")
        if "is longer than 60 s" not in await answered(client, question):
            raise RuntimeError("an hour was not refused")
        taken["hour_s"] = round(time.monotonic() - clock, 2)
        clock = time.monotonic()
        done = await client.post("gradio_api/upload", files={"files": ("large.wav", bytes(26 * 2**20))})
        if done.status_code != 413:
            raise RuntimeError("a file of 26 MB was not refused")
        taken["large_s"] = round(time.monotonic() - clock, 2)
    return taken


def resident(process: int, kind: str = "VmRSS") -> int:
    """MiB of memory that a process has, or (VmHWM) has had at most."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) // 1024


def kept(folder: Path) -> int:
    """How many files there are in the page's folder for uploads."""
    return sum(path.is_file() for path in folder.glob("ser-keras-demo-*/**/*"))


def gone_after(folder: Path, patience: float = 300.0) -> float:
    """Seconds until no upload is kept."""
    clock = time.monotonic()
    while kept(folder):
        if time.monotonic() - clock > patience:
            raise RuntimeError(f"{kept(folder)} uploads are still kept after {patience:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - clock


def campaign(uploads: int, leaving: int, folder: Path) -> dict:
    """Start the page, send the crowd, and tell what came of it."""
    command = [sys.executable, "-m", "ser_keras.demo", "--port", "0", "--out", str(folder / "none")]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        address = process.stdout.readline().split()[0]
        asyncio.run(crowd(address, 1))  # loads the network
        before, clock = resident(process.pid), time.monotonic()
        visits = asyncio.run(crowd(address, uploads))
        seconds, left_over = time.monotonic() - clock, kept(folder)
        refused = asyncio.run(refusals(address))
        asyncio.run(leavers(address, leaving))
        gone = gone_after(folder)
        peak = resident(process.pid, "VmHWM")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    waits = sorted(one.seconds for one in visits)
    return {
        "cores": os.cpu_count(),
        "uploads": uploads,
        "answered": len(visits),
        "own": sum(one.own for one in visits),
        "seconds": round(seconds, 1),
        "median_s": round(waits[len(waits) // 2], 1),
        "slowest_s": round(waits[-1], 1),
        "before_mib": before,
        "peak_mib": peak,
        "kept_after_answers": left_over,
        **refused,
        "leaving": 2 * leaving,
        "gone_after_s": round(gone, 1),
        "kept_at_the_end": kept(folder),
    }


@click.command()
@click.option(
    "--uploads", type=click.IntRange(1, 256), default=200, show_default=True, help="Number of simultaneous visitors."
)
@click.option(
    "--leaving", type=int, default=10, show_default=True, help="Number of visitors who leave, of either kind."
)
@click.option("--json", "path", type=Path, help="JSON file to write the findings to.")
def main(uploads: int, leaving: int, path: Path | None) -> None:
    """Load-test the web page: check that every visitor is answered and nothing is kept."""
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(uploads, leaving, Path(folder))
    text = json.dumps(found, indent=1) + "\n"
    if path:
        path.write_text(text, encoding="utf-8")
    click.echo(text, nl=False)
    raise SystemExit(0 if found["own"] == uploads and not found["kept_at_the_end"] else 1)


if __name__ == "__main__":
    main()
