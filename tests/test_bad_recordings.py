"""Every kind of recording is read rightly or refused in one line; features of them are finite or refused."""

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from campaigns.recordings import KINDS
from ser_keras import audio, discovery, training
from ser_keras.choices import resolved
from ser_keras.errors import AudioError
from ser_keras.report.write import write_report
from ser_keras.tasks import Settings


def made(name, folder):
    path = folder / "theirs.wav"
    KINDS[name].make(path)
    return path


def test_there_are_at_least_forty_kinds():
    assert len(KINDS) >= 40


@pytest.mark.parametrize("name", KINDS)
def test_recording_of_any_kind_is_read_rightly_or_refused_by_name_and_reason(tmp_path, name):
    path, kind = made(name, tmp_path), KINDS[name]
    if kind.says is not None:
        with pytest.raises(AudioError, match=rf"theirs\.wav.*({kind.says})") as refused:
            audio.read(path)
        assert "\n" not in str(refused.value)
        return
    wave, rate = audio.read(path)
    assert (rate, wave.dtype, wave.ndim) == (kind.rate, np.float32, 1)
    assert np.isfinite(wave).all()
    if kind.samples is not None:
        assert len(wave) == kind.samples
    if kind.tone is not None:
        np.testing.assert_allclose(wave, kind.tone, rtol=0, atol=kind.within)
    else:  # lossy, padded by its encoder, or long: it is still that tone
        start = wave[len(wave) // 8 : len(wave) // 8 * 5] if len(wave) < 100_000 else wave[:8000]
        spectrum = np.abs(np.fft.rfft(start * np.hanning(len(start))))
        assert spectrum.argmax() * rate / len(start) == pytest.approx(440, abs=rate / len(start))


def test_recording_longer_than_its_header_says_is_refused_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "SAMPLES", 100)
    monkeypatch.setattr(audio, "BLOCK", 10)
    with pytest.raises(AudioError, match="which is too long: cut it into clips"):
        audio.read(made("16 bits", tmp_path))


def test_recording_that_would_grow_too_long_at_the_wanted_rate_is_refused(tmp_path, monkeypatch):
    path = made("16 bits", tmp_path)
    monkeypatch.setattr(audio, "SAMPLES", 2 * len(KINDS["16 bits"].tone))
    assert len(audio.read(path, 32_000)[0]) == audio.SAMPLES
    with pytest.raises(AudioError, match="which is too long"):
        audio.read(path, 48_000)


def pipelines():
    """Every pipeline of every paper, by its name."""
    found = {}
    for paper in discovery.paper_names():
        for experiment in discovery.load_paper(paper).experiments:
            for variant in experiment.variants:
                choices = resolved(experiment.choices + variant.choices, {})
                copies = [made(choices, 0) for made in (variant.augmentation, variant.copies) if made]
                for one in (variant.pipeline(choices), *(copy for some in copies for copy in some)):
                    found[one.name] = one
    return found


SOUNDS = (
    "16 bits", "cut in the middle", "1 sample", "10 ms", "direct current", "one step of noise", "clipped",
    "float beyond full scale", "one dead channel", "4 kHz", "192 kHz",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what librosa and numpy say of a sample or of direct current
def test_features_of_every_paper_are_finite_or_refused_whatever_the_sound(tmp_path):
    given = dict.fromkeys(pipelines(), 0)
    for sound in SOUNDS:
        folder = tmp_path / sound
        folder.mkdir()
        path = made(sound, folder)
        for name, pipeline in pipelines().items():
            try:
                assert np.isfinite(pipeline.array(path, "clip")).all(), (sound, name)
                given[name] += 1
            except AudioError as refused:
                assert str(path) in str(refused)
    assert min(given.values()) >= 5  # of eleven


@pytest.fixture
def spoilt(tmp_path):
    """A small corpus with ten recordings spoilt in ten ways, its run's task, and where it is to go."""
    script = runpy.run_path(str(Path(__file__).with_name("killed_run.py")))
    ways = [name for name, kind in KINDS.items() if kind.says and name not in ("missing", "link to nowhere")]
    corpora = script["corpora"](tmp_path)
    reasons = {}
    for row, name in zip(range(0, 40, 4), ways[::3], strict=False):
        path = Path(corpora.clips["path"][row])
        path.unlink()
        KINDS[name].make(path)
        reasons[corpora.clips["clip"][row]] = KINDS[name].says
    task = script["task"]("published")
    return task, corpora, Settings(tmp_path / "out"), reasons


def test_bad_recordings_of_a_corpus_are_set_aside_and_the_report_names_them(spoilt):
    task, corpora, settings, reasons = spoilt
    assert len(reasons) == 10
    folder = training.run(task, corpora, settings)
    aside = json.loads((folder / "run.json").read_text())["set_aside"]
    assert [one["clip"] for one in aside] == list(reasons)
    for one in aside:
        assert re.search(reasons[one["clip"]], one["reason"])
    report = write_report(settings.out, task.paper).parent
    (entry,) = json.loads((report / "report.json").read_text())["experiments"]
    assert len(entry["set_aside"]) == 10
    assert "Could not be used and set aside: 10 clips." in (report / "report.md").read_text()


def test_strict_stops_at_a_bad_recording_in_a_new_run_and_in_a_finished_one(spoilt):
    task, corpora, settings, _ = spoilt
    strict = replace(settings, strict=True)
    with pytest.raises(AudioError, match=r"10 of the recordings can't be used, and --strict .*0\.wav"):
        training.run(task, corpora, strict)
    training.run(task, corpora, settings)
    with pytest.raises(AudioError, match=r"10 of the recordings can't be used, and --strict"):
        training.run(task, corpora, strict)
