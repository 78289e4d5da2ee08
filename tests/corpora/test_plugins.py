"""Corpora that other packages register: what is wrong with one is told in one line."""

import csv
import io

import pytest

from ser_keras.corpora import folder, manifest, plugins
from ser_keras.errors import CorpusError

TOML = (
    'title = "Mine"\nlicence = "x"\ncitation = "x"\nhomepage = "x"\nfolders = ["mine"]\n'
    'by_hand = "put it in {folder}"\n'
)
CSV = "file,bytes,sha256,emotion,code,speaker,gender,text\n" + "".join(
    f"{name}.wav,4,{'0' * 64},sad,S,{name},female,\n" for name in "ab"
)


@pytest.fixture
def register(tmp_path, monkeypatch):
    def register(name="mine", toml=TOML, csv=CSV):
        (tmp_path / "corpus.toml").write_text(toml, encoding="utf-8")
        (tmp_path / "manifest.csv").write_text(csv, encoding="utf-8")
        monkeypatch.setattr(plugins, "folders", lambda: {name: tmp_path})

    caches = (manifest.corpora, manifest.manifest, folder.loader)
    for cache in caches:
        cache.cache_clear()
    yield register
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def test_registered_corpus_stands_after_ours(register):
    register()
    assert list(manifest.corpora())[-1] == "mine"
    assert manifest.corpus("mine").title == "Mine"


def test_manifest_tells_texts_with_line_breaks_of_every_kind():
    texts = ["two\u2028lines", "next\x85line", "quoted\nline", "form\x0cfeed"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*manifest.COLUMNS, "text"])
    writer.writerows([f"{number}.wav", 4, "0" * 64, "sad", "S", "s", "", text] for number, text in enumerate(texts))
    found = manifest.read_manifest(out.getvalue().encode(), listed=True).entries
    assert [dict(entry.labels.extras)["text"] for entry in found] == texts


def test_clips_of_a_registered_corpus_are_known_by_their_paths(register):
    register()
    loader = folder.loader("mine")
    assert loader.labels("a.wav").speaker == "a"
    assert loader.labels("sub/a.wav") is None
    assert loader.text(loader.labels("a.wav")) == "a.wav"  # nothing is known of what is said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "emodb"}, "'emodb', which is one of ours"),
        ({"toml": "title = "}, "corpus.toml can't be read"),
        ({"toml": TOML.replace("licence", "license")}, "lacks 'licence'"),
        ({"toml": TOML + 'colour = "red"\n'}, "has the unknown key 'colour'"),
        ({"csv": "a,b\n"}, "a manifest can't be read"),
        ({"csv": CSV.replace(",sad,", ",wut,")}, "names the emotion 'wut'"),
    ],
)
def test_what_is_wrong_with_a_registered_corpus_is_told(register, given, says):
    register(**given)
    with pytest.raises(CorpusError, match=says):
        manifest.manifest(given.get("name", "mine"))


def test_package_that_is_gone_is_told():
    with pytest.raises(CorpusError, match="registered as the package no_such_package, which is not there: reinstall"):
        plugins._folder("mine", "no_such_package")
