"""Whether a corpus is whole and exact: the SHA-256 of every clip against the manifest."""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ser_keras.corpora.folder import Found, missing
from ser_keras.corpora.manifest import Manifest


@dataclass(frozen=True)
class Verification:
    """What does not agree with the manifest: manifest files, but for `foreign` paths inside the corpus folder."""

    missing: tuple[str, ...]
    altered: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def exact(self) -> bool:
        return not (self.missing or self.altered or self.foreign)


def verify(found: Found, manifest: Manifest, *, jobs: int | None = None) -> Verification:
    """Compare the SHA-256 of every clip that is there with the manifest's; a progress bar goes to stderr.

    Parameters
    ----------
    found : what of the corpus is there; of several copies of a clip, the one that would be loaded is compared
    jobs : int, files read at once; None: one a processor
    """
    checksums = sha256s(found.paths, jobs=jobs, title="verifying")
    wanted = {entry.file: entry.sha256 for entry in manifest.entries}
    return Verification(
        missing=tuple(entry.file for entry in missing(found, manifest)),
        altered=tuple(file for file, checksum in checksums.items() if checksum != wanted[file]),
        foreign=found.foreign,
    )


def sha256s(paths: Mapping[str, Path], *, jobs: int | None = None, title: str) -> dict[str, str]:
    """The SHA-256 of every file, by the keys of `paths`, read in parallel."""
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        bar = tqdm(pool.map(sha256, paths.values()), total=len(paths), desc=title, unit="clip")
        return dict(zip(paths, bar, strict=True))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
