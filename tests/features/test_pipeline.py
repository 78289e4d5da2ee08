"""Pipelines: order of steps, fingerprints that follow what is computed, and errors that name the recording."""

import dataclasses
import importlib
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from ser_keras import audio, stretching
from ser_keras.errors import AudioError
from ser_keras.features import pipeline as pipelines
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import Recording, extract


def scaled(values, sample_rate, *, by):
    return values * np.float32(by)


def shifted(values, sample_rate, *, by):
    return values + np.float32(by)


def noisy(values, sample_rate, *, rng):
    return values + rng.standard_normal(len(values)).astype(np.float32)


def infinite(values, sample_rate):
    return values / np.float32(0)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.linspace(-0.5, 0.5, 1000), 8000, subtype="FLOAT")
    return path


def test_steps_are_applied_in_order(recording):
    pipeline = Pipeline("both", None, (step(scaled, by=2), step(shifted, by=1)))
    np.testing.assert_allclose(pipeline.array(recording, "c"), 2 * np.linspace(-0.5, 0.5, 1000) + 1, rtol=1e-6)


def test_fingerprint_follows_everything_that_changes_the_result():
    base = Pipeline("p", 8000, (step(scaled, by=2), step(noisy, random=True)), seed=0)
    others = [
        dataclasses.replace(base, sample_rate=16_000),
        dataclasses.replace(base, seed=1),
        dataclasses.replace(base, steps=(step(scaled, by=3), step(noisy, random=True))),
        dataclasses.replace(base, steps=base.steps[::-1]),
        dataclasses.replace(base, steps=(step(shifted, by=2), step(noisy, random=True))),
    ]
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 6


def test_fingerprint_ignores_a_seed_that_nothing_draws_from():
    calm = Pipeline("p", 8000, (step(scaled, by=2),), seed=0)
    assert calm.fingerprint == dataclasses.replace(calm, seed=1).fingerprint


def test_step_in_another_module_keeps_the_name_by_which_stores_and_runs_know_it():
    moved = step(stretching.time_stretched, rate=1.1)
    assert Pipeline("p", 8000, (moved,)).description()["steps"] == [
        {"function": "ser_keras.audio.time_stretched", "parameters": {"rate": 1.1}}  # as runs before it moved have it
    ]


def test_fingerprint_changes_with_a_library_release(monkeypatch):
    steps = (step(audio.trimmed, top_db=30),)
    before = Pipeline("p", 8000, steps).fingerprint
    monkeypatch.setattr(pipelines, "version", lambda name: "0.0.0")
    assert Pipeline("p", 8000, steps).fingerprint != before


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a module and gives it as it is then loaded."""
    monkeypatch.syspath_prepend(tmp_path)

    def loaded(name, factor):
        path = tmp_path / f"{name}.py"
        path.write_text(f"def scaled(values, sample_rate):\n    return {factor} * values\n")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return loaded


def test_fingerprint_changes_with_the_code_of_a_step_of_another_package(written, recording, tmp_path):
    recordings = [Recording("c", str(recording))]

    def extracted(factor):
        pipeline = Pipeline("own", None, (step(audio.trimmed, top_db=60), step(written("paper2027", factor).scaled)))
        return extract(pipeline, recordings, tmp_path / "store").rows([0])[0].max(), pipeline.description()

    first, described = extracted("2.0")
    assert list(described["sources"]) == ["paper2027"]
    assert extracted("2.0") == (first, described)
    assert extracted("4.00")[0] == 2 * first


def test_code_of_our_own_steps_is_told_by_our_version_of_them_alone(monkeypatch):
    def unread(one):
        raise AssertionError(one)

    monkeypatch.setattr(pipelines.inspect, "getsource", unread)
    assert "sources" not in Pipeline("p", 8000, (step(audio.trimmed, top_db=30),)).description()


def test_step_without_a_text_is_told_by_its_name():
    assert "sources" not in Pipeline("p", 8000, (step(time.monotonic),)).description()


def test_fingerprint_is_the_same_in_another_process():
    code = (
        "from ser_keras import audio; from ser_keras.features.pipeline import Pipeline, step;"
        "print(Pipeline('p', 8000, (step(audio.trimmed, top_db=30),)).fingerprint)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert Pipeline("p", 8000, (step(audio.trimmed, top_db=30),)).fingerprint == other


def test_random_step_draws_by_clip_and_seed_alone(recording):
    pipeline = Pipeline("p", None, (step(noisy, random=True),), seed=5)
    np.testing.assert_array_equal(pipeline.array(recording, "a"), pipeline.array(recording, "a"))
    assert not np.array_equal(pipeline.array(recording, "a"), pipeline.array(recording, "b"))
    assert not np.array_equal(
        pipeline.array(recording, "a"), dataclasses.replace(pipeline, seed=6).array(recording, "a")
    )


def test_error_in_a_step_names_the_recording(recording):
    with pytest.raises(AudioError, match=r"clip\.wav: trim_top_db is -1"):
        Pipeline("p", None, (step(audio.trimmed, top_db=-1),)).array(recording, "c")


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_features_that_are_not_finite_are_refused(recording):
    with pytest.raises(AudioError, match=r"clip\.wav: the features hold NaN or infinity"):
        Pipeline("p", None, (step(infinite),)).array(recording, "c")


def test_named_numbers_are_kept_in_double_precision():
    vector = Pipeline("p", 8000, (step(thirds),), names=("one", "two"))
    assert vector.applied(np.ones(10, np.float32), 8000, "clip").tolist() == [1 / 3, 2 / 3]
    image = dataclasses.replace(vector, names=())
    assert image.applied(np.ones(10, np.float32), 8000, "clip").dtype == np.float32


def thirds(values, sample_rate):
    return np.array([1 / 3, 2 / 3])


def test_silent_recording_is_accepted_where_the_pipeline_says_so(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), 8000)
    steps = (step(thirds),)
    with pytest.raises(AudioError, match="is silent"):
        Pipeline("p", 8000, steps).array(tmp_path / "silent.wav", "clip")
    assert Pipeline("p", 8000, steps, silence=True).array(tmp_path / "silent.wav", "clip").shape == (2,)
