"""Figures show what they are given, in the given order, and the same bytes each time."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from ser_keras.report import figures
from ser_keras.report.runs import Curve

CLASSES = ["angry", "happy", "sad"]
COUNTS = np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]])
HISTORY = {"epoch": [1, 2, 3], "loss": [2.0, 1.0, 0.5], "accuracy": [0.3, 0.6, 0.8]}


def texts_of(panel):
    return {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}


def test_percents_are_of_the_true_class():
    assert figures.percents(COUNTS).tolist() == [[80, 20, 0], [20, 80, 0], [0, 0, 0]]


def test_cells_hold_percent_over_count_with_true_classes_down():
    panel = figures.confusion_figure([("Published", COUNTS)], CLASSES).axes[0]
    texts = texts_of(panel)
    assert texts[(0, 0)] == "80.0\n8"
    assert texts[(1, 0)] == "20.0\n2"  # second column, first row: angry taken for happy
    assert texts[(2, 2)] == ""
    for ticks in (panel.get_xticklabels(), panel.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == CLASSES


def test_published_and_reproduced_share_one_scale():
    figure = figures.confusion_figure([("Published", COUNTS), ("Reproduced", COUNTS.T)], CLASSES)
    scales = [panel.images[0].norm for panel in figure.axes[:2]]
    assert scales[0] is scales[1]
    assert (scales[0].vmin, scales[0].vmax) == (0, 100)
    assert [panel.get_title() for panel in figure.axes[:2]] == ["Published", "Reproduced"]


def test_difference_diverges_from_zero():
    panel = figures.difference_figure(COUNTS, np.array([[5, 5, 0], [1, 4, 0], [0, 0, 0]]), CLASSES).axes[0]
    assert texts_of(panel)[(0, 0)] == "−30.0"
    assert texts_of(panel)[(1, 0)] == "+30.0"
    assert texts_of(panel)[(0, 1)] == ""
    scale = panel.images[0].norm
    assert scale.vmin == -scale.vmax == -30


def test_learning_curves_mark_the_kept_epoch():
    history = HISTORY | {"val_loss": [1.9, 1.2, 1.4], "val_accuracy": [0.3, 0.5, 0.5]}
    figure = figures.learning_figure([Curve("seed 0", history, 2)])
    loss, accuracy = figure.axes
    assert [list(line.get_ydata()) for line in loss.lines if len(line.get_ydata()) == 3] == [
        history["loss"],
        history["val_loss"],
    ]
    assert [list(line.get_xdata()) for line in accuracy.lines if line.get_linestyle() == "--"] == [[2, 2]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training", "validation", "kept: epoch 2"]


def test_learning_curves_draw_every_run_and_no_absent_validation():
    figure = figures.learning_figure([Curve(f"seed {kept}", HISTORY, kept) for kept in (1, 2, 3)])
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert len(curves) == 3
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["training", "kept epoch of each"]


@pytest.mark.parametrize("render", [figures.svg, figures.png])
def test_same_values_give_the_same_bytes(render):
    def draw():
        return [
            render(figures.confusion_figure([("Published", COUNTS)], CLASSES)),
            render(figures.difference_figure(COUNTS, COUNTS.T, CLASSES)),
            render(figures.learning_figure([Curve("seed 0", HISTORY, 2)])),
        ]

    assert draw() == draw()


def test_svg_is_whole_and_asks_for_nothing():
    drawn = figures.svg(figures.confusion_figure([("Published", COUNTS)], CLASSES))
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    links = [value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)


def test_png_has_150_dots_an_inch():
    drawn = figures.png(figures.learning_figure([Curve("seed 0", HISTORY, 2)]))
    place = drawn.index(b"pHYs") + 4
    assert round(int.from_bytes(drawn[place : place + 4], "big") * 0.0254) == 150


def test_names_with_mathematics_are_drawn_as_they_are():
    figures.svg(figures.confusion_figure([("$\\frac{$", COUNTS)], ["a$b_{$", "$x", "<script>"]))


def test_settings_of_the_caller_stay():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figures.svg(figures.confusion_figure([("Published", COUNTS)], CLASSES))
    assert dict(mpl.rcParams) == before


def test_overview_draws_a_single_run_hollow_and_says_so():
    several, single = ("coded", 0.6, (0.5, 0.7), 5), ("unheard speakers", 0.4, (0.3, 0.5), 1)
    figure = figures.overview_figure([("kanoun2024/crnn", [several, single])])
    drawn = [line for line in figure.axes[0].lines if line.get_marker() not in ("", "None")]
    assert [line.get_markerfacecolor() for line in drawn] == [figures.MARKS["coded"][1], "white"]
    assert [text.get_text() for text in figure.legends[0].texts] == ["coded", "unheard speakers", "hollow: one run"]
    [legend] = figures.overview_figure([("kanoun2024/crnn", [several])]).legends
    assert [text.get_text() for text in legend.texts] == ["coded"]
