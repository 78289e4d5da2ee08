"""Quality of a voice: pulses and resonances whose measures are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from ser_keras.features.voice import voice_quality

RATE = 16000


def pulses(periods, amplitudes, width=4.0):
    """Smooth pulses so many samples apart."""
    places = np.cumsum(periods)
    time = np.arange(round(places[-1]))
    wave = np.zeros(len(time))
    for place, amplitude in zip(places, amplitudes, strict=True):
        near = slice(max(0, int(place) - 40), int(place) + 40)
        wave[near] += amplitude * np.exp(-(((time[near] - place) / width) ** 2))
    return (0.5 * wave / wave.max()).astype(np.float32)


def alternating(share, size=200):
    return 1 + share * (-1.0) ** np.arange(size)


def test_jitter_is_twice_the_share_by_which_periods_alternate():
    found = voice_quality(pulses(100 * alternating(0.005), np.ones(200)), RATE)
    assert found["jitter_local"] == pytest.approx(0.01, rel=0.1)
    assert found["shimmer_local"] < 0.01


def test_shimmer_is_twice_the_share_by_which_amplitudes_alternate():
    found = voice_quality(pulses(np.full(200, 100.0), alternating(0.02)), RATE)
    assert found["shimmer_local"] == pytest.approx(0.04, rel=0.1)
    assert found["jitter_local"] < 0.001


def test_harmonicity_is_the_ratio_of_the_tone_to_its_noise():
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(2 * RATE) / RATE)
    for decibels in (10, 20):
        noise = np.random.default_rng(0).normal(0, tone.std() * 10 ** (-decibels / 20), len(tone))
        found = voice_quality((tone + noise).astype(np.float32), RATE)
        assert found["hnr_db"] == pytest.approx(decibels, abs=1.0)


def test_formants_are_the_resonances_of_a_tube():
    """17.5 cm, closed at one end: odd multiples of 500 Hz, which is the neutral vowel."""
    wave = np.zeros(RATE)
    wave[::133] = 1.0  # 120 Hz
    for formant, width in ((500, 60), (1500, 90), (2500, 120), (3500, 150), (4500, 180)):
        radius = np.exp(-np.pi * width / RATE)
        wave = lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2], wave)
    found = voice_quality((0.5 * wave / np.abs(wave).max()).astype(np.float32), RATE)
    means = [found[f"f{number}_mean"] for number in (1, 2, 3)]
    # linear prediction draws a resonance to the harmonics beside it, which are 120 Hz apart
    np.testing.assert_allclose(means, [500, 1500, 2500], atol=60)


@pytest.mark.parametrize("wave", [np.random.default_rng(0).normal(0, 0.1, RATE), 0.1 * np.ones(100)])
def test_nothing_is_defined_where_nothing_is_voiced(wave):
    assert np.isnan(list(voice_quality(wave.astype(np.float32), RATE).values())).all()


def test_short_voice_is_measured_as_far_as_it_goes():
    wave = (0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE // 20) / RATE)).astype(np.float32)
    assert voice_quality(wave, RATE).keys() == voice_quality(wave[: RATE // 100], RATE).keys()
