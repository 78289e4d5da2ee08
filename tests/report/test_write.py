"""The written report: whole, self-contained, escaped, and honest about what it was made from."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from ser_keras.errors import RunError
from ser_keras.report import texts
from ser_keras.report.__main__ import report as command
from ser_keras.report.write import write_report

SYNTHETIC = {"emodb": {"clips": 70, "expected": 535, "synthetic": True, "altered": 0, "foreign": 0}}
EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags with their attributes, ids, and the text outside of style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def written(tmp_path):
    path = write_report(tmp_path, "yadav2022")
    folder = path.parent
    page = Page(path.read_text(encoding="utf-8"))
    assert page.open == []
    return (
        page,
        (folder / "report.md").read_text(encoding="utf-8"),
        json.loads((folder / "report.json").read_text(encoding="utf-8")),
    )


def test_report_is_written_beside_the_runs(make_run, tmp_path):
    make_run()
    path = write_report(tmp_path, "yadav2022")
    assert path == tmp_path / "yadav2022/report/index.html"
    names = sorted(one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*") if one.is_file())
    parts = ("difference", "learning", "pair", "published", "reproduced")
    drawn = [f"figures/emodb-described-published-{part}.{end}" for part in parts for end in ("png", "svg")]
    assert names == [
        *drawn,
        "figures/overview.png",
        "figures/overview.svg",
        "index.html",
        "report.json",
        "report.md",
        "tables.tex",
    ]


def test_json_has_the_documented_form(make_run, tmp_path):
    for seed in (0, 1):
        make_run(seed)
    report = written(tmp_path)[2]
    assert {"paper", "generated", "experiments"} <= set(report)
    [entry] = report["experiments"]
    expected = {"name", "variant", "protocol", "corpora", "published", "runs", "accuracy_mean", "audit", "choices"}
    assert expected <= set(entry)
    assert {"clips", "expected", "synthetic"} <= set(entry["corpora"]["emodb"])
    assert {"accuracy", "n_test"} <= set(entry["published"])
    assert all({"seed", "accuracy", "uar", "n_test", "confusion"} <= set(run) for run in entry["runs"])


def test_page_asks_for_nothing_from_outside(make_run, tmp_path):
    make_run()
    page, _, _ = written(tmp_path)
    addresses = [tag[key] for _, tag in page.tags for key in ("src", "href", "data", "action") if key in tag]
    assert addresses
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in addresses)
    assert not page.all("script")
    assert not page.all("link")
    style = (tmp_path / "yadav2022/report/index.html").read_text(encoding="utf-8").split("<style>")[1]
    assert not re.search(r"url\(|@import", style.split("</style>")[0])


def test_every_link_leads_somewhere_and_no_id_stands_twice(make_run, tmp_path):
    make_run(0)
    make_run(1, quick=True)
    make_run(0, experiment="ravdess")
    page, _, _ = written(tmp_path)
    ids = [tag["id"] for _, tag in page.tags if "id" in tag]
    assert len(ids) == len(set(ids))
    assert {tag["href"].removeprefix("#") for tag in page.all("a")} <= set(ids)


def test_every_figure_has_words_for_those_who_do_not_see_it(make_run, tmp_path):
    make_run(right=1.0, choices=[])
    page, markdown, _ = written(tmp_path)
    words = [image["alt"] for image in page.all("img")]
    assert len(words) == 5
    assert "emodb: published 83.18 %, described " in words[0]
    assert "emodb-augmented: published 91.59 %, not run" in words[0]
    assert "angry 85.3 % (29 of 34)" in words[1]  # Figure 10
    assert "angry 100.0 % (34 of 34)" in words[2]
    assert "angry +14.71" in words[3]
    assert "kept epoch 8" in words[4]
    for name in re.findall(r"\]\((figures/[^)]+)\)", markdown):
        assert (tmp_path / "yadav2022/report" / name).is_file()


def test_synthetic_recordings_are_told_first_and_marked(make_run, tmp_path):
    make_run(corpora=SYNTHETIC)
    page, markdown, _ = written(tmp_path)
    assert markdown.splitlines()[0] == "**Synthetic recordings: the figures are not comparable with the paper.**"
    body = page.text[page.text.index("reproduced") + len("reproduced") :].strip()  # after the title
    assert body.startswith("Synthetic recordings: the figures are not comparable with the paper.")
    assert [tag for tag in page.all("span") if tag.get("class") == "mark"]


def test_quick_runs_are_told(make_run, tmp_path):
    make_run(quick=True)
    page, markdown, _ = written(tmp_path)
    assert texts.QUICK in page.text
    assert markdown.startswith(f"**{texts.QUICK}**")


def test_real_recordings_raise_no_band(make_run, tmp_path):
    make_run()
    page, markdown, _ = written(tmp_path)
    assert "not comparable" not in page.text + markdown
    assert markdown.startswith("# Speech Emotion Recognition")


def test_every_run_is_shown_and_pooled_matrices_say_so(make_run, tmp_path):
    for seed in range(3):
        make_run(seed)
    page, markdown, report = written(tmp_path)
    for run in report["experiments"][0]["runs"]:
        assert f"{100 * run['accuracy']:.2f} %" in page.text
        assert f"| seed {run['seed']} | {100 * run['accuracy']:.2f} % |" in markdown
    assert "all 3 runs pooled" in page.text
    assert "Mean and standard deviation (n − 1) over all 3 runs; none is singled out." in page.text


def test_audit_findings_are_shown_and_marked(make_run, tmp_path):
    make_run(experiment="ravdess")
    page, markdown, _ = written(tmp_path)
    assert "macro F1: 0.8564 printed, 0.8020 by its matrix" in page.text
    assert "macro F1: 0.8564 printed, 0.8020 by its matrix" in markdown
    assert "0.8564 †" in page.text
    assert "0.8564 †" in markdown


def test_names_from_files_are_escaped(make_run, tmp_path):
    published = {
        "source": EVIL,
        "accuracy_percent": 50,
        "classes": [EVIL, "a|b"],
        "support": [3, 2],
        "confusion_counts": [[3, 0], [1, 1]],
    }
    make_run(
        published=published,
        experiment="evil",
        title=EVIL,
        set_aside=[{"clip": EVIL, "reason": EVIL}],
        choices=[{"key": EVIL, "value": EVIL, "default": 1, "reason": EVIL, "alternatives": [EVIL]}],
        citation={"title": EVIL, "authors": [EVIL], "year": EVIL},
        pipeline={"name": EVIL, "steps": [{"function": EVIL, "parameters": {EVIL: EVIL}}]},
    )
    page, markdown, _ = written(tmp_path)
    assert not page.all("script")
    assert page.text.count(EVIL) > 10
    assert "<script" not in markdown
    assert "a\\|b" in markdown


def test_paper_without_matrix_or_report_has_a_report(make_run, tmp_path):
    published = {"accuracy": 0.9893, "source": "Table 1"}  # sankaran2023
    make_run(published=published, classes=["angry", "sad"], experiment="lstm", provenance={}, pipeline={}, citation={})
    page, markdown, report = written(tmp_path)
    assert report["experiments"][0]["published"]["confusion"] is None
    assert "no matrix" in page.text
    assert len(page.all("img")) == 3  # overview, reproduced, learning curves
    assert "lstm-described-published-reproduced.png" in markdown


def test_report_written_again_drops_figures_of_runs_that_are_gone(make_run, tmp_path):
    make_run()
    folder = make_run(experiment="ravdess")
    write_report(tmp_path, "yadav2022")
    (folder / "run.json").unlink()
    figures = write_report(tmp_path, "yadav2022").parent / "figures"
    assert figures.is_dir()
    assert not list(figures.glob("ravdess*"))
    assert len(list(figures.iterdir())) == 12


def test_unreadable_run_leaves_the_old_report(make_run, tmp_path):
    folder = make_run()
    path = write_report(tmp_path, "yadav2022")
    before = path.read_bytes()
    (folder / "history.csv").unlink()
    with pytest.raises(RunError, match=r"history\.csv can't be read"):
        write_report(tmp_path, "yadav2022")
    assert path.read_bytes() == before


def test_command_writes_the_reports_of_all_papers_there(make_run, tmp_path):
    make_run()
    done = CliRunner().invoke(command, [str(tmp_path)])
    assert done.output.splitlines()[0] == str(tmp_path / "yadav2022/report/index.html")
    with pytest.raises(RunError, match="holds no finished run"):
        CliRunner().invoke(command, [str(tmp_path / "nowhere")], catch_exceptions=False)


def test_reports_are_written_without_a_model(make_run, tmp_path):
    make_run()
    code = (
        "import sys; from ser_keras.report.__main__ import report; "
        f"report([{str(tmp_path)!r}], standalone_mode=False); "
        "print([name for name in ('keras', 'tensorflow', 'librosa', 'matplotlib.pyplot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_slips_of_the_text_are_on_the_page_and_in_markdown(make_run, tmp_path):
    citation = {"title": "T", "authors": ["A"], "year": 2022, "slips": ["Section 1: ten clips; <b>five</b> are there"]}
    make_run(citation=citation)
    page = write_report(tmp_path, "yadav2022")
    assert "ten clips; &lt;b&gt;five&lt;/b&gt; are there" in page.read_text(encoding="utf-8")
    assert "ten clips; &lt;b&gt;five&lt;/b&gt; are there" in page.with_name("report.md").read_text(encoding="utf-8")


def test_published_weights_have_a_report_without_learning_curves(make_run, tmp_path):
    folder = make_run(weights="published")
    (folder / "history.csv").unlink()
    folder.rename(folder.with_name("seed-0,monitor=val_loss,weights=published"))
    page = write_report(tmp_path, "yadav2022").read_text(encoding="utf-8")
    assert "Nothing was trained: these are the weights that the authors published" in page
