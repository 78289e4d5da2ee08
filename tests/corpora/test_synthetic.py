"""Synthetic corpora: layout, repeatability, voices that follow speaker and emotion, and nothing real overwritten."""

import hashlib
import json

import numpy as np
import parselmouth
import pytest
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_keras.corpora import synthetic, table
from ser_keras.corpora.manifest import corpora, manifest
from ser_keras.errors import CorpusError
from ser_keras.features.spectral import log_mel


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.wav"))}


@pytest.fixture(scope="module")
def emodb(tmp_path_factory):
    """A data folder with a synthetic EMO-DB of 20 clips a class, loaded, and its waves at 16 kHz."""
    data = tmp_path_factory.mktemp("data")
    synthetic.synthesize("emodb", data, clips_per_class=20, seed=0, jobs=2)
    clips = table.load(["emodb"], data).clips
    return data, clips, [soundfile.read(path, dtype="float32")[0] for path in clips["path"]]


def mean_pitch(wave):
    hertz = parselmouth.Sound(wave, 16_000).to_pitch_ac(pitch_floor=60, pitch_ceiling=700).selected_array["frequency"]
    return np.median(hertz[hertz > 0])


def test_equal_seeds_give_equal_bytes_whatever_the_workers(tmp_path):
    one = digests(synthetic.synthesize("emodb", tmp_path / "one", clips_per_class=2, seed=3, jobs=1))
    two = digests(synthetic.synthesize("emodb", tmp_path / "two", clips_per_class=2, seed=3, jobs=2))
    assert one == two
    assert len(set(one.values())) == 14


def test_another_seed_gives_other_sounds():
    entry = manifest("emodb").entries[0]
    assert not np.array_equal(
        synthetic.utterance("emodb", entry, 0)[:9000], synthetic.utterance("emodb", entry, 1)[:9000]
    )


@pytest.mark.parametrize("name", corpora())
def test_every_corpus_is_imitated_with_all_speakers_and_classes(name, tmp_path):
    entries = manifest(name).entries
    wanted = {entry.labels.emotion for entry in entries}, {entry.labels.speaker for entry in entries}
    per_class = -(-len(wanted[1]) // len(wanted[0]))  # just enough for every speaker to have a turn
    chosen = synthetic.selection(entries, per_class, seed=0)
    assert len(chosen) == per_class * len(wanted[0])
    assert ({entry.labels.emotion for entry in chosen}, {entry.labels.speaker for entry in chosen}) == wanted


@pytest.mark.parametrize(
    ("name", "rate"),  # FACTS.md, corpus table
    [("ravdess", 48_000), ("emodb", 16_000), ("tess", 24_414), ("savee", 44_100), ("cremad", 16_000)],
)
def test_clips_load_as_the_corpus_in_its_rate_and_format(name, rate, tmp_path):
    synthetic.synthesize(name, tmp_path, clips_per_class=1)
    loaded = table.load([name], tmp_path)
    assert loaded.reports[name].synthetic
    assert loaded.reports[name].foreign == 0
    assert set(loaded.clips["emotion"]) == {entry.labels.emotion for entry in manifest(name).entries}
    for path in loaded.clips["path"]:
        header = soundfile.info(path)
        assert (header.samplerate, header.channels, header.subtype) == (rate, 1, "PCM_16")


def test_a_class_with_fewer_names_than_asked_for_takes_them_all():
    chosen = synthetic.selection(manifest("emodb").entries, 60, seed=0)
    counts = {one: sum(entry.labels.emotion == one for entry in chosen) for one in ("disgust", "angry")}
    assert counts == {"disgust": 46, "angry": 60}  # EMO-DB has 46 clips of disgust, 127 of anger


def test_waves_are_finite_not_clipped_and_not_silent(emodb):
    for wave in emodb[2]:
        assert np.isfinite(wave).all()
        assert 0.01 < np.abs(wave).max() < 1
        assert 1.0 < len(wave) / 16_000 < 6.0
        assert np.abs(wave[:1600]).max() < 0.01  # 100 ms of near-silence before the first syllable


def test_women_speak_higher_than_men(emodb):
    _, clips, waves = emodb
    neutral = clips.index[clips["emotion"] == "neutral"]
    pitch = {one: np.mean([mean_pitch(waves[number]) for number in neutral if clips["gender"][number] == one])
             for one in ("female", "male")}  # fmt: skip
    assert pitch["female"] / pitch["male"] > 1.4  # 205 against 118 Hz: 1.74, speakers spread by 9 %


@pytest.mark.parametrize(
    ("measure", "more", "less"),  # Juslin and Laukka (2003), Table 11: directions of the cues
    [("pitch", "angry", "sad"), ("pitch", "fear", "neutral"), ("level", "angry", "sad"), ("length", "sad", "fear")],
)
def test_emotions_differ_as_the_literature_says(emodb, measure, more, less):
    _, clips, waves = emodb
    measures = {
        "pitch": mean_pitch,
        "level": lambda wave: 20 * np.log10(np.sqrt(np.mean(wave**2))),
        "length": len,
    }
    means = [
        np.mean([measures[measure](waves[number]) for number in clips.index[clips["emotion"] == emotion]])
        for emotion in (more, less)
    ]
    assert means[0] > means[1] * 1.05 if measure != "level" else means[0] > means[1] + 3


def test_emotions_are_learnt_above_chance_and_not_perfectly_on_unheard_speakers(emodb):
    _, clips, waves = emodb
    images = [log_mel(wave, 16_000, n_mels=40, n_fft=1024) for wave in waves]
    features = np.array(
        [[*image.mean(axis=1), *image.std(axis=1), len(wave)] for image, wave in zip(images, waves, strict=True)]
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    predicted = cross_val_predict(model, features, clips["emotion"], groups=clips["speaker"], cv=GroupKFold(5))
    assert 0.35 < recall_score(clips["emotion"], predicted, average="macro") < 0.9  # chance 0.143, its sd 0.03


def test_marker_tells_generator_seed_and_number(emodb):
    marker = json.loads((emodb[0] / "emodb" / "SYNTHETIC.json").read_text())
    assert (marker["generator"], marker["seed"], marker["clips"], marker["complete"]) == ("KlattGrid", 0, 140, True)


def test_real_recordings_are_never_overwritten(tmp_path):
    wav = tmp_path / "emodb" / "wav"
    wav.mkdir(parents=True)
    soundfile.write(wav / "03a01Fa.wav", np.zeros(100), 16_000)
    before = (wav / "03a01Fa.wav").read_bytes()
    with pytest.raises(CorpusError, match="holds recordings that are not synthetic"):
        synthetic.synthesize("emodb", tmp_path, clips_per_class=1)
    assert (wav / "03a01Fa.wav").read_bytes() == before
    assert len(list(wav.iterdir())) == 1


def test_same_settings_leave_the_clips_as_they_are_and_others_write_them_anew(tmp_path):
    folder = synthetic.synthesize("emodb", tmp_path, clips_per_class=1)
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    synthetic.synthesize("emodb", tmp_path, clips_per_class=1)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")} == times
    before = digests(folder)
    after = digests(synthetic.synthesize("emodb", tmp_path, clips_per_class=1, seed=1))
    assert len(after) == len(before) == 7
    assert not set(before.values()) & set(after.values())


@pytest.mark.parametrize("name", ["03a01Fa.wav", "wav/my_own_recording.wav"])
def test_what_was_not_made_here_is_kept_when_the_corpus_is_written_anew(tmp_path, name):
    folder = synthetic.synthesize("emodb", tmp_path, clips_per_class=1)
    (folder / name).write_bytes(b"not ours")
    before = sorted(path.name for path in folder.rglob("*.wav"))
    with pytest.raises(CorpusError, match=rf"{name} is not synthetic.*move it away"):
        synthetic.synthesize("emodb", tmp_path, clips_per_class=2)
    assert sorted(path.name for path in folder.rglob("*.wav")) == before


@pytest.mark.real_data
def test_real_recording_under_its_own_name_is_kept_when_the_corpus_is_written_anew(real_corpora, tmp_path):
    folder = synthetic.synthesize("emodb", tmp_path, clips_per_class=1)
    real = (real_corpora / "emodb/wav/03a01Fa.wav").read_bytes()
    (folder / "wav/03a01Fa.wav").write_bytes(real)
    with pytest.raises(CorpusError, match=r"03a01Fa\.wav is not synthetic"):
        synthetic.synthesize("emodb", tmp_path, clips_per_class=2)
    assert (folder / "wav/03a01Fa.wav").read_bytes() == real


def test_interrupted_corpus_is_marked_and_finished_by_the_next_call(tmp_path, monkeypatch):
    real, done = synthetic.utterance, []

    def interrupted(*arguments):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(synthetic, "utterance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        synthetic.synthesize("emodb", tmp_path / "a", clips_per_class=1)
    assert table.load(["emodb"], tmp_path / "a").reports["emodb"].synthetic
    monkeypatch.setattr(synthetic, "utterance", real)
    finished = digests(synthetic.synthesize("emodb", tmp_path / "a", clips_per_class=1))
    assert finished == digests(synthetic.synthesize("emodb", tmp_path / "b", clips_per_class=1))


def test_no_clips_a_class_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="ask for one or more"):
        synthetic.synthesize("emodb", tmp_path, clips_per_class=0)
