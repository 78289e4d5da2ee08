"""Weights that somebody published as Keras HDF5 (.h5), read as arrays: nothing in the file is run or followed.

Only the numbers are read. The model that the file describes (`model_config`) is left aside, and links that lead out of
the file or elsewhere in it are refused, as are external and virtual datasets.
"""

import io
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ser_keras.errors import SerError, WeightsError

if TYPE_CHECKING:
    import keras

LARGEST = 1 << 29  # bytes of one file's arrays: ResNet-152 has half of it
SECONDS = 60  # that reading may take: a quarter of a GiB takes one
REFUSED = 3  # exit code of a process that refuses a file
NAMES = 10_000  # of a group, at most
HEAP = b"GCOL\x01\0\0\0"  # begins a place of texts

Layer = tuple[str, tuple[np.ndarray, ...]]


def read_layers(path: Path) -> tuple[Layer, ...]:
    """Name and arrays of each layer that has any, in the file's order; read in a process of its own.

    HDF5 is a native library that a spoilt file can crash or lead round in circles; then that process alone ends.

    Parameters
    ----------
    path : a file by `model.save("….h5")` or `model.save_weights("….weights.h5")` in Keras's HDF5 layout up to Keras 2,
        or by Keras 3 for `.h5`

    Raises
    ------
    WeightsError : missing, no HDF5 file, cut off, or not in that layout
    """
    if not path.is_file():
        raise WeightsError(f"{path} is not there: put the published weights there")
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "arrays.npz"
        command = [sys.executable, "-m", "ser_keras.hdf5_weights", str(path.absolute()), str(arrays)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=_environment())
        except subprocess.TimeoutExpired:
            raise WeightsError(f"{path} can't be read as HDF5 (not in {SECONDS} s): download it again") from None
        if done.returncode == REFUSED:
            raise WeightsError(done.stderr.strip())
        if done.returncode:
            raise WeightsError(f"{path} can't be read as HDF5 (the library ended with {done.returncode}): get another")
        with np.load(arrays, allow_pickle=False) as stored:
            names = json.loads(stored["names"].tobytes())
            return tuple(
                (name, tuple(stored[f"{number}-{one}"] for one in range(count)))
                for number, (name, count) in enumerate(names)
            )


def _environment() -> dict[str, str]:
    """This one's, with this package where the other process finds it."""
    here = str(Path(__file__).parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


def layers_here(path: Path) -> tuple[Layer, ...]:
    """As `read_layers`, in this process: a spoilt file can end it."""
    import h5py

    try:
        check_texts(path.read_bytes(), str(path))
        with h5py.File(path, "r") as file:
            root = _group(file, "model_weights", path) if "model_weights" in file else file
            return tuple(_layers(root, path))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} can't be read as Keras HDF5 ({error}): download it again") from None


def _write_layers(path: Path, arrays: Path) -> int:
    """Read a file and write its arrays to another; the exit code. A refusal goes to stderr."""
    try:
        layers = layers_here(path)
    except WeightsError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    told = {f"{number}-{one}": array for number, (_, all_) in enumerate(layers) for one, array in enumerate(all_)}
    names = json.dumps([(name, len(all_)) for name, all_ in layers]).encode()
    np.savez(arrays, names=np.frombuffer(names, np.uint8), **told)
    return 0


def _layers(root: object, path: Path) -> Iterator[Layer]:
    if "layer_names" not in root.attrs:
        raise WeightsError(f"{path} has no layer_names: expected weights as Keras writes them to .h5")
    left = LARGEST
    for name in _names(root, "layer_names", path):
        group = _group(root, name, path)
        arrays = []
        for weight in _names(group, "weight_names", path) if "weight_names" in group.attrs else ():
            array = _array(group, weight, path, left)
            left -= array.nbytes
            arrays.append(array)
        if arrays:
            yield name, tuple(arrays)


def _names(group: object, key: str, path: Path) -> list[str]:
    stored = group.attrs.get_id(key)
    if math.prod(stored.shape) > NAMES:
        raise WeightsError(f"{path}: {key} are {stored.shape} names: expected weights as Keras writes them to .h5")
    names = np.ravel(group.attrs[key]).tolist() if stored.shape != (0,) else []
    return [name.decode("utf-8") if isinstance(name, bytes) else str(name) for name in names]


def check_texts(content: bytes, name: str, fault: type[SerError] = WeightsError) -> None:
    """Check where HDF5 keeps texts: a length that leads out of its place sends the library round in circles.

    Source: HDF5 File Format Specification 3.0, section III.E, "Global Heap".
    """
    place = content.find(HEAP)
    while place >= 0:
        end, here = place + _whole(content, place + 8), place + 16
        while here + 16 <= min(end, len(content)):
            size, free = _whole(content, here + 8), not any(content[here : here + 2])
            step = size if free else 16 + -(-size // 8) * 8
            if not 16 <= step <= end - here:
                raise fault(f"{name} can't be read as HDF5 (a text leads out of its place): get another file")
            here += step
        place = content.find(HEAP, place + 1)


def _whole(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 8], "little")


def _member(group: object, name: str, path: Path) -> object:
    """What lies under a name, each step of which must be a plain (hard) link."""
    import h5py

    here = group
    for step in name.split("/"):
        link = here.get(step, getlink=True) if isinstance(here, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            kind = "missing" if link is None else f"a {type(link).__name__}, which is not followed"
            raise WeightsError(f"{path}: {name} is {kind}: expected weights as Keras writes them to .h5")
        here = here[step]
    return here


def _group(group: object, name: str, path: Path) -> object:
    import h5py

    found = _member(group, name, path)
    if not isinstance(found, h5py.Group):
        raise WeightsError(f"{path}: {name} is no group: expected weights as Keras writes them to .h5")
    return found


def _array(group: object, name: str, path: Path, left: int) -> np.ndarray:
    found = _member(group, name, path)
    if not _is_plain(found, "fiu"):
        raise WeightsError(f"{path}: {name} is no plain array of numbers: expected weights as Keras writes them to .h5")
    if found.nbytes > left:
        raise WeightsError(f"{path}: its arrays take more than {LARGEST >> 20} MiB: these are no weights for this")
    array = found[()]
    if not np.isfinite(array).all():
        raise WeightsError(f"{path}: {name} holds NaN or infinity: download it again")
    return array


def check_plain(stream: BinaryIO, name: str, fault: type[SerError] = WeightsError) -> None:
    """Check that an HDF5 file holds nothing but groups and plain arrays of numbers, each stored as it is.

    Parameters
    ----------
    stream : the file; its arrays may have no more bytes than it
    name : what the file is called in the message
    fault : the kind of error that is raised
    """
    import h5py

    content = stream.read()
    check_texts(content, name, fault)
    with h5py.File(io.BytesIO(content), "r") as file:
        seen, todo, left = set(), [file], len(content)
        while todo:
            group = todo.pop()
            for key in group:
                if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                    raise fault(f"{name}: {key!r} is a link, which is not followed: get another file")
                found = group[key]
                place = h5py.h5o.get_info(found.id).addr
                if place in seen:
                    raise fault(f"{name}: {key!r} is there twice: get another file")
                seen.add(place)
                if isinstance(found, h5py.Group):
                    todo.append(found)
                    continue
                if not (_is_plain(found, "bfiu") or (_is_plain(found, "V") and found.dtype == "V2")):  # V2: bfloat16
                    raise fault(f"{name}: {key!r} is no plain array of numbers: get another file")
                left -= found.nbytes
                if left < 0:
                    raise fault(f"{name}: {key!r} has {found.nbytes} bytes that are not in the file: get another")


def _is_plain(found: object, kinds: str) -> bool:
    import h5py

    stored = isinstance(found, h5py.Dataset) and not found.external and not found.is_virtual
    return stored and found.shape is not None and found.dtype.kind in kinds


def fill(model: "keras.Model", layers: Sequence[Layer], path: Path, *, leave: Sequence[str] = ()) -> None:
    """Give the model's layers that have weights those of the file, in order; nothing is set unless all fit.

    Parameters
    ----------
    leave : names of the model's layers that keep their weights

    Raises
    ------
    WeightsError : another number of layers, or other shapes
    """
    own = [layer for layer in model.layers if layer.weights and layer.name not in leave]
    if len(own) != len(layers):
        raise WeightsError(
            f"{path} has {len(layers)} layers with weights, the model has {len(own)}: another model's file"
        )
    for layer, (name, arrays) in zip(own, layers, strict=True):
        expected = [tuple(weight.shape) for weight in layer.weights]
        found = [array.shape for array in arrays]
        if found != expected:
            raise WeightsError(
                f"{path}: layer {name} has the shapes {found}, {layer.name} has {expected}: another model's"
            )
    for layer, (_, arrays) in zip(own, layers, strict=True):
        layer.set_weights(list(arrays))


if __name__ == "__main__":
    raise SystemExit(_write_layers(*map(Path, sys.argv[1:])))
