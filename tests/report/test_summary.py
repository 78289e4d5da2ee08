"""One page of all papers: a line an experiment, links that lead somewhere, nothing from outside."""

import re

from click.testing import CliRunner

from ser_keras import discovery
from ser_keras.report.__main__ import report as command
from ser_keras.report.summary import write_summary
from ser_keras.report.write import write_report


def test_summary_has_a_line_for_every_experiment_run_or_not(make_run, tmp_path):
    make_run(choices=[])
    page = write_summary(tmp_path).read_text(encoding="utf-8").replace("\N{ZERO WIDTH SPACE}", "")
    for name in discovery.paper_names():
        for experiment in discovery.published(name)["results"]:
            assert f'<th scope="row">{name}/{experiment}</th>' in page
    assert page.count("not run</td>") == 15  # sixteen experiments, one of them run


def test_summary_leads_to_each_report(make_run, tmp_path):
    make_run(choices=[])
    write_report(tmp_path, "yadav2022")
    page = write_summary(tmp_path)
    [link] = re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8"))
    assert (page.parent / link).resolve() == tmp_path / "yadav2022/report/index.html"
    told = (page.parent / "report.md").read_text(encoding="utf-8")
    [link] = re.findall(r"\[Report\]\(([^)]+)\)", told)
    assert (page.parent / link).is_file()


def test_synthetic_runs_are_told_first(make_run, tmp_path):
    synthetic = {"emodb": {"clips": 40, "expected": 535, "synthetic": True, "manifest_sha256": "x"}}
    make_run(choices=[], corpora=synthetic)
    page = write_summary(tmp_path)
    assert (page.parent / "report.md").read_text(encoding="utf-8").startswith("**Synthetic recordings")
    assert 'role="alert">Synthetic' in page.read_text(encoding="utf-8")


def test_report_command_writes_the_summary_beside_the_reports(make_run, tmp_path):
    make_run(choices=[])
    done = CliRunner().invoke(command, [str(tmp_path)], standalone_mode=False)
    assert done.output.splitlines() == [
        str(tmp_path / "yadav2022/report/index.html"),
        str(tmp_path / "report/index.html"),
    ]
    again = CliRunner().invoke(command, [str(tmp_path)], standalone_mode=False)
    assert again.exception is None  # the summary's folder is no paper
