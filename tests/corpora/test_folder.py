"""Where recordings are looked for, and what counts as there."""

import json
import os
from pathlib import Path

import pytest

from ser_keras.corpora import cremad, savee, tess
from ser_keras.corpora.folder import data_folder, find, find_in, missing, present, scan
from ser_keras.corpora.manifest import manifest
from ser_keras.errors import CorpusError


def touch(path: Path, size: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * size)
    return path


def test_the_argument_goes_before_the_variable_and_the_variable_before_the_cache(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SER_KERAS_DATA", str(tmp_path / "b"))
    assert data_folder(tmp_path / "a") == tmp_path / "a"
    assert data_folder() == tmp_path / "b"
    monkeypatch.delenv("SER_KERAS_DATA")
    assert data_folder() == tmp_path / "cache" / "ser_keras" / "corpora"


def test_a_data_folder_that_was_asked_for_must_be_there(tmp_path, monkeypatch):
    with pytest.raises(CorpusError, match=r"nowhere \(--data\) is no folder"):
        data_folder(tmp_path / "nowhere")
    monkeypatch.setenv("SER_KERAS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(CorpusError, match=r"nowhere \(\$SER_KERAS_DATA\) is no folder"):
        data_folder()


def test_the_default_data_folder_need_not_be_there(tmp_path, monkeypatch):
    monkeypatch.delenv("SER_KERAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find("emodb") is None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("emodb", "EmoDB/wav/03a01Fa.wav"),
        ("emodb", "emo-db/03a01Fa.wav"),
        ("ravdess", "Audio_Speech_Actors_01-24/Actor_01/03-01-01-01-01-01-01.wav"),
        ("tess", "TESS Toronto emotional speech set data/OAF_Fear/OAF_back_fear.wav"),
        ("cremad", "CREMA-D/AudioWAV/1001_DFA_ANG_XX.wav"),
        ("cremad", "AudioWAV/1001_DFA_ANG_XX.wav"),
        ("savee", "SAVEE/AudioData/DC/a01.wav"),
        ("savee", "AudioData/DC_a01.wav"),
    ],
)
def test_a_corpus_is_found_under_every_name_it_goes_by(name, path, tmp_path):
    clip = touch(tmp_path / path)
    assert list(find(name, tmp_path).paths.values()) == [clip]


def test_of_two_folders_the_one_with_more_clips_is_taken(tmp_path):
    for few, many in (("emodb", "EmoDB"), ("EMO-DB", "emo-db"), ("emo-db", "EMO-DB")):
        data = tmp_path / few
        touch(data / few / "03a01Fa.wav")
        touch(data / many / "03a01Fa.wav")
        touch(data / many / "03a01Wa.wav")
        assert find("emodb", data).folder == data / many


def test_clips_come_in_manifest_order_whatever_their_folders(tiny, tmp_path):
    files = list(tiny.clips)
    for number, file in enumerate(files):
        touch(tmp_path / str(9 - number) / Path(file).name)
    assert list(scan(tmp_path, tiny.manifest, tiny.labels).paths) == files


def test_a_clip_that_lies_there_twice_counts_once_and_the_copy_of_the_right_size_is_taken(tiny, tmp_path):
    file, content = next(iter(tiny.clips.items()))
    touch(tmp_path / file, size=7)
    right = touch(tmp_path / "copy/wav/03a01Fa.wav", size=len(content))
    touch(tmp_path / "copy/copy/03a01Fa.wav", size=8)
    found = scan(tmp_path, tiny.manifest, tiny.labels)
    assert found.paths == {file: right}
    assert found.altered == ()
    assert found.foreign == ()


def test_a_clip_of_another_size_is_altered_and_still_there(tiny, tmp_path):
    tiny.write(tmp_path)
    touch(tmp_path / "wav/08b10Na.wav", size=7)
    found = scan(tmp_path, tiny.manifest, tiny.labels)
    assert found.altered == ("wav/08b10Na.wav",)
    assert "wav/08b10Na.wav" in found.paths


def test_recordings_that_the_manifest_does_not_know_are_foreign(tiny, tmp_path):
    tiny.write(tmp_path)
    touch(tmp_path / "wav/03a05Fa.wav")  # EMO-DB's naming, but none of the five
    touch(tmp_path / "extra/noise.WAV")
    touch(tmp_path / "song.wav")
    touch(tmp_path / "erkennung.txt")
    touch(tmp_path / "wav/._03a01Fa.wav")  # macOS leaves such shadows in archives
    found = scan(tmp_path, tiny.manifest, tiny.labels)
    assert found.foreign == ("extra/noise.WAV", "song.wav", "wav/03a05Fa.wav")
    assert missing(found, tiny.manifest) == ()


def test_what_is_not_there_is_missing(tiny, tmp_path):
    tiny.write(tmp_path)
    (tmp_path / "wav/03a02Wb.wav").unlink()
    gone = missing(scan(tmp_path, tiny.manifest, tiny.labels), tiny.manifest)
    assert [entry.file for entry in gone] == ["wav/03a02Wb.wav"]


def test_links_to_folders_are_followed(tiny, tmp_path):
    tiny.write(tmp_path / "elsewhere")
    (tmp_path / "data/tiny").mkdir(parents=True)
    (tmp_path / "data/tiny/wav").symlink_to(tmp_path / "elsewhere/wav")
    found = find_in(tmp_path / "data", *tiny.known())
    assert len(found.paths) == 5
    (tmp_path / "more").mkdir()
    (tmp_path / "more/TINY corpus").symlink_to(tmp_path / "elsewhere")
    assert len(find_in(tmp_path / "more", *tiny.known()).paths) == 5


def test_links_that_lead_in_circles_or_nowhere_do_no_harm(tiny, tmp_path):
    tiny.write(tmp_path)
    (tmp_path / "wav/up").symlink_to(tmp_path)
    (tmp_path / "wav/again").symlink_to(tmp_path / "wav")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "wav/16b10Wa.wav").symlink_to(tmp_path / "gone.wav")
    found = scan(tmp_path, tiny.manifest, tiny.labels)
    assert len(found.paths) == 5
    assert found.foreign == ()


def test_a_synthetic_corpus_says_so_and_is_not_measured(tiny, tmp_path):
    for file in tiny.clips:
        touch(tmp_path / file, size=7)
    says = {"generator": "KlattGrid", "seed": 0, "clips_per_class": 20}
    (tmp_path / "SYNTHETIC.json").write_text(json.dumps(says))
    found = scan(tmp_path, tiny.manifest, tiny.labels)
    assert found.synthetic == says
    assert found.altered == ()
    (tmp_path / "SYNTHETIC.json").write_text("{}")
    assert scan(tmp_path, tiny.manifest, tiny.labels).altered == ()


def test_a_broken_synthetic_marker_is_an_error_that_names_it(tiny, tmp_path):
    (tmp_path / "SYNTHETIC.json").write_text("{")
    with pytest.raises(CorpusError, match=r"SYNTHETIC\.json is no valid JSON"):
        scan(tmp_path, tiny.manifest, tiny.labels)


def test_a_missing_corpus_says_what_was_looked_for_where_and_how_to_get_it(tmp_path):
    (tmp_path / "emodb").mkdir()
    with pytest.raises(CorpusError) as caught:
        present("emodb", tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"none of its 535 clips is in {tmp_path}" in message
    assert "emodb, emo-db" in message
    assert f"`python -m ser_keras.corpora fetch emodb --data {tmp_path}`" in message


def test_a_missing_corpus_that_needs_registration_says_so(tmp_path):
    with pytest.raises(CorpusError, match=f"register at .*, or unpack it as {tmp_path / 'savee'}"):
        present("savee", tmp_path)


@pytest.mark.parametrize(
    ("name", "loader", "rename"),
    [
        ("savee", savee, lambda file: file.replace("/", "_")),
        ("savee", savee, lambda file: "AudioData/AudioData/" + file.upper()),
        ("tess", tess, lambda file: "tess data/" + file.lower().replace("oaf_pleasant_surprise/", "oaf_PS/")),
        ("cremad", cremad, lambda file: file.replace("AudioWAV/", "").replace("_XX.", "_X.")),
    ],
)
def test_a_whole_corpus_in_another_layout_is_found_whole(name, loader, rename, tmp_path):
    known = manifest(name)
    for entry in known.entries:
        path = tmp_path / rename(entry.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT))
    found = scan(tmp_path, known, loader.labels)
    assert len(found.paths) == len(known.entries)
    assert found.foreign == ()


def test_folder_of_the_corpus_itself_is_told_from_the_one_it_is_in(tmp_path):
    touch(tmp_path / "emodb/wav/03a01Fa.wav")
    with pytest.raises(CorpusError, match=rf"is the folder of EMO-DB.* itself: name the one it is in, {tmp_path}$"):
        present("emodb", tmp_path / "emodb")
