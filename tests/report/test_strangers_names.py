"""Names from strangers in every report: no page, picture, Markdown or LaTeX takes them for anything but text."""

import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from ser_keras.report.pair import write_pair
from ser_keras.report.summary import write_summary
from ser_keras.report.write import write_report

NAMES = {  # of folders, so without a slash; and texts of files
    "pages": (
        """"><img src=x onerror=alert(1)>' onmouseover='alert(1) --><svg onload=alert(1)><!--""",
        "</style></title></textarea>]]><script>alert(1)</script>",
    ),
    "tables": (
        "[click](javascript:alert`1`) ![x](x) {{ 7 * 7 }}{% include 'x' %} a|b\\|c `d` <b>",
        "a\n\n<script>alert(1)</script>\r\n# heading\n\n[click](javascript:alert(1))",
    ),
    "latex": ("}\\input{x}\\write18{touch x}% $x$ ^^M #1 ~&", "\\input{x}\n\n\\end{table}\\immediate\\write18{x}%"),
}


class Elements(HTMLParser):
    """Names of a page's elements, and their attributes."""

    def __init__(self, text):
        super().__init__()
        self.names, self.attributes = set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        self.attributes += attributes


def write(make_run, folder, place, text):
    """The reports of two runs that bear hostile names, of their paper, of both, and of all."""
    published = {
        "source": text, "accuracy_percent": 50, "classes": [text, place], "support": [3, 2], "corpora": [text],
        "confusion_counts": [[3, 0], [1, 1]],
        "report": {text: {"precision": 75.0, "recall": 100.0, "f1": 85.0}},
    }  # fmt: skip
    said = {
        "paper": place, "variant": place, "protocol": place, "title": text, "published": published,
        "set_aside": [{"clip": f"{text}.wav", "reason": text}],
        "choices": [{"key": text, "value": text, "default": text, "reason": text, "alternatives": [text]}],
        "citation": {"title": text, "authors": [text], "year": text, "slips": [text]},
        "pipeline": {"name": text, "steps": [{"function": text, "parameters": {text: text}}], "fingerprint": text},
        "corpora": {text: {"clips": 1, "expected": 2, "synthetic": False, "altered": 0, "foreign": 0}},
        "model": [{"name": text, "kind": text, "output_shape": [1], "parameters": 1}],
        "provenance": {"ser_keras": text, "commit": text, "python": text, "packages": {text: text}, "backend": text,
                       "hardware": {"cpu": text}, "platform": text},
    }  # fmt: skip
    made = [make_run(seed, experiment=place, **said) for seed in (0, 1)]
    runs = [shutil.move(run, folder / run.relative_to(run.parents[4])) for run in made]
    pages = [write_report(folder, place), write_pair(*runs, folder / "pair"), write_summary(folder)]
    return [page.parent for page in pages]


def every(folders, ending):
    found = [path for folder in folders for path in sorted(folder.rglob(f"*.{ending}"))]
    assert found
    return [path.read_text(encoding="utf-8") for path in found]


def check_page(text):
    page = Elements(text)
    assert not page.names & {"script", "svg", "iframe", "object", "embed", "form", "input", "b", "link", "base"}
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "style" or re.fullmatch(r"--?[\w-]+: ?[\w.%-]+;?", value), value
        assert name not in ("href", "src") or re.match(
            r"#|data:image/svg\+xml;base64,|\.\./[\w.%~-]+/report/index\.html$", value
        ), value


def check_picture(text):
    for element in ElementTree.fromstring(text).iter():
        assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "text")
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not name.endswith("href") or value.startswith(("#", "data:image/png;base64,"))


def check_markdown(text):
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    page = Elements(shown)
    assert page.names <= {
        "a",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "strong",
        "img",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert all(re.fullmatch(r"figures/[\w.-]+", value) for name, value in page.attributes if name == "src")
    links = [value for name, value in page.attributes if name == "href"]
    assert all(re.fullmatch(r"\.\./[\w.%~-]+/report/report\.md", link) for link in links)
    assert {name for name, _ in page.attributes} <= {"src", "alt", "style", "href"}


def commands(text):
    """Control words of LaTeX that are not written for a letter of text; ends of rows and escaped signs are none."""
    words = set(re.findall(r"\\[^A-Za-z]|\\[A-Za-z]+", text))
    return {word for word in words if word[1].isalpha() and not re.match(r"\\text(backslash|ascii|less|greater)", word)}


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.filterwarnings("ignore:constrained_layout not applied")
def test_hostile_names_are_nothing_but_text(kind, make_run, tmp_path):
    folders = write(make_run, tmp_path / "evil", *NAMES[kind])
    for text in every(folders, "html"):
        check_page(text)
    for text in every(folders, "svg"):
        check_picture(text)
    for text in every(folders, "md"):
        check_markdown(text)
    plain = write(make_run, tmp_path / "plain", "plain", "words")
    assert commands("".join(every(folders, "tex"))) <= commands("".join(every(plain, "tex")))


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_page, "<p>a</p><script>alert(1)</script>"),
        (check_page, "<img src='https://example.org/a.png'>"),
        (check_page, "<p onclick='alert(1)'>a</p>"),
        (check_picture, "<svg><script/></svg>"),
        (check_picture, "<svg onload='alert(1)'/>"),
        (check_markdown, "a <script>alert(1)</script>"),
        (check_markdown, "[a](https://example.org)"),
        (check_markdown, "![a](https://example.org/a.png)"),
    ],
)
def test_checks_see(check, text):
    with pytest.raises(AssertionError):
        check(text)


def test_commands_of_latex_are_seen():
    assert commands(r"\textbackslash{}input \& a \\ \#x \input{x}") == {r"\input"}
