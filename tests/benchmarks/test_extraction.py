"""What `--whole` measures is what an experiment uses, and the page says what was measured."""

import pytest

from benchmarks import __main__, extraction, write
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
