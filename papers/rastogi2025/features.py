"""The acoustic features of Rastogi (2025): as the code takes them, and as the text describes them."""

from ser_keras import audio
from ser_keras.experiment import Choices
from ser_keras.features import prosody
from ser_keras.features.pipeline import Pipeline, step

DESCRIBED_RATE = 48_000  # pseudocode "Preprocess"
INPUTS = (*prosody.SCALARS, *prosody.MFCC_MEANS)  # the 30 that Figure 4 counts; the deviations are not fed


def coded_features(choices: Choices) -> Pipeline:
    """Clip → (43,): from the recording as it is, at its own rate."""
    steps = (step(prosody.acoustic, pitch_floor=75.0, pitch_ceiling=600.0),)
    return Pipeline("rastogi2025-acoustic", None, steps, names=prosody.ACOUSTIC, silence=True)


def described_features(choices: Choices) -> Pipeline:
    """Clip → (46,): at 48 kHz, peak at 1, noise reduced, trimmed at -40 dB; with centroid, roll-off and flux."""
    reduced = (step(audio.wiener_filtered, size=29),) if choices["noise_reduction"] == "wiener" else ()
    steps = (
        step(audio.peak_normalised),
        *reduced,
        step(audio.trimmed, top_db=40.0),
        step(
            prosody.acoustic,
            pitch_floor=50.0,
            pitch_ceiling=500.0,
            relative_variation=True,
            spectral=True,
        ),
    )
    names = prosody.ACOUSTIC + prosody.SPECTRAL
    return Pipeline("rastogi2025-acoustic-described", DESCRIBED_RATE, steps, names=names, silence=True)


def mlp_columns(choices: Choices) -> tuple[str, ...]:
    """The 30 inputs of Figure 4, in the code's order."""
    return INPUTS


def sequence_columns(choices: Choices) -> tuple[str, ...]:
    """The 43 numbers of Table 2."""
    return prosody.ACOUSTIC


def described_columns(choices: Choices) -> tuple[str, ...]:
    """Those of Table 2, or with them those that only the pseudocode has."""
    return prosody.ACOUSTIC if choices["inputs"] == "table2" else prosody.ACOUSTIC + prosody.SPECTRAL
