"""The timeline of a long recording: its wave, and over it the probabilities of its windows."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ser_keras.errors import visible
from ser_keras.files import write_atomically
from ser_keras.prediction.tables import Heard, Segment
from ser_keras.report.figures import DPI, EDGES, FIXED, INK, PALE, SHARES

POINTS = 1200  # of the wave's envelope


@mpl.rc_context(FIXED)
def timeline_figure(heard: Heard, wave: np.ndarray, sample_rate: int, classes: Sequence[str], model: str) -> Figure:
    """The wave's envelope above; below a row a class, a column a window, darker for likelier, a dot at the likeliest.

    Windows overlap: a column reaches half way to its neighbours' middles. One that can't be used is hatched.

    Parameters
    ----------
    heard : with segments
    wave : float32 (samples,)
    """
    figure = Figure(figsize=(8.5, 1.6 + 0.28 * len(classes)), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 0.4 * len(classes)))
    _envelope(above, wave, sample_rate)
    edges, middles = _places(heard.segments, len(wave) / sample_rate)
    shares = np.array([_shares(one, len(classes)) for one in heard.segments]).T
    scale = Normalize(0, 100)
    below.pcolormesh(edges, np.arange(len(classes) + 1) - 0.5, shares, cmap=SHARES, norm=scale)
    for number, one in enumerate(heard.segments):
        if one.scores is None:
            below.axvspan(edges[number], edges[number + 1], facecolor="white", edgecolor=PALE, hatch="///", linewidth=0)
        else:
            top = int(one.scores.argmax())
            pale = shares[top, number] > 55
            below.plot(middles[number], top, "o", markersize=4, color="white" if pale else INK, markeredgewidth=0)
    below.set_yticks(range(len(classes)), classes)
    below.set_ylim(len(classes) - 0.5, -0.5)
    below.set_xlim(0, len(wave) / sample_rate)
    below.set_xlabel("seconds")
    bar = figure.colorbar(mpl.cm.ScalarMappable(scale, SHARES), ax=below, fraction=0.04, pad=0.01)
    bar.set_label("probability, %")
    title = f"{visible(Path(heard.clip).name)}\n{model}"
    above.set_title(title, loc="left", fontsize=8.5, color=INK, parse_math=False)
    return figure


def write_timeline(path: Path, figure: Figure) -> None:
    """The figure as PNG or SVG, by the ending of `path`; equal figures give equal bytes."""
    kind = path.suffix[1:].lower()
    metadata = {"Date": None} if kind == "svg" else {}
    FigureCanvasAgg(figure)
    with mpl.rc_context(FIXED):
        write_atomically(
            path, lambda temporary: figure.savefig(temporary, format=kind, dpi=DPI, metadata=metadata, **EDGES)
        )


def _envelope(panel: mpl.axes.Axes, wave: np.ndarray, sample_rate: int) -> None:
    size = max(1, len(wave) // POINTS)
    starts = np.arange(0, len(wave), size)
    low, high = np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)
    panel.fill_between(starts / sample_rate, low, high, color=PALE, linewidth=0.3, edgecolor=PALE)
    reach = max(float(np.abs(wave).max()), 1e-3)
    panel.set_ylim(-1.05 * reach, 1.05 * reach)
    panel.set_yticks([])
    panel.spines[["top", "right", "left", "bottom"]].set_visible(False)
    panel.tick_params(bottom=False, labelbottom=False)


def _places(segments: Sequence[Segment], whole: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the columns (n + 1), and the windows' middles (n), in seconds."""
    middles = np.array([(one.window.start_s + one.window.end_s) / 2 for one in segments])
    return np.concatenate([[0.0], (middles[:-1] + middles[1:]) / 2, [whole]]), middles


def _shares(segment: Segment, n_classes: int) -> np.ndarray:
    return np.full(n_classes, np.nan) if segment.scores is None else 100 * segment.scores
