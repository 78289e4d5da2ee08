"""Tables of what was heard: whole rows, and no cell that a spreadsheet would compute."""

import csv

import numpy as np
import pytest

from ser_keras.prediction.tables import Heard, write_csv


@pytest.mark.parametrize("name", ['=HYPERLINK("http://example.org","a")', "+1", "-1", "@sum", "\tx", "\rx"])
def test_name_that_starts_like_a_formula_is_marked_as_text(tmp_path, name):
    heard = [Heard(f"{name}.wav", np.array([0.25, 0.75])), Heard("plain.wav", None, error=name)]
    write_csv(tmp_path / "a.csv", heard, ["a", name], "model", segments=False)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["clip", "emotion", "a", f"'{name}", "model", "error"]
    assert rows[1] == [f"'{name}.wav", f"'{name}", "0.250000", "0.750000", "model", ""]
    assert rows[2] == ["plain.wav", "", "", "", "model", f"'{name}"]
