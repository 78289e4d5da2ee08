"""Databases in audformat, made and published here by audformat and audb themselves, become a corpus of one's own."""

import audb
import audbackend
import audformat
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from ser_keras.corpora import manifest
from ser_keras.errors import CorpusError
from ser_keras.scaffold.corpus import new_corpus

FILES = [f"wav/{number}.wav" for number in range(4)]
EMOTIONS = ["anger", "sadness", "anger", "neutral"]


def column(database, table, scheme, values, index=None):
    if table not in database.tables:
        database[table] = audformat.Table(index if index is not None else audformat.filewise_index(FILES))
    database[table][scheme] = audformat.Column(scheme_id=scheme)
    database[table][scheme].set(values)


@pytest.fixture
def database(tmp_path):
    """Four recordings of two speakers, whose gender stands with the scheme's labels, as in the databases of audb."""
    found = audformat.Database("spoken", license=audformat.define.License.CC0_1_0)
    found.schemes["emotion"] = audformat.Scheme(labels=["anger", "sadness", "neutral"])
    found.schemes["speaker"] = audformat.Scheme(labels={3: {"gender": "male"}, 8: {"gender": "female"}})
    found.schemes["transcription"] = audformat.Scheme(labels={"a01": "Der Lappen liegt auf dem Eisschrank."})
    column(found, "emotion", "emotion", EMOTIONS)
    column(found, "files", "speaker", [3, 3, 8, 8])
    column(found, "files", "transcription", ["a01"] * 4)
    return found


@pytest.fixture
def folder(tmp_path):
    """A function that writes a database with its recordings; gives its folder."""

    def write(database):
        place = tmp_path / "spoken"
        (place / "wav").mkdir(parents=True)
        for number, path in enumerate(FILES):
            soundfile.write(place / path, np.sin(np.arange(8000) / (5 + number)) / 3, 16000)
        database.save(place)
        return place

    return write


def call(*arguments):
    return CliRunner().invoke(new_corpus, list(map(str, arguments)), standalone_mode=False)


def entries(folder, name):
    return manifest.read_manifest((folder / name / "src" / name / "manifest.csv").read_bytes(), listed=True).entries


def test_folder_of_audformat_gives_a_corpus_with_its_labels(database, folder, tmp_path):
    done = call("mine", folder(database), "--out", tmp_path)
    assert done.exception is None, done.exception
    found = [entry.labels for entry in entries(tmp_path, "mine")]
    assert [labels.emotion for labels in found] == ["angry", "sad", "angry", "neutral"]
    assert [labels.code for labels in found] == EMOTIONS
    assert [(labels.speaker, labels.gender) for labels in found] == [("3", "male")] * 2 + [("8", "female")] * 2
    assert dict(found[0].extras)["text"] == "Der Lappen liegt auf dem Eisschrank."
    assert 'licence = "CC0-1.0"' in (tmp_path / "mine/src/mine/corpus.toml").read_text()


def test_database_of_a_repository_is_loaded_with_audb(database, folder, tmp_path, monkeypatch):
    host = str(tmp_path / "host")
    audbackend.backend.FileSystem.create(host, "ours")
    repository = audb.Repository("ours", host, "file-system")
    audb.publish(folder(database), "1.0.0", repository, verbose=False)
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    monkeypatch.setattr(audb.config, "CACHE_ROOT", str(tmp_path / "cache"))
    for version in ("1.0.0", "latest"):
        name = f"mine_{version[0]}"
        done = call(name, "spoken", "--audb", version, "--out", tmp_path)
        assert done.exception is None, done.exception
        assert len(entries(tmp_path, name)) == 4
        assert f"ln -s {tmp_path / 'cache'}" in done.output
    done = call("other", "spoken", "--audb", "9.9.9", "--out", tmp_path)
    assert isinstance(done.exception, CorpusError) and "audb can't load spoken 9.9.9" in str(done.exception)


def test_tables_that_differ_are_named_and_one_can_be_chosen(database, folder, tmp_path):
    column(database, "heard", "emotion", ["anger", "anger", "anger", "neutral"])
    place = folder(database)
    done = call("mine", place, "--out", tmp_path)
    assert "several labels of 'emotion' (sadness, anger)" in str(done.exception)
    assert call("mine", place, "--table", "heard", "--out", tmp_path).exception is None
    assert [entry.labels.code for entry in entries(tmp_path, "mine")][1] == "anger"


def test_recordings_without_an_emotion_are_left_out(database, folder, tmp_path):
    database["emotion"]["emotion"].set([None, "sadness", "anger", "neutral"])
    assert call("mine", folder(database), "--out", tmp_path).exception is None
    assert [entry.file for entry in entries(tmp_path, "mine")] == FILES[1:]


def _without_speakers(database):
    database.drop_tables("files")


def _of_parts(database):
    database.drop_tables("emotion")
    index = audformat.segmented_index(FILES[:1] * 2, ["0s", "0.2s"], ["0.2s", "0.5s"])
    column(database, "parts", "emotion", ["anger", "sadness"], index)


def _with_a_speaker_lacking(database):
    database["files"]["speaker"].set([3, 3, 8, None])


@pytest.mark.parametrize(
    ("spoil", "options", "says"),
    [
        (_without_speakers, (), "labels no recording with a scheme 'speaker'"),
        (_of_parts, (), "labels parts of recordings"),
        (_with_a_speaker_lacking, (), "names no speaker of wav/3.wav"),
        (lambda database: None, ("--table", "none"), "has no table 'none'; it has emotion, files"),
    ],
)
def test_database_that_lacks_something_is_refused_in_one_line(database, folder, tmp_path, spoil, options, says):
    spoil(database)
    done = call("mine", folder(database), *options, "--out", tmp_path)
    assert isinstance(done.exception, CorpusError)
    assert says in str(done.exception) and "\n" not in str(done.exception)


def test_header_that_is_none_is_refused_in_one_line(tmp_path):
    (tmp_path / "db.yaml").write_text("- nothing\n")
    done = call("mine", tmp_path, "--out", tmp_path)
    assert isinstance(done.exception, CorpusError) and "db.yaml can't be read" in str(done.exception)
