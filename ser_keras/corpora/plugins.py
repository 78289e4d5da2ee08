"""Corpora that other packages bring: entry points of the group `ser_keras.corpora`, found without importing any.

Such a package holds `corpus.toml` (the keys of an entry in `data_manifests/corpora.toml`) and `manifest.csv` (the
columns of a manifest, then what else is known, `text` for what is said). Its clips are known by their paths.
"""

import importlib.util
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

from ser_keras.errors import CorpusError

GROUP = "ser_keras.corpora"
DESCRIPTION, MANIFEST = "corpus.toml", "manifest.csv"


@cache
def folders() -> Mapping[str, Path]:
    """Name of every corpus that is registered → folder of its package.

    Raises
    ------
    CorpusError : a package is registered, but not there
    """
    return MappingProxyType(
        {entry.name: _folder(entry.name, entry.module) for entry in sorted(entry_points(group=GROUP), key=_name)}
    )


def _name(entry: object) -> str:
    return entry.name


def _folder(name: str, module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError(f"corpus {name} is registered as the package {module}, which is not there: reinstall it")
    return Path(next(iter(spec.submodule_search_locations)))


def description(name: str) -> dict:
    """What a registered corpus's `corpus.toml` says.

    Raises
    ------
    CorpusError : it is missing or no TOML
    """
    path = folders()[name] / DESCRIPTION
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} can't be read ({error}): mend it or reinstall the corpus {name}") from None


def manifest_bytes(name: str) -> bytes:
    """The bytes of a registered corpus's manifest.

    Raises
    ------
    CorpusError : it is missing
    """
    path = folders()[name] / MANIFEST
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} can't be read ({error}): mend it or reinstall the corpus {name}") from None
