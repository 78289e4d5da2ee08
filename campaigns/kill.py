"""A command that is killed at random moments, again and again, comes to what it comes to undisturbed.

    python -m campaigns.kill --kills 50 --json kill.json rastogi2025/mlp --corpora synthetic --quick

The arguments are those of `ser_keras.reproduce`, whose processes are all killed (SIGKILL) at a moment drawn evenly from
the length of the undisturbed run. The same command is given until it is through; then its folder must hold the same
`predictions.csv`, `split.csv` and `report.json`, and nothing half written. Of `report.json` the moments and durations
are left out of the comparison, since no two runs share them.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click

from campaigns.stages import without_times

SURE = ("predictions.csv", "split.csv")  # to the byte


def outcome(out: Path) -> dict[str, object]:
    """What a command came to: the files of its runs and reports by their path, and what is half written."""
    runs = {path for record in out.glob("*/*/*/*/*/run.json") for path in record.parent.iterdir()}
    found: dict[str, object] = {}
    for path in sorted(runs):
        name = str(path.relative_to(out))
        found[name] = path.read_bytes() if path.name in SURE else "is there"
    for path in out.glob("*/report/report.json"):
        found[str(path.relative_to(out))] = without_times(json.loads(path.read_text(encoding="utf-8")))
    return found


def started(arguments: tuple[str, ...], out: Path, told: Path) -> subprocess.Popen:
    """The command, in a group of processes of its own, with what it tells in a file."""
    command = [sys.executable, "-m", "ser_keras.reproduce", *arguments, "--out", str(out)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with told.open("wb") as stream:
        return subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True, env=environment)


def phase(told: Path) -> str:
    """What a command was at, by the last bar on its stderr: the pipeline, or the training; "start" before the first."""
    bars = re.findall(r"([^\r\n:]+): +\d+%", told.read_text(encoding="utf-8", errors="replace"))
    return bars[-1].strip() if bars else "start"


def killed(arguments: tuple[str, ...], out: Path, seconds: float, told: Path) -> str | None:
    """Run the command for so long and kill it; what it was at, or None if it was through before.

    Raises
    ------
    RuntimeError : it failed of itself
    """
    process = started(arguments, out, told)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return phase(told)
    if code:
        raise RuntimeError(f"the command left with {code}: {told.read_text(errors='replace')[-2000:]}")
    return None


def campaign(arguments: tuple[str, ...], kills: int, seed: int, folder: Path) -> dict:
    """Kill a command so many times, in as many rounds as it takes; each round ends when the command is through."""
    rng, told = random.Random(seed), folder / "told.txt"
    clock = time.monotonic()
    if killed(arguments, folder / "undisturbed", 3600, told) is not None:
        raise RuntimeError("the undisturbed command took over an hour: give one that is shorter")
    length = time.monotonic() - clock
    wanted = outcome(folder / "undisturbed")
    phases: Counter[str] = Counter()
    rounds, differing = [], []
    while phases.total() < kills:
        out, before = folder / "killed", phases.total()
        while phases.total() < kills and (at := killed(arguments, out, rng.uniform(0, length), told)) is not None:
            phases[at] += 1
        killed(arguments, out, 3600, told)
        found = outcome(out)
        differing += sorted(name for name in set(wanted) | set(found) if wanted.get(name) != found.get(name))
        rounds.append(phases.total() - before)
        click.echo(f"round {len(rounds)}: {rounds[-1]} kills, {len(differing)} files differ so far", err=True)
        shutil.rmtree(out)
    return {
        "command": ["python", "-m", "ser_keras.reproduce", *arguments],
        "seed": seed,
        "kills": phases.total(),
        "rounds": rounds,
        "phases": dict(phases.most_common()),
        "undisturbed_s": round(length, 1),
        "compared_files": len(wanted),
        "differing": differing,
    }


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--kills", type=int, default=50, show_default=True)
@click.option("--kill-seed", "seed", type=int, default=0, show_default=True, help="Seed of the random moments.")
@click.option("--json", "path", type=Path, help="JSON file to write the findings to.")
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED)
def main(kills: int, seed: int, path: Path | None, arguments: tuple[str, ...]) -> None:
    """Kill `ser_keras.reproduce ARGUMENTS` at random moments, and check that the results do not change."""
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(arguments, kills, seed, Path(folder))
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if path:
        path.write_text(text, encoding="utf-8")
    click.echo(text, nl=False)
    raise SystemExit(1 if found["differing"] else 0)


if __name__ == "__main__":
    main()
