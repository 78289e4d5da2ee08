"""What a corpus ought to hold: its description and its clips, read from `data_manifests`.

Emotions are of one vocabulary: neutral calm happy sad angry fear disgust surprise bored.
"""

import csv
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

from ser_keras.errors import CorpusError

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise", "bored")
COLUMNS = ("file", "bytes", "sha256", "emotion", "code", "speaker", "gender")


@dataclass(frozen=True)
class Labels:
    """What a file name says; no two clips of a corpus have the same.

    Parameters
    ----------
    emotion : of the common vocabulary
    code : the corpus's own name for the emotion
    speaker : the corpus's own name for the speaker
    gender : "female" or "male"
    extras : (column, value) pairs of what else the names of this corpus encode
    """

    emotion: str
    code: str
    speaker: str
    gender: str
    extras: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """One clip: its path inside the corpus folder (with `/`), its size in bytes, its SHA-256 and its labels."""

    file: str
    bytes: int
    sha256: str
    labels: Labels


@dataclass(frozen=True)
class Manifest:
    """All clips of a corpus, sorted by file, and the SHA-256 of the CSV they were read from."""

    entries: tuple[Entry, ...]
    sha256: str

    @cached_property
    def by_labels(self) -> Mapping[Labels, Entry]:
        return MappingProxyType({entry.labels: entry for entry in self.entries})


@dataclass(frozen=True)
class Source:
    """Where a corpus is fetched from.

    Parameters
    ----------
    address : of an archive; or of single clips, if it holds `{file}`, which stands for the manifest's `file`
    bytes, checksum : size and "md5:…" or "sha256:…" of the archive, where its publisher states them
    """

    address: str
    bytes: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Corpus:
    """What `corpora.toml` says of a corpus.

    Parameters
    ----------
    name : key in the file, and name of its manifest and its loader module
    title, licence, citation, homepage : for people
    folders : names under which it may lie in the data folder; the first is where `fetch` puts it
    by_hand : how a person gets it when `fetch` cannot, with `{folder}` to put it in and the `{data}` folder around it
    bibtex : fields of its BibTeX entry, `type` among them
    source : None if its terms ask for something that only a person can do
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    folders: tuple[str, ...]
    by_hand: str
    bibtex: Mapping[str, object]
    source: Source | None = None


@cache
def corpora() -> Mapping[str, Corpus]:
    """Name → description of every corpus, in the order of `corpora.toml`."""
    table = tomllib.loads(files("data_manifests").joinpath("corpora.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _corpus(name, entry) for name, entry in table.items()})


def _corpus(name: str, entry: dict) -> Corpus:
    source = Source(**entry["source"]) if "source" in entry else None
    return Corpus(**{**entry, "name": name, "folders": tuple(entry["folders"]), "source": source})


def corpus(name: str) -> Corpus:
    """Description of one corpus.

    Raises
    ------
    CorpusError : no such corpus
    """
    try:
        return corpora()[name]
    except KeyError:
        raise CorpusError(f"no corpus is called {name!r}; known are {', '.join(corpora())}") from None


@cache
def manifest(name: str) -> Manifest:
    """All clips of a corpus, with sizes, checksums and labels.

    Raises
    ------
    CorpusError : no such corpus
    """
    raw = files("data_manifests").joinpath(f"{corpus(name).name}.csv").read_bytes()
    return read_manifest(raw)


def read_manifest(raw: bytes) -> Manifest:
    """A manifest from the bytes of its CSV: the columns `COLUMNS`, then the extras of the corpus."""
    header, *rows = csv.reader(raw.decode("utf-8").splitlines())
    names = tuple(header[len(COLUMNS) :])
    return Manifest(tuple(_entry(row, names) for row in rows), hashlib.sha256(raw).hexdigest())


def _entry(row: list[str], names: tuple[str, ...]) -> Entry:
    file, size, sha256, emotion, code, speaker, gender, *extras = row
    labels = Labels(emotion, code, speaker, gender, tuple(zip(names, extras, strict=True)))
    return Entry(file, int(size), sha256, labels)
