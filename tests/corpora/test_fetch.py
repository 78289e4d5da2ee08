"""Fetching from a real web server on this machine: whole, broken off, wrong, hostile."""

import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest

from ser_keras.corpora.download import resumable, tls_session
from ser_keras.corpora.fetch import fetch, fetch_into
from ser_keras.corpora.folder import find_in
from ser_keras.corpora.verify import verify
from ser_keras.errors import CorpusError


def zip_of(members: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            out.writestr(member, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.fixture
def packed(tiny, server) -> bytes:
    """The tiny corpus as an archive in a layout of its own, at /tiny.zip."""
    loose = {f"Some Folder/{Path(name).name.upper()}": content for name, content in tiny.clips.items()}
    server.files["/tiny.zip"] = zip_of({**loose, "read me.txt": b"notes"})
    return server.files["/tiny.zip"]


def md5(content: bytes) -> str:
    return f"md5:{hashlib.md5(content).hexdigest()}"


def is_whole(data: Path, tiny) -> bool:
    found = find_in(data, *tiny.known())
    return {file: (data / "tiny" / file).read_bytes() for file in tiny.clips} == tiny.clips and verify(
        found, tiny.manifest
    ).exact


def files_of(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)) for path in found}


def test_an_archive_is_fetched_checked_and_put_in_the_manifests_layout(tiny, packed, server, tmp_path):
    data = tmp_path / "new/data"
    known = tiny.at(f"{server.address}/tiny.zip", bytes=len(packed), checksum=md5(packed))
    found = fetch_into(data, *known)
    assert is_whole(data, tiny)
    assert len(found.paths) == 5
    assert files_of(data) == {f"tiny/{file}" for file in tiny.clips}
    assert sorted(path.name for path in data.iterdir()) == [".tiny.lock", "tiny"]
    assert server.asked == [("/tiny.zip", None)]


def test_what_a_fetch_left_that_was_killed_at_its_very_end_is_removed(tiny, tmp_path):
    tiny.write(tmp_path / "Tiny Corpus")
    left = tmp_path / ".downloads" / "tiny" / "0123-tiny.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"all of it is in place")
    fetch_into(tmp_path, *tiny.at("https://no.where/tiny.zip"))
    assert [path.name for path in tmp_path.iterdir()] == ["Tiny Corpus"]


def test_a_whole_corpus_is_not_fetched_again(tiny, packed, server, tmp_path):
    tiny.write(tmp_path / "Tiny Corpus")
    fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))
    assert server.asked == []


def test_what_is_missing_or_altered_is_put_right_and_the_rest_left_alone(tiny, packed, server, tmp_path):
    folder = tmp_path / "Tiny Corpus"
    tiny.write(folder)
    (folder / "wav/03a01Fa.wav").unlink()
    (folder / "wav/03a02Wb.wav").write_bytes(b"altered")
    untouched = (folder / "wav/08b10Na.wav").stat()
    fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))
    assert {file: (folder / file).read_bytes() for file in tiny.clips} == tiny.clips
    assert (folder / "wav/08b10Na.wav").stat().st_mtime_ns == untouched.st_mtime_ns


def test_an_altered_clip_in_another_layout_gives_way_to_the_fetched_one(tiny, packed, server, tmp_path):
    content = bytearray(tiny.clips["wav/03a01Fa.wav"])
    content[99] ^= 1
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/03a01Fa.wav").write_bytes(content)
    found = fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))
    assert found.paths["wav/03a01Fa.wav"] == tmp_path / "tiny/wav/03a01Fa.wav"
    assert verify(found, tiny.manifest).exact


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_off_goes_on_in_the_same_command(ranges, tiny, packed, server, tmp_path):
    server.cuts, server.ranges = [10_000], ranges
    fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip", checksum=md5(packed)), pause=0)
    assert is_whole(tmp_path, tiny)
    (_, first), (_, second) = server.asked
    assert first is None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 10_000


def test_a_download_that_breaks_off_for_good_is_kept_and_gone_on_with_next_time(tiny, packed, server, tmp_path):
    known = tiny.at(f"{server.address}/tiny.zip", bytes=len(packed), checksum=md5(packed))
    server.cuts, server.always_cut = [10_000], 0
    with pytest.raises(CorpusError, match=r"broke off after .* and the same command goes on from there") as caught:
        fetch_into(tmp_path, *known, pause=0)
    (part,) = tmp_path.rglob("*.part")
    kept = part.stat().st_size
    assert f"after {kept} of {len(packed)} bytes (" in str(caught.value)
    assert f"they are kept in {part}" in str(caught.value)
    assert 0 < kept <= 10_000
    assert part.read_bytes() == packed[:kept]
    assert find_in(tmp_path, *tiny.known()) is None

    server.always_cut = None
    server.asked.clear()
    fetch_into(tmp_path, *known, pause=0)
    assert is_whole(tmp_path, tiny)
    assert server.asked == [("/tiny.zip", f"bytes={kept}-")]
    assert files_of(tmp_path) == {f"tiny/{file}" for file in tiny.clips}


def test_an_archive_with_another_checksum_is_refused_with_both(tiny, packed, server, tmp_path):
    wrong = "md5:" + "0" * 32
    with pytest.raises(CorpusError, match=f"expected {wrong} but got {md5(packed)[4:]}"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip", checksum=wrong))
    assert files_of(tmp_path) == set()


def test_a_file_of_another_length_is_refused_before_it_is_downloaded(tiny, packed, server, tmp_path):
    with pytest.raises(CorpusError, match=f"is {len(packed)} bytes long, expected 7"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip", bytes=7))
    assert files_of(tmp_path) == set()


def test_an_archive_that_lacks_clips_says_which_and_keeps_the_others(tiny, server, tmp_path):
    some = dict(list(tiny.clips.items())[:2])
    server.files["/tiny.zip"] = zip_of({**some, "wav/08b10Na.wav": b"not the recording"})
    with pytest.raises(CorpusError, match=r"lacks 3 clips of Tiny.*first: wav/08b10Na\.wav\); ask Ada"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))
    assert files_of(tmp_path) == {f"tiny/{file}" for file in some}


@pytest.mark.parametrize(
    ("members", "mode", "message"),
    [
        ({"../evil.wav": b"evil"}, stat.S_IFREG | 0o644, "points outside"),
        ({"/tmp/evil.wav": b"evil"}, stat.S_IFREG | 0o644, "points outside"),
        ({"link.wav": b"/etc/passwd"}, stat.S_IFLNK | 0o777, "link or a device"),
        ({"bomb.wav": bytes(10_000_000)}, stat.S_IFREG | 0o644, "unpacks to more than"),
    ],
)
def test_a_hostile_archive_writes_nothing(members, mode, message, tiny, server, tmp_path):
    server.files["/evil.zip"] = zip_of(members, mode)
    with pytest.raises(CorpusError, match=message):
        fetch_into(tmp_path / "data", *tiny.at(f"{server.address}/evil.zip"))
    assert files_of(tmp_path) == set()
    assert not Path("/tmp/evil.wav").exists()


def test_an_address_that_is_not_there_says_so(tiny, server, tmp_path):
    with pytest.raises(CorpusError, match=r"/gone\.zip answered 404"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/gone.zip"))


def test_a_server_that_does_not_answer_says_so(tiny, server, tmp_path):
    silent = "http://127.0.0.1:1/tiny.zip"  # port 1 is reserved: nobody listens
    with pytest.raises(CorpusError, match=f"{silent} cannot be reached .*refused.*: see to the network"):
        fetch_into(tmp_path, *tiny.at(silent), pause=0)


@pytest.mark.parametrize("address", ["http://example.org/a.zip", "ftp://127.0.0.1/a.zip", "http://127.0.0.1.evil/a"])
def test_an_address_without_tls_is_refused(address):
    with pytest.raises(CorpusError, match="expected an address that starts with https://"):
        tls_session(address)


def test_a_redirect_to_an_address_without_tls_is_refused(tiny, server, tmp_path):
    server.redirects["/tiny.zip"] = "http://example.org/tiny.zip"
    with pytest.raises(CorpusError, match="cannot be fetched"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))


def test_single_clips_are_fetched_and_those_in_place_skipped(tiny, server, tmp_path):
    server.files = {f"/clips/{file}": content for file, content in tiny.clips.items()}
    tiny.write(tmp_path / "tiny")
    (tmp_path / "tiny/wav/03a01Fa.wav").unlink()
    (tmp_path / "tiny/wav/16a04Lb.wav").write_bytes(b"altered")
    fetch_into(tmp_path, *tiny.at(f"{server.address}/clips/{{file}}"))
    assert is_whole(tmp_path, tiny)
    assert sorted(server.asked) == [("/clips/wav/03a01Fa.wav", None), ("/clips/wav/16a04Lb.wav", None)]
    assert files_of(tmp_path) == {f"tiny/{file}" for file in tiny.clips}


def test_a_single_clip_with_another_checksum_is_refused_with_both(tiny, server, tmp_path):
    server.files = {f"/{file}": content for file, content in tiny.clips.items()}
    wrong = bytes(len(tiny.clips["wav/08b10Na.wav"]))
    server.files["/wav/08b10Na.wav"] = wrong
    entry = tiny.manifest.entries[2]
    got = hashlib.sha256(wrong).hexdigest()
    with pytest.raises(CorpusError, match=f"08b10Na.*expected sha256:{entry.sha256} but got {got}"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/{{file}}"))
    assert not (tmp_path / "tiny/wav/08b10Na.wav").exists()


def test_a_corpus_to_be_had_by_hand_says_what_to_do_and_where_to_put_it(tiny, tmp_path):
    with pytest.raises(CorpusError, match=f"Tiny cannot be fetched.*ask Ada.*under {tmp_path / 'tiny'}"):
        fetch_into(tmp_path, *tiny.known())


def test_a_mirror_serves_a_corpus_that_has_no_address(tiny, packed, server, tmp_path):
    fetch_into(tmp_path, *tiny.known(), address=f"{server.address}/tiny.zip")
    assert is_whole(tmp_path, tiny)


def test_an_archive_on_this_machine_is_unpacked_and_kept(tiny, packed, tmp_path):
    archive = tmp_path / "by hand.zip"
    archive.write_bytes(packed)
    fetch_into(tmp_path / "data", *tiny.known(), address=str(archive))
    assert is_whole(tmp_path / "data", tiny)
    assert archive.read_bytes() == packed


def test_an_archive_that_is_not_on_this_machine_is_named(tiny, tmp_path):
    with pytest.raises(CorpusError, match=r"nothing\.zip is no file"):
        fetch_into(tmp_path, *tiny.known(), address=str(tmp_path / "nothing.zip"))


def test_real_recordings_are_not_mixed_with_synthetic_ones(tiny, packed, server, tmp_path):
    tiny.write(tmp_path / "tiny")
    (tmp_path / "tiny/SYNTHETIC.json").write_text('{"seed": 0}')
    with pytest.raises(CorpusError, match="holds synthetic recordings"):
        fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))


def test_savee_asks_for_registration_and_writes_nothing(tmp_path):
    with pytest.raises(CorpusError, match="SAVEE cannot be fetched by a program: register at"):
        fetch("savee", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_left_over_that_is_whole_is_not_asked_for_again(server, tmp_path):
    server.files["/a"] = b"whole"
    (tmp_path / "a.part").write_bytes(b"whole")
    resumable(tls_session(server.address), tmp_path / "a.part")(f"{server.address}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert server.asked == [("/a", "bytes=5-")]


def test_a_left_over_that_is_too_long_is_begun_anew(server, tmp_path):
    server.files["/a"] = b"short"
    (tmp_path / "a.part").write_bytes(b"much too long")
    download = resumable(tls_session(server.address), tmp_path / "a.part", pause=0)
    download(f"{server.address}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"short"


def test_an_archive_packed_for_the_moment_needs_no_stated_length(tiny, packed, server, tmp_path):
    server.lengths = server.ranges = False
    fetch_into(tmp_path, *tiny.at(f"{server.address}/tiny.zip"))
    assert is_whole(tmp_path, tiny)


def test_an_answer_that_begins_elsewhere_is_not_appended(server, tmp_path):
    server.files["/a"] = b"0123456789"
    server.shift = 2
    (tmp_path / "a.part").write_bytes(b"0123")
    download = resumable(tls_session(server.address), tmp_path / "a.part", pause=0)
    download(f"{server.address}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert server.asked == [("/a", "bytes=4-"), ("/a", None)]


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.files["/a"] = b"whole"
    server.busy = 1
    resumable(tls_session(server.address), tmp_path / "a.part")(f"{server.address}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_a_server_that_gives_less_than_was_asked_for_is_asked_for_the_rest(server, tmp_path):
    server.files["/a"] = b"0123456789"
    server.most = 4
    (tmp_path / "a.part").write_bytes(b"01")
    download = resumable(tls_session(server.address), tmp_path / "a.part", pause=0)
    download(f"{server.address}/a", str(tmp_path / "a"), None)
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert server.asked == [("/a", "bytes=2-"), ("/a", "bytes=6-")]
