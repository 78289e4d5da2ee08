"""BibTeX entries: whole, escaped, and of everything that has a name here."""

import re

import pytest
from click.testing import CliRunner

from ser_keras import cite, discovery
from ser_keras.corpora import manifest
from ser_keras.errors import PaperError


def fields(entry):
    return dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, flags=re.MULTILINE))


@pytest.mark.parametrize("name", cite.names())
def test_every_entry_has_author_title_and_year_and_closed_braces(name):
    entry = cite.bibtex(name)
    assert re.match(rf"@(article|inproceedings|misc|software)\{{{name},\n", entry)
    assert entry.count("{") == entry.count("}")
    wanted = {"author", "title"} if name == "ser_keras" else {"author", "title", "year"}
    assert wanted <= set(fields(entry))


def test_authors_of_a_paper_are_joined_in_their_order():
    found = fields(cite.bibtex("yadav2022"))
    assert found["author"] == "Om Prakash Yadav and Laxmi Prasad Bastola and Jagdish Sharma"
    assert found["year"] == str(discovery.published("yadav2022")["year"])


def test_corpus_has_the_doi_of_its_citation():
    for name, corpus in manifest.corpora().items():
        found = fields(cite.bibtex(name))
        if "doi.org/" in corpus.citation:
            assert corpus.citation.endswith(found["doi"])
        assert found["year"] in corpus.citation


def test_titles_keep_their_inner_capitals():
    assert "{RAVDESS}" in fields(cite.bibtex("ravdess"))["title"]
    assert "using {CRNN}" in fields(cite.bibtex("kanoun2024"))["title"]
    assert "{CREMA-D}:" in fields(cite.bibtex("cremad"))["title"]


def test_special_characters_are_escaped_but_not_in_addresses(monkeypatch):
    printed = {
        "title": "R&D of 50 % speech",
        "authors": ["A_b"],
        "year": 2020,
        "bibtex": {"url": "https://x.org/a_b%20"},
    }
    monkeypatch.setattr(discovery, "published", lambda name: printed)
    found = fields(cite.bibtex("yadav2022"))
    assert (found["title"], found["author"]) == (r"R\&D of 50 \% speech", r"A\_b")
    assert found["url"] == "https://x.org/a_b%20"


def test_all_cites_each_once():
    done = CliRunner().invoke(cite.cite, ["emodb", "all"], standalone_mode=False)
    assert len(re.findall(r"^@", done.output, flags=re.MULTILINE)) == len(cite.names())


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(PaperError, match=r"'iemocap': give one of kanoun2024, .*emodb"):
        cite.bibtex("iemocap")
