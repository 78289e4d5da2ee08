"""Fetch a corpus from its official address: download it with pooch, check it, unpack it safely, put it in place."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import quote

import pooch
import requests
from tqdm import tqdm

from ser_keras.corpora import remote
from ser_keras.corpora.archive import unpack
from ser_keras.corpora.download import resumable, tls_session
from ser_keras.corpora.folder import Found, by_hand, data_folder, find_in, loader
from ser_keras.corpora.manifest import Corpus, Entry, Labels, Manifest, corpus, manifest
from ser_keras.corpora.verify import sha256s, verify
from ser_keras.errors import CorpusError
from ser_keras.locks import alone

AT_ONCE = 8  # downloads of single clips
COPIES = 4  # an archive may unpack to this many times its corpus: some nest two copies, and hold notes
UNPACKED = "unpacked"
DOWNLOADS = ".downloads"  # in the data folder, so that a clip is moved into place by one rename


def fetch(name: str, data: Path | None = None, *, address: str | None = None) -> Found:
    """Complete a corpus in the data folder: clips that are missing are added, altered ones replaced.

    Parameters
    ----------
    name : of the corpus
    data : data folder, made if need be; None: $SER_KERAS_DATA, else the user's cache
    address : other than the official one: of an archive, of single clips (with `{file}`), or a file on this machine

    Returns
    -------
    Found : the whole corpus

    Raises
    ------
    CorpusError : no such corpus, or its terms ask for a person, or it cannot be had whole from the address
    """
    remote.refuse_to_write(data_folder(data, must_exist=False))
    return fetch_into(
        data_folder(data, must_exist=False), corpus(name), manifest(name), loader(name).labels, address=address
    )


def fetch_into(
    data: Path,
    corpus: Corpus,
    manifest: Manifest,
    labels: Callable[[str], Labels | None],
    *,
    address: str | None = None,
    pause: float = 1.0,
) -> Found:
    """As `fetch`, of any description; `pause` is the seconds between two attempts of one download."""
    found = find_in(data, corpus, manifest, labels)
    if found and found.synthetic is not None:
        raise CorpusError(f"{found.folder} holds synthetic recordings: move it away, or name another --data folder")
    wanted = _wanted(found, manifest)
    if found and not wanted:
        shutil.rmtree(data / DOWNLOADS / corpus.name, ignore_errors=True)  # of a fetch that was killed at its very end
        with contextlib.suppress(OSError):
            (data / DOWNLOADS).rmdir()
        return found
    folder = found.folder if found else data / corpus.folders[0]
    if address is None and corpus.source is None:
        raise CorpusError(f"{corpus.title} cannot be fetched by a program: {by_hand(corpus, folder)}")
    with alone(data / corpus.name, f"fetching {corpus.title} into {data}") as waited:
        if waited:  # for another process, which may have fetched all
            wanted = _wanted(find_in(data, corpus, manifest, labels), manifest)
        _complete(data, corpus, manifest, wanted, folder, address, pause)
    return find_in(data, corpus, manifest, labels)


def _complete(
    data: Path,
    corpus: Corpus,
    manifest: Manifest,
    wanted: tuple[Entry, ...],
    folder: Path,
    address: str | None,
    pause: float,
) -> None:
    if not wanted:
        return
    template = address or corpus.source.address
    with _downloads(data / DOWNLOADS / corpus.name) as downloads:
        if "{file}" in template:
            _fetch_clips(template, wanted, folder, downloads, pause)
        else:
            limit = COPIES * sum(entry.bytes for entry in manifest.entries)
            with _archive(corpus, address, downloads, pause) as archive:
                lacking = _place(archive, wanted, folder, downloads, limit)
                _refuse_gaps(lacking, template, corpus, folder)


@contextlib.contextmanager
def _downloads(folder: Path) -> Iterator[Path]:
    """A folder for what is under way, gone afterwards unless something is left to go on with."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("tmp*"):  # pooch's own, of a fetch that was killed; what came is in a `.part`
        left.unlink()
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()


def _wanted(found: Found | None, manifest: Manifest) -> tuple[Entry, ...]:
    if found is None:
        return manifest.entries
    state = verify(found, manifest)
    lacking = {*state.missing, *state.altered}
    return tuple(entry for entry in manifest.entries if entry.file in lacking)


def _download(
    session: requests.Session,
    address: str,
    downloads: Path,
    *,
    checksum: str | None,
    size: int | None = None,
    progress: bool = True,
    pause: float,
) -> Path:
    """One checked file in the folder of downloads; what is left of a broken download is gone on with."""
    pooch.get_logger().setLevel("WARNING")
    name = pooch.utils.unique_file_name(address)
    part = downloads / f"{name}.part"
    downloader = resumable(session, part, size=size, progress=progress, pause=pause)
    try:
        return Path(pooch.retrieve(address, checksum, fname=name, path=downloads, downloader=downloader))
    except ValueError as error:  # how pooch says that the checksum differs
        raise CorpusError(f"{address}: {error}") from error


def _fetch_clips(template: str, wanted: Iterable[Entry], folder: Path, downloads: Path, pause: float) -> None:
    session = tls_session(template)

    def fetch_one(entry: Entry) -> None:
        address = template.replace("{file}", quote(entry.file))
        stated = {"checksum": f"sha256:{entry.sha256}", "size": entry.bytes}
        clip = _download(session, address, downloads, progress=False, pause=pause, **stated)
        _move(clip, folder / entry.file)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(fetch_one, entry) for entry in wanted]
        try:
            for done in tqdm(as_completed(waiting), total=len(waiting), desc="fetching", unit="clip"):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextlib.contextmanager
def _archive(corpus: Corpus, address: str | None, downloads: Path, pause: float) -> Iterator[Path]:
    """An archive on this machine; a downloaded one goes when it was used, or was of no use, not when interrupted."""
    if address is not None and "://" not in address:
        path = Path(address).expanduser().absolute()
        if not path.is_file():
            raise CorpusError(f"{path} is no file: expected an archive of {corpus.title}, or an address https://…")
        yield path
        return
    if address is None:
        stated = {"checksum": corpus.source.checksum, "size": corpus.source.bytes}
    else:
        stated = {"checksum": None}  # a mirror may pack differently: the checksums of the clips decide
    template = address or corpus.source.address
    path = _download(tls_session(template), template, downloads, pause=pause, **stated)
    try:
        yield path
    except CorpusError:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _place(archive: Path, wanted: Iterable[Entry], folder: Path, downloads: Path, limit: int) -> list[Entry]:
    """Put every recording of an archive in place that has a wanted clip's checksum; the clips that it lacks."""
    lacking: dict[str, list[Entry]] = {}
    for entry in wanted:
        lacking.setdefault(entry.sha256, []).append(entry)
    staging = downloads / UNPACKED
    shutil.rmtree(staging, ignore_errors=True)  # of a fetch that was killed
    staging.mkdir()
    try:
        clips = unpack(archive, staging, limit=limit)
        for clip, checksum in sha256s({clip: clip for clip in clips}, title="checking").items():
            for entry in lacking.pop(checksum, ()):  # some corpora hold one recording under two names
                copy = clip.with_suffix(".copy")
                shutil.copyfile(clip, copy)
                _move(copy, folder / entry.file)
            clip.unlink()
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return [entry for entries in lacking.values() for entry in entries]


def _move(clip: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(clip, target)


def _refuse_gaps(lacking: list[Entry], address: str, corpus: Corpus, folder: Path) -> None:
    if lacking:
        raise CorpusError(
            f"{address} lacks {len(lacking)} clips of {corpus.title}, or has them with other checksums than we know "
            f"(first: {lacking[0].file}); {by_hand(corpus, folder)}"
        )
