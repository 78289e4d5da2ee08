"""Unpack an archive that nobody vouches for: recordings alone, under names of our own, up to a limit."""

import errno
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ser_keras.corpora.folder import ENDINGS
from ser_keras.errors import CorpusError

MEMBERS = 100_000  # more are no corpus of speech: the largest here has 7442 clips
BLOCK = 1 << 20  # bytes
BROKEN = (  # what the standard library raises: of an encrypted zip RuntimeError, of an absurd xz MemoryError
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    MemoryError,
    RuntimeError,
    ValueError,
)


def unpack(archive: Path, into: Path, *, limit: int) -> tuple[Path, ...]:
    """Write the recordings of a zip or tar archive as `into/000001.wav`, `000002.flac`, …, each with its own ending.

    Members are told apart by checksum afterwards, so their own names are checked and then forgotten.

    Parameters
    ----------
    archive : zip, or tar of any compression
    into : folder that is there and empty
    limit : int, bytes that all recordings together may have

    Raises
    ------
    CorpusError : no archive, a broken one, or one with an absolute path, a path with `..`, a link, a device, too
        many members or more bytes than `limit`; what was written until then is left for the caller to remove
    """
    written, room = [], limit
    try:
        with _members(archive) as members:
            for name, source in members:
                ending = next((one for one in ENDINGS if name.casefold().endswith(one)), None)
                if ending is None:
                    continue
                path = into / f"{len(written) + 1:06d}{ending}"
                written.append(path)
                room -= _write(source, path, room, f"{archive}: refused, it unpacks to more than {limit} bytes")
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (
            None,
            errno.EINVAL,
        ):  # it is the disk's, not the archive's
            raise
        raise CorpusError(f"{archive} is broken ({error}): get it again") from error
    return tuple(written)


def _write(source: BinaryIO, path: Path, room: int, refusal: str) -> int:
    size = 0
    with path.open("xb") as target:
        while block := source.read(BLOCK):
            size += len(block)
            if size > room:
                raise CorpusError(refusal)
            target.write(block)
    return size


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """Name and content of every regular member; hostile ones are refused."""
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as opened:
            yield _tar_members(opened, archive)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened, archive)
    else:
        raise CorpusError(f"{archive} is neither a zip nor a tar archive: the address may have led to a web page")


def _zip_members(opened: zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, BinaryIO]]:
    members = opened.infolist()
    for number, member in enumerate(members, start=1):
        kind = stat.S_IFMT(member.external_attr >> 16)
        _check(archive, member.filename, number, ordinary=kind in (0, stat.S_IFREG, stat.S_IFDIR))
    for member in members:
        if not member.is_dir():
            with opened.open(member) as source:
                yield member.filename, source


def _tar_members(opened: tarfile.TarFile, archive: Path) -> Iterator[tuple[str, BinaryIO]]:
    for number, member in enumerate(opened, start=1):
        _check(archive, member.name, number, ordinary=member.isreg() or member.isdir())
        if member.isreg():
            with opened.extractfile(member) as source:
                yield member.name, source


def _check(archive: Path, name: str, number: int, *, ordinary: bool) -> None:
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or re.match(r"[A-Za-z]:", name) or ".." in parts:
        raise CorpusError(f"{archive}: refused, its member {name!r} points outside the folder it is unpacked to")
    if not ordinary:
        raise CorpusError(f"{archive}: refused, its member {name!r} is a link or a device")
    if number > MEMBERS:
        raise CorpusError(f"{archive}: refused, it has more than {MEMBERS} members")
