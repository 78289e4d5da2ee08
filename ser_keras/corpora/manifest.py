"""What a corpus ought to hold: its description and its clips, read from `data_manifests`.

Emotions are of one vocabulary: neutral calm happy sad angry fear disgust surprise bored.
"""

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

from ser_keras.corpora import plugins
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
    bibtex: Mapping[str, object] = field(default_factory=dict)
    source: Source | None = None


@cache
def corpora() -> Mapping[str, Corpus]:
    """Name → description of every corpus: ours in the order of `corpora.toml`, then those that are registered.

    Raises
    ------
    CorpusError : a registered one bears the name of ours, or its description is not whole
    """
    table = tomllib.loads(files("data_manifests").joinpath("corpora.toml").read_text(encoding="utf-8"))
    described = {name: _corpus(name, entry) for name, entry in table.items()}
    for name in plugins.folders():
        if name in described:
            raise CorpusError(f"a package registers a corpus {name!r}, which is one of ours: rename or remove it")
        described[name] = _registered(name, plugins.description(name))
    return MappingProxyType(described)


def _registered(name: str, entry: dict) -> Corpus:
    known = {one.name for one in fields(Corpus)} - {"name"}
    missing = {"title", "licence", "citation", "homepage", "folders", "by_hand"} - set(entry)
    wrong = sorted(missing) or sorted(set(entry) - known)
    if wrong:
        path = plugins.folders()[name] / plugins.DESCRIPTION
        raise CorpusError(f"{path} {'lacks' if missing else 'has the unknown key'} {wrong[0]!r}: mend it")
    return _corpus(name, entry)


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
    described = corpus(name)
    if name in plugins.folders():
        return read_manifest(plugins.manifest_bytes(name), listed=True)
    return read_manifest(files("data_manifests").joinpath(f"{described.name}.csv").read_bytes())


def read_manifest(raw: bytes, *, listed: bool = False) -> Manifest:
    """A manifest from the bytes of its CSV: the columns `COLUMNS`, then the extras of the corpus.

    In a `listed` one clips are told apart by their paths, which then are among the extras, not by what names say.

    Raises
    ------
    CorpusError : it is no such table, or names an emotion that is not of the common vocabulary
    """
    try:
        header, *rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))
        names = tuple(header[len(COLUMNS) :])
        if tuple(header[: len(COLUMNS)]) != COLUMNS:
            raise ValueError(f"its columns are {', '.join(header)}; expected {', '.join(COLUMNS)} first")
        entries = tuple(_entry(row, names, listed) for row in rows)
    except (ValueError, csv.Error) as error:
        raise CorpusError(f"a manifest can't be read ({error}): write it anew") from None
    unknown = sorted({entry.labels.emotion for entry in entries} - set(EMOTIONS))
    if unknown:
        raise CorpusError(f"a manifest names the emotion {unknown[0]!r}; known are {', '.join(EMOTIONS)}")
    return Manifest(entries, hashlib.sha256(raw).hexdigest())


def _entry(row: list[str], names: tuple[str, ...], listed: bool) -> Entry:
    file, size, sha256, emotion, code, speaker, gender, *extras = row
    told = tuple(zip(names, extras, strict=True)) + ((("file", file),) if listed else ())
    labels = Labels(emotion, code, speaker, gender, told)
    return Entry(file, int(size), sha256, labels)
