"""The figure of a recording: its wave, and below it the log-mel spectrogram with the pitch over it.

It is inline SVG whose ink is the page's own, so that it is read on light and on dark ground.
"""

import matplotlib as mpl
import numpy as np
from librosa import hz_to_mel
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ser_keras.features import prosody, spectral
from ser_keras.prediction.sounds import Sound
from ser_keras.report.figures import FIXED, INK, PALE, SHARES, VALIDATION, svg

N_MELS, N_FFT, HOP = 128, 2048, 512
RANGE_DB = 80.0  # below the loudest
COLUMNS = 1200  # of a wave's envelope: more are not seen
TICKS = (100, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000)
INKED = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK)
STYLE = {**FIXED, **INKED, "font.size": 9.0, "axes.facecolor": "none", "figure.facecolor": "none"}


def inline_svg(heard: Sound, width: float) -> str:
    """The figure of a sound as an `<svg>` element, `width` inches wide; ink is `currentColor`."""
    with mpl.rc_context({**STYLE, "savefig.facecolor": "none"}):
        text = svg(recording_figure(heard, width)).decode("utf-8")
    return text[text.index("<svg") :].replace(INK, "currentColor")


def recording_figure(heard: Sound, width: float) -> Figure:
    """Wave over time above; below log-mel power in dB, HTK bands, and the fundamental frequency where there is one."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, 4.4), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.6))
        seconds = len(heard.wave) / heard.sample_rate
        _wave(above, heard)
        scale = _spectrogram(below, heard)
        contour = prosody.pitch_contour(heard.wave, heard.sample_rate)
        times = prosody.pitch_times(contour, seconds)
        shown = hz_to_mel(np.where(contour > 0, contour, np.nan), htk=True)
        below.plot(times, shown, color="white", linewidth=3.0)
        below.plot(times, shown, color=VALIDATION, linewidth=1.8, label="f0")
        below.set_xlim(0, seconds)
        below.set_xlabel("time in s")
        bar = figure.colorbar(ScalarMappable(scale, SHARES), ax=below, location="bottom", aspect=40, pad=0.02)
        bar.set_label("power in dB re 1; line: f0 (pitch)")
        bar.outline.set_visible(False)
    return figure


def _wave(panel: Axes, heard: Sound) -> None:
    size = max(1, len(heard.wave) // COLUMNS)
    starts = np.arange(0, len(heard.wave), size)
    low, high = np.minimum.reduceat(heard.wave, starts), np.maximum.reduceat(heard.wave, starts)
    panel.fill_between(starts / heard.sample_rate, low, high, color=PALE, linewidth=0.4)
    reach = 1.05 * float(np.abs(heard.wave).max())
    panel.set_ylim(-reach, reach)
    panel.set_ylabel("amplitude")
    panel.spines[["top", "right", "bottom"]].set_visible(False)
    panel.tick_params(axis="x", length=0)


def _spectrogram(panel: Axes, heard: Sound) -> Normalize:
    rate = heard.sample_rate
    power = spectral.log_mel(heard.wave, rate, n_mels=N_MELS, n_fft=N_FFT, hop_length=HOP, top_db=RANGE_DB)
    scale = Normalize(float(power.max()) - RANGE_DB, float(power.max()))
    top = hz_to_mel(rate / 2, htk=True)
    band, half = top / (N_MELS + 1), HOP / rate / 2
    extent = (-half, (power.shape[1] - 0.5) * 2 * half, band / 2, top - band / 2)
    panel.imshow(power, cmap=SHARES, norm=scale, origin="lower", aspect="auto", extent=extent)
    ticks = [tick for tick in TICKS if tick <= rate / 2]
    panel.set_yticks(hz_to_mel(np.array(ticks), htk=True), [f"{tick:,}".replace(",", " ") for tick in ticks])
    panel.set_ylim(0, top)
    panel.set_ylabel("frequency in Hz (mel scale)")
    panel.spines[["top", "right"]].set_visible(False)
    return scale
