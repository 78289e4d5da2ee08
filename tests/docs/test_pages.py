"""The pages of the site that are written from what the repository holds."""

import json
import re

import pytest

from docs import docstrings, offline, pages
from ser_keras import discovery
from ser_keras.corpora import manifest


@pytest.fixture(scope="module")
def papers():
    return {name: pages.paper(name) for name in discovery.paper_names()}


@pytest.mark.parametrize("name", discovery.paper_names())
def test_page_of_a_paper_tells_every_choice_and_experiment_of_its_declaration(papers, name):
    for experiment in discovery.load_paper(name).experiments:
        assert f"### {experiment.name}\n" in papers[name]
        choices = experiment.choices + tuple(choice for one in experiment.variants for choice in one.choices)
        rows = [line for line in papers[name].splitlines() if line.startswith("| `")]
        for choice in choices:
            assert any(row.startswith(f"| `{choice.key}` | `") and choice.reason[:20] in row for row in rows)


@pytest.mark.parametrize("ledger", sorted((pages.ROOT / "results").glob("*/*.json")), ids=lambda path: path.stem)
def test_page_of_a_paper_has_every_stored_figure_where_its_experiment_is_told(papers, ledger):
    paper, name = ledger.parent.name, ledger.stem
    heads = (f"| {paper}/{name} | ", f"- {name}: published ")  # of the table's row, of all ways side by side
    told = "\n".join(line for line in papers[paper].splitlines() if line.startswith(heads))
    entries = json.loads(ledger.read_text(encoding="utf-8"))["entries"]
    assert entries
    for entry in entries:
        figure = f"{100 * entry['accuracy_mean']:.2f}"
        assert re.search(rf"(?<![\d.]){re.escape(figure)} (%|±)", told), (entry["variant"], entry["protocol"], figure)


def test_page_of_emodb_counts_what_its_authors_published():
    # Burkhardt et al. (2005) and the corpus's page: 10 actors, 10 sentences; 127 + 81 + 46 + 69 + 71 + 62 + 79 = 535
    page = pages.corpus("emodb")
    assert "| speakers | 10: 5 female, 5 male |" in page
    assert "| sentences or words | 10 |" in page
    clips = {"angry": 127, "bored": 81, "disgust": 46, "fear": 69, "happy": 71, "sad": 62, "neutral": 79, "all": 535}
    found = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in page.splitlines() if line[:2] == "| "}
    assert {emotion: found[emotion] for emotion in clips} == {key: str(value) for key, value in clips.items()}


def test_every_corpus_has_licence_way_and_citation_on_its_page():
    for name, described in manifest.corpora().items():
        page = pages.corpus(name)
        assert described.licence in page
        assert "## How to get it" in page
        assert f"{{{name}," in page


def test_every_command_is_on_the_page_of_commands():
    page = pages.commands()
    assert "Usage: ser-keras corpora fetch [OPTIONS] NAME" in page
    assert "--protocol [published|speaker-independent|speaker-text-independent]" in page


def test_every_public_module_has_a_page_that_the_list_leads_to():
    listed = pages.api_page() + "".join(pages.module_page(one) for one in pages.modules())
    for path in (pages.ROOT / "ser_keras").rglob("*.py"):
        module = ".".join(path.relative_to(pages.ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not path.name.startswith("__main"):
            assert module in pages.modules()
            assert f"{module}>" in listed


def test_source_of_a_docstring_is_a_section_of_its_own():
    lines = ["Gives one.", "", "Raises", "------", "ValueError : none", "", "Source: A (2000),", "chapter 2.", ""]
    told = docstrings.with_sources(lines)
    assert told[:6] == lines[:6]
    assert told[6:] == ["Notes", "-----", "*Source:* A (2000),", "chapter 2.", ""]


def test_stars_of_a_docstring_are_no_emphasis():
    assert (
        docstrings.plain("(n, *shape) of `a * b`, the name_ and `c_`")
        == r"(n, \*shape) of `a * b`, the name\_ and `c_`"
    )


def test_indented_text_of_a_docstring_is_code():
    assert docstrings.with_blocks(["Call:", "", "    one", "    two", "", "end"]) == [
        "Call:", "", "::", "", "    one", "    two", "", "end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", '<script src="https://cdn.example/a.js"></script>'),
        ("page.html", '<link rel="stylesheet" href="//cdn.example/a.css">'),
        ("sheet.css", "@font-face { src: url('https://cdn.example/a.woff2') }"),
    ],
)
def test_site_that_loads_from_elsewhere_is_told(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(list(offline.foreign(tmp_path))) == 1


def test_links_to_elsewhere_are_no_loading(tmp_path):
    (tmp_path / "page.html").write_text('<a href="https://example.org"></a><script src="a.js"></script>')
    assert not list(offline.foreign(tmp_path))
