"""New recordings of any kind become one wave, or one clear line."""

import numpy as np
import pytest
import soundfile

from ser_keras.errors import AudioError
from ser_keras.prediction.sounds import SHORTEST_S, Window, cut, files, sound, windows

WAVE = (0.5 * np.sin(np.arange(8000) / 5)).astype(np.float32)


def test_channels_are_averaged_as_soundfile_gives_them():
    both = np.stack([WAVE, 0.5 * WAVE], axis=1)
    np.testing.assert_allclose(sound(both, 8000).wave, 0.75 * WAVE, atol=1e-7)


@pytest.mark.parametrize("kind", ["int16", "int32"])
def test_whole_numbers_are_scaled_as_soundfile_does(tmp_path, kind):
    soundfile.write(tmp_path / "a.wav", WAVE, 8000, subtype={"int16": "PCM_16", "int32": "PCM_32"}[kind])
    numbers, rate = soundfile.read(tmp_path / "a.wav", dtype=kind)
    floats, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    np.testing.assert_array_equal(sound(numbers, rate).wave, floats)


def test_unsigned_bytes_are_scaled_about_their_middle():
    values = np.array([0, 128, 192] * 1000, np.uint8)
    np.testing.assert_array_equal(sound(values, 8000).wave[:3], [-1.0, 0.0, 0.5])


@pytest.mark.parametrize(
    ("values", "sr", "said"),
    [
        (WAVE, None, "expected its sample rate"),
        (WAVE, 0, "expected its sample rate"),
        (np.zeros(8000, np.float32), 8000, "silent"),
        (np.full(8000, np.nan, np.float32), 8000, "NaN"),
        (WAVE[: int(SHORTEST_S * 8000) - 1], 8000, "too short"),
        (WAVE[np.newaxis], 8000, "transpose"),
        (np.array(["a"] * 8000), 8000, "expected floats"),
        (np.zeros((2, 2, 2)), 8000, "shape"),
    ],
)
def test_array_that_cannot_be_heard_is_refused_in_one_line(values, sr, said):
    with pytest.raises(AudioError, match=said):
        sound(values, sr)


def test_file_takes_no_rate(tmp_path):
    soundfile.write(tmp_path / "a.wav", WAVE, 8000)
    with pytest.raises(AudioError, match="tells its own sample rate"):
        sound(tmp_path / "a.wav", 8000)


def test_folder_stands_for_its_recordings_at_any_depth_and_nothing_else(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("in/b.flac", "in/deep/a.WAV", "in/c.ogg", "in/d.mp3"):
        soundfile.write(tmp_path / name, WAVE, 8000)
    (tmp_path / "in" / "notes.txt").write_text("no recording")
    found = files([tmp_path / "in" / "c.ogg", tmp_path / "in"])
    assert [path.name for path in found] == ["c.ogg", "b.flac", "d.mp3", "a.WAV"]


def test_folder_without_recordings_and_missing_file_are_refused(tmp_path):
    with pytest.raises(AudioError, match="holds no recording"):
        files([tmp_path])
    with pytest.raises(AudioError, match=r"a\.wav is not there"):
        files([tmp_path / "a.wav"])


def test_windows_overlap_by_half_and_the_last_ends_with_the_sound():
    assert windows(70, 10, 3) == [Window(0, 3), Window(1.5, 4.5), Window(3, 6), Window(4, 7)]
    assert windows(60, 10, 3) == [Window(0, 3), Window(1.5, 4.5), Window(3, 6)]


def test_sound_shorter_than_a_window_is_one_window():
    assert windows(20, 10, 3) == [Window(0, 2)]


def test_windows_below_the_shortest_sound_are_refused():
    with pytest.raises(AudioError, match="too short"):
        windows(100, 10, 0.1)


def test_cut_takes_the_windows_samples_and_names_it():
    part = cut(sound(WAVE, 8000, "x"), Window(0.25, 0.5))
    np.testing.assert_array_equal(part.wave, WAVE[2000:4000])
    assert part.name == "x from 0.25 to 0.50 s"
