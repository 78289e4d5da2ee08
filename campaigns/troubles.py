"""What the faults of a machine are tried with: commands of ours, what they leave, and what is expected of both."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaigns.stages import ANN, outcome

QUICK = (*ANN, "--quick")
BAR = re.compile(r"\d+%\||\d+clip|\d+epoch")  # of a progress bar
NOT_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")  # rights of files count
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Row:
    """One fault: what was tried, how often, what must happen, and what happened otherwise."""

    fault: str
    tried: str
    times: int
    happens: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it told on stderr, without the progress bars."""
        return [line for line in self.err.replace("\r", "\n").split("\n") if line.strip() and not BAR.search(line)]


def arguments(command: Sequence[str], out: str | Path) -> list[str]:
    """The command with its folder filled in, as a list for subprocess."""
    return [sys.executable, "-m", *(one.replace("{out}", str(out)) for one in command)]


def environment(**more: str) -> dict[str, str]:
    """Ours, and what makes commands quick to follow."""
    return {**os.environ, **ENVIRONMENT, **more}


def called(
    command: Sequence[str],
    out: str | Path = "",
    *,
    wrapped: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Done:
    """Call a command (`{out}` in it is a folder) in a process of its own, `wrapped` in another, to its end."""
    whole = [*wrapped, *arguments(command, out)]
    given = environment() if env is None else dict(env)
    done = subprocess.run(
        whole, capture_output=True, env=given, cwd=cwd, timeout=600, encoding="utf-8", errors="surrogateescape"
    )
    return Done(done.returncode, done.stdout, done.stderr)


def refused(done: Done, *said: str) -> list[str]:
    """What is wrong with a command that had to leave with 3 and one line that holds what is `said`."""
    faults = [] if done.code == 3 else [f"left with {done.code}"]
    if len(done.lines) != 1 or not all(one in done.lines[0] for one in said):
        faults.append(f"told {done.lines[-4:]}, expected one line with {said}")
    return faults


def through(done: Done) -> list[str]:
    """What is wrong with a command that had to leave with 0."""
    return [] if done.code == 0 else [f"left with {done.code}: {done.lines[-4:]}"]


def equal(out: Path, wanted: Mapping[str, object]) -> list[str]:
    """What differs between a folder and the outcome that is wanted."""
    found = outcome(out)
    return [f"{name} differs" for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]


@contextmanager
def disk(at: Path, mebibytes: float) -> Iterator[Path]:
    """A file system of its own of so many MiB, mounted at a folder; needs the right to mount."""
    at.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={int(mebibytes * 1024)}k", "tmpfs", at)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)
        at.rmdir()


def remount(at: Path, options: str) -> None:
    """Make a mounted disk larger (`size=…`), or read-only (`ro`)."""
    _mount("-o", f"remount,{options}", at)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


class Ground:
    """A folder in which faults are tried, with an undisturbed run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "undisturbed"
        done = called(QUICK, self.run)
        if done.code:
            raise RuntimeError(f"the undisturbed run left with {done.code}: {done.lines}")
        self.wanted = outcome(self.run)

    @property
    def recordings(self) -> Path:
        """The data folder of the run."""
        return self.run / "cache" / "synthetic-8"

    def copy(self, name: str, *drop: str) -> Path:
        """A copy of the run without some files, by their globs."""
        made = self.folder / name
        shutil.copytree(self.run, made)
        for path in [path for pattern in drop for path in made.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return made
