"""Files from strangers, spoilt in a million ways: each is read, or refused in one line; none crashes, hangs or swells.

    python -m campaigns.fuzz --inputs 1000000 --out fuzz.json

Input number n of a target is a whole file with one to eight changes drawn from (seed, target, n): bytes turned, cut,
repeated, moved, or set to values at the ends of their range; in JSON also a value put in place of another. Each worker
is a process whose address space is bounded; one that reads at one input for five seconds is killed, and the
input counted as a hang. `python -m campaigns.fuzz --again TARGET NUMBER` does one input again, with its traceback.
"""

import ctypes
import json
import multiprocessing
import os
import random
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import click

from campaigns.readers import Target, targets
from campaigns.spoil import changed
from ser_keras.errors import SerError

SHARES = {
    "recording": 0.25,
    "manifest": 0.35,
    "published table": 0.05,
    "run folder": 0.2,
    "archive": 0.05,
    "model": 0.05,
    "published weights": 0.05,
}  # by what an input costs; fmt: skip
SHARED = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a folder in memory, ten times as fast
HANG_S = 5.0
MEMORY = 2**30  # bytes of address space beyond what a worker has when it starts
OUTCOMES = ("read", "refused")


def bounded() -> None:
    """This process may take so much more memory, and leaves none of it on the disk when it dies."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def tried(target: Target, folder: Path, seed: int, name: str, number: int) -> str:
    """What becomes of one input: "read", "refused", or what is wrong."""
    content = changed(target, random.Random(f"{seed} {name} {number}"))
    try:
        target.call(folder, content)
    except SerError:  # which the command line prints in one line, whatever the file has in it
        return "refused"
    except (Exception, RecursionError, MemoryError) as error:  # that there be none is what is looked for
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "read"


def _worker(
    target: Target, name: str, seed: int, start: int, stop: int, told: Connection, counts: ctypes.Array
) -> None:
    """Inputs `start` to `stop`; `counts` holds the one that is at work, and how many were read and refused."""
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        bounded()
        for number in range(start, stop):
            counts[0] = number
            outcome = tried(target, Path(folder), seed, name, number)
            if outcome in OUTCOMES:
                counts[1 + OUTCOMES.index(outcome)] += 1
            else:
                told.send_bytes(json.dumps((number, outcome)).encode())
    told.send_bytes(json.dumps((stop, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)).encode())


def campaign(name: str, inputs: int, seed: int) -> dict:
    """So many inputs of one target, in a process that is replaced when it dies or hangs."""
    context = multiprocessing.get_context("fork")
    counts = context.Array("q", 3, lock=False)
    target, heard, start, clock = targets()[name], [], 0, time.monotonic()
    while start < inputs:
        counts[0] = start
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_worker, args=(target, name, seed, start, inputs, theirs, counts))
        worker.start()
        theirs.close()
        end = _watched(worker, ours, counts, heard)
        worker.join()
        if end:
            heard.append((counts[0], end))
        start = counts[0] + 1
    peak = max((what for number, what in heard if number == inputs), default=0)
    faults = [{"input": number, "fault": what} for number, what in heard if number < inputs]
    told = dict(zip(OUTCOMES, counts[1:], strict=True))
    seconds = round(time.monotonic() - clock, 1)
    return {"target": name, "inputs": inputs, **told, "faults": faults, "peak_mib": peak, "seconds": seconds}


def _watched(worker: multiprocessing.Process, told: Connection, counts: ctypes.Array, heard: list) -> str:
    """Hear what a worker tells, until its end; gives why it ended, "" if of itself."""
    last, since = -1, time.monotonic()
    while True:
        try:
            while told.poll(HANG_S / 20):
                heard.append(tuple(json.loads(told.recv_bytes())))
        except (EOFError, OSError, ValueError):  # it ended, perhaps while it told of something
            worker.join()
            return "" if worker.exitcode == 0 else f"died with {worker.exitcode}"
        if counts[0] != last:
            last, since = counts[0], time.monotonic()
        elif time.monotonic() - since > HANG_S:
            worker.kill()
            return f"hung for {HANG_S:g} s"


def told(found: dict) -> str:
    """What came of a target, in a line, and its first faults below."""
    head = "{target}: {inputs} inputs, {read} read, {refused} refused, {seconds} s, {peak_mib} MiB".format(**found)
    faults = [f"  input {fault['input']}: {fault['fault']}" for fault in found["faults"][:10]]
    return "\n".join([f"{head}, {len(found['faults'])} faults", *faults])


inputs_option = click.option(
    "--inputs",
    type=int,
    default=1_000_000,
    show_default=True,
    help="Number of inputs in all, divided among the targets.",
)
only_option = click.option("--only", multiple=True, help="Target; repeatable. Default: all.")
seed_option = click.option("--seed", type=int, default=0, show_default=True)
out_option = click.option("--out", type=Path, help="JSON file to write the findings to.")


@click.command()
@inputs_option
@only_option
@seed_option
@out_option
@click.option("--again", type=(str, int), help="Repeat one input (target and number), showing its traceback.")
def main(inputs: int, only: tuple[str, ...], seed: int, out: Path | None, again: tuple[str, int] | None) -> None:
    """Read corrupted files, and count what happens."""
    names = only or tuple(targets())
    if again:
        name, number = again
        content = changed(targets()[name], random.Random(f"{seed} {name} {number}"))
        with tempfile.TemporaryDirectory(dir=SHARED) as folder:
            targets()[name].call(Path(folder), content)
        return
    found = []
    for name in names:
        one = campaign(name, round(inputs * SHARES[name] / sum(SHARES[one] for one in names)), seed)
        found.append(one)
        click.echo(told(one))
        if out:
            out.write_text(json.dumps({"seed": seed, "targets": found}, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(1 if any(one["faults"] for one in found) else 0)


if __name__ == "__main__":
    main()
