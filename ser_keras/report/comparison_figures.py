"""Figures of a comparison: who does best, trained on one corpus and tested on another, right as often as sure."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ser_keras.report.figures import FIXED, INK, PALE, SHARES, TRAINING, VALIDATION

FLOOR = "#7a7f87"


@mpl.rc_context(FIXED)
def board_figure(title: str, rows: Sequence[dict], floors: Sequence[str], chance: float) -> Figure:
    """UAR of each model with its interval over speakers, the first at the top; floors in grey, chance a dotted line.

    Parameters
    ----------
    title : of the board
    rows : dicts with `model`, `uar` in [0, 1] and `uar_interval` ((low, high) or None)
    floors : names of the models that are floors
    chance : in [0, 1]
    """
    figure = Figure(figsize=(5.4, 0.9 + 0.26 * len(rows)), layout="constrained")
    panel = figure.subplots()
    for place, row in enumerate(rows):
        colour = FLOOR if row["model"] in floors else TRAINING
        if row["uar_interval"]:
            panel.plot([100 * end for end in row["uar_interval"]], [place, place], color=colour, linewidth=1.6)
        panel.plot(100 * row["uar"], place, "o", color=colour, markersize=5, markeredgecolor="white")
        panel.text(
            1.02, place, f"{100 * row['uar']:.1f}", transform=panel.get_yaxis_transform(), va="center", color=INK
        )
    panel.axvline(100 * chance, color=INK, linewidth=0.8, linestyle=":")
    panel.set_yticks(range(len(rows)), [row["model"] for row in rows])
    for tick in panel.get_yticklabels():
        tick.set_parse_math(False)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(0, 100)
    panel.set_xlabel("UAR in %; dotted: chance")
    panel.set_title(title, fontsize=9.5, loc="left", parse_math=False)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    return figure


@mpl.rc_context(FIXED)
def cross_figure(title: str, corpora: Sequence[str], uar: Sequence[Sequence[float | None]], chance: float) -> Figure:
    """UAR trained on a corpus (row), tested on another (column), in one scale from chance to 100 %.

    Parameters
    ----------
    title : the model's name
    corpora : in the order of rows and columns
    uar : in [0, 1], None where nothing was computed
    chance : in [0, 1]; anything below it is as pale as it
    """
    values = np.array([[np.nan if one is None else 100 * one for one in row] for row in uar], dtype=float)
    side = max(3.6, 1.5 + 0.62 * len(corpora))
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    panel = figure.subplots()
    scale = Normalize(100 * chance, 100, clip=True)
    panel.imshow(np.ma.masked_invalid(values), cmap=SHARES, norm=scale)
    luminance = SHARES(scale(np.nan_to_num(values)))[..., :3] @ (0.2126, 0.7152, 0.0722)
    for (row, column), value in np.ndenumerate(values):
        colour = INK if luminance[row, column] > 0.5 or np.isnan(value) else "white"
        weight = "bold" if row == column else "normal"
        text = "–" if np.isnan(value) else f"{value:.1f}"
        panel.text(column, row, text, ha="center", va="center", color=colour, fontweight=weight)
    panel.set_xticks(range(len(corpora)), corpora, rotation=45, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(corpora)), corpora)
    panel.set_xticks(np.arange(1, len(corpora)) - 0.5, minor=True)
    panel.set_yticks(np.arange(1, len(corpora)) - 0.5, minor=True)
    panel.grid(which="minor", color="#d9dde3", linewidth=0.8)
    panel.tick_params(which="both", length=0)
    panel.set_xlabel("tested on")
    panel.set_ylabel("trained on")
    panel.set_title(title, fontsize=9.5, parse_math=False)
    figure.colorbar(ScalarMappable(scale, SHARES), ax=panel, fraction=0.05, pad=0.02).set_label("UAR in %, from chance")
    return figure


@mpl.rc_context(FIXED)
def reliability_figure(title: str, tables: Sequence[tuple[str, Sequence[dict], float]]) -> Figure:
    """Accuracy over confidence, a panel a mode, with the share of clips in each bin below; on the line: calibrated.

    Parameters
    ----------
    title : the model's name
    tables : (name of the mode, bins as in `calibration.Bin`, expected calibration error in [0, 1]) each
    """
    figure = Figure(figsize=(0.4 + 2.5 * len(tables), 3.6), layout="constrained")
    panels = figure.subplots(2, len(tables), squeeze=False, sharex=True, height_ratios=(3, 1), sharey="row")
    for (upper, lower), (name, bins, error) in zip(panels.T, tables, strict=True):
        total = sum(one["clips"] for one in bins)
        for one in (one for one in bins if one["clips"]):
            left, width = 100 * one["low"], 100 * (one["high"] - one["low"])
            upper.bar(left, 100 * one["accuracy"], width, align="edge", color=TRAINING, edgecolor="white")
            ends = sorted((100 * one["accuracy"], 100 * one["confidence"]))
            upper.plot([left + width / 2] * 2, ends, color=VALIDATION, linewidth=2, solid_capstyle="butt")
            lower.bar(left, 100 * one["clips"] / total, width, align="edge", color=PALE, edgecolor="white")
        upper.plot([0, 100], [0, 100], color=INK, linewidth=0.8, linestyle="--")
        upper.set_title(f"{name}, ECE {100 * error:.1f} %", fontsize=9)
        upper.set_xlim(0, 100)
        upper.set_ylim(0, 100)
        lower.set_xlabel("confidence in %")
        for panel in (upper, lower):
            panel.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_ylabel("accuracy in %")
    panels[1, 0].set_ylabel("clips in %")
    figure.suptitle(title, fontsize=9.5, parse_math=False)
    return figure
