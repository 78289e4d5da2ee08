"""The log-mel images of Yadav et al. (2022), sections 3.3, 3.4 and 4.3."""

from ser_keras import audio, stretching
from ser_keras.experiment import Choices
from ser_keras.features import spectral
from ser_keras.features.pipeline import Pipeline, Step, step

SAMPLE_RATE = 44_100  # section 3.3: "CD quality audio"
SECONDS = 3.0  # section 3.3


def log_mel_image(choices: Choices) -> Pipeline:
    """Clip → (128, 259, 1): resampled, trimmed, Wiener-filtered, padded to 3 s, log-mel, z-scored."""
    return _pipeline("yadav2022-log-mel", (), choices, seed=0)


def augmented_images(choices: Choices, seed: int) -> tuple[Pipeline, ...]:
    """The four altered copies of section 4.3: noise, stretched up, stretched down, pitch shifted.

    The altered wave is the trimmed and filtered one, before its length is fixed; `seed` decides the noise.
    """
    noise = step(audio.with_noise, random=True, scale=choices["noise_scale"], level=choices["noise_level"])
    up = step(stretching.time_stretched, rate=1.1)
    down = step(stretching.time_stretched, rate=0.8)
    pitch = step(stretching.pitch_shifted, semitones=choices["pitch_semitones"])
    altered = {"noise": noise, "stretch-up": up, "stretch-down": down, "pitch": pitch}
    return tuple(_pipeline(f"yadav2022-log-mel-{name}", (alter,), choices, seed) for name, alter in altered.items())


def _pipeline(name: str, alter: tuple[Step, ...], choices: Choices, seed: int) -> Pipeline:
    normalised = (step(spectral.z_scored),) if choices["normalisation"] == "clip" else ()
    steps = (
        step(audio.trimmed, top_db=choices["trim_top_db"]),
        step(audio.wiener_filtered, size=choices["wiener_size"]),
        *alter,
        step(audio.fixed_length, seconds=SECONDS, keep=choices["long_clips"]),
        step(spectral.log_mel, n_mels=128, n_fft=2048, hop_length=512, top_db=choices["top_db"]),
        *normalised,
        step(spectral.with_channel),
    )
    return Pipeline(name, SAMPLE_RATE, steps, seed)
