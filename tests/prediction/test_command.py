"""`ser_keras.predict` as a user calls it, on a run trained on tones."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import ser_keras
from ser_keras.errors import AudioError
from ser_keras.predict import _timelines, predict

pytestmark = pytest.mark.backend

RATE = 16000


def call(*arguments):
    """Return code, stdout and stderr."""
    done = CliRunner().invoke(predict, [str(one) for one in arguments], standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.stdout, done.stderr


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def clips(tones, tmp_path):
    """A folder with two good clips, one of them deeper, and a corrupt one between them."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name, path in zip(("a.wav", "deep/c.flac"), tones.clips["path"], strict=False):
        wave, rate = soundfile.read(path)
        soundfile.write(tmp_path / "in" / name, wave, rate)
    (tmp_path / "in" / "b.wav").write_bytes(b"RIFF, but no more")
    return tmp_path / "in"


def test_json_is_an_object_a_clip_with_clip_emotion_probabilities_and_model(tone_run, tones):
    clip = tones.clips["path"][0]
    code, printed, _ = call(clip, "--run", tone_run, "--json")
    value = json.loads(printed)
    model = ser_keras.load(tone_run)
    assert code == 0
    assert list(value) == ["clip", "emotion", "probabilities", "model"]
    assert value["clip"] == clip
    assert value["emotion"] == model.predict(clip)[0]
    assert value["model"] == "sankaran2023/ann described published seed 0"
    assert list(value["probabilities"]) == ["happy", "sad"]
    np.testing.assert_allclose(list(value["probabilities"].values()), model.predict_proba(clip)[0], atol=1e-6)


def test_people_read_the_likeliest_emotion_first_in_percent_and_the_model(tone_run, tones):
    clip = tones.clips["path"][0]
    _, printed, _ = call(clip, "--run", tone_run)
    model = ser_keras.load(tone_run)
    order = np.argsort(-model.predict_proba(clip)[0])
    first, second = (f"{model.classes_[one]} {100 * model.predict_proba(clip)[0][one]:.1f} %" for one in order)
    assert printed.splitlines() == [
        f"{clip}: {first} ({second})",
        "model: sankaran2023/ann described published seed 0",
    ]


def test_good_clips_of_a_folder_go_on_beside_a_corrupt_one(tone_run, clips, tmp_path):
    code, _, errors = call(clips, "--run", tone_run, "--csv", tmp_path / "out.csv")
    assert code == 3
    assert next(line for line in errors.splitlines() if line.startswith("error: ")).startswith(
        f"error: {clips / 'b.wav'} is no readable recording"
    )
    assert "1 of 3 recordings can't be used" in errors
    found = {row["clip"]: row for row in rows(tmp_path / "out.csv")}
    assert list(found) == [str(clips / name) for name in ("a.wav", "b.wav", "deep/c.flac")]
    assert list(found[str(clips / "a.wav")]) == ["clip", "emotion", "happy", "sad", "model", "error"]
    assert found[str(clips / "a.wav")]["emotion"] in ("happy", "sad")
    assert found[str(clips / "b.wav")]["emotion"] == ""
    assert "no readable recording" in found[str(clips / "b.wav")]["error"]


def test_json_of_a_corrupt_clip_has_its_error(tone_run, clips):
    code, printed, _ = call(clips, "--run", tone_run, "--json")
    values = [json.loads(line) for line in printed.splitlines()]
    assert code == 3
    assert ["error" in value for value in values] == [False, True, False]
    assert list(values[1]) == ["clip", "error", "model"]


def test_segments_give_a_row_a_window_and_a_timeline(tone_run, tones, tmp_path):
    waves = [soundfile.read(path)[0] for path in tones.clips["path"][:3]]
    soundfile.write(tmp_path / "long.wav", np.concatenate(waves), RATE)
    code, _, _ = call(tmp_path / "long.wav", "--run", tone_run, "--segments", 1, "--csv", tmp_path / "out" / "t.csv")
    found = rows(tmp_path / "out" / "t.csv")
    assert code == 0
    assert [(row["start_s"], row["end_s"]) for row in found] == [
        ("0", "1"),
        ("0.5", "1.5"),
        ("1", "2"),
        ("1.5", "2.5"),
        ("2", "3"),
    ]
    assert (tmp_path / "out" / "long-timeline.png").read_bytes().startswith(b"\x89PNG")


def test_segments_in_json_have_start_end_emotion_and_probabilities(tone_run, tones, tmp_path):
    code, printed, errors = call(
        tones.clips["path"][0],
        "--run",
        tone_run,
        "--segments",
        0.5,
        "--json",
        "--plots",
        tmp_path,
        "--plot-format",
        "svg",
    )
    value = json.loads(printed)
    assert code == 0
    assert [(one["start_s"], one["end_s"]) for one in value["segments"]] == [(0, 0.5), (0.25, 0.75), (0.5, 1)]
    assert list(value["segments"][0]) == ["start_s", "end_s", "emotion", "probabilities"]
    means = np.mean([list(one["probabilities"].values()) for one in value["segments"]], axis=0)
    np.testing.assert_allclose(list(value["probabilities"].values()), means, atol=2e-6)  # six decimals
    assert (tmp_path / "0-timeline.svg").exists()
    assert "0-timeline.svg" in errors


def test_clips_of_one_name_have_timelines_of_their_own(tone_run, tones, tmp_path):
    places = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        wave, rate = soundfile.read(tones.clips["path"][0])
        soundfile.write(tmp_path / folder / "a.wav", wave, rate)
        places.append(tmp_path / folder)
    call(*places, "--run", tone_run, "--segments", 1, "--plots", tmp_path / "plots")
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["a-2-timeline.png", "a-timeline.png"]


def test_timeline_of_a_second_clip_of_a_name_does_not_take_that_of_a_clip_whose_name_ends_in_a_number():
    clips = [Path(name) for name in ("a.wav", "a-2.wav", "s/a.wav", "t/a.wav")]
    names = [place.name for place in _timelines(clips, Path("plots"), "svg").values()]
    assert names == [f"{name}-timeline.svg" for name in ("a", "a-2", "a-3", "a-4")]
    names = [place.name for place in _timelines(clips[::-1], Path("plots"), "svg").values()]
    assert names == [f"{name}-timeline.svg" for name in ("a", "a-2", "a-2-2", "a-3")]


def test_progress_is_shown_on_stderr_where_there_are_several(tone_run, tones):
    _, printed, errors = call(*tones.clips["path"][:2], "--run", tone_run)
    assert "2/2" in errors
    assert "2/2" not in printed


def test_nothing_to_hear_is_refused_before_a_model_is_loaded(tone_run, tmp_path):
    with pytest.raises(AudioError, match="is not there"):
        call(tmp_path / "none.wav", "--run", tone_run)


def test_unknown_model_names_those_there_are(tones):
    done = CliRunner().invoke(predict, [tones.clips["path"][0], "--model", "nonsense"])
    assert done.exit_code == 2
    assert "no bundled model is called 'nonsense'; there are: " in done.output


def test_run_and_bundled_model_cannot_both_be_named(tones, tone_run):
    done = CliRunner().invoke(predict, [tones.clips["path"][0], "--run", str(tone_run), "--model", "cremad"])
    assert done.exit_code == 2
    assert "--run and --model cannot be combined" in done.output
