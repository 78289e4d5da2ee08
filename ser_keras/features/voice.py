"""Measures of the voice's quality by Praat, which need its single periods: jitter, shimmer, harmonicity, formants.

They are for people who look at one recording; no paper here feeds them to a network. Waves are float32 `(samples,)`.
"""

import numpy as np
import parselmouth
from parselmouth.praat import call

from ser_keras.features.prosody import TIME_STEP, pitch_contour, pitch_times

UNDEFINED_DB = -200.0  # Praat's harmonicity of a frame that is not voiced
PERIODS = (0.0001, 0.02, 1.3)  # shortest and longest period in seconds, largest ratio of neighbours
LARGEST_STEP = 1.6  # ratio of neighbouring amplitudes
N_FORMANTS = 3


def voice_quality(
    wave: np.ndarray, sample_rate: int, *, floor: float = 75.0, ceiling: float = 600.0
) -> dict[str, float]:
    """Local jitter and shimmer (ratios), mean harmonics-to-noise ratio (dB) and mean formants of voiced frames (hertz).

    Parameters
    ----------
    wave : float32 (samples,)
    sample_rate : int, hertz
    floor, ceiling : float, hertz, of the pitch

    Returns
    -------
    `jitter_local`, `shimmer_local`, `hnr_db`, `f1_mean`, `f2_mean`, `f3_mean`; NaN where it is not defined: nothing is
    voiced, or the recording is too short

    Source: Praat, "Get jitter (local)", "Get shimmer (local)", "To Harmonicity (cc)", "To Formant (burg)", with their
    standard settings (five formants up to 5500 Hz).
    """
    found = dict.fromkeys(("jitter_local", "shimmer_local", "hnr_db", "f1_mean", "f2_mean", "f3_mean"), np.nan)
    contour = pitch_contour(wave, sample_rate, floor=floor, ceiling=ceiling)
    voiced = pitch_times(contour, len(wave) / sample_rate)[contour > 0]
    if not len(voiced):
        return found
    sound = parselmouth.Sound(wave.astype(np.float64), sampling_frequency=sample_rate)
    try:
        pulses = call(sound, "To PointProcess (periodic, cc)", floor, ceiling)
        found["jitter_local"] = call(pulses, "Get jitter (local)", 0, 0, *PERIODS)
        found["shimmer_local"] = call([sound, pulses], "Get shimmer (local)", 0, 0, *PERIODS, LARGEST_STEP)
        ratios = sound.to_harmonicity_cc(time_step=TIME_STEP, minimum_pitch=floor).values
        if (ratios != UNDEFINED_DB).any():
            found["hnr_db"] = float(ratios[ratios != UNDEFINED_DB].mean())
        formants = sound.to_formant_burg(
            time_step=TIME_STEP,
            max_number_of_formants=5.0,
            maximum_formant=5500.0,
            window_length=0.025,
            pre_emphasis_from=50.0,
        )
    except parselmouth.PraatError:  # too short for one of them
        return found
    for number in range(1, N_FORMANTS + 1):
        values = np.array([formants.get_value_at_time(number, time) for time in voiced])
        if np.isfinite(values).any():
            found[f"f{number}_mean"] = float(np.nanmean(values))
    return found
