"""Commands are killed in each of their stages on purpose, and come to what they come to undisturbed.

    python -m campaigns.aimed --json campaigns/found/aimed.json
    python -m campaigns.aimed --kills 1 --ctrl-c --json campaigns/found/ctrl-c.json

A command runs until what it tells or writes shows that a stage has begun, and for a random part of what that stage
takes undisturbed; then all its processes are killed (SIGKILL), or told to stop (`--ctrl-c`, SIGINT). After each kill
every result that is there must be whole. The same command is given again, and killed again, three times a round at
most; then it is let through, and its folder must hold what it holds undisturbed, but for moments and durations.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from campaigns import served
from campaigns.stages import STAGES, Stage, outcome, reached, whole
from ser_keras.cli import INTERRUPTED
from ser_keras.files import write_json

ROUND = 3  # kills before a command is let through
POLL = 0.002  # seconds


class Range:
    """Where stages are tried: a folder, a server and the environment of commands."""

    def __init__(self, folder: Path, address: str, registered: Path) -> None:
        self.folder, self.address = folder, address
        self.out = folder / "out"  # of every command: some results hold its name
        paths = [str(registered), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {
            **os.environ, "PYTHONUNBUFFERED": "1", "TQDM_MININTERVAL": "0", "PYTHONPATH": os.pathsep.join(paths)
        }  # fmt: skip

    def started(self, stage: Stage, command: tuple[str, ...]) -> tuple[subprocess.Popen, Path]:
        """A command in a group of processes of its own, and the file that it tells into."""
        filled = [one.replace("{out}", str(self.out)).replace("{address}", self.address) for one in command]
        told = self.folder / "told.txt"
        with told.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", *filled],
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                env={**self._environment, **stage.environment},
            )
        return process, told


def _waited(process: subprocess.Popen, sign: str, told: Path, out: Path, seconds: float = 900.0) -> float | None:
    """The moment at which a sign is there; None where the process ended first, or the seconds did.

    Raises
    ------
    RuntimeError : the process failed
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if reached(sign, told.read_text(encoding="utf-8", errors="replace"), out):
            return time.monotonic()
        if process.poll() is not None:
            if process.returncode:
                raise RuntimeError(f"left with {process.returncode}: {told.read_text(errors='replace')[-2000:]}")
            return None
        time.sleep(POLL)
    return None


def _undisturbed(where: Range, stage: Stage) -> tuple[Path, float]:
    """The folder of a command that nobody disturbs, and how many seconds the stage takes."""
    out = where.out
    out.mkdir(exist_ok=True)
    for command in (*stage.before, stage.command):
        process, told = where.started(stage, command)
        begun = _waited(process, stage.begins, told, out) if command == stage.command else None
        over = _waited(process, stage.ends, told, out) if begun else None
        process.wait()
        _waited(process, "", told, out)
    if begun is None:
        raise RuntimeError(f"{stage.name} was never seen to begin: {stage.begins}")
    length = (over or time.monotonic()) - begun
    return out.rename(where.folder / "undisturbed"), length


def _copy(stage: Stage, whole_folder: Path, out: Path) -> None:
    shutil.copytree(whole_folder, out)
    for pattern in stage.drop:
        for path in list(out.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _stopped(process: subprocess.Popen, number: signal.Signals, told: Path, out: Path, wanted: dict) -> str:
    """Stop all processes of a command; what is wrong with how it left, "" if nothing is.

    A command that has done all is left to the interpreter, which takes its workers down and is no longer ours to
    interrupt: Ctrl-C ends that in silence.
    """
    os.killpg(process.pid, number)
    code = process.wait(timeout=120)
    if number == signal.SIGKILL or (code == -number and outcome(out) == wanted):
        return ""
    lines = [line for line in told.read_text(errors="replace").replace("\r", "\n").split("\n") if line.strip()]
    after = [line for line in lines if "%|" not in line]
    return "" if code == 130 and lines[-1] == INTERRUPTED else f"left with {code}: {' / '.join(after[-5:])}"


def tried(where: Range, stage: Stage, kills: int, rng: random.Random, number: signal.Signals) -> dict:
    """One stage, killed so many times in as many rounds as it takes; what was found, as JSON values."""
    undisturbed, length = _undisturbed(where, stage)
    wanted = outcome(undisturbed)
    done, late, rounds, differing = 0, 0, 0, []
    while done < kills and late < 10 * kills:
        out, now = where.out, 0
        _copy(stage, undisturbed, out)
        while now < ROUND and done < kills:
            process, told = where.started(stage, stage.command)
            begun = _waited(process, stage.begins, told, out)
            over = begun and _waited(process, stage.ends, told, out, rng.uniform(0, length))
            if begun is None or over or process.poll() is not None:
                late += 1  # nothing of the stage was left to do, or it was quicker than before: let it through
                process.wait()
                break
            fault = _stopped(process, number, told, out, wanted)
            done, now = done + 1, now + 1
            found = whole(out)
            broken = sorted(name for name in found if found[name] != wanted.get(name))
            differing += [f"after a kill: {one}" for one in (*broken, *filter(None, [fault]))]
        process, told = where.started(stage, stage.command)
        _waited(process, "", told, out)
        found = outcome(out)
        differing += sorted(name for name in set(wanted) | set(found) if wanted.get(name) != found.get(name))
        rounds += 1
        shutil.rmtree(out)
    shutil.rmtree(undisturbed)
    return {
        "stage": stage.name,
        "command": " ".join(["python", "-m", *stage.command]),
        "kills": done,
        "rounds": rounds,
        "stage_s": round(length, 2),
        "results": len(wanted),
        "differing": differing,
    }


def campaign(stage: Stage, kills: int, seed: int, number: signal.Signals = signal.SIGKILL) -> dict:
    """One stage in a folder of its own; `seed` decides the moments, in each stage others."""
    with tempfile.TemporaryDirectory() as name, served.server() as server:
        folder = Path(name) / "stage"
        folder.mkdir()
        where = Range(folder, server.address, served.register(Path(name) / "registered"))
        found = tried(where, stage, kills, random.Random(f"{seed} {stage.name}"), number)
        return {**found, "requests_gone_on_with": sum(begin > 0 for _, begin in server.asked)}


@click.command()
@click.option("--kills", type=int, default=5, show_default=True, help="Number of kills per stage.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random moments.")
@click.option(
    "--stage",
    "names",
    multiple=True,
    type=click.Choice([one.name for one in STAGES]),
    help="Stage; repeatable. Default: all.",
)
@click.option("--ctrl-c", is_flag=True, help="Send SIGINT instead and expect one line, exit 130 and nothing lost.")
@click.option("--json", "path", type=Path, help="JSON file of findings to update.")
def main(kills: int, seed: int, names: tuple[str, ...], ctrl_c: bool, path: Path | None) -> None:
    """Kill commands in each of their stages, and check that the results do not change."""
    number = signal.SIGINT if ctrl_c else signal.SIGKILL
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it and its commands ignore it
    found = {}
    if path and path.exists():
        found = {one["stage"]: one for one in json.loads(path.read_text(encoding="utf-8"))["stages"]}
    for stage in STAGES:
        if not names or stage.name in names:
            found[stage.name] = told = campaign(stage, kills, seed, number)
            click.echo(json.dumps(told, indent=1, ensure_ascii=False))
            if path:
                rows = [found[one.name] for one in STAGES if one.name in found]
                write_json(path, {"signal": number.name, "seed": seed, "stages": rows})
    raise SystemExit(any(one["differing"] for one in found.values()))


if __name__ == "__main__":
    main()
