"""A `.keras` file that nobody vouches for, as a model: numbers and Keras's own layers, and nothing that runs code.

Keras's safe mode is used, and not relied on: what a file may hold is checked before Keras opens it.
"""

import inspect
import json
import math
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras.errors import RunError, one_line
from ser_keras.hdf5_weights import check_plain

if TYPE_CHECKING:
    import keras

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LONGEST = 1 << 24  # bytes of the description: the deepest network here has 1/50 of it
WIDTHS = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}  # bytes of a weight; of all others 1 at least
CELLS = 1 << 28  # numbers that a layer may give for one clip
KINDS = ("constraints", "initializers", "layers", "losses", "metrics", "models", "optimizers", "regularizers")
MODULES = (
    "keras",
    *(f"keras.{kind}" for kind in KINDS),
    "keras.optimizers.schedules",
    "keras.src.models.functional",
    "keras.src.models.sequential",
)
MASKING = (("keras.src.ops.numpy", "NotEqual"), ("keras.src.ops.numpy", "Any"))  # operations that a mask consists of
VALUES = ("__keras_tensor__", "__numpy__", "__tensor__")  # how Keras writes values that JSON lacks
RUNNERS = (  # layers that run code of the file's, or read other files
    "FlaxLayer", "IntegerLookup", "JaxLayer", "Lambda", "StringLookup", "TFSMLayer", "TextVectorization",
    "TorchModuleWrapper",
)  # fmt: skip


def load_model(path: Path) -> "keras.Model":
    """The uncompiled model in a file.

    Raises
    ------
    RunError : no such file, or one that Keras did not write; a layer that runs code, or that neither Keras nor an
        imported package knows; weights that lead out of the file, or more of them than a network for speech has
    """
    described = checked(path)
    import keras

    for one in described:
        _check_known(one, path)
    try:
        with _no_memory():  # first without weights: those of a billion units would be made before they are counted
            _check_size(keras.saving.deserialize_keras_object(_description(path), safe_mode=True), path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except RunError:
        raise
    except Exception as error:  # Keras raises whatever a layer raises that is given what it can't be built from
        raise RunError(f"{path} can't be loaded ({one_line(error)[:300]}): train the run again") from error


@contextmanager
def _no_memory() -> Iterator[None]:
    """Variables get shapes and no memory; those that wait for it are forgotten, for which Keras has no public way."""
    import keras
    from keras.src.backend.common import global_state

    waiting = "uninitialized_variables"
    before = global_state.get_global_attribute(waiting, [])
    try:
        global_state.set_global_attribute(waiting, [])
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(waiting, before)


def checked(path: Path) -> tuple[dict, ...]:
    """Check all of a file that can be checked without Keras; the objects that it describes are given.

    Raises
    ------
    RunError : as `load_model`
    """
    try:
        with zipfile.ZipFile(path) as opened:
            _check_members(opened, path)
            with opened.open(WEIGHTS) as weights:
                check_plain(weights, f"{path}: {WEIGHTS}", RunError)
        return tuple(_objects(_description(path)))
    except FileNotFoundError:
        raise RunError(f"{path} is not there: train the run again") from None
    except (OSError, ValueError, RuntimeError, RecursionError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} can't be loaded ({error}): train the run again") from None


def _check_members(opened: zipfile.ZipFile, path: Path) -> None:
    """Three files, stored as they are: nothing is unpacked, and nothing grows."""
    members = opened.infolist()
    if sorted(member.filename for member in members) != sorted((CONFIG, METADATA, WEIGHTS)):
        names = ", ".join(repr(member.filename) for member in members[:5])
        raise RunError(f"{path} holds {names}; expected {CONFIG}, {METADATA} and {WEIGHTS}: get another file")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise RunError(f"{path}: {member.filename} is compressed, which Keras's are not: get another file")
    if opened.getinfo(CONFIG).file_size > LONGEST:
        raise RunError(f"{path}: {CONFIG} is longer than {LONGEST >> 20} MiB: get another file")


def _description(path: Path) -> dict:
    """What the file says of its model, without how it was compiled."""
    with zipfile.ZipFile(path) as opened:
        described = json.loads(opened.read(CONFIG))
    if not isinstance(described, dict) or not isinstance(described.get("class_name"), str):
        raise RunError(f"{path}: {CONFIG} describes no model: get another file")
    return {**described, "compile_config": None}


def _objects(node: object) -> Iterator[dict]:
    """Whatever Keras would make an object of, from the outside in."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        node = list(node.values())
    for one in node if isinstance(node, list) else ():
        yield from _objects(one)


def _check_known(described: dict, path: Path) -> None:
    name, module, registered = (described.get(key) for key in ("class_name", "module", "registered_name"))
    if name == "function":  # an activation; other functions have no place in a network
        name = described.get("config")
        known = module == "builtins" and inspect.isfunction(_named("keras.activations", name))
    elif module is None:
        known = name in VALUES
    else:
        known = (module in MODULES and name not in RUNNERS) or (module, name) in MASKING
        known = known and hasattr(_named(module, name), "from_config")
    if not known and not _is_registered(registered):
        raise RunError(
            f"{path} is refused: it asks for {name!r:.80} of {module!r:.80}, which is no layer of Keras that only "
            "computes: use models of people whom you trust, and import what they need"
        )


def _named(module: str, name: object) -> object:
    return getattr(sys.modules.get(module), name, None) if isinstance(name, str) else None


def _is_registered(name: object) -> bool:
    """Whether an imported package registered this name: `package>Name`."""
    import keras

    return isinstance(name, str) and ">" in name and keras.saving.get_registered_object(name) is not None


def _check_size(model: "keras.Model", path: Path) -> None:
    """No more weights than the file has bytes for, and no layer that swells what it is given."""
    taken = sum(math.prod(weight.shape) * WIDTHS.get(weight.dtype, 1) for weight in model.weights)
    if taken > path.stat().st_size:
        raise RunError(f"{path} is refused: its weights take {taken} bytes, and the file has {path.stat().st_size}")
    for layer in getattr(model, "operations", model.layers):
        if hasattr(layer, "layers"):
            _check_size(layer, path)
        shape = getattr(getattr(layer, "output", None), "shape", ())
        if math.prod(size or 1 for size in shape) > CELLS:
            raise RunError(f"{path} is refused: {layer.name} gives {shape} for each clip, which no network here does")
