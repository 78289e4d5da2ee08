"""Figures of an experiment: confusion matrices in one colour scale, their difference, learning curves.

All are drawn on white, so that they print, and the same values give the same bytes.
"""

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ser_keras.report.runs import Curve

DPI = 150
EDGES = {"bbox_inches": "tight", "pad_inches": 0.08}
FIXED = {"svg.hashsalt": "ser_keras", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 8.5}
SHARES = mpl.colormaps["Blues"]
DIFFERENCES = mpl.colormaps["RdBu_r"]
INK, PALE = "#111111", "#8a8f98"
TRAINING, VALIDATION, KEPT = "#1f5fa8", "#c2571a", "#3d3d3d"
MARKS = {
    "published": ("D", "#111111"),
    "described": ("o", "#1f5fa8"),
    "coded": ("s", "#c2571a"),
    "unheard speakers": ("^", "#7a3a94"),
}  # kind of figure → marker, colour
# kind of `MARKS`, accuracy in [0, 1], its interval or None, and of how many runs (None: as published)
Point = tuple[str, float, Sequence[float] | None, int | None]


def percents(counts: np.ndarray) -> np.ndarray:
    """Percent of each row's clips: float (classes, classes); a row without clips is 0."""
    counts = np.asarray(counts, dtype=float)
    support = counts.sum(axis=1, keepdims=True)
    return np.divide(100 * counts, support, out=np.zeros_like(counts), where=support > 0)


@mpl.rc_context(FIXED)
def confusion_figure(matrices: Sequence[tuple[str, np.ndarray]], classes: Sequence[str]) -> Figure:
    """Confusion matrices side by side, one colour scale from 0 to 100 % of the true class, percent over count.

    Parameters
    ----------
    matrices : (title, int (classes, classes)) each
    classes : in the order of rows and columns
    """
    side = _side(classes)
    figure = Figure(figsize=(side * len(matrices) + 0.6, side), layout="constrained")
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    scale = Normalize(0, 100)
    for panel, (title, counts) in zip(panels, matrices, strict=True):
        shares = percents(counts)
        panel.imshow(shares, cmap=SHARES, norm=scale)
        texts = [
            [f"{share:.1f}\n{int(count)}" if count else "" for share, count in zip(*row, strict=True)]
            for row in zip(shares, np.asarray(counts), strict=True)
        ]
        _cells(panel, texts, SHARES(scale(shares)))
        _class_axes(panel, classes, title)
    bar = figure.colorbar(ScalarMappable(scale, SHARES), ax=list(panels), fraction=0.05, pad=0.02)
    bar.set_label("% of the true class's clips")
    return figure


@mpl.rc_context(FIXED)
def difference_figure(
    published: np.ndarray, reproduced: np.ndarray, classes: Sequence[str], title: str = "Reproduced − published"
) -> Figure:
    """Reproduced minus published share of each cell, in points, in a scale that diverges from 0."""
    points = percents(reproduced) - percents(published)
    side = _side(classes)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    panel = figure.subplots()
    reach = max(10.0, 10 * np.ceil(np.abs(points).max() / 10))
    scale = Normalize(-reach, reach)
    panel.imshow(points, cmap=DIFFERENCES, norm=scale)
    texts = [[_signed(value) if abs(value) >= 0.05 else "" for value in row] for row in points]
    _cells(panel, texts, DIFFERENCES(scale(points)))
    _class_axes(panel, classes, title)
    figure.colorbar(ScalarMappable(scale, DIFFERENCES), ax=panel, fraction=0.05, pad=0.02).set_label("points")
    return figure


@mpl.rc_context(FIXED)
def learning_figure(curves: Sequence[Curve]) -> Figure:
    """Loss and accuracy over epochs, a line a training; the epoch whose weights were kept is marked."""
    figure = Figure(figsize=(5.2, 5.0), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    alone = len(curves) == 1
    for panel, name in zip(panels, ("loss", "accuracy"), strict=True):
        for one in curves:
            for key, colour in ((name, TRAINING), (f"val_{name}", VALIDATION)):
                if key in one.history:
                    _curve(panel, one.history["epoch"], one.history[key], one.kept, colour, 1.6 if alone else 1.0)
            if alone and one.kept:
                panel.axvline(one.kept, color=KEPT, linestyle="--", linewidth=1)
        panel.set_ylabel(name)
        panel.grid(color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylim(bottom=0)
    panels[1].set_ylim(0, 1.02)
    panels[1].set_xlabel("epoch")
    panels[1].xaxis.get_major_locator().set_params(integer=True)
    figure.legend(handles=_keys(curves), loc="outside upper center", ncols=3, frameon=False)
    return figure


@mpl.rc_context(FIXED)
def overview_figure(lines: Sequence[tuple[str, Sequence[Point]]]) -> Figure:
    """Accuracies with their intervals, a group of dots an experiment, the first at the top; a single run's is hollow.

    Parameters
    ----------
    lines : (experiment, points) each
    """
    heights = [max(len(points), 1) * 0.17 + 0.2 for _, points in lines]
    figure = Figure(figsize=(7.2, sum(heights) + 0.9), layout="constrained")
    panel = figure.subplots()
    top, ticks = 0.0, []
    for number, ((_, points), height) in enumerate(zip(lines, heights, strict=True)):
        if number % 2:
            panel.axhspan(top, top + height, color="#f3f5f7", linewidth=0, zorder=0)
        ticks.append(top + height / 2)
        first = top + height / 2 - 0.17 * (len(points) - 1) / 2
        for place, (kind, mean, interval, runs) in enumerate(points):
            marker, colour = MARKS[kind]
            face, edge = ("white", colour) if runs == 1 else (colour, "white")
            at = first + 0.17 * place
            if interval:
                ends = [100 * min(max(end, 0), 1) for end in interval]
                panel.plot(ends, [at, at], color=colour, linewidth=1.4, solid_capstyle="butt")
            panel.plot(
                100 * mean,
                at,
                marker,
                markerfacecolor=face,
                markeredgecolor=edge,
                markersize=5,
                clip_on=False,
                zorder=3,
            )
        top += height
    panel.set_yticks(ticks, [name for name, _ in lines])
    for tick in panel.get_yticklabels():
        tick.set_parse_math(False)
    panel.set_ylim(top, 0)
    panel.set_xlim(0, 100)
    panel.set_xlabel("accuracy in %")
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    shown = {kind for _, points in lines for kind, *_ in points}
    keys = [
        Line2D([], [], color=colour, marker=marker, markeredgecolor="white", label=kind)
        for kind, (marker, colour) in MARKS.items()
        if kind in shown
    ]
    if any(runs == 1 for _, points in lines for *_, runs in points):
        hollow = {"markerfacecolor": "white", "markeredgecolor": "#555555", "linestyle": "none"}
        keys.append(Line2D([], [], marker="o", label="hollow: one run", **hollow))
    figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), frameon=False)
    return figure


def _curve(
    panel: Axes, epochs: Sequence[float], values: Sequence[float], kept: int | None, colour: str, width: float
) -> None:
    panel.plot(epochs, values, color=colour, linewidth=width, marker="." if len(values) == 1 else "")
    at = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if epoch == kept]
    for epoch, value in at:
        panel.plot(epoch, value, "o", color=colour, markersize=5, markeredgecolor="white")


def _keys(curves: Sequence[Curve]) -> list[Line2D]:
    keys = [Line2D([], [], color=TRAINING, label="training")]
    if any("val_loss" in one.history for one in curves):
        keys.append(Line2D([], [], color=VALIDATION, label="validation"))
    marked = [one.kept for one in curves if one.kept]
    if len(curves) == 1 and marked:
        keys.append(Line2D([], [], color=KEPT, linestyle="--", marker="o", label=f"kept: epoch {marked[0]}"))
    elif marked:
        keys.append(Line2D([], [], color=KEPT, linestyle="", marker="o", label="kept epoch of each"))
    return keys


def _side(classes: Sequence[str]) -> float:
    """Inches of a matrix: room for two lines of text in every cell."""
    return max(3.6, 1.5 + 0.42 * len(classes))


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _cells(panel: Axes, texts: Sequence[Sequence[str]], colours: np.ndarray) -> None:
    luminance = colours[..., :3] @ (0.2126, 0.7152, 0.0722)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            colour = INK if luminance[row, column] > 0.5 else "white"
            panel.text(
                column, row, text, ha="center", va="center", color=colour, fontsize=7.5, linespacing=1.1,
                parse_math=False,
            )  # fmt: skip


def _class_axes(panel: Axes, classes: Sequence[str], title: str) -> None:
    places = range(len(classes))
    panel.set_xticks(places, classes, rotation=45, ha="right", rotation_mode="anchor")
    panel.set_yticks(places, classes)
    for tick in (*panel.get_xticklabels(), *panel.get_yticklabels()):
        tick.set_parse_math(False)
    panel.tick_params(length=0)
    panel.set_xticks([place - 0.5 for place in places][1:], minor=True)
    panel.set_yticks([place - 0.5 for place in places][1:], minor=True)
    panel.grid(which="minor", color="#d9dde3", linewidth=0.8)
    panel.tick_params(which="minor", length=0)
    panel.set_xlabel("predicted")
    panel.set_ylabel("true")
    panel.set_title(title, fontsize=9.5, parse_math=False)


@mpl.rc_context(FIXED)
def svg(figure: Figure, words: str = "") -> bytes:
    """The figure as SVG, its letters as outlines, without a date; `words` describe it in its metadata."""
    stream = io.BytesIO()
    figure.savefig(
        stream, format="svg", **EDGES, metadata={"Date": None, "Creator": None, "Description": words or None}
    )
    return stream.getvalue()


@mpl.rc_context(FIXED)
def png(figure: Figure, words: str = "") -> bytes:
    """The figure as PNG of 150 dots an inch; `words` describe it in its metadata."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(stream, format="png", dpi=DPI, **EDGES, metadata={"Software": None, "Description": words or None})
    return stream.getvalue()
