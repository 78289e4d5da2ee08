"""The clip table: one row a clip, over all corpora of an experiment, and what of each corpus was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ser_keras.corpora import folder
from ser_keras.corpora.manifest import Manifest, manifest

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("clip", "corpus", "path", "emotion", "code", "speaker", "gender", "text", "sha256")


@dataclass(frozen=True)
class CorpusReport:
    """How much of a corpus was there.

    Parameters
    ----------
    clips, expected : int, clips that are there, and that the manifest lists
    synthetic : whether the clips are synthetic: then sizes are not compared
    manifest_sha256 : of the manifest's CSV
    missing, foreign : int, clips that are not there; recordings that the manifest does not know
    altered : manifest files whose size is not the manifest's
    folder : absolute path
    """

    clips: int
    expected: int
    synthetic: bool
    manifest_sha256: str
    missing: int
    altered: tuple[str, ...]
    foreign: int
    folder: str


@dataclass(frozen=True)
class LoadedCorpora:
    """Clips of several corpora, corpora as asked for and clips in manifest order, and their reports.

    Parameters
    ----------
    rows : one tuple a clip, of the columns `COLUMNS`
    reports : corpus → how much of it was there
    """

    rows: tuple[tuple[str, ...], ...]
    reports: Mapping[str, CorpusReport]

    @cached_property
    def clips(self) -> pd.DataFrame:
        """The rows as a table, made when it is asked for: pandas takes a third of a second to load."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(COLUMNS), dtype=object)  # paths may be no Unicode, unlike "str"


def load(names: Sequence[str], data: Path | None = None, *, optional: Sequence[str] = ()) -> LoadedCorpora:
    """The clips of corpora that are in the data folder, whole or in part.

    Parameters
    ----------
    names : of corpora, each once
    data : data folder; None: $SER_KERAS_DATA, else the user's cache
    optional : of `names`, those that may be missing

    Returns
    -------
    LoadedCorpora; `clip` is corpus + "/" + the manifest's file, `speaker` corpus + "-" + the corpus's own name for
    the speaker, `text` likewise for what is said, `path` absolute, `sha256` of the recording as published ("" for a
    synthetic one)

    Raises
    ------
    CorpusError : no such corpus, or nothing of one that is not optional is there
    """
    found = {name: folder.present(name, data) for name in names if name not in optional or folder.find(name, data)}
    rows = tuple(row for name in found for row in _rows(name, found[name], manifest(name)))
    return LoadedCorpora(rows, {name: report(found[name], manifest(name)) for name in found})


def _rows(name: str, found: folder.Found, manifest: Manifest) -> Iterator[tuple[str, ...]]:
    for entry in manifest.entries:
        if entry.file in found.paths:
            labels = entry.labels
            yield (
                f"{name}/{entry.file}",
                name,
                str(found.paths[entry.file]),
                labels.emotion,
                labels.code,
                f"{name}-{labels.speaker}",
                labels.gender,
                f"{name}-{folder.loader(name).text(labels)}",
                "" if found.synthetic else entry.sha256,
            )


def report(found: folder.Found, manifest: Manifest) -> CorpusReport:
    """What was found of a corpus, in numbers."""
    return CorpusReport(
        clips=len(found.paths),
        expected=len(manifest.entries),
        synthetic=found.synthetic is not None,
        manifest_sha256=manifest.sha256,
        missing=len(manifest.entries) - len(found.paths),
        altered=found.altered,
        foreign=len(found.foreign),
        folder=str(found.folder),
    )
