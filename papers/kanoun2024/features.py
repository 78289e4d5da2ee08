"""The log-mel images of Kanoun et al. (2024), section 6.1, with the details of their code."""

from ser_keras import audio, stretching
from ser_keras.experiment import Choices
from ser_keras.features import spectral
from ser_keras.features.pipeline import Pipeline, Step, step

SAMPLE_RATE = 16_000  # section 6.1
SECONDS = 2.5  # section 6.1
LEVEL = 1e-4  # code: a sample above it is no silence


def log_mel_image(choices: Choices) -> Pipeline:
    """Clip → (64, 79, 1): silent ends cut, peak at 1, 2.5 s, log-mel in dB."""
    return _pipeline("kanoun2024-log-mel", (), seed=0)


def altered_images(choices: Choices, seed: int) -> tuple[Pipeline, ...]:
    """One altered copy of each training clip (section 3): stretched and pitch shifted at random, or none.

    The altered wave is the one without silent ends, before its peak and its length are fixed.
    """
    if choices["augment"] == "none":
        return ()
    alter = (
        step(stretching.randomly_time_stretched, random=True, spread=choices["stretch_spread"]),
        step(stretching.randomly_pitch_shifted, random=True, semitones=choices["pitch_semitones"]),
    )
    return (_pipeline("kanoun2024-log-mel-altered", alter, seed),)


def _pipeline(name: str, alter: tuple[Step, ...], seed: int) -> Pipeline:
    steps = (
        step(audio.trimmed_to_level, level=LEVEL),
        *alter,
        step(audio.peak_normalised),
        step(audio.fixed_length, seconds=SECONDS, keep="start"),
        step(
            spectral.log_mel, n_mels=64, n_fft=1024, hop_length=512, top_db=None, norm=None, pad_mode="reflect"
        ),  # up to 8000 Hz, which is half the sample rate
        step(spectral.with_channel),
    )
    return Pipeline(name, SAMPLE_RATE, steps, seed, silence=True)  # one clip of CREMA-D holds nothing but zeros
