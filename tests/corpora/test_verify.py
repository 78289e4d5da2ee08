"""Checksums against the manifest, on EMO-DB itself and on copies that are not quite it."""

from pathlib import Path

import pytest

from ser_keras.corpora import emodb
from ser_keras.corpora.folder import find, scan
from ser_keras.corpora.manifest import manifest
from ser_keras.corpora.verify import Verification, verify

CLIP = "wav/08a01Na.wav"


def state_of(folder: Path, tiny) -> Verification:
    return verify(scan(folder, tiny.manifest, tiny.labels), tiny.manifest)


def test_an_exact_copy_is_exact(tiny, tmp_path):
    tiny.write(tmp_path)
    assert state_of(tmp_path, tiny).exact


def test_one_byte_is_seen_though_the_size_is_the_same(tiny, tmp_path):
    tiny.write(tmp_path)
    content = bytearray(tiny.clips["wav/03a02Wb.wav"])
    content[100] ^= 1
    (tmp_path / "wav/03a02Wb.wav").write_bytes(content)
    assert state_of(tmp_path, tiny) == Verification((), ("wav/03a02Wb.wav",), ())


def test_missing_and_foreign_files_are_named(tiny, tmp_path):
    tiny.write(tmp_path)
    (tmp_path / "wav/03a02Wb.wav").rename(tmp_path / "wav/renamed.wav")
    assert state_of(tmp_path, tiny) == Verification(("wav/03a02Wb.wav",), (), ("wav/renamed.wav",))


@pytest.fixture
def copy(real_corpora, tmp_path) -> Path:
    """EMO-DB in a folder that may be spoilt: every clip a link to the real one."""
    (tmp_path / "emodb/wav").mkdir(parents=True)
    for file, path in find("emodb", real_corpora).paths.items():
        (tmp_path / "emodb" / file).symlink_to(path)
    return tmp_path / "emodb"


def verified(folder: Path) -> Verification:
    return verify(scan(folder, manifest("emodb"), emodb.labels), manifest("emodb"))


@pytest.mark.real_data
def test_the_real_emodb_is_exact(real_corpora):
    assert verify(find("emodb", real_corpora), manifest("emodb")) == Verification((), (), ())


@pytest.mark.real_data
def test_one_byte_of_emodb_altered_is_found(copy):
    content = bytearray((copy / CLIP).read_bytes())
    content[-1] ^= 1
    (copy / CLIP).unlink()
    (copy / CLIP).write_bytes(content)
    assert verified(copy) == Verification((), (CLIP,), ())


@pytest.mark.real_data
def test_one_clip_of_emodb_missing_is_found(copy):
    (copy / CLIP).unlink()
    assert verified(copy) == Verification((CLIP,), (), ())


@pytest.mark.real_data
def test_one_foreign_clip_among_emodb_is_found(copy):
    (copy / "wav/08a01Nz.wav").write_bytes(b"no clip of EMO-DB has this version")
    assert verified(copy) == Verification((), (), ("wav/08a01Nz.wav",))
