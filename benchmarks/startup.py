"""`python -m benchmarks.startup RUN CLIP`: what commands take to start, and an answer to come with Keras and without.

Told are seconds of processor time, which another program on the machine moves less than those of the clock, the latter
as well, and the memory at its most; each the median of several starts, the commands taking turns. Those that find all
finished are given once before, in a folder of their own on synthetic recordings, which takes a minute or two. Of a
network, loading and the first two calls of `predict` on one clip are told apart, in a process of their own.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click

from benchmarks.machine import five_minute_load
from ser_keras import cli
from ser_keras.errors import RunError
from ser_keras.evaluation.leakage import KINDS, OTHER_KINDS
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found") / "startup.json"
QUICK = (
    ("ser_keras", "--help"), ("ser_keras.reproduce", "--help"), ("ser_keras.reproduce",), ("ser_keras.audit",),
    ("ser_keras.cite", "yadav2022"), ("ser_keras.corpora", "list"), ("ser_keras.leakage", "--help"),
    ("ser_keras.predict", "--help"), ("ser_keras.report", "--help"), ("ser_keras.results", "--help"),
)  # fmt: skip
RUNS = "RUNS"  # stands for a folder that is made for it
SYNTHETIC = ("--quick", "--epochs", "1", "--out", RUNS)
FINISHED = (
    ("ser_keras.reproduce", "rastogi2025/mlp", "--corpora", "synthetic", *SYNTHETIC),
    ("ser_keras.ablate", "sankaran2023/ann", "--corpora", "synthetic", "--choices", "n_mfcc", "--seeds", "1",
     *SYNTHETIC),
    ("ser_keras.compare", "rastogi2025/mlp", "--corpora", "ravdess,tess", "--recordings", "synthetic", *SYNTHETIC),
)  # fmt: skip
SPLIT = f"{RUNS}/rastogi2025/mlp/coded/published/seed-0/split.csv"
STORED = (
    ("ser_keras.leakage", SPLIT, *(f"--allow={kind}" for kind in (*KINDS, *OTHER_KINDS))),
    ("ser_keras.features", "info", "--cache", f"{RUNS}/cache/features"),
    ("ser_keras.features", "table", "rastogi2025/mlp", "--data", f"{RUNS}/cache/synthetic-8", "--cache",
     f"{RUNS}/cache/features", "--out", f"{RUNS}/table.csv"),
    ("ser_keras.report", RUNS, "rastogi2025", "--format", "latex"),
    ("ser_keras.report", RUNS, "rastogi2025"),
)  # fmt: skip
FORMS = ("Keras on TensorFlow", "ONNX")
START = """
import json, resource, subprocess, sys, time
before = time.perf_counter()
done = subprocess.run([sys.executable, "-m", *sys.argv[1:]], capture_output=True, text=True)
clock = time.perf_counter() - before
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.write(done.stderr if done.returncode else "")
seconds = used.ru_utime + used.ru_stime
print(json.dumps({"processor_s": seconds, "clock_s": clock, "mib": used.ru_maxrss / 1024}))
sys.exit(done.returncode)
"""
CALLS = """
import json, sys, time
def now():
    return time.process_time(), time.perf_counter()
times = [now()]
import ser_keras
model = ser_keras.load(sys.argv[1])
times.append(now())
for _ in range(2):
    model.predict(sys.argv[2])
    times.append(now())
print(json.dumps({
    f"{name}_{kind}": end - start
    for name, before, after in zip(("load", "first", "second"), times, times[1:])
    for kind, start, end in zip(("processor_s", "clock_s"), before, after)
}))
"""


def measured(script: str, arguments: Sequence[str]) -> dict[str, float]:
    """What a script tells of a start (`START`: of a command of ours) or of calls (`CALLS`), in a process of its own.

    Raises
    ------
    RunError : the script or its command fails
    """
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"{' '.join(arguments)} fails: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


def taken(script: str, many: Sequence[Sequence[str]], rounds: int) -> list[dict[str, float]]:
    """Medians for each of many arguments of a script, over several rounds of all of them."""
    each: list[list[dict[str, float]]] = [[] for _ in many]
    for _ in range(rounds):
        for values, arguments in zip(each, many, strict=True):
            values.append(measured(script, arguments))
    return [{key: median(one[key] for one in values) for key in values[0]} for values in each]


def _short(command: Sequence[str]) -> str:
    """A command without the options that name places and what is allowed."""
    words = list(command)
    for option in ("--cache", "--data", "--out"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    return " ".join(word.replace(SPLIT, "SPLIT.csv") for word in words if not word.startswith("--allow"))


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("clip", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(run: Path, clip: Path, rounds: int, out: Path) -> None:
    """Measure start-up of commands, and `predict` on CLIP with the network of RUN in Keras and in ONNX."""
    with cli.quiet_imports():
        from ser_keras.export import export
        from ser_keras.provenance import provenance
        from ser_keras.report.runs import read
    with tempfile.TemporaryDirectory() as folder:
        exported = export(run, "onnx", Path(folder) / "onnx")
        hears = [("ser_keras.predict", str(clip), "--run", str(place)) for place in (run, exported)]
        placed = [[part.replace(RUNS, f"{folder}/runs") for part in command] for command in (*FINISHED, *STORED)]
        for command in placed:
            measured(START, command)  # it takes longer the first time
        figures = taken(START, [*QUICK, *placed, *hears], rounds)
        calls = taken(CALLS, [(str(run), str(clip)), (str(exported), str(clip))], rounds)
    commands = [*map(" ".join, QUICK), *(f"{' '.join(command[:2])}, finished" for command in FINISHED)]
    commands += [_short(command) for command in STORED] + [f"ser_keras.predict, {form}" for form in FORMS]
    starts = [{"command": name, **one} for name, one in zip(commands, figures, strict=True)]
    calls = [{"network": form, **one} for form, one in zip(FORMS, calls, strict=True)]
    for one in starts:
        click.echo(f"{one['command']:45}{one['processor_s']:8.2f} s{one['clock_s']:8.2f} s{one['mib']:8.0f} MiB")
    times = starts[-2]["processor_s"] / starts[-1]["processor_s"]
    click.echo(f"ONNX against Keras: {times:.1f} times as fast to an answer")
    heard, where = read(run), provenance()
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware")}
    found |= {"rounds": rounds, "load": five_minute_load()}
    found["experiment"] = f"{heard.record['paper']}/{heard.record['experiment']}"
    write_json(out, {**found, "starts": starts, "calls": calls, "times": times})
    click.echo(out)


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.startup")
