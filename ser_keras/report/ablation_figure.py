"""The figure of an ablation: validation and test accuracy of every setting, and how far each is from ours."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ser_keras.report.figures import FIXED, KEPT, PALE, VALIDATION
from ser_keras.report.figures import TRAINING as TEST

ROW = 0.34  # inches a setting


@mpl.rc_context(FIXED)
def ablation_figure(rows: Sequence[dict], published: float | None) -> Figure:
    """Accuracies with the interval of one more run on the left, differences from ours with theirs on the right.

    Parameters
    ----------
    rows : the base first, each with `name`, `group` (rows of a group have one ground), `validation` and `test`
        (accuracies of the runs, in [0, 1]), `rerun` (interval or None), `points` and `points_validation` (mean
        differences in points or None), `interval` (of `points`, in points, or None)
    published : accuracy in [0, 1] or None
    """
    figure = Figure(figsize=(8.6, ROW * len(rows) + 1.1), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    groups = list(dict.fromkeys(row["group"] for row in rows))
    for place, row in enumerate(rows):
        if groups.index(row["group"]) % 2:
            for panel in (left, right):
                panel.axhspan(place - 0.5, place + 0.5, color="#f3f5f7", linewidth=0, zorder=0)
        _accuracies(left, place, row)
        _differences(right, place, row)
    if published is not None:
        left.axvline(100 * published, color=KEPT, linestyle="--", linewidth=1)
    right.axvline(0, color=KEPT, linewidth=0.8)
    left.set_yticks(range(len(rows)), [row["name"] for row in rows])
    for tick in left.get_yticklabels():
        tick.set_parse_math(False)
    left.set_ylim(len(rows) - 0.5, -0.5)
    shown = [one for row in rows for one in (*row["validation"], *row["test"], *_ends(row))]
    left.set_xlim(*_reach([100 * one for one in (*shown, *([] if published is None else [published]))]))
    left.set_xlabel("accuracy in %" + ("; bars: 95 % intervals of one more run" if any(map(_ends, rows)) else ""))
    barred = any(row["interval"] for row in rows)
    right.set_xlabel("points, setting minus ours" + ("; bars: 95 % intervals" if barred else ""))
    for panel in (left, right):
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="x", color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(handles=_keys(rows, published), loc="outside upper center", ncols=4, frameon=False)
    return figure


def _accuracies(panel: Axes, place: int, row: dict) -> None:
    if not row["test"]:
        panel.annotate(
            "not run", (0, place), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            va="center", color=PALE, fontsize=7.5,
        )  # fmt: skip
    if row["rerun"]:
        panel.plot([100 * end for end in _ends(row)], [place + 0.13] * 2, color=TEST, linewidth=1.4)
    for kind, colour, shift in (("validation", VALIDATION, -0.17), ("test", TEST, 0.13)):
        values = [100 * one for one in row[kind]]
        if values:
            panel.plot(values, [place + shift] * len(values), ".", color=colour, markersize=4, alpha=0.6, clip_on=False)
            mean = sum(values) / len(values)
            panel.plot(mean, place + shift, "o", color=colour, markersize=5.5, markeredgecolor="white", clip_on=False)


def _differences(panel: Axes, place: int, row: dict) -> None:
    if row["interval"]:
        panel.plot(row["interval"], [place + 0.13] * 2, color=TEST, linewidth=1.4)
    for key, colour, shift in (("points_validation", VALIDATION, -0.17), ("points", TEST, 0.13)):
        if row[key] is not None:
            panel.plot(row[key], place + shift, "o", color=colour, markersize=5.5, markeredgecolor="white")


def _ends(row: dict) -> list[float]:
    return [min(max(end, 0.0), 1.0) for end in row["rerun"] or ()]


def _reach(percents: list[float]) -> tuple[float, float]:
    low, high = min(percents, default=0.0), max(percents, default=100.0)
    margin = max(1.0, 0.06 * (high - low))
    return max(0.0, low - margin), min(100.0, high + margin) + 0.2


def _keys(rows: Sequence[dict], published: float | None) -> list[Line2D]:
    def dot(colour: str, label: str) -> Line2D:
        return Line2D([], [], color=colour, marker="o", linestyle="", markeredgecolor="white", label=label)

    keys = [dot(VALIDATION, "validation")] if any(row["validation"] for row in rows) else []
    keys.append(dot(TEST, "test"))
    if any(len(row["test"]) > 1 for row in rows):
        keys.append(Line2D([], [], color=TEST, marker=".", linestyle="", alpha=0.6, label="single runs"))
    if published is not None:
        keys.append(Line2D([], [], color=KEPT, linestyle="--", label=f"published, {100 * published:.2f} %"))
    return keys
