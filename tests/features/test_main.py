"""The table of features as a user makes it, from synthetic recordings and from files that are missing."""

import pandas as pd
import pytest
from click.testing import CliRunner

from ser_keras.corpora.synthetic import synthesize
from ser_keras.errors import CorpusError, PaperError
from ser_keras.features.__main__ import features
from ser_keras.features.prosody import ACOUSTIC


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name in ("ravdess", "cremad", "tess"):
        synthesize(name, folder, clips_per_class=1)
    return folder


def call(*arguments):
    return CliRunner().invoke(features, ["table", *map(str, arguments)], standalone_mode=False)


@pytest.fixture(scope="module")
def table(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    out = folder / "features.csv"
    done = call("rastogi2025/mlp", "--data", data, "--out", out, "--cache", folder / "cache", "--jobs", 1)
    assert done.exception is None, done.output
    return pd.read_csv(out), out, done


def test_table_has_a_row_a_clip_and_its_columns_in_order(table):
    rows = table[0]
    assert list(rows.columns) == ["clip", *ACOUSTIC, "emotion", "speaker", "corpus"]
    assert len(rows) == 3 * 6  # one clip of each of six classes and three corpora
    assert set(rows["emotion"]) == {"angry", "disgust", "happy", "neutral", "sad", "scared"}
    assert list(dict.fromkeys(rows["corpus"])) == ["ravdess", "cremad", "tess"]
    assert "18 clips, 43 features, of which 30 are fed to the network" in table[2].output


def test_clip_is_the_manifests_file_and_speaker_the_corpus_own(table):
    rows = table[0].set_index("corpus")
    assert rows.loc["ravdess", "clip"].str.fullmatch(r"Actor_\d\d/[\d-]+\.wav").all()
    assert rows.loc["cremad", "clip"].str.fullmatch(r"AudioWAV/\d{4}_[A-Z_]+\.wav").all()
    assert set(rows.loc["tess", "speaker"]) <= {"OAF", "YAF"}
    assert set(rows.loc["tess", "sample_rate"]) == {24414}


def test_second_call_extracts_nothing(table, data, monkeypatch):
    from ser_keras.features import store

    monkeypatch.setattr(store, "_extract_part", lambda *given: pytest.fail("extracted again"))
    out = table[1].with_name("again.csv")
    cache = table[1].with_name("cache")
    done = call("rastogi2025/mlp", "--data", data, "--out", out, "--cache", cache, "--jobs", 1)
    assert done.exception is None
    assert out.read_bytes() == table[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (["rastogi2025/mlp", "--out", "features.xlsx"], PaperError, r"ends in \.xlsx, expected \.csv or \.parquet"),
        (["rastogi2025/gru", "--out", "f.csv"], PaperError, "rastogi2025 has no experiment 'gru'; experiments: mlp"),
        (["rastogi2025/mlp", "--variant", "described", "--out", "f.csv"], PaperError, "variants: coded"),
        (["sankaran2023/lstm", "--out", "f.csv"], PaperError, "no vector of named numbers"),
    ],
)
def test_what_has_no_table_is_refused(arguments, kind, says, data):
    done = call(*arguments, "--data", data)
    assert isinstance(done.exception, kind)
    with pytest.raises(kind, match=says):
        raise done.exception


def test_missing_corpus_is_named(tmp_path):
    done = call("rastogi2025/mlp", "--data", tmp_path, "--out", tmp_path / "f.csv")
    assert isinstance(done.exception, CorpusError)
    assert not (tmp_path / "f.csv").exists()


def test_parquet_without_its_library_is_one_line_with_the_remedy(data, tmp_path, monkeypatch):
    from ser_keras.features import export

    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    done = call("rastogi2025/mlp", "--data", data, "--out", tmp_path / "f.parquet")
    assert "pip install pyarrow" in str(done.exception)


@pytest.mark.real_data
def test_printed_row_stands_in_the_table_of_real_recordings(real_corpora, tmp_path):
    out = tmp_path / "features.csv"
    links = tmp_path / "data"
    for name, files in (
        ("ravdess", "Actor_01/*.wav"),
        ("cremad", "AudioWAV/1001_DFA*.wav"),
        ("tess", "*/*_back_*.wav"),
    ):
        for path in (real_corpora / name).glob(files):
            link = links / name / path.parent.name / path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    done = call("rastogi2025/mlp", "--data", links, "--out", out, "--cache", tmp_path / "cache", "--jobs", 1)
    assert done.exception is None, done.output
    row = pd.read_csv(out).set_index("clip").loc["Actor_01/03-01-01-01-01-02-01.wav"]
    # Figure 3, first row
    assert (row["duration_sec"], row["tempo_bpm"]) == pytest.approx((3.336667, 106.132075), abs=1e-6)
    assert (row["speaker"], row["emotion"], row["corpus"]) == ("01", "neutral", "ravdess")
