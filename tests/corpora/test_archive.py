"""What an archive may hold, and what is refused."""

import errno
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ser_keras.corpora.archive import unpack
from ser_keras.errors import CorpusError


def zipped(path: Path, members: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(member, content)
    return path


def tarred(path: Path, members: dict[str, bytes], kind: bytes = tarfile.REGTYPE, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as out:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            out.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def staging(tmp_path) -> Path:
    (tmp_path / "inside/staging").mkdir(parents=True)
    return tmp_path / "inside/staging"


def everything(tmp_path: Path) -> set[str]:
    return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "build",
    [zipped, tarred, lambda path, members: tarred(path, members, mode="w"), lambda p, m: tarred(p, m, mode="w:xz")],
)
def test_recordings_are_unpacked_and_nothing_else(build, staging, tmp_path):
    archive = build(tmp_path / "a", {"x/a.wav": b"one", "x/notes.txt": b"no", "b.WAV": b"two", "x/y/a.wav": b"three"})
    assert [path.read_bytes() for path in unpack(archive, staging, limit=100)] == [b"one", b"two", b"three"]
    assert len(list(staging.iterdir())) == 3


def test_recordings_of_every_format_are_unpacked_and_keep_their_endings(staging, tmp_path):
    archive = zipped(tmp_path / "a", {"a.flac": b"one", "b.MP3": b"two", "c.ogg": b"three", "d.mp4": b"no"})
    assert [path.name for path in unpack(archive, staging, limit=100)] == ["000001.flac", "000002.mp3", "000003.ogg"]


HOSTILE = ["../evil.wav", "/evil.wav", "x/../../evil.wav", "..\\evil.wav", "C:\\evil.wav", "\\evil.wav", "../evil.txt"]


@pytest.mark.parametrize("build", [zipped, tarred])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_path_out_of_the_folder_is_refused(build, name, staging, tmp_path):
    archive = build(tmp_path / "a", {name: b"evil"})
    with pytest.raises(CorpusError, match="points outside"):
        unpack(archive, staging, limit=100)
    assert everything(tmp_path) == {"a"}
    assert not Path("/evil.wav").exists()


def test_a_zipped_link_is_refused(staging, tmp_path):
    archive = zipped(tmp_path / "a", {"link.wav": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(CorpusError, match=r"'link\.wav' is a link or a device"):
        unpack(archive, staging, limit=100)
    assert everything(tmp_path) == {"a"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_refused(kind, staging, tmp_path):
    archive = tarred(tmp_path / "a", {"link.wav": b""}, kind=kind)
    with pytest.raises(CorpusError, match=r"'link\.wav' is a link or a device"):
        unpack(archive, staging, limit=100)
    assert everything(tmp_path) == {"a"}


@pytest.mark.parametrize("build", [zipped, tarred])
def test_an_archive_that_unpacks_to_too_much_is_refused(build, staging, tmp_path):
    archive = build(tmp_path / "a", {"a.wav": bytes(600_000), "b.wav": bytes(600_000)})
    assert archive.stat().st_size < 10_000
    with pytest.raises(CorpusError, match="more than 1000000 bytes"):
        unpack(archive, staging, limit=1_000_000)
    assert sum(path.stat().st_size for path in staging.iterdir()) <= 1_000_000


def test_an_archive_of_countless_members_is_refused(staging, tmp_path, monkeypatch):
    monkeypatch.setattr("ser_keras.corpora.archive.MEMBERS", 2)
    archive = zipped(tmp_path / "a", {"1.wav": b"", "2.wav": b"", "3.wav": b""})
    with pytest.raises(CorpusError, match="more than 2 members"):
        unpack(archive, staging, limit=100)


def test_a_web_page_is_no_archive(staging, tmp_path):
    (tmp_path / "a").write_bytes(b"<!DOCTYPE html><title>Sign in</title>")
    with pytest.raises(CorpusError, match="neither a zip nor a tar"):
        unpack(tmp_path / "a", staging, limit=100)


def test_a_spoilt_zip_is_broken(staging, tmp_path):
    archive = tmp_path / "a"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        out.writestr("a.wav", b"recorded" * 10)
    archive.write_bytes(archive.read_bytes().replace(b"recorded" * 10, b"recorded" * 9 + b"spoilt!!"))
    with pytest.raises(CorpusError, match=r"is broken .*get it again"):
        unpack(archive, staging, limit=100)


def test_a_truncated_tar_is_broken(staging, tmp_path):
    archive = tarred(tmp_path / "a", {"a.wav": bytes(range(256)) * 400})
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(CorpusError, match="is broken"):
        unpack(archive, staging, limit=1_000_000)


def test_names_that_are_alike_or_cut_off_are_forgotten_and_every_recording_kept(staging, tmp_path):
    archive = tmp_path / "a"
    with tarfile.open(archive, "w") as out:
        for number, name in enumerate(("a.wav", "a.wav", "A.WAV", "CON.wav", "x" * 300 + ".wav"), start=1):
            member = tarfile.TarInfo(name)
            member.size = 1
            out.addfile(member, io.BytesIO(str(number).encode()))
    assert [path.read_bytes() for path in unpack(archive, staging, limit=9)] == [b"1", b"2", b"3", b"4", b"5"]
    assert {path.name for path in staging.iterdir()} == {f"00000{number}.wav" for number in range(1, 6)}


def test_name_with_a_nul_leads_nowhere_else(staging, tmp_path):
    archive = zipped(tmp_path / "a", {"a.wavXevil.wav": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"a.wavXevil", b"a.wav\0evil"))
    assert [path.name for path in unpack(archive, staging, limit=9)] == ["000001.wav"]
    assert everything(tmp_path) == {"a", "inside/staging/000001.wav"}


def test_archive_that_asks_for_gigabytes_to_be_opened_is_broken(staging, tmp_path, monkeypatch):
    archive = tarred(tmp_path / "a", {"a.wav": b"1"}, mode="w:xz")

    def starved(*_):
        raise MemoryError

    monkeypatch.setattr(tarfile.TarFile, "extractfile", starved)
    with pytest.raises(CorpusError, match="is broken"):
        unpack(archive, staging, limit=9)


def test_fault_of_the_disk_is_not_the_archives(staging, tmp_path, monkeypatch):
    archive = tarred(tmp_path / "a", {"a.wav": b"1"})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ser_keras.corpora.archive._write", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(archive, staging, limit=9)
