"""What a million clips take is worked out from few, and the page says what was measured on."""

import json

import pytest

from benchmarks import million, write
from ser_keras.corpora.synthetic import synthesize
from ser_keras.errors import CorpusError


@pytest.fixture
def no_cluster(monkeypatch):
    monkeypatch.setattr(million, "_scheduling_s", lambda: 0.004)


def called(*arguments):
    million.main([*map(str, arguments)], standalone_mode=False)


def test_cluster_needs_the_longer_of_its_cores_and_its_scheduler():
    # 3.6 ms of a core a clip: 1000 hours a thousand million; 64 ms of the scheduler a part of 32: 2 ms a clip
    found = million.estimated(0.0036, 500, 10**9, 1, 0.064)
    assert found == {"clips_a_second_of_a_core": 277.8, "core_hours": 1000, "hours": 1000, "store_gb": 500}
    assert million.estimated(0.0036, 500, 10**9, 1000, 0.064)["hours"] == pytest.approx(2e6 / 3600, abs=1e-3)


def test_command_writes_what_it_measured_and_on_what(no_cluster, tmp_path, capsys):
    for name in ("emodb", "tess"):
        synthesize(name, tmp_path / "data", clips_per_class=1, seed=0, jobs=1)
    out = tmp_path / "found.json"
    called("--data", tmp_path / "data", "--sample", 3, "--clips", 64_000, "--cores", 8, "--out", out)
    found = json.loads(out.read_text())
    printed = capsys.readouterr().out
    assert "64000 clips on 8 cores; the scheduler takes 4.0 ms a part of 32 clips" in printed
    assert {"commit", "python", "packages", "hardware", "load"} <= set(found)
    assert set(found["pipelines"]) >= {"yadav2022-log-mel", "sankaran2023-mfcc"}
    for name, one in found["pipelines"].items():
        assert f"\n{name} " in printed
        assert one["recordings"] == 2  # the first of three loads libraries
        assert one["core_hours"] == pytest.approx(64_000 / one["clips_a_second_of_a_core"] / 3600, rel=0.1, abs=0.006)
    # 64 000 float32 images of 128 x 259
    assert found["pipelines"]["yadav2022-log-mel"]["store_gb"] == round(64_000 * 128 * 259 * 4 / 1e9, 1)


def test_no_recordings_are_one_line_with_the_remedy(no_cluster, tmp_path):
    out = tmp_path / "found.json"
    with pytest.raises(CorpusError, match="name the folder that holds them with --data"):
        called("--data", tmp_path, "--out", out)
    assert not out.exists()


def test_page_tells_the_machine_the_recordings_and_the_estimate():
    one = {"recordings": 31, "clips_a_second_of_a_core": 99.6, "core_hours": 2.79, "hours": 0.044, "store_gb": 20.24}
    found = {
        "hardware": {"cores": 2, "cpu": "C", "memory_gib": 8}, "load": 1.2, "part": 32, "clips": 1000, "cores": 64,
        "scheduling_ms_a_part": 2.14, "pipelines": {"p": one, "q": {**one, "recordings": 20}},
    }  # fmt: skip
    lines = write.million_lines(found)
    assert lines[0] == (
        "Measured on 2 cores (C), 8 GiB, five-minute load average at most 1, in one thread, 20–31 recordings per "
        "pipeline; 2.1 ms of the scheduler per work unit of 32 clips. Extrapolated to 1000 clips on 64 cores:"
    )
    assert lines[-2] == "| p | 100 | 2.8 | 0.04 | 20.2 GB |"
