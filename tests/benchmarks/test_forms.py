"""Every form of storage gives the rows that it was given, also added and replaced ones; what is missing is named."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import forms, stored_as, write
from benchmarks.growth import recordings
from benchmarks.stored_as import FORMS, Values
from ser_keras.corpora.synthetic import synthesize
from ser_keras.errors import CorpusError, DependencyError

CLIPS = 70  # two whole parts and a piece
PACKAGES = {"Zarr": ("zarr", "pyarrow"), "one": ("pyarrow",), "Parquet": ("pyarrow",), "`.npy`": ()}


@pytest.fixture(params=FORMS)
def make(request):
    for package in PACKAGES[request.param.split()[0].strip(",")]:
        pytest.importorskip(package)
    return FORMS[request.param]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "clips").mkdir()
    return recordings(tmp_path / "clips", CLIPS + 32)


@pytest.fixture
def values():
    return Values(np.random.default_rng(0).standard_normal((CLIPS + 32, 3, 5), dtype=np.float32))


def test_rows_are_those_that_were_written_added_and_replaced(make, files, values, tmp_path):
    form = make(tmp_path / "rows", values)
    form.write(files[:CLIPS])
    form.open(files[:CLIPS])
    some = np.array([69, 0, 33, 5, 31, 32])
    np.testing.assert_array_equal(form.rows(some), values.real[some])
    form.append(files, CLIPS)
    form.open(files)
    some = np.array([101, 69, 70, 3])
    np.testing.assert_array_equal(form.rows(some), values.real[some])
    values.real[33] += 1
    forms.changed(files[33])
    form.replace(files, 33)
    form.open(files)
    np.testing.assert_array_equal(form.rows(np.arange(CLIPS + 32)), values.real)


def test_form_does_not_take_a_changed_file_for_what_it_was(make, files, values, tmp_path):
    form = make(tmp_path / "rows", values)
    form.write(files[:CLIPS])
    forms.changed(files[33])
    values.real[33] += 1
    if isinstance(form, stored_as.Ours):  # which extracts it again
        form.open(files[:CLIPS])
        np.testing.assert_array_equal(form.rows(np.array([33])), values.real[33:34])
    else:
        with pytest.raises(KeyError, match=r"noise/33\.wav"):
            form.open(files[:CLIPS])


def test_form_that_gives_other_rows_is_refused(values):
    class Wrong(stored_as.Ours):
        def rows(self, numbers):
            return super().rows(numbers) + 1

    with pytest.raises(ValueError, match="gives other rows than were written"):
        forms.measured(Wrong, values, 40, 40)


def test_figures_of_a_form_count_its_bytes_and_files(make, values):
    found = forms.measured(make, values, CLIPS, 20)
    assert found["mb"] >= 0.004  # 70 rows of 15 float32
    assert found["files"] >= 2
    assert min(found[deed]["clock"] for deed in ("write", "open", "row", "append", "replace")) > 0


def test_rows_of_zarr_that_two_add_at_once_are_lost(tmp_path):
    """What docs/speed.md says of it."""
    zarr = pytest.importorskip("zarr")
    zarr.create_array(str(tmp_path / "z"), shape=(4, 3), chunks=(1, 3), dtype="float32")
    for handle in [zarr.open_array(str(tmp_path / "z"), mode="r+") for _ in range(2)]:
        handle.append(np.ones((2, 3), np.float32))
    assert zarr.open_array(str(tmp_path / "z")).shape == (6, 3)  # not (8, 3)


def test_missing_packages_are_one_line_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r"^this benchmark needs zarr and pyarrow: pip install zarr pyarrow$"):
        forms.main(["--out", str(tmp_path / "found.json")], standalone_mode=False)


def test_no_recordings_are_one_line_with_the_remedy(tmp_path):
    with pytest.raises(CorpusError, match="no recordings for yadav2022-log-mel: name the folder"):
        forms.real_rows("yadav2022-log-mel", 4, tmp_path)


def test_rows_are_of_real_recordings_in_the_form_of_their_pipeline(tmp_path):
    synthesize("ravdess", tmp_path, clips_per_class=1, seed=0, jobs=1)
    values = forms.real_rows("yadav2022-log-mel", 3, tmp_path)
    assert (values.real.shape, values.real.dtype) == ((3, 128, 259, 1), np.float32)
    np.testing.assert_array_equal(values.rows([4, 2]), values.real[[1, 2]])  # over and over


def test_page_has_a_table_a_kind_and_says_how_many_rows():
    one = {deed: {"processor": 0.0015, "clock": 1.0} for deed in ("write", "open", "row", "append", "replace")}
    kind = {"shape": [128, 259, 1], "dtype": "float32", "forms": {"F": {**one, "mb": 12.34, "files": 5}}}
    found = {
        "hardware": {"cores": 2, "cpu": "C", "memory_gib": 8}, "load": 1.0, "rows": 77, "others": {"zarr": "3.1"},
        "kinds": {"images": kind, "vectors": {**kind, "shape": [43]}},
    }  # fmt: skip
    lines = write.form_lines(found)
    assert lines[0].endswith("with zarr 3.1: 77 rows, CPU time.")
    assert [line.split(" | ")[0] for line in lines if "write, per row" in line] == [
        "| images of 128 × 259, float32", "| vectors of 43, float32",
    ]  # fmt: skip
    assert lines.count("| F | 1500 µs | 0.00 s | 1500 µs | 2 ms | 2 ms | 12.3 MB | 5 |") == 2


def test_forms_on_the_page_are_all_that_there_are():
    stored = json.loads(Path(forms.FOUND).read_text(encoding="utf-8"))
    assert [list(one["forms"]) for one in stored["kinds"].values()] == [list(FORMS)] * len(forms.KINDS)
