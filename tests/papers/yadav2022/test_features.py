"""The log-mel image, step by step against librosa and scipy called directly, on real clips and on closed forms."""

import hashlib

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile

from papers.yadav2022 import PAPER
from papers.yadav2022.features import augmented_images, log_mel_image
from ser_keras.choices import resolved

EXPERIMENTS = {experiment.name: experiment for experiment in PAPER.experiments}


def choices(**given):
    return resolved(EXPERIMENTS["emodb-augmented"].choices, {key: str(value) for key, value in given.items()})


def spoken(path, seconds=2.0, rate=16_000):
    """A voiced-like wave: a 150 Hz pulse train with a slow envelope between silent edges."""
    time = np.arange(int(seconds * rate)) / rate
    wave = scipy.signal.sawtooth(2 * np.pi * 150 * time) * np.sin(np.pi * time / seconds) ** 4 * 0.5
    soundfile.write(path, wave, rate, subtype="PCM_16")
    return path


def direct_image(path, *, top_db, trim):
    """The image in plain calls, written from FACTS.md alone."""
    wave, rate = soundfile.read(path, dtype="float32")
    wave = librosa.resample(wave, orig_sr=rate, target_sr=44_100)
    wave, _ = librosa.effects.trim(wave, top_db=trim)
    wave = scipy.signal.wiener(wave.astype(float))
    wave = librosa.util.fix_length(wave, size=132_300)
    spectrum = np.abs(librosa.stft(wave, n_fft=2048, hop_length=512, window="hann")) ** 2
    bands = librosa.filters.mel(sr=44_100, n_fft=2048, n_mels=128, htk=True) @ spectrum
    decibels = 10 * np.log10(np.maximum(bands, 1e-10))
    if top_db is not None:
        decibels = np.maximum(decibels, decibels.max() - top_db)
    return (decibels - decibels.mean()) / decibels.std()


@pytest.mark.real_data
@pytest.mark.parametrize("clip", ["03a01Fa", "16b10Wb"])
def test_real_emodb_clip_gives_the_image_of_plain_librosa_and_scipy_calls(real_corpora, clip):
    path = real_corpora / "emodb" / "wav" / f"{clip}.wav"
    chosen = choices(trim_top_db=30, top_db=80, normalisation="clip", wiener_size=3, long_clips="start")
    image = log_mel_image(chosen).array(path, clip)
    assert image.shape == (128, 259, 1)  # printed in section 3.4
    # 1e-3 standard deviations: float32 against float64 filtering; a wrong window, scale or step moves 0.1 and more
    np.testing.assert_allclose(image[..., 0], direct_image(path, top_db=80, trim=30), atol=1e-3)


@pytest.mark.parametrize("top_db", ["none", 80])
def test_image_is_that_of_plain_calls(tmp_path, top_db):
    path = spoken(tmp_path / "clip.wav")
    chosen = choices(trim_top_db=60, top_db=top_db, normalisation="clip", wiener_size=3)
    image = log_mel_image(chosen).array(path, "clip")
    expected = direct_image(path, top_db=None if top_db == "none" else 80, trim=60)
    np.testing.assert_allclose(image[..., 0], expected, atol=1e-3)  # as above


def test_image_of_a_clip_has_mean_0_and_deviation_1(tmp_path):
    image = log_mel_image(choices(normalisation="clip")).array(spoken(tmp_path / "clip.wav"), "clip")
    assert image.mean() == pytest.approx(0, abs=1e-4)  # float32 mean of 33 152 values
    assert image.std() == pytest.approx(1, abs=1e-4)


def test_training_normalisation_leaves_decibels_to_the_model(tmp_path):
    path = spoken(tmp_path / "clip.wav")
    image = log_mel_image(choices(normalisation="training", top_db="none")).array(path, "clip")
    assert image.min() == pytest.approx(-100, abs=1e-3)  # zeros appended: 10 · log10(1e-10)


def test_longer_clip_is_cut_to_the_same_shape(tmp_path):
    path = spoken(tmp_path / "long.wav", seconds=5.0)
    assert log_mel_image(choices()).array(path, "long").shape == (128, 259, 1)


def test_four_altered_copies_differ_from_the_image_and_from_each_other(tmp_path):
    path = spoken(tmp_path / "clip.wav")
    pipelines = augmented_images(choices(), seed=3)
    images = [log_mel_image(choices()).array(path, "clip"), *(one.array(path, "clip") for one in pipelines)]
    assert len(pipelines) == 4  # section 4.3
    assert len({hashlib.sha256(image.tobytes()).hexdigest() for image in images}) == 5
    assert {image.shape for image in images} == {(128, 259, 1)}


def test_seed_changes_the_noise_alone(tmp_path):
    path = spoken(tmp_path / "clip.wav")
    first, second = augmented_images(choices(), seed=0), augmented_images(choices(), seed=1)
    same = [bool((a.array(path, "c") == b.array(path, "c")).all()) for a, b in zip(first, second, strict=True)]
    assert same == [False, True, True, True]
    assert [a.fingerprint == b.fingerprint for a, b in zip(first, second, strict=True)] == same
