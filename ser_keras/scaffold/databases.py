"""Clips of a database in audformat: read from its folder, or loaded with audb by its name.

Both packages are an extra (`pip install "ser_keras[audb]"`). Labels are found by the names of their schemes, `emotion`
and `speaker`, and where the database has them `gender` and `transcription`, in whichever tables they stand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras.errors import CorpusError, DependencyError, one_line

if TYPE_CHECKING:
    import audformat
    import pandas as pd

HEADER = "db.yaml"
NOUNS = {
    "anger": "angry",
    "boredom": "bored",
    "calmness": "calm",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}  # the usual words of such databases → ours, where they differ
EXTRA = 'pip install "ser_keras[audb]"'


def opened(folder: Path) -> "audformat.Database":
    """The database whose header lies in a folder.

    Raises
    ------
    DependencyError : audformat is not installed
    CorpusError : it can't be read
    """
    try:
        import audformat
    except ImportError:
        raise DependencyError(f"{folder} is a database in audformat, which is not installed: {EXTRA}") from None
    try:
        return audformat.Database.load(folder)
    except Exception as error:  # AttributeError too: whatever readers raise of a file that is no database
        raise CorpusError(
            f"{folder / HEADER} can't be read ({_line(error)}): give a folder that audformat wrote"
        ) from None


def loaded(name: str, version: str | None) -> "audformat.Database":
    """A database of audb's repositories, in its cache; `.root` says where. The newest version where none is named.

    Raises
    ------
    DependencyError : audb is not installed
    CorpusError : there is none of this name and version, or it can't be reached
    """
    try:
        import audb
    except ImportError:
        raise DependencyError(f"audb is not installed: {EXTRA}") from None
    try:
        return audb.load(name, version=version, full_path=False, verbose=False)
    except Exception as error:  # a backend for each kind of host, each with its own errors
        told = f"{name} {version or '(newest version)'}"
        raise CorpusError(
            f"audb can't load {told} ({_line(error)}): look at audb's repositories and the network"
        ) from None


def _line(error: Exception) -> str:
    return one_line(error) or type(error).__name__


def clips(database: "audformat.Database", tables: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and labels of each recording that has an emotion and a speaker, in the database's order.

    Parameters
    ----------
    database : that labels whole recordings
    tables : to take emotions from; all of them where none is named

    Raises
    ------
    CorpusError : it has no emotions or speakers, labels parts of recordings, or tables differ about an emotion
    """
    unknown = sorted(set(tables) - set(database.tables))
    if unknown:
        raise CorpusError(f"{database.name} has no table {unknown[0]!r}; it has {', '.join(database.tables)}")
    emotions = _labels(database, "emotion", tables)
    speakers = _labels(database, "speaker")
    known = {"gender": _labels(database, "gender"), "text": _labels(database, "transcription")}
    for scheme, found in (("emotion", emotions), ("speaker", speakers)):
        if not found:
            raise CorpusError(f"{database.name} labels no recording with a scheme {scheme!r}: list its clips in a CSV")
    lost = next((path for path in emotions if path not in speakers), None)
    if lost is not None:
        raise CorpusError(f"{database.name} names no speaker of {lost}: list its clips in a CSV, with speakers")
    for path, emotion in emotions.items():
        labels = {name: found.get(path, "") for name, found in known.items()}
        yield path, {"emotion": emotion, "speaker": speakers[path], **labels}


def _labels(database: "audformat.Database", scheme: str, tables: tuple[str, ...] = ()) -> dict[str, str]:
    """Path → label of a scheme, of the recordings that have one."""

    def differing(values: "pd.Series") -> object:
        raise CorpusError(
            f"{database.name}: tables give a recording several labels of {scheme!r} "
            f"({', '.join(map(str, dict.fromkeys(values)))}): name the table that holds, --table"
        )

    found = database.get(
        scheme, tables=list(tables) or None, aggregate_function=differing, aggregate_strategy="mismatch"
    )
    if scheme not in found:
        return {}
    if found.index.nlevels > 1:
        whole = found.index.get_level_values("start") == found.index.get_level_values("start")[0]
        if not (whole.all() and found.index.get_level_values("end").isna().all()):
            raise CorpusError(
                f"{database.name} labels parts of recordings with {scheme!r}: cut them, and list the clips"
            )
    labels = found[scheme].dropna()
    return dict(zip(labels.index.get_level_values("file"), map(str, labels), strict=True))
