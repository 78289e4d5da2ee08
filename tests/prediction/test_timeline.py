"""The timeline: a column a window, a dot at the likeliest class, equal bytes."""

import numpy as np
import pytest

from ser_keras.prediction.sounds import windows
from ser_keras.prediction.tables import Heard, Segment
from ser_keras.prediction.timeline import timeline_figure, write_timeline

WAVE = np.sin(np.arange(4000) / 9).astype(np.float32)


@pytest.fixture
def heard():
    cuts = windows(4000, 1000, 2)  # 0-2, 1-3, 2-4
    scores = [np.array([0.9, 0.1]), None, np.array([0.2, 0.8])]
    faults = ["", "silent", ""]
    parts = tuple(Segment(*one) for one in zip(cuts, scores, faults, strict=True))
    return Heard("a/talk.wav", np.array([0.55, 0.45]), parts)


def figure(heard):
    return timeline_figure(heard, WAVE, 1000, ["angry", "sad"], "a model")


def test_each_window_has_a_column_up_to_half_way_to_the_next(heard):
    below = figure(heard).axes[1]
    mesh = below.collections[0]
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], [0, 1.5, 2.5, 4])
    shares = np.ma.filled(mesh.get_array().astype(float), np.nan).reshape(2, 3)
    np.testing.assert_allclose(shares, [[90, np.nan, 20], [10, np.nan, 80]])


def test_dots_are_at_the_likeliest_class_of_windows_that_were_heard(heard):
    dots = [tuple(map(float, (*line.get_xdata(), *line.get_ydata()))) for line in figure(heard).axes[1].lines]
    assert dots == [(1.0, 0.0), (3.0, 1.0)]


def test_title_names_clip_and_model(heard):
    assert figure(heard).axes[0].get_title(loc="left") == "talk.wav\na model"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_equal_figures_give_equal_bytes(heard, tmp_path, kind):
    for name in ("one", "two"):
        write_timeline(tmp_path / f"{name}.{kind}", figure(heard))
    assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
