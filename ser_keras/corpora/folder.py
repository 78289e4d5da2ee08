"""Where recordings lie: the data folder, a corpus's folder in it, and which of its clips are there."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Protocol

import platformdirs

from ser_keras import storage
from ser_keras.corpora import cremad, emodb, ravdess, remote, savee, tess
from ser_keras.corpora.manifest import Corpus, Entry, Labels, Manifest, corpus, manifest
from ser_keras.errors import CorpusError

VARIABLE = "SER_KERAS_DATA"
ENDINGS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
SYNTHETIC = "SYNTHETIC.json"  # a corpus folder with this file holds no recordings of people
LOADERS: Mapping[str, ModuleType] = MappingProxyType(
    {"ravdess": ravdess, "emodb": emodb, "tess": tess, "savee": savee, "cremad": cremad}
)


class Loader(Protocol):
    """What is known of a corpus's file names."""

    def labels(self, path: str) -> Labels | None: ...

    def text(self, clip: Labels) -> str: ...


@dataclass(frozen=True)
class Listed:
    """The loader of a corpus whose manifest lists its clips by path."""

    by_path: Mapping[str, Labels]

    def labels(self, path: str) -> Labels | None:
        """The labels of the clip with this path inside the corpus folder; None if there is none."""
        return self.by_path.get(path)

    def text(self, clip: Labels) -> str:
        """What is said, where the manifest has a column `text`; else the path, so that no two clips share a text."""
        told = dict(clip.extras)
        return told.get("text") or told["file"]


@cache
def loader(name: str) -> Loader:
    """The loader of a corpus: a module of ours, or what a registered manifest lists."""
    if name in LOADERS:
        return LOADERS[name]
    return Listed(MappingProxyType({entry.file: entry.labels for entry in manifest(name).entries}))


@dataclass(frozen=True)
class Found:
    """What of a corpus lies in a folder.

    Parameters
    ----------
    folder : of the corpus
    paths : manifest file → path, in manifest order; of several copies of one clip, the likeliest
    altered : manifest files whose size is not the manifest's; () for a synthetic corpus
    foreign : paths inside the folder of recordings that the manifest does not know
    synthetic : what `SYNTHETIC.json` says, or None if the recordings are real
    """

    folder: Path
    paths: Mapping[str, Path]
    altered: tuple[str, ...]
    foreign: tuple[str, ...]
    synthetic: Mapping[str, object] | None


def data_folder(data: Path | None = None, *, must_exist: bool = True) -> Path:
    """The folder that holds a folder for each corpus: `data`, else $SER_KERAS_DATA, else one in the user's cache.

    Raises
    ------
    CorpusError : a folder that was asked for is not there, though it must
    """
    chosen = data or os.environ.get(VARIABLE)
    if chosen and storage.is_url(str(chosen)):
        return remote.folder(str(chosen))
    if not chosen:
        return platformdirs.user_cache_path("ser_keras") / "corpora"
    path = Path(os.path.abspath(Path(chosen).expanduser()))  # keeps links, drops the detours
    if must_exist and not path.is_dir():
        asked = "--data" if data else f"${VARIABLE}"
        raise CorpusError(f"{path} ({asked}) is no folder: expected one that holds a folder for each corpus")
    return path


def find(name: str, data: Path | None = None) -> Found | None:
    """What of a corpus is in the data folder; None if not one clip is.

    Raises
    ------
    CorpusError : no such corpus, or a data folder that was asked for is not there
    """
    return find_in(data_folder(data), corpus(name), manifest(name), loader(name).labels)


def find_in(data: Path, corpus: Corpus, manifest: Manifest, labels: Callable[[str], Labels | None]) -> Found | None:
    """As `find`, of any description: of the folders that bear one of the corpus's names, the one with most clips."""
    remote.bring(data, corpus.folders, (*ENDINGS, SYNTHETIC.casefold()))
    scans = [scan(folder, manifest, labels) for folder in _candidates(data, corpus)]
    found = max(scans, key=lambda found: len(found.paths), default=None)
    return found if found and found.paths else None


def present(name: str, data: Path | None = None) -> Found:
    """As `find`, for a corpus that is needed.

    Raises
    ------
    CorpusError : not one clip is there
    """
    found = find(name, data)
    if found is None:
        described = corpus(name)
        where = data_folder(data)
        if where.name.casefold() in map(str.casefold, described.folders) and find(name, where.parent):
            raise CorpusError(
                f"{where} is the folder of {described.title} itself: name the one it is in, {where.parent}"
            )
        raise CorpusError(
            f"{described.title}: none of its {len(manifest(name).entries)} clips is in {where} "
            f"(looked in folders called {', '.join(described.folders)}); "
            f"{how_to_get(described, where / described.folders[0])}"
        )
    return found


def require_one(names: Sequence[str], data: Path | None = None) -> None:
    """Tell that nothing can be run, where that can be seen before anything else is loaded.

    Raises
    ------
    CorpusError : not one clip of any of these corpora is there; a clause a corpus
    """
    lacking = []
    for name in names:
        try:
            present(name, data)
        except CorpusError as error:
            lacking.append(str(error))
        else:
            return
    raise CorpusError("; ".join(dict.fromkeys(lacking)))


def how_to_get(corpus: Corpus, folder: Path) -> str:
    """What a person does to have a corpus in a folder of that name, in one clause."""
    if corpus.source is None:
        return by_hand(corpus, folder)
    return f"get it with `python -m ser_keras.corpora fetch {corpus.name} --data {folder.parent}`"


def by_hand(corpus: Corpus, folder: Path) -> str:
    """What a person does to get a corpus that cannot be fetched, in one clause."""
    return corpus.by_hand.format(folder=folder, data=folder.parent)


def _candidates(data: Path, corpus: Corpus) -> list[Path]:
    if not data.is_dir():
        return []
    known = [name.casefold() for name in corpus.folders]
    folders = [path for path in data.iterdir() if path.name.casefold() in known and path.is_dir()]
    return sorted(folders, key=lambda path: (known.index(path.name.casefold()), path.name))


def scan(folder: Path, manifest: Manifest, labels: Callable[[str], Labels | None]) -> Found:
    """Which clips of a manifest lie anywhere below a folder, by what their names say."""
    synthetic = _marker(folder)
    candidates: dict[str, list[tuple[bool, bool, str]]] = {}
    foreign = []
    for path, size in sorted(_recordings(folder)):
        named = labels(path)
        entry = None if named is None else manifest.by_labels.get(named)
        if entry is None:
            foreign.append(path)
        else:
            candidates.setdefault(entry.file, []).append((size != entry.bytes, path != entry.file, path))
    best = {entry.file: min(candidates[entry.file]) for entry in manifest.entries if entry.file in candidates}
    return Found(
        folder=folder,
        paths=MappingProxyType({file: folder / path for file, (_, _, path) in best.items()}),
        altered=tuple(file for file, (differs, _, _) in best.items() if differs and synthetic is None),
        foreign=tuple(foreign),
        synthetic=synthetic,
    )


def missing(found: Found, manifest: Manifest) -> tuple[Entry, ...]:
    """The manifest's clips that are not there, in manifest order."""
    return tuple(entry for entry in manifest.entries if entry.file not in found.paths)


def _marker(folder: Path) -> Mapping[str, object] | None:
    path = folder / SYNTHETIC
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise CorpusError(f"{path} is no valid JSON ({error}): synthesize the corpus again") from None


def _recordings(folder: Path) -> Iterator[tuple[str, int]]:
    """Path inside the folder, with `/`, and size of every recording below it, by its ending.

    Links are followed, and each folder is entered once, so that a link to a folder above does no harm. Hidden names
    are passed over: some archives of macOS hold a shadow `._X.wav` of every file.
    """
    entered = set()
    waiting = [(folder, "")]
    while waiting:
        here, prefix = waiting.pop(0)
        status = here.stat()
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        for item in sorted(os.scandir(here), key=lambda item: item.name):
            if item.name.startswith(".") or (item.is_symlink() and not os.path.exists(item.path)):
                continue
            if item.is_dir():
                waiting.append((here / item.name, f"{prefix}{item.name}/"))
            elif item.name.casefold().endswith(ENDINGS) and item.is_file():
                yield prefix + item.name, item.stat().st_size
