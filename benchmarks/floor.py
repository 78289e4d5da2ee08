"""The least that a pipeline can take: decoding, resampling, one spectrum and its mel bands, Praat's pitch where used.

Called straight from the libraries, with windows and filters made before. The wave that spectrum and pitch are taken of
is prepared outside the clock by the pipeline's own first steps, so that its length is right.
"""

import warnings

import librosa
import numpy as np
import parselmouth
import scipy.sparse
import soundfile
import soxr

from ser_keras import audio
from ser_keras.features import cepstral, prosody, spectral
from ser_keras.features.pipeline import Pipeline

ACOUSTIC = {"n_fft": prosody.FRAME, "hop_length": prosody.HOP, "n_mels": 128, "htk": False}
SPECTRA = {  # the step that takes the spectrum, and what it does not say in its parameters
    spectral.log_mel: {"htk": True},
    spectral.mel_periodogram: {"htk": True, "window": "hamming"},
    cepstral.mfcc: {"htk": False, "n_mels": 128},
    prosody.acoustic: ACOUSTIC,
}


class Floor:
    """The least work of a pipeline for some recordings, whose prepared waves it holds."""

    def __init__(self, pipeline: Pipeline, paths: tuple[str, ...]) -> None:
        place = next(number for number, step in enumerate(pipeline.steps) if step.function in SPECTRA)
        step = pipeline.steps[place]
        self.settings = {"window": "hann", "norm": "slaney", "fmax": None}
        self.settings |= SPECTRA[step.function] | dict(step.parameters)
        self.rate = pipeline.sample_rate
        self.has_pitch = step.function is prosody.acoustic
        self.waves, self.filters = {}, {}
        for path in paths:
            wave, rate = audio.read(path, pipeline.sample_rate, silence=True)
            for before in pipeline.steps[:place]:
                wave = before.function(wave, rate, **dict(before.parameters))
            self.waves[path] = wave, rate
            with warnings.catch_warnings(action="ignore"):  # of empty bands, which the papers have
                bands = librosa.filters.mel(
                    sr=rate,
                    **{key: self.settings[key] for key in ("n_fft", "n_mels", "htk", "norm", "fmax")},
                )
            self.filters[rate] = scipy.sparse.csr_array(bands)
        length = self.settings.get("win_length", self.settings["n_fft"])
        self.window = librosa.filters.get_window(self.settings["window"], length)

    def take(self, path: str) -> None:
        """One recording."""
        wave, native = soundfile.read(path, dtype="float32", always_2d=True)
        wave = wave.mean(axis=1) if wave.shape[1] > 1 else wave[:, 0]
        if self.rate not in (None, native):
            soxr.resample(wave, native, self.rate, quality="HQ")
        wave, rate = self.waves[path]
        spectrum = librosa.stft(
            wave,
            n_fft=self.settings["n_fft"],
            hop_length=self.settings["hop_length"],
            win_length=len(self.window),
            window=self.window,
        )
        self.filters[rate] @ librosa.util.abs2(spectrum)
        if self.has_pitch:
            sound = parselmouth.Sound(wave.astype(np.float64), sampling_frequency=rate)
            sound.to_pitch(
                time_step=0.01, pitch_floor=self.settings["pitch_floor"], pitch_ceiling=self.settings["pitch_ceiling"]
            )
