"""What `data_manifests` says of the five corpora, against published counts and against the loaders."""

import csv
import re
from collections import Counter

import pytest

from ser_keras.corpora import cremad
from ser_keras.corpora.folder import LOADERS
from ser_keras.corpora.manifest import EMOTIONS, corpora, corpus, manifest
from ser_keras.errors import CorpusError

NAMES = ("ravdess", "emodb", "tess", "savee", "cremad")
SEVEN = ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise")
# Clips of each class as the corpora's own papers count them: Livingstone & Russo (2018), Burkhardt et al. (2005),
# Pichora-Fuller & Dupuis (2010), Haq & Jackson (2009), Cao et al. (2014).
CLASSES = {
    "ravdess": {"neutral": 96, **dict.fromkeys(("calm", "happy", "sad", "angry", "fear", "disgust", "surprise"), 192)},
    "emodb": {"angry": 127, "bored": 81, "disgust": 46, "fear": 69, "happy": 71, "sad": 62, "neutral": 79},
    "tess": dict.fromkeys(SEVEN, 400),
    "savee": {**dict.fromkeys(SEVEN, 60), "neutral": 120},
    "cremad": {**dict.fromkeys(("angry", "disgust", "fear", "happy", "sad"), 1271), "neutral": 1087},
}
# Female and male speakers, and the clips of each speaker where all have equally many.
SPEAKERS = {"ravdess": (12, 12, 60), "emodb": (5, 5, None), "tess": (2, 0, 1400), "savee": (0, 4, 120)}
SPEAKERS["cremad"] = (43, 48, None)
COLUMNS = {
    "ravdess": ("intensity", "statement", "repetition"),
    "emodb": ("text", "version"),
    "tess": ("word",),
    "savee": ("sentence",),
    "cremad": ("sentence", "level"),
}


def test_every_described_corpus_has_a_loader():
    assert tuple(corpora()) == tuple(LOADERS) == NAMES


def test_all_manifests_together_hold_12697_clips():
    assert sum(len(manifest(name).entries) for name in NAMES) == 12_697


@pytest.mark.parametrize("name", NAMES)
def test_the_loader_gives_the_manifests_labels_of_every_clip(name):
    for entry in manifest(name).entries:
        assert LOADERS[name].labels(entry.file) == entry.labels


@pytest.mark.parametrize("name", NAMES)
def test_no_two_clips_have_the_same_labels(name):
    assert len(manifest(name).by_labels) == len(manifest(name).entries)


@pytest.mark.parametrize("name", NAMES)
def test_classes_have_the_published_counts(name):
    assert Counter(entry.labels.emotion for entry in manifest(name).entries) == CLASSES[name]
    assert set(CLASSES[name]) <= set(EMOTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_speakers_have_the_published_counts_and_genders(name):
    female, male, clips = SPEAKERS[name]
    speakers = {entry.labels.speaker: entry.labels.gender for entry in manifest(name).entries}
    assert Counter(speakers.values()) == {kind: n for kind, n in (("female", female), ("male", male)) if n}
    counts = Counter(entry.labels.speaker for entry in manifest(name).entries)
    assert clips is None or set(counts.values()) == {clips}


def test_emodb_speakers_have_the_genders_of_its_documentation():
    speakers = {entry.labels.speaker: entry.labels.gender for entry in manifest("emodb").entries}
    assert {speaker for speaker, gender in speakers.items() if gender == "male"} == {"03", "10", "11", "12", "15"}
    assert {speaker for speaker, gender in speakers.items() if gender == "female"} == {"08", "09", "13", "14", "16"}


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_sorted_and_whole(name):
    files = [entry.file for entry in manifest(name).entries]
    assert files == sorted(set(files))
    for entry in manifest(name).entries:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.bytes > 44  # a WAV header alone
        assert tuple(column for column, _ in entry.labels.extras) == COLUMNS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_description_is_whole(name):
    described = corpus(name)
    assert all((described.title, described.licence, described.citation, described.homepage, described.by_hand))
    assert described.folders[0] == name
    assert "{folder}" in described.by_hand
    assert described.source is None or described.source.address.startswith("https://")


def test_savee_is_only_had_by_hand():
    assert corpus("savee").source is None


def test_an_unknown_corpus_is_refused_with_the_known_ones():
    with pytest.raises(CorpusError, match=r"'iemocap'.*ravdess, emodb, tess, savee, cremad"):
        manifest("iemocap")


@pytest.mark.real_data
@pytest.mark.parametrize("name", NAMES)
def test_manifests_agree_with_the_checksums_of_the_recordings(name, real_corpora):
    with (real_corpora / "checksums" / f"{name}.csv").open(newline="") as table:
        expected = [(row["file"], int(row["bytes"]), row["sha256"]) for row in csv.DictReader(table)]
    assert [(entry.file, entry.bytes, entry.sha256) for entry in manifest(name).entries] == expected


@pytest.mark.real_data
def test_cremads_women_are_those_of_its_own_table(real_corpora):
    with (real_corpora / "cremad" / "VideoDemographics.csv").open(newline="") as table:
        women = {int(row["ActorID"]) for row in csv.DictReader(table) if row["Sex"] == "Female"}
    assert women == cremad.FEMALE
