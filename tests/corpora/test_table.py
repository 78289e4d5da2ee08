"""The clip table and what it reports of every corpus."""

import hashlib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from ser_keras.corpora import manifest
from ser_keras.corpora.table import load
from ser_keras.errors import CorpusError

COLUMNS = ["clip", "corpus", "path", "emotion", "code", "speaker", "gender", "text", "sha256"]


def put(data: Path, *paths: str) -> None:
    for path in paths:
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(b"not of the size that the manifest states")


def test_a_row_says_all_of_a_clip(tmp_path):
    put(tmp_path, "emodb/wav/03a01Fa.wav")
    clips = load(["emodb"], tmp_path).clips
    assert list(clips.columns) == COLUMNS
    path = str(tmp_path / "emodb/wav/03a01Fa.wav")
    published = manifest.manifest("emodb").entries[0]
    assert published.file == "wav/03a01Fa.wav"
    labels = ["happy", "F", "emodb-03", "male", "emodb-a01"]
    row = ["emodb/wav/03a01Fa.wav", "emodb", path, *labels, published.sha256]
    assert clips.to_numpy().tolist() == [row]


def test_ids_are_the_manifests_wherever_a_clip_lies(tmp_path):
    put(tmp_path, "SAVEE/AudioData/DC_a01.wav", "ravdess/03-01-02-02-02-01-24.WAV", "tess/x/yaf_dog_PS.wav")
    clips = load(["savee", "ravdess", "tess"], tmp_path).clips
    assert clips["clip"].tolist() == [
        "savee/DC/a01.wav",
        "ravdess/Actor_24/03-01-02-02-02-01-24.wav",
        "tess/YAF_pleasant_surprised/YAF_dog_ps.wav",
    ]
    assert clips["text"].tolist() == ["savee-a01", "ravdess-02", "tess-dog"]
    assert clips["speaker"].tolist() == ["savee-DC", "ravdess-24", "tess-YAF"]


def test_optional_corpus_may_be_missing_and_others_may_not(tmp_path):
    put(tmp_path, "emodb/wav/03a01Fa.wav")
    loaded = load(["emodb", "savee"], tmp_path, optional=["savee"])
    assert list(loaded.reports) == ["emodb"]
    assert set(loaded.clips["corpus"]) == {"emodb"}
    with pytest.raises(CorpusError, match="none of its 480 clips is in"):
        load(["emodb", "savee"], tmp_path, optional=["emodb"])


def test_rows_come_corpus_by_corpus_in_manifest_order(tmp_path):
    put(tmp_path, "emodb/b/03a01Fa.wav", "emodb/a/03a02Nc.wav", "savee/JE_d01.wav", "savee/DC_su01.wav")
    assert load(["savee", "emodb"], tmp_path).clips["clip"].tolist() == [
        "savee/DC/su01.wav",
        "savee/JE/d01.wav",
        "emodb/wav/03a01Fa.wav",
        "emodb/wav/03a02Nc.wav",
    ]


def test_the_report_counts_what_is_missing_altered_and_foreign(tmp_path):
    put(tmp_path, "emodb/wav/03a01Fa.wav", "emodb/wav/03a02Nc.wav", "emodb/wav/other.wav")
    report = load(["emodb"], tmp_path).reports["emodb"]
    assert (report.clips, report.expected, report.missing, report.foreign) == (2, 535, 533, 1)
    assert report.altered == ("wav/03a01Fa.wav", "wav/03a02Nc.wav")
    assert report.folder == str(tmp_path / "emodb")
    assert report.synthetic is False
    csv = files("data_manifests").joinpath("emodb.csv").read_bytes()
    assert report.manifest_sha256 == hashlib.sha256(csv).hexdigest()


def test_a_synthetic_corpus_loads_as_such(tmp_path):
    put(tmp_path, "emodb/wav/03a01Fa.wav")
    (tmp_path / "emodb/SYNTHETIC.json").write_text('{"generator": "KlattGrid", "seed": 0, "clips_per_class": 20}')
    report = load(["emodb"], tmp_path).reports["emodb"]
    assert report.synthetic is True
    assert (report.clips, report.expected, report.altered) == (1, 535, ())


def test_a_corpus_of_which_nothing_is_there_is_refused(tmp_path):
    put(tmp_path, "emodb/wav/03a01Fa.wav")
    with pytest.raises(CorpusError, match="TESS: none of its 2800 clips"):
        load(["emodb", "tess"], tmp_path)


@pytest.mark.real_data
def test_the_whole_emodb_loads(real_corpora):
    loaded = load(["emodb"], real_corpora)
    report = loaded.reports["emodb"]
    assert (report.clips, report.missing, report.altered, report.foreign) == (535, 0, (), 0)
    # Burkhardt et al. (2005), as published: Yadav et al. (2022) print the same seven.
    assert Counter(loaded.clips["code"]) == {"W": 127, "L": 81, "E": 46, "A": 69, "F": 71, "T": 62, "N": 79}
    assert all(Path(path).is_file() for path in loaded.clips["path"])


@pytest.mark.real_data
def test_a_part_of_a_corpus_loads(real_corpora):
    loaded = load(["ravdess", "tess", "cremad"], real_corpora)
    assert loaded.clips["clip"].is_unique
    for report in loaded.reports.values():
        assert 0 < report.clips < report.expected
        assert report.missing == report.expected - report.clips
        assert report.altered == ()
