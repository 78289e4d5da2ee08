"""Spoilt files whose changes atheris chooses by the branches of our code that they reach; needs the extra `fuzz`.

    python -m campaigns.guided --inputs 1000000 --out campaigns/found/guided.json

Each target is read in a process of its own, with the bounds of `campaigns.fuzz`: what crashes a native decoder kills
that process alone. An input at which it ends is left as a file in the folder `--left`.
"""

import ctypes
import inspect
import json
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import click

from campaigns.fuzz import (
    HANG_S,
    MEMORY,
    SHARED,
    bounded,
    inputs_option,
    only_option,
    out_option,
    seed_option,
    told,
)
from campaigns.readers import LARGEST, targets
from ser_keras.errors import SerError

SHARES = {"recording": 0.5, "manifest": 0.1, "published table": 0.02, "run folder": 0.1, "archive": 0.08, "model": 0.1,
          "published weights": 0.1}  # fmt: skip


def campaign(name: str, inputs: int, seed: int, left: Path) -> dict:
    """So many inputs of one target; it ends at the first fault, whose input is left in the folder `left`."""
    context = multiprocessing.get_context("fork")
    counts, clock = context.Array("q", 3, lock=False), time.monotonic()
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        worker = context.Process(target=_led, args=(name, inputs, seed, left, Path(folder), counts))
        worker.start()
        worker.join()
        log = (Path(folder) / "log").read_text(encoding="utf-8", errors="replace")
    read, refused, peak = counts
    faults = [] if worker.exitcode == 0 else [_fault(log, worker.exitcode)]
    seconds = round(time.monotonic() - clock, 1)
    return {
        "target": name, "inputs": read + refused + len(faults), "read": read, "refused": refused, "faults": faults,
        "peak_mib": peak, "seconds": seconds,
    }  # fmt: skip


def _fault(log: str, exitcode: int | None) -> dict:
    said = re.findall(r"Uncaught Python exception: ===\s+(.+)|(?:ERROR|SUMMARY): (.+)", log)
    what = next((one for pair in said for one in pair if one), "")
    return {"input": "left", "fault": f"{what[:200] or 'died'} ({exitcode})"}


def _led(name: str, inputs: int, seed: int, left: Path, folder: Path, counts: ctypes.Array) -> None:
    """Let atheris read; it ends the process: with 0, or at the first fault."""
    import atheris

    target = targets()[name]
    for module in [one for key, one in sys.modules.items() if key.startswith("ser_keras.")]:
        for function in filter(inspect.isfunction, vars(module).values()):
            if function.__module__ == module.__name__:
                atheris.instrument_func(function)
    corpus, place = folder / "corpus", folder / "place"
    for one in (corpus, place, left):
        one.mkdir(parents=True, exist_ok=True)
    for number, whole in enumerate(target.wholes):
        (corpus / str(number)).write_bytes(whole)

    def read(content: bytes) -> None:
        refused = False
        try:
            target.call(place, content)
        except SerError:
            refused = True
        except BaseException:
            (left / f"{name.replace(' ', '-')}-{seed}").write_bytes(content)
            raise
        counts[refused] += 1
        counts[2] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    limits = [f"-atheris_runs={inputs}", f"-timeout={HANG_S:.0f}", f"-rss_limit_mb={MEMORY >> 20}"]
    ways = [f"-max_len={LARGEST}", f"-seed={seed + 1}", f"-artifact_prefix={left}/"]
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(log, stream)
    bounded()
    atheris.Setup([name, *limits, *ways, str(corpus)], read)
    atheris.Fuzz()


@click.command()
@inputs_option
@only_option
@seed_option
@out_option
@click.option(
    "--left", type=Path, default=Path("faults"), show_default=True, help="Folder for inputs that end the campaign."
)
def main(inputs: int, only: tuple[str, ...], seed: int, out: Path | None, left: Path) -> None:
    """Let atheris corrupt files, and count what happens when they are read."""
    names, found = only or tuple(targets()), []
    for name in names:
        share = SHARES[name] / sum(SHARES[one] for one in names)
        found.append(campaign(name, round(inputs * share), seed, left.absolute()))
        click.echo(told(found[-1]))
        if out:
            out.write_text(json.dumps({"seed": seed, "targets": found}, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(1 if any(one["faults"] for one in found) else 0)


if __name__ == "__main__":
    main()
