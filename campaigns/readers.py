"""The readers of strangers' files, each with whole files that it takes: what the campaigns spoil."""

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import h5py
import numpy as np

from campaigns.recordings import KINDS, TONE, pcm, wav
from ser_keras import audio, discovery, published
from ser_keras.audit import lines
from ser_keras.corpora.archive import unpack
from ser_keras.corpora.manifest import read_manifest
from ser_keras.evaluation import claims
from ser_keras.evaluation.audit import examined_paper
from ser_keras.hdf5_weights import layers_here
from ser_keras.keras_files import CONFIG, METADATA, WEIGHTS, checked
from ser_keras.report import runs

LARGEST = 40_000  # bytes of a recording that is changed: more are bytes of samples alone


@dataclass(frozen=True)
class Target:
    """A reader, and whole files that it takes: `call(folder, content)` reads one."""

    call: Callable[[Path, bytes], object]
    wholes: tuple[bytes, ...]
    is_json: bool = False


def _read_recording(path: Path) -> None:
    wave, _ = audio.read(path)
    if not np.isfinite(wave).all():
        raise ArithmeticError("a wave that is not finite came through")


def _audit_table(path: Path) -> None:
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
    with tempfile.TemporaryDirectory() as folder:
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


def _unpack(folder: Path, content: bytes) -> None:
    archive = folder / "theirs"
    archive.write_bytes(content)
    with tempfile.TemporaryDirectory(dir=folder) as into:
        unpack(archive, Path(into), limit=100_000)
        outside = [path for path in folder.rglob("*") if path.is_file() and path.parent != Path(into)]
    if outside != [archive]:
        raise ArithmeticError(f"the archive wrote {outside}")


def _file(read: Callable[[Path], object], name: str) -> Callable[[Path, bytes], None]:
    def call(folder: Path, content: bytes) -> None:
        path = folder / name
        path.write_bytes(content)
        read(path)

    return call


def _archives() -> Iterator[bytes]:
    """Two recordings and a text in a zip, packed and not, and in a tar of each kind."""
    members = {"a/1.wav": wav(pcm(TONE[:200])), "a/2.wav": wav(pcm(TONE[200:300])), "notes.txt": b"notes"}
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", kind) as packed:
            for name, content in members.items():
                packed.writestr(zipfile.ZipInfo(name), content, kind)
        yield stream.getvalue()
    for mode in ("w", "w:gz", "w:xz"):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as packed:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
        yield stream.getvalue()


def _arrays(fill: Callable[[h5py.File], None]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def _weights(file: h5py.File) -> None:
    """Two layers as Keras 2 writes them."""
    file.attrs["layer_names"] = [b"dense", b"out"]
    for layer in ("dense", "out"):
        group = file.create_group(layer)
        group.attrs["weight_names"] = [f"{layer}/{name}".encode() for name in ("kernel", "bias")]
        group[f"{layer}/kernel"], group[f"{layer}/bias"] = np.ones((3, 4), np.float32), np.ones(4, np.float32)


def _model() -> bytes:
    """A network of one layer as Keras 3 writes it."""
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    dense = {
        "module": "keras.layers", "class_name": "Dense", "registered_name": None, "name": "out",
        "config": {"name": "out", "units": 2, "activation": "softmax", "dtype": policy},
    }  # fmt: skip
    model = {
        "module": "keras", "class_name": "Sequential", "registered_name": None, "config": {"layers": [dense]},
    }  # fmt: skip

    def fill(file: h5py.File) -> None:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = np.ones((3, 2), np.float32), np.ones(2, np.float32)

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, content in ((METADATA, b"{}"), (CONFIG, json.dumps(model)), (WEIGHTS, _arrays(fill))):
            packed.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def targets() -> dict[str, Target]:
    """Every reader of strangers' files, by name."""
    manifests = tuple(
        b"\n".join(path.read_bytes().split(b"\n")[:6])
        for path in sorted(Path(str(files("data_manifests"))).glob("*.csv"))
    )
    tables = tuple((discovery.room(name) / "published.json").read_bytes() for name in discovery.paper_names())
    return {
        "recording": Target(_file(_read_recording, "theirs.wav"), tuple(_recordings())),
        "manifest": Target(lambda folder, content: read_manifest(content), manifests),
        "published table": Target(_file(_audit_table, "published.json"), tables, is_json=True),
        "run folder": Target(_read_run, (_run_files(),), is_json=True),
        "archive": Target(_unpack, tuple(_archives())),
        "model": Target(_file(checked, "model.keras"), (_model(),)),
        "published weights": Target(_file(layers_here, "model.h5"), (_arrays(_weights),)),
    }
