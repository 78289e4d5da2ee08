"""The rolling windows over mel spectrograms of Salian et al. (2021), section 2.2 and 3.1."""

from ser_keras import audio
from ser_keras.experiment import Choices
from ser_keras.features import spectral, windows
from ser_keras.features.pipeline import Pipeline, Step, step

SAMPLE_RATE = 21_500  # section 2.2.1
OFFSET = 0.5  # seconds, section 2.2.1
SAMPLES = 65_000  # "650,000" in section 2.2.1; 508 frames of these give the six windows of section 4


def mel_windows(choices: Choices) -> Pipeline:
    """Clip → (6, 128, 128, 1): from 0.5 s on, z-scored, 65 000 samples, mel periodogram in dB, six windows."""
    return _pipeline("salian2021-windows", (), choices, seed=0)


def noisy_windows(choices: Choices, seed: int) -> Pipeline:
    """As `mel_windows`, of the recording with noise (section 2.1.4); `seed` decides the noise."""
    noise = step(audio.with_noise, random=True, scale=choices["noise_scale"], level=choices["noise_level"])
    return _pipeline("salian2021-windows-noise", (noise,), choices, seed)


def _pipeline(name: str, alter: tuple[Step, ...], choices: Choices, seed: int) -> Pipeline:
    steps = (
        step(audio.from_offset, seconds=OFFSET),
        *alter,
        step(spectral.z_scored),
        step(audio.fixed_length, seconds=SAMPLES / SAMPLE_RATE, keep="start"),
        step(
            spectral.mel_periodogram,
            n_mels=128,
            n_fft=512,
            win_length=256,
            hop_length=128,
            fmax=choices["fmax"],
            top_db=choices["top_db"],
        ),
        step(windows.rolling, size=128, step=64),
        step(spectral.with_channel),
    )
    return Pipeline(name, SAMPLE_RATE, steps, seed)
