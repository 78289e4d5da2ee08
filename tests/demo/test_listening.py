"""One recording: within the limits, heard as `predict` hears it, measured, drawn."""

import json
import shutil

import numpy as np
import pytest
import soundfile

import ser_keras
from ser_keras.demo import figure, limits, listening
from ser_keras.errors import AudioError
from ser_keras.prediction.sounds import Sound

RATE = 16000
BOX = "cremad (rastogi2025/cnn-lstm coded)"
RUN = "rastogi2025/cnn-lstm coded held-out speakers seed 0"


def sine(hertz, seconds=1.0, peak=0.5):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def heard():
    return Sound("a tone", sine(200, 2.0), RATE)


def test_models_are_the_one_in_the_box_and_the_runs_that_can_predict(runs):
    models, refused = listening.available(runs)
    assert list(models) == [BOX, RUN]
    assert models[BOX] is None
    assert len(refused) == 1
    assert "holds no model" in refused[0]


def test_quick_run_on_synthetic_recordings_is_marked(runs, tmp_path):
    out = shutil.copytree(runs, tmp_path / "out")
    for path in out.rglob("run.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        record["quick"] = record["corpora"]["cremad"]["synthetic"] = True
        path.write_text(json.dumps(record), encoding="utf-8")
    assert list(listening.available(out)[0]) == [BOX, f"{RUN} synthetic quick"]


def test_a_folder_without_runs_leaves_the_model_in_the_box(tmp_path):
    assert listening.available(tmp_path / "nowhere") == ({BOX: None}, [])


def test_every_model_says_what_predict_says(runs, clip):
    models, _ = listening.available(runs)
    found = listening.answers(listening.recording(clip, "mine.wav"), models)
    box = ser_keras.load()
    expected = dict(zip(map(str, box.classes_), box.predict_proba(clip)[0], strict=True))
    for answer, name in zip(found, models, strict=True):
        assert answer.model == name
        assert dict(zip(answer.classes, answer.scores, strict=True)) == pytest.approx(expected, abs=1e-6)


def test_model_that_is_gone_says_so_without_its_folder(heard, tmp_path):
    (found,) = listening.answers(heard, {"a run": tmp_path / "gone"})
    assert found.scores == ()
    assert found.error.startswith("a run holds no finished run")


def test_fault_of_a_recording_names_it_as_the_visitor_does(tmp_path):
    path = tmp_path / "secret" / "a.wav"
    path.parent.mkdir()
    path.write_bytes(b"RIFF, but no more")
    with pytest.raises(AudioError, match=r"^mine\.wav is no readable recording") as fault:
        listening.recording(path, "mine.wav")
    assert "secret" not in str(fault.value)
    with pytest.raises(AudioError, match=r"^mine\.wav is no longer here"):
        listening.recording(tmp_path / "gone.wav", "mine.wav")


@pytest.mark.parametrize("seconds", [limits.LONGEST_S, limits.LONGEST_S + 1 / RATE])
def test_a_minute_is_heard_and_a_sample_more_is_not(seconds, tmp_path):
    soundfile.write(tmp_path / "a.flac", sine(200, seconds), RATE)
    if seconds == limits.LONGEST_S:
        assert len(listening.recording(tmp_path / "a.flac", "a").wave) == 60 * RATE
    else:
        with pytest.raises(AudioError, match="a is longer than 60 s"):
            listening.recording(tmp_path / "a.flac", "a")


def test_file_of_over_25_megabytes_is_refused_unread(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(limits.LARGEST + 1)
    with pytest.raises(AudioError, match="a has over 25 MB"):
        listening.recording(tmp_path / "a.wav", "a")


def test_rate_that_would_take_too_much_memory_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.tile(sine(200, 1.0), 13), 200_000)
    with pytest.raises(AudioError, match="a has 200000 samples a second, expected 96000 or fewer"):
        listening.recording(tmp_path / "a.wav", "a")


@pytest.mark.parametrize(
    ("names", "fault"),
    [([], "no model is chosen"), ([str(one) for one in range(7)], "7 models"), (["x"], "there is no model 'x'")],
)
def test_choice_that_cannot_be_answered_is_refused(names, fault):
    models = {str(one): None for one in range(9)}
    with pytest.raises(AudioError, match=fault):
        listening.chosen(names, models)


def test_models_are_asked_once_each_in_the_order_of_the_page():
    assert list(listening.chosen(["c", "a", "c"], {"a": None, "b": None, "c": None})) == ["a", "c"]


def test_measures_of_a_sine_are_those_of_a_sine(heard):
    table, coefficients = listening.measures(heard)
    found = {one.title: (one.value, one.unit) for one in table}
    assert len(found) == len(listening.MEASURES) == 26
    assert found["Duration"] == (2.0, "s")
    assert found["Sample rate"] == (16000, "Hz")
    assert found["Pitch (f0), mean"] == (pytest.approx(200, abs=0.5), "Hz")
    assert found["Amplitude, peak"] == (pytest.approx(0.5, rel=1e-3), "of full scale")
    assert found["Amplitude, mean"] == (pytest.approx(2 / np.pi * 0.5, rel=1e-3), "of full scale")
    # frames at both ends are half of zeros, 4 of 63
    assert found["RMS, mean"] == (pytest.approx(0.5 / np.sqrt(2), rel=0.05), "of full scale")
    assert found["Zero crossings, mean"] == (pytest.approx(100 * 2 * 200 / RATE, rel=0.05), "% of samples")
    assert found["Jitter, local: change from period to period"][0] == pytest.approx(0, abs=0.1)
    assert found["Harmonics-to-noise ratio (HNR), mean"][0] > 40
    assert len(coefficients) == 13


def test_pitch_of_noise_is_not_defined():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    table, _ = listening.measures(Sound("noise", noise, RATE))
    values = {one.title: one.value for one in table}
    assert values["Voiced frames"] == 0
    assert np.isnan(values["Pitch (f0), mean"])


def test_figure_has_axes_with_units_and_the_pitch_where_the_tone_is(heard):
    above, below, bar = figure.recording_figure(heard, 7.4).axes
    assert above.get_ylabel() == "amplitude"
    assert (below.get_xlabel(), below.get_ylabel()) == ("time in s", "frequency in Hz (mel scale)")
    assert bar.get_xlabel().startswith("power in dB")
    pitch = below.lines[-1].get_ydata()
    mel = 2595 * np.log10(1 + 200 / 700)  # the HTK formula
    np.testing.assert_allclose(pitch[np.isfinite(pitch)], mel, rtol=0.01)
    assert np.isfinite(pitch).mean() > 0.9
    # the loudest band of the picture is the one that the pitch lies in
    image = below.images[0]
    left, right, low, high = image.get_extent()
    band = np.argmax(image.get_array().mean(axis=1))
    middle = low + (band + 0.5) * (high - low) / 128
    assert middle == pytest.approx(mel, abs=(high - low) / 128)
    assert left == pytest.approx(-256 / RATE) and right == pytest.approx((2 * RATE // 512 + 0.5) * 512 / RATE)


def test_figure_takes_the_ink_of_the_page(heard):
    text = figure.inline_svg(heard, 3.6)
    assert text.startswith("<svg")
    assert "currentColor" in text
    assert "#111111" not in text and "#000000" not in text
    assert figure.inline_svg(heard, 3.6) == text
