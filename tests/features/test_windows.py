"""Means, sequences of one length and rolling windows, on matrices whose numbers tell where they came from."""

import numpy as np
import pytest

from ser_keras.errors import AudioError
from ser_keras.features import windows

MATRIX = np.arange(12, dtype=np.float32).reshape(2, 6)  # two bands, six frames


def test_time_mean_is_one_number_a_band():
    np.testing.assert_array_equal(windows.time_mean(MATRIX, 1), [2.5, 8.5])


def test_time_first_turns_bands_and_frames():
    assert windows.time_first(MATRIX, 1)[4].tolist() == [4, 10]


def test_shorter_sequence_gets_zeros_at_its_end_and_a_longer_one_is_cut():
    sequence = windows.time_first(MATRIX, 1)
    longer = windows.fixed_frames(sequence, 1, frames=8)
    np.testing.assert_array_equal(longer[:6], sequence)
    assert (longer.shape, longer[6:].any()) == ((8, 2), False)
    np.testing.assert_array_equal(windows.fixed_frames(sequence, 1, frames=4), sequence[:4])


def test_rolling_windows_start_every_step_and_leave_the_rest():
    rolled = windows.rolling(MATRIX, 1, size=3, step=2)
    assert rolled.shape == (2, 2, 3)
    assert rolled[:, 0].tolist() == [[0, 1, 2], [2, 3, 4]]


def test_508_frames_give_the_six_windows_that_salian2021_reports():
    assert windows.rolling(np.zeros((128, 508)), 1, size=128, step=64).shape == (6, 128, 128)


def test_too_few_frames_for_a_window_are_refused():
    with pytest.raises(AudioError, match="a window takes 7 frames, got 6"):
        windows.rolling(MATRIX, 1, size=7, step=1)
