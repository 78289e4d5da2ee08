"""Files from strangers, spoilt in a million ways: each is read, or refused in one line; none crashes, hangs or swells.

    python -m campaigns.fuzz --inputs 1000000 --out fuzz.json

Input number n of a target is a whole file with one to eight changes drawn from (seed, target, n): bytes turned, cut,
repeated, moved, or set to values at the ends of their range; in JSON also a value put in place of another. Each worker
is a process whose address space is bounded; one that reads at one input for five seconds is killed, and the
input counted as a hang. `python -m campaigns.fuzz --again TARGET NUMBER` does one input again, with its traceback.
"""

import contextlib
import ctypes
import inspect
import json
import multiprocessing
import os
import random
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from multiprocessing.connection import Connection
from pathlib import Path

import click
import numpy as np

from campaigns.recordings import KINDS
from ser_keras import audio, discovery, published
from ser_keras.audit import lines
from ser_keras.corpora.manifest import read_manifest
from ser_keras.errors import SerError
from ser_keras.evaluation import claims
from ser_keras.evaluation.audit import examined_paper
from ser_keras.report import runs

SHARES = {"recording": 0.25, "manifest": 0.45, "published table": 0.05, "run folder": 0.25}  # by what an input costs
SHARED = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a folder in memory, ten times as fast
HANG_S = 5.0
MEMORY = 2**30  # bytes of address space beyond what a worker has when it starts
OUTCOMES = ("read", "refused")
LARGEST = 40_000  # bytes of a recording that is changed: more are bytes of samples alone
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
VALUES = (
    None,
    True,
    0,
    -1,
    1,
    0.5,
    1e308,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "é",
    "1",
    "a\nb",
    [],
    {},
    [[]],
    [0],
)


@dataclass(frozen=True)
class Target:
    """A reader, and whole files that it takes: `call(folder, content)` reads one."""

    call: Callable[[Path, bytes], object]
    wholes: tuple[bytes, ...]
    is_json: bool = False


def _read_recording(folder: Path, content: bytes) -> None:
    path = folder / "theirs.wav"
    path.write_bytes(content)
    wave, _ = audio.read(path)
    if not np.isfinite(wave).all():
        raise ArithmeticError("a wave that is not finite came through")


def _audit_table(folder: Path, content: bytes) -> None:
    path = folder / "published.json"
    path.write_bytes(content)
    printed = published.read(path)
    "\n".join(lines("theirs", printed, examined_paper(printed)))
    claims.slips(printed)


def _read_run(folder: Path, content: bytes) -> None:
    """The three files of a run folder one after another, told apart by a line that no change makes."""
    place = folder / "theirs2020" / "tones" / "described" / "published" / "seed-0"
    place.mkdir(parents=True, exist_ok=True)
    for name, part in zip(("run.json", "predictions.csv", "history.csv"), content.split(b"\f"), strict=False):
        (place / name).write_bytes(part)
    runs.read(place)


def _recordings() -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        for number, (name, kind) in enumerate(KINDS.items()):
            path = Path(folder) / f"{number}.wav"
            if "hour" not in name and name not in ("named pipe", "folder", "missing", "link to nowhere"):
                kind.make(path)
                yield path.read_bytes()[:LARGEST]


def _run_files() -> bytes:
    """The three files of a whole run of six test clips."""
    classes, supports = ["angry", "sad"], {"angry": 3, "sad": 3}
    parts = ("train", "validation", "test")
    record = {
        "schema": 1, "paper": "theirs2020", "experiment": "tones", "title": "T", "variant": "described",
        "protocol": "published", "seed": 0, "quick": False, "classes": classes, "published": {"accuracy": 0.9},
        "citation": {"title": "T", "authors": ["A"], "year": 2020},
        "choices": [{"key": "noise", "value": 0.1, "default": 0.1, "reason": "r", "alternatives": [0.2]}],
        "corpora": {"emodb": {"clips": 9, "expected": 9, "synthetic": False, "manifest_sha256": "a", "altered": 0,
                              "foreign": 0}},
        "set_aside": [{"clip": "emodb/a.wav", "reason": "silent"}],
        "split": {"supports": dict.fromkeys(parts, supports), "speakers": {part: ["a", "b"] for part in parts},
                  "note": "", "leaks": {"speaker": 1}},
        "training": {"optimizer": "Adam", "loss": "mse", "batch_size": 8, "epochs_limit": 9, "monitor": "val_loss",
                     "patience": None, "validation_share": 0.1, "restore_best": True, "epochs_run": 2,
                     "best_epoch": 2, "stopped_early": False, "examples": 6, "parameters": 12},
        "pipeline": {"name": "p", "fingerprint": "9c", "steps": [{"function": "f", "parameters": {"top_db": 60}}],
                     "augmentation": []},
        "provenance": {"ser_keras": "0.1.0", "commit": None, "python": "3.11", "packages": {}, "backend": "tensorflow",
                       "hardware": {}, "platform": "Linux"},
        "durations": {"features_s": 1.0, "training_s": 1.0, "prediction_s": 0.1, "total_s": 2.1},
        "model": [], "started": "2024-01-01T00:00:00+00:00", "finished": "2024-01-01T00:01:00+00:00",
    }  # fmt: skip
    rows = "".join(f"emodb/{n}.wav,emodb-1,{classes[n % 2]},angry,0.6,0.4\n" for n in range(6))
    predictions = "clip,speaker,true,predicted,angry,sad\n" + rows
    history = "epoch,accuracy,loss,val_accuracy,val_loss,seconds\n1,0.5,0.7,0.5,0.7,1.0\n2,0.6,0.6,0.5,0.6,1.0\n"
    return "\f".join((json.dumps(record), predictions, history)).encode()


def targets() -> dict[str, Target]:
    """Every reader of strangers' files, by name."""
    manifests = tuple(
        b"\n".join(path.read_bytes().split(b"\n")[:6])
        for path in sorted(Path(str(files("data_manifests"))).glob("*.csv"))
    )
    tables = tuple((discovery.room(name) / "published.json").read_bytes() for name in discovery.paper_names())
    return {
        "recording": Target(_read_recording, tuple(_recordings())),
        "manifest": Target(lambda folder, content: read_manifest(content), manifests),
        "published table": Target(_audit_table, tables, is_json=True),
        "run folder": Target(_read_run, (_run_files(),), is_json=True),
    }


def changed(target: Target, rng: random.Random) -> bytes:
    """A whole file with one to eight changes."""
    content = rng.choice(target.wholes)
    if target.is_json and rng.random() < 0.6:
        head, *rest = content.split(b"\f")
        tree = json.loads(head)
        for _ in range(rng.randint(1, 3)):
            _replace_somewhere(tree, rng)
        return b"\f".join([json.dumps(tree).encode(), *rest])
    buffer = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        _turn(buffer, rng)
    return bytes(buffer)


def _replace_somewhere(tree: object, rng: random.Random) -> None:
    places = []

    def walk(node: object) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(tree)
    if not places:
        return
    node, key = rng.choice(places)
    way = rng.random()
    if way < 0.2:
        del node[key]
    elif way < 0.4:
        other, where = rng.choice(places)
        if where in other if isinstance(other, dict) else where < len(other):
            node[key] = json.loads(json.dumps(other[where]))
    else:
        node[key] = json.loads(json.dumps(rng.choice(VALUES)))


def _turn(buffer: bytearray, rng: random.Random) -> None:
    if not buffer:
        buffer += rng.randbytes(4)
        return
    near = rng.randrange(min(len(buffer), 100)) if rng.random() < 0.7 else rng.randrange(len(buffer))
    size = rng.choice((1, 1, 2, 4, 16))
    match rng.randrange(7):
        case 0:
            buffer[near] ^= 1 << rng.randrange(8)
        case 1:
            buffer[near : near + size] = rng.randbytes(size)
        case 2:
            buffer[near : near + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(EDGES))
        case 3:
            buffer[near : near + 2] = struct.pack(rng.choice("<>") + "H", rng.choice(EDGES) & 0xFFFF)
        case 4:
            del buffer[near : near + rng.choice((size, len(buffer)))]
        case 5:
            buffer[near:near] = buffer[near : near + 4 * size]
        case 6:
            buffer[near:near] = rng.randbytes(size)


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
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
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


def guided(name: str, inputs: int) -> None:
    """So many inputs that atheris makes of a target's whole files, by the branches of our code that they reach.

    It ends the process: with 0, or at the first fault, whose input it leaves as a file beside its traceback.
    """
    import atheris

    target = targets()[name]
    for module in [one for key, one in sys.modules.items() if key.startswith("ser_keras.")]:
        for function in filter(inspect.isfunction, vars(module).values()):
            if function.__module__ == module.__name__:
                atheris.instrument_func(function)
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, whole in enumerate(target.wholes):
            (corpus / str(number)).write_bytes(whole)

        def one(content: bytes) -> None:
            with contextlib.suppress(SerError):
                target.call(Path(folder), content)

        limits = [f"-atheris_runs={inputs}", f"-timeout={HANG_S:.0f}", "-rss_limit_mb=1500", f"-max_len={LARGEST}"]
        atheris.Setup([name, *limits, str(corpus)], one)
        atheris.Fuzz()


@click.command()
@click.option("--inputs", type=int, default=1_000_000, show_default=True, help="In all; a share for each target.")
@click.option("--only", multiple=True, help="Targets; else all.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=Path, help="JSON with what was found.")
@click.option("--atheris", "led", help="A target whose changes atheris is to choose; needs the extra `fuzz`.")
@click.option("--again", type=(str, int), help="One input again, with its traceback.")
def main(
    inputs: int, only: tuple[str, ...], seed: int, out: Path | None, led: str | None, again: tuple[str, int] | None
) -> None:
    """Read spoilt files of strangers, and count what becomes of them."""
    names = only or tuple(targets())
    if led:
        guided(led, inputs)
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
        click.echo(
            f"{name}: {one['inputs']} inputs, {one['read']} read, {one['refused']} refused, "
            f"{len(one['faults'])} faults, {one['seconds']} s, {one['peak_mib']} MiB"
        )
        for fault in one["faults"][:10]:
            click.echo(f"  input {fault['input']}: {fault['fault']}")
        if out:
            out.write_text(json.dumps({"seed": seed, "targets": found}, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(1 if any(one["faults"] for one in found) else 0)


if __name__ == "__main__":
    main()
