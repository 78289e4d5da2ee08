"""What `--whole` measures is what an experiment uses, and the page says what was measured."""

import json

import click
import pytest

from benchmarks import __main__, extraction, reading, write
from ser_keras.corpora.synthetic import synthesize
from ser_keras.corpora.table import load
from ser_keras.errors import CorpusError

FOUND = {"left_out": 256, "clips": 10, "seconds": {"reference": 9.6, "core": 4.0}, "times_the_reference": 2.4}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name in ("ravdess", "cremad", "tess"):
        synthesize(name, folder, clips_per_class=1, seed=0, jobs=1)
    return folder


def test_clips_of_an_experiment_are_those_of_its_classes(data):
    clips = load(("ravdess", "cremad", "tess"), data).clips
    own = set(extraction.own_clips("rastogi2025/mlp", data))
    left_out = clips[~clips["path"].isin(own)]
    assert set(left_out["emotion"]) == {"calm", "surprise"}  # Figure 7 has neither
    assert len(own) == len(clips) - len(left_out) == 6 + 6 + 6  # six classes of each corpus


def test_all_of_too_few_recordings_are_refused_before_anything_is_measured(data, tmp_path):
    out = tmp_path / "found.json"
    with pytest.raises(CorpusError, match="--whole: 18 recordings, and the first 256 are not measured"):
        __main__.main(["--data", str(data), "--whole", "--out", str(out)], standalone_mode=False)
    assert not out.exists()


@pytest.mark.parametrize(
    ("one", "whose"),
    [
        ({**FOUND, "experiment": "rastogi2025/mlp"}, "clips of rastogi2025/mlp with two workers"),
        (FOUND, "recordings in the corpora of p, also of emotions that its experiments don't use, with two workers"),
    ],
)
def test_line_on_all_recordings_says_whose_they_are(one, whose):
    told = (
        f"All but the first 256 {whose}: 10 recordings, 10 s with the plain implementation, 4 s with the core, which "
        "is 2.40 times as fast."
    )
    assert write.whole_lines({"whole": {"p": one}}) == [told]


def test_altered_copies_are_those_that_the_papers_make_by_default(data):
    copies = extraction.copies(data)
    assert set(copies) == {
        "kanoun2024-log-mel-altered",  # section 3
        "salian2021-windows-noise",  # section 2.1.4
        *(f"yadav2022-log-mel-{name}" for name in ("noise", "stretch-up", "stretch-down", "pitch")),  # section 4.3
    }
    assert not set(copies) & set(extraction.subjects(data))
    assert len(copies["yadav2022-log-mel-pitch"].paths) == len(load(("ravdess",), data).clips)


def test_start_of_workers_is_measured_for_the_altered_copies_that_are_asked_for(data, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "SHAPES", {})
    out = tmp_path / "found.json"
    before = {"pipelines": {"p": 1}, "copies": {"c": 2}, "store": {"s": 3}}
    out.write_text(json.dumps(before), encoding="utf-8")
    name = "yadav2022-log-mel-stretch-up"
    __main__.main(["--data", str(data), "--only", name, "--out", str(out)], standalone_mode=False)
    found = json.loads(out.read_text(encoding="utf-8"))
    one = found["copies"].pop(name)
    assert {key: found[key] for key in before} == before
    assert set(one) == {"commit", "start", "load"}
    assert min(one["start"]["processor_s"], one["start"]["clock_s"]) > 0
    assert one["start"]["worker_mb"]["resident"] >= one["start"]["worker_mb"]["proportional"] > 0


def test_pipeline_that_is_none_is_refused_with_those_that_there_are(data):
    with pytest.raises(click.BadParameter, match=r"no pipeline nothing; there are .*-pitch") as told:
        __main__.main(["--data", str(data), "--only", "nothing"], standalone_mode=False)
    assert "kanoun2024-log-mel, " in str(told.value)


def test_rows_on_workers_end_with_those_of_altered_copies():
    start = {"clock_s": 0.44, "processor_s": 0.36, "worker_mb": {"resident": 68, "proportional": 43}}
    found = {"pipelines": {"p": {"start": start}}, "copies": {"a": {"start": {**start, "clock_s": 0.5}}}}
    assert write.worker_lines(found)[2:] == [
        "| p | 0.4 s | 0.4 s | 68 MB | 43 MB |",
        "| a | 0.5 s | 0.4 s | 68 MB | 43 MB |",
    ]
    assert write.worker_lines({"pipelines": found["pipelines"]})[2:] == ["| p | 0.4 s | 0.4 s | 68 MB | 43 MB |"]
