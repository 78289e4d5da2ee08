"""LaTeX tables: whole environments, escaped cells, published beside reproduced."""

import re

import pytest
from click.testing import CliRunner

from ser_keras.report import latex
from ser_keras.report.__main__ import report as command
from ser_keras.report.write import contents


def rows(text, label):
    table = next(part for part in text.split("\\begin{table") if f"\\label{{{label}}}" in part)
    return [line.removesuffix(" \\\\").split(" & ") for line in table.splitlines() if line.endswith(" \\\\")]


def test_published_scores_stand_beside_reproduced_ones(make_run, tmp_path):
    make_run(right=1.0, choices=[])
    found = rows(latex.document(contents(tmp_path, "yadav2022")[0]), "tab:yadav2022-emodb-described-published")
    assert found[1] == ["Class (support)", *["Precision \\%", "Recall \\%", "F1"] * 2]
    assert found[2] == ["angry (34)", "87.88", "85.29", "0.8657", "100.00", "100.00", "1.0000"]  # Table 3


def test_every_row_has_the_columns_of_its_table(make_run, tmp_path):
    make_run(0, choices=[])
    make_run(1, choices=[])
    text = latex.document(contents(tmp_path, "yadav2022")[0])
    assert len({len(row) for row in rows(text, "tab:yadav2022-overview")}) == 1
    for kind in ("table", "table*", "tabular"):
        assert text.count(f"\\begin{{{kind}}}") == text.count(f"\\end{{{kind}}}")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a_b & 5 %", r"a\_b \& 5 \%"), ("\\x{}", r"\textbackslash{}x\{\}"), ("±1 −2 †", r"$\pm$1 $-$2 $^\dagger$")],
)
def test_what_latex_would_read_is_escaped(text, escaped):
    assert latex.escaped(text) == escaped


def test_no_letter_is_left_that_plain_latex_cannot_print(make_run, tmp_path):
    make_run(0, choices=[])
    text = latex.document(contents(tmp_path, "yadav2022")[0])
    assert not re.findall(r"[^\x00-\x7fäöüß]", text)


def test_command_prints_the_tables_and_writes_nothing(make_run, tmp_path):
    make_run(choices=[])
    done = CliRunner().invoke(command, [str(tmp_path), "--format", "latex"], standalone_mode=False)
    assert "\\toprule" in done.output
    assert not (tmp_path / "yadav2022/report").exists()
