"""`python -m benchmarks.startup RUN CLIP`: what commands take to start, and an answer to come with Keras and without.

Told are seconds of processor time, which another program on the machine moves less than those of the clock, and the
memory at its most; each the median of several starts, the commands taking turns.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click

from ser_keras import cli
from ser_keras.errors import RunError
from ser_keras.files import write_json

FOUND = Path(__file__).with_name("found") / "startup.json"
QUICK = (
    ("ser_keras", "--help"), ("ser_keras.reproduce", "--help"), ("ser_keras.reproduce",), ("ser_keras.audit",),
    ("ser_keras.cite", "yadav2022"), ("ser_keras.corpora", "list"), ("ser_keras.leakage", "--help"),
    ("ser_keras.predict", "--help"), ("ser_keras.report", "--help"),
)  # fmt: skip


def measured(arguments: Sequence[str]) -> tuple[float, float]:
    """Processor seconds and MiB of a command of ours, in a process of its own.

    Raises
    ------
    RunError : the command fails
    """
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', *sys.argv[1:]], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "sys.stderr.write(done.stderr if done.returncode else '')\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    code, seconds, memory = map(float, done.stdout.split())
    if code:
        raise RunError(f"python -m {' '.join(arguments)} fails: {done.stderr.strip()[-300:]}")
    return seconds, memory


def taken(commands: Sequence[Sequence[str]], rounds: int) -> list[dict]:
    """Medians of each command over several rounds of all of them."""
    each: list[list[tuple[float, float]]] = [[] for _ in commands]
    for _ in range(rounds):
        for values, command in zip(each, commands, strict=True):
            values.append(measured(command))
    return [
        {"command": " ".join(command), "seconds": median(s for s, _ in values), "mib": median(m for _, m in values)}
        for command, values in zip(commands, each, strict=True)
    ]


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
    with tempfile.TemporaryDirectory() as folder:
        exported = export(run, "onnx", Path(folder) / "onnx")
        hears = [("ser_keras.predict", str(clip), "--run", str(place)) for place in (run, exported)]
        *quick, with_keras, with_onnx = taken([*QUICK, *hears], rounds)
    with_keras["command"], with_onnx["command"] = "predict, Keras on TensorFlow", "predict, ONNX"
    for one in (*quick, with_keras, with_onnx):
        click.echo(f"{one['command']:32}{one['seconds']:8.2f} s{one['mib']:8.0f} MiB")
    times = with_keras["seconds"] / with_onnx["seconds"]
    click.echo(f"ONNX against Keras: {times:.1f} times as fast to an answer")
    where = provenance()
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware")}
    write_json(out, {**found, "rounds": rounds, "starts": [*quick, with_keras, with_onnx], "times": times})
    click.echo(out)


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.startup")
