"""A report is written where something has changed, and left alone where nothing has."""

import os
import sys

import pytest

from ser_keras import discovery
from ser_keras.report import figures, once
from ser_keras.report.once import WRITTEN, paper_report, summary

pytestmark = pytest.mark.usefixtures("undrawn")
KINDS = {"paper": lambda out: paper_report(out, "yadav2022"), "summary": summary}


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are files without a drawing in them, which takes seconds."""
    for form in ("svg", "png"):
        monkeypatch.setattr(figures, form, lambda figure, *words: b"")


@pytest.fixture(params=KINDS)
def written(request, make_run, write_split, tmp_path):
    """A function that has a report written, and tells whether it was written anew."""
    write_split(make_run(choices=[]))
    page = KINDS[request.param](tmp_path)

    def anew():
        before = page.stat().st_ino
        assert KINDS[request.param](tmp_path) == page
        return page.stat().st_ino != before

    return anew


def test_report_of_the_same_runs_is_left_as_it_is(written):
    assert not written()


def test_finished_report_is_told_without_the_code_that_draws(written, monkeypatch):
    monkeypatch.setitem(sys.modules, "ser_keras.report.write", None)
    monkeypatch.setitem(sys.modules, "ser_keras.report.summary", None)
    assert not written()


def test_another_run_is_reported(written, make_run):
    make_run(choices=[], seed=1)
    assert written()
    assert not written()


def test_every_file_of_a_run_that_a_report_reads_is_looked_at(make_run, write_split, tmp_path):
    folder, seen = make_run(choices=[]), set()
    write_split(folder)

    def hook(event, arguments):  # of the interpreter; it can't be taken off again
        if event == "open" and str(arguments[0]).startswith(str(folder)) and not arguments[2] & os.O_WRONLY:
            seen.add(os.path.basename(arguments[0]))

    sys.addaudithook(hook)
    paper_report(tmp_path, "yadav2022")
    summary(tmp_path)
    assert seen == set(once.OF_A_RUN)


@pytest.mark.parametrize("name", once.OF_A_RUN)
def test_changed_file_of_a_run_is_reported(written, tmp_path, name):
    [path] = tmp_path.glob(f"*/*/*/*/seed-0/{name}")
    os.utime(path, ns=(0, 0))  # its content is as it was: sizes and times are what is looked at
    assert written()
    assert not written()


def test_damaged_or_missing_file_of_a_report_is_written_again(written, tmp_path):
    for path in tmp_path.glob("**/report/index.html"):
        path.write_text("", encoding="utf-8")
    assert written()
    for path in tmp_path.glob("**/report/figures/*.png"):
        path.unlink()
    assert written()
    assert list(tmp_path.glob("**/report/figures/*.png"))
    for path in tmp_path.glob(f"**/{WRITTEN}"):
        path.write_text("{", encoding="utf-8")
    assert written()
    assert not written()


def test_other_code_writes_the_report_again(written, tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(once, "PACKAGE", package)
    assert written()
    (package / "style.css").write_text("", encoding="utf-8")
    assert written()
    assert not written()


def test_other_printed_results_write_the_report_again(written, tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "room", lambda name, real=discovery.room: real("salian2021"))
    assert written()


def test_report_that_a_full_disk_cut_off_is_not_taken_for_written(make_run, tmp_path, monkeypatch):
    make_run(choices=[])
    from ser_keras.report import html

    def full(*given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(html, "page", full)
        paper_report(tmp_path, "yadav2022")
    assert paper_report(tmp_path, "yadav2022").is_file()
