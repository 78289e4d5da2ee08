"""How extraction grows with the number of clips: `python -m benchmarks.growth`.

Short clips of noise, a cheap pipeline, two workers; each number of clips in a process of its own. Written to
`docs/growth.json` and drawn in `docs/growth.svg`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import soundfile

from ser_keras.features import spectral, windows
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import Recording, extract
from ser_keras.files import write_json

DOCS = Path(__file__).parents[1] / "docs"
NUMBERS = (1_000, 10_000, 100_000)
RATE, SAMPLES, DIFFERENT = 8000, 2000, 100
PIPELINE = Pipeline(
    "growth",
    None,
    (step(spectral.log_mel, n_mels=16, n_fft=256, hop_length=128), step(windows.time_mean)),
    names=tuple(f"band-{number}" for number in range(16)),
)
CURVES = (  # key, what it is, unit
    ("processor_s", "extraction, processor time", "s"),
    ("clock_s", "extraction, by the clock", "s"),
    ("again_s", "second run, processor time", "s"),
    ("store_mb", "store", "MB"),
    ("main_mb", "memory of the main process", "MB"),
    ("worker_mb", "memory of a worker", "MB"),
)


def recordings(folder: Path, clips: int) -> list[Recording]:
    """Clips of noise of a quarter of a second: a hundred different ones, each under many names."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(clips):
        path = folder / f"{number}.wav"
        if number < DIFFERENT:
            soundfile.write(path, 0.1 * rng.standard_normal(SAMPLES), RATE)
        else:
            os.link(folder / f"{number % DIFFERENT}.wav", path)
        made.append(Recording(f"noise/{number}.wav", str(path)))
    return made


def peak_mb(process: int | str = "self") -> int:
    """Megabytes that a process (Linux) has held at most since its program began.

    `ru_maxrss` is no less than what the process that started it held at that moment.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6)  # its kB: KiB


def measured(clips: int, folder: Path, jobs: int = 2) -> dict:
    """What extraction and a second run take; to be called once in a process, whose peaks of memory it reads."""
    (folder / "clips").mkdir()
    made = recordings(folder / "clips", clips)
    clock, processor = time.perf_counter(), time.process_time()
    features = extract(PIPELINE, made, folder / "store", jobs=jobs)
    clock, own = time.perf_counter() - clock, time.process_time() - processor
    processor = time.process_time()
    features = extract(PIPELINE, made, folder / "store", jobs=jobs)
    again = time.process_time() - processor
    processor = time.process_time()
    for start in range(0, clips, 64):
        features.rows(range(start, min(start + 64, clips)))
    read = time.process_time() - processor
    worker_mb = _end_workers() if jobs > 1 else 0
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "clips": clips,
        "clock_s": round(clock, 2),
        "processor_s": round(own + workers.ru_utime + workers.ru_stime, 2),
        "again_s": round(again, 3),
        "read_s": round(read, 3),
        "store_mb": round(
            sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file()) / 1e6, 2
        ),
        "main_mb": peak_mb(),
        "worker_mb": worker_mb,
    }


def _end_workers() -> int:
    """End them, so that the system knows what they took; megabytes of the largest at its peak, 0 without any."""
    from joblib.externals.loky import get_reusable_executor

    executor = get_reusable_executor(reuse=True)  # whatever it was made with
    peak = max(map(peak_mb, executor._processes), default=0)
    executor.shutdown(wait=True)
    return peak


class Numbers(click.ParamType):
    """Numbers of clips, with commas between them."""

    name = "numbers"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        parts = value.split(",")
        if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
            self.fail(f"{value!r} is not a list of numbers from 1 on, as 1000,10000", param, ctx)
        return tuple(map(int, parts))


def draw(found: list[dict], path: Path) -> None:
    """Each measure against the number of clips, both on logarithmic scales, beside a line of slope 1."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams |= {"svg.hashsalt": "growth", "svg.fonttype": "none"}
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
    clips = np.array([one["clips"] for one in found])
    for axis, (key, title, unit) in zip(axes.flat, CURVES, strict=True):
        values = np.array([one[key] for one in found])
        axis.loglog(clips, values[-1] * clips / clips[-1], color="0.7", linestyle="--", label="in proportion")
        axis.loglog(clips, values, marker="o", label="measured")
        axis.set(title=title, xlabel="clips", ylabel=unit, ylim=(values.min() / 3, values.max() * 3))
    axes[0, 0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


@click.command()
@click.option(
    "--numbers", type=Numbers(), default=",".join(map(str, NUMBERS)), show_default=True, help="Numbers of clips."
)
@click.option(
    "--out",
    type=Path,
    default=DOCS / "growth.json",
    show_default=True,
    help="JSON file to write; the .svg goes beside it.",
)
@click.option("--one", type=(int, Path), hidden=True)
def main(numbers: tuple[int, ...], out: Path, one: tuple[int, Path] | None) -> None:
    """Measure time, memory and storage of extraction for growing numbers of clips."""
    if one:
        click.echo(json.dumps(measured(*one)))
        return
    found = []
    for clips in numbers:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "benchmarks.growth", "--one", str(clips), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        click.echo(found[-1])
    write_json(out, found)
    draw(found, out.with_suffix(".svg"))


if __name__ == "__main__":
    main()
