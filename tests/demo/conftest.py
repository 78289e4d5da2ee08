"""A folder of runs, and the page as a visitor meets it: a server of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_keras import boxed

RATE = 16000


def tone(hertz=220.0, seconds=1.0, rate=RATE, peak=0.5):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@dataclass
class Served:
    """A running page: its address, its process, and the folder for temporary files that it was given."""

    address: str
    process: subprocess.Popen
    temporary: Path

    @property
    def kept(self) -> list[Path]:
        """The files that are in its folder of uploads."""
        (folder,) = self.temporary.glob("ser-keras-demo-*")
        return [path for path in folder.rglob("*") if path.is_file()]


def serve(temporary: Path, *arguments: object) -> Served:
    """Start the command; gives the page when it can be had."""
    temporary.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "ser_keras.demo", "--port", "0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=temporary,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
    )
    line = process.stdout.readline()
    if not line.startswith("http://"):
        process.kill()
        pytest.fail(f"no page: {line}{process.communicate()[1]}")
    return Served(line.split()[0], process, temporary)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder with one finished run, which is the model in the box by another name, and one that can't predict."""
    out = tmp_path_factory.mktemp("runs")
    box = Path(boxed.__file__).parent / "cremad"
    for seed in (0, 1):
        folder = out / "rastogi2025" / "cnn-lstm" / "coded" / "held-out speakers" / f"seed-{seed}"
        shutil.copytree(box, folder)
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        del record["name"]
        (folder / "run.json").write_text(json.dumps(record | {"seed": seed}), encoding="utf-8")
    (folder / "model.keras").unlink()
    return out


@pytest.fixture(scope="session")
def served(runs, tmp_path_factory):
    page = serve(tmp_path_factory.mktemp("served"), "--out", runs)
    yield page
    page.process.send_signal(signal.SIGINT)
    page.process.communicate(timeout=120)


@pytest.fixture
def clip(tmp_path):
    """A second of a tone, with a second that is louder."""
    path = tmp_path / "a tone.wav"
    soundfile.write(path, np.concatenate([tone(), tone(330, peak=0.8)]), RATE)
    return path
