"""The store: extracted once, whatever the workers; nothing done twice, nothing lost, bad clips set aside."""

import errno
import os
import pickle
import platform
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
from joblib.externals.loky import ProcessPoolExecutor

from ser_keras import audio, cores
from ser_keras.errors import AudioError
from ser_keras.features import spectral, store
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import Recording, extract

CALLS = []


def counted(values, sample_rate):
    CALLS.append(len(values))
    return values


def cut(values, sample_rate, *, by):
    return values[: len(values) // by]


def usable_cores(values, sample_rate):
    return np.array([len(os.sched_getaffinity(0))], dtype=np.float32)


PIPELINE = Pipeline(
    "counted",
    None,
    (step(counted), step(audio.fixed_length, seconds=0.1), step(audio.with_noise, random=True, scale=0.1)),
)


@pytest.fixture
def recordings(tmp_path):
    CALLS.clear()
    folder = tmp_path / "clips"
    folder.mkdir()
    made = []
    for number in range(70):  # two whole parts and a piece
        path = folder / f"{number}.wav"
        soundfile.write(path, np.full(800, (number + 1) / 100), 8000, subtype="FLOAT")
        made.append(Recording(f"c{number}", str(path)))
    return made


def test_rows_come_in_the_order_of_the_recordings(recordings, tmp_path):
    pipeline = Pipeline("plain", None, (step(audio.fixed_length, seconds=0.1),))
    features = extract(pipeline, recordings[::-1], tmp_path / "store")
    assert (len(features), features.shape) == (70, (800,))
    np.testing.assert_allclose(features.rows([0, 69])[:, 5], [0.70, 0.01], rtol=1e-6)


def test_second_run_extracts_nothing_and_gives_the_same_bytes(recordings, tmp_path):
    first = extract(PIPELINE, recordings, tmp_path / "store").rows(range(70))
    assert len(CALLS) == 70
    second = extract(PIPELINE, recordings, tmp_path / "store").rows(range(70))
    assert len(CALLS) == 70
    np.testing.assert_array_equal(first, second)


def test_workers_give_the_bytes_of_one_process(recordings, tmp_path):
    pipeline = Pipeline(
        "mel", None, (step(audio.with_noise, random=True, scale=0.1), step(spectral.log_mel, n_mels=16))
    )
    alone = extract(pipeline, recordings, tmp_path / "one", jobs=1).rows(range(70))
    several = extract(pipeline, recordings, tmp_path / "two", jobs=2).rows(range(70))
    np.testing.assert_array_equal(alone, several)


def test_changed_file_is_extracted_again_alone(recordings, tmp_path):
    extract(PIPELINE, recordings, tmp_path / "store")
    soundfile.write(recordings[3].path, np.full(801, 0.9), 8000, subtype="FLOAT")
    features = extract(PIPELINE, recordings, tmp_path / "store")
    assert CALLS[70:] == [801]
    assert features.rows([3])[0].mean() == pytest.approx(0.9, abs=0.02)  # noise of 9 % over 800 samples


def test_part_that_was_not_finished_is_extracted_again(recordings, tmp_path):
    extract(PIPELINE, recordings, tmp_path / "store")
    folder = next((tmp_path / "store").iterdir())
    sorted(folder.glob("part-*.csv"))[0].unlink()  # what a kill between array and index leaves
    expected = {32: 32, 6: 6}
    extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) - 70 in expected


def test_interruption_keeps_the_parts_that_were_done(recordings, tmp_path, monkeypatch):
    real, done = store._extract_part, []

    def interrupted(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(real(*arguments))
        return done[0]

    monkeypatch.setattr(store, "_extract_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract(PIPELINE, recordings, tmp_path / "store")
    monkeypatch.setattr(store, "_extract_part", real)
    extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) == 70  # each clip once, over both runs


def test_unusable_recordings_are_set_aside_with_the_reason(recordings, tmp_path):
    soundfile.write(recordings[1].path, np.zeros(800), 8000)
    features = extract(PIPELINE, recordings, tmp_path / "store")
    assert list(features.errors) == [1]
    assert "silent" in features.errors[1]
    assert len(features.rows([0, 2])) == 2
    with pytest.raises(KeyError):
        features.rows([1])


def test_store_of_unusable_recordings_alone_is_refused(tmp_path):
    path = tmp_path / "zeros.wav"
    soundfile.write(path, np.zeros(800), 8000)
    with pytest.raises(AudioError, match=r"none of 1 recordings can be used.*zeros\.wav.*silent"):
        extract(PIPELINE, [Recording("c", str(path))], tmp_path / "store")


def test_missing_recording_is_named(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav can't be read.*fetch the corpus"):
        extract(PIPELINE, [Recording("c", str(tmp_path / "gone.wav"))], tmp_path / "store")


def test_arrays_of_different_shapes_are_refused(recordings, tmp_path):
    soundfile.write(recordings[1].path, np.full(1600, 0.5), 8000)
    with pytest.raises(AudioError, match="arrays of shapes"):
        extract(Pipeline("cut", None, (step(cut, by=2),)), recordings, tmp_path / "store")


def test_full_disk_leaves_no_half_part(recordings, tmp_path, monkeypatch):
    def full(path, array):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(store.np, "save", full)
    with pytest.raises(OSError, match="No space left"):
        extract(PIPELINE, recordings, tmp_path / "store")
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == ["pipeline.json"]


DAMAGE = {
    "array gone": lambda array, index: array.unlink(),
    "array empty": lambda array, index: array.write_bytes(b""),
    "array cut": lambda array, index: array.write_bytes(array.read_bytes()[:1000]),
    "array of another part": lambda array, index: np.save(array, np.zeros((3, 800), np.float32)),
    "array pickled": lambda array, index: np.save(array, np.array([{}] * 32, object), allow_pickle=True),
    "index empty": lambda array, index: index.write_bytes(b""),
    "index cut": lambda array, index: index.write_bytes(index.read_bytes()[:200]),
    "index of another form": lambda array, index: index.write_text("clip,error\nc0,\n"),
    "index no text": lambda array, index: index.write_bytes(b"\xff\xfe" * 40),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_part_is_extracted_again_alone(recordings, tmp_path, damage):
    before = extract(PIPELINE, recordings, tmp_path / "store").rows(range(70))
    index = max((tmp_path / "store").rglob("part-*.csv"), key=lambda path: (path.stat().st_size, path.name))
    damage(index.with_suffix(".npy"), index)
    after = extract(PIPELINE, recordings, tmp_path / "store").rows(range(70))
    assert len(CALLS) == 70 + 32
    np.testing.assert_array_equal(before, after)
    extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) == 70 + 32


FEW_FILES = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
import numpy as np
import soundfile
from ser_keras import audio, cores
from ser_keras.features import store
from ser_keras.features.pipeline import Pipeline, step

store.PART = 1
folder, clips = Path(sys.argv[1]), []
for number in range(100):
    soundfile.write(folder / f"{number}.wav", np.full(80, (number + 1) / 200), 8000, subtype="FLOAT")
    clips.append(store.Recording(f"c{number}", str(folder / f"{number}.wav")))
pipeline = Pipeline("plain", None, (step(audio.fixed_length, seconds=0.01),))
for _ in range(2):
    features = store.extract(pipeline, clips, folder / "store")
    print(*np.round(200 * features.rows(np.arange(100)[::-1])[:, 0]).astype(int))
"""


def test_store_of_more_parts_than_files_may_be_open_is_read(tmp_path):
    done = subprocess.run([sys.executable, "-c", FEW_FILES, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = " ".join(map(str, range(100, 0, -1)))
    assert done.stdout.split("\n") == [told, told, ""]
    assert done.stderr.count("| 0/100") == 1  # the bar of the first call: the second extracts nothing


def test_open_files_do_not_grow_with_the_clips(recordings, tmp_path):
    features = extract(PIPELINE, recordings, tmp_path / "store")
    before = len(os.listdir("/dev/fd"))
    others = [extract(PIPELINE, recordings, tmp_path / "store") for _ in range(5)]
    assert len(os.listdir("/dev/fd")) == before
    np.testing.assert_array_equal(others[-1].rows(range(70)), features.rows(range(70)))


def test_too_many_open_files_are_told_and_no_part_is_taken_for_damaged(recordings, tmp_path, monkeypatch):
    extract(PIPELINE, recordings, tmp_path / "store")

    def refused(path):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    monkeypatch.setattr(store, "_array", refused)
    with pytest.raises(OSError, match="Too many open files"):
        extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) == 70


def test_features_travel_to_another_process_as_paths(recordings, tmp_path):
    features = extract(PIPELINE, recordings, tmp_path / "store")
    features.rows(range(70))  # small as they are, they are in memory now
    sent = pickle.dumps(features)
    assert len(sent) < features.rows(range(70)).nbytes / 10
    np.testing.assert_array_equal(pickle.loads(sent).rows(range(70)), features.rows(range(70)))


@pytest.mark.parametrize("held", [0, store.HELD])
def test_rows_are_the_same_in_memory_and_from_their_parts(recordings, tmp_path, monkeypatch, held):
    monkeypatch.setattr(store, "HELD", held)
    (tmp_path / "clips/2.wav").write_bytes(b"no audio")
    features = extract(PIPELINE, recordings, tmp_path / "store")
    assert (features._held is None) is (held == 0)
    asked = np.array([69, 0, 69, 33])
    expected = np.stack([PIPELINE.array(recordings[number].path, recordings[number].clip) for number in asked])
    for numbers in (asked, asked.tolist()):
        np.testing.assert_array_equal(features.rows(numbers), expected)
    before = features.rows([0])
    features.rows([0])[:] = 7
    np.testing.assert_array_equal(features.rows([0]), before)  # it was a copy
    assert features.rows([]).shape == (0, *features.shape)
    for number in (2, 70, -1):
        with pytest.raises(KeyError):
            features.rows([number])


def test_arrays_in_the_other_order_of_memory_are_read(recordings, tmp_path):
    before = extract(PIPELINE, recordings, tmp_path / "store").rows(range(70))
    for path in (tmp_path / "store").rglob("part-*.npy"):
        np.save(path, np.asfortranarray(np.load(path)))
    np.testing.assert_array_equal(extract(PIPELINE, recordings, tmp_path / "store").rows(range(70)), before)
    assert len(CALLS) == 70


def test_store_of_an_earlier_release_is_read(recordings, tmp_path):
    """One without `pipeline.json`."""
    extract(PIPELINE, recordings, tmp_path / "store")
    next((tmp_path / "store").rglob("pipeline.json")).unlink()
    extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) == 70


def test_two_processes_may_fill_one_store(recordings, tmp_path):
    pipeline = Pipeline("mel", None, (step(spectral.log_mel, n_mels=16),))
    with ProcessPoolExecutor(max_workers=2) as processes:
        calls = [processes.submit(extract, pipeline, recordings, tmp_path / "store") for _ in range(2)]
        rows = [call.result().rows(range(70)) for call in calls]
    np.testing.assert_array_equal(*rows)
    assert not list((tmp_path / "store").rglob(".*"))
    np.testing.assert_array_equal(extract(pipeline, recordings, tmp_path / "alone").rows(range(70)), rows[0])


def test_parts_are_files_that_numpy_and_any_reader_of_csv_open(recordings, tmp_path):
    features = extract(PIPELINE, recordings, tmp_path / "store")
    found = {}
    for index in (tmp_path / "store").rglob("part-*.csv"):
        array = np.load(index.with_suffix(".npy"))
        found |= dict(zip(pd.read_csv(index)["clip"], array, strict=True))
    np.testing.assert_array_equal(features.rows(range(70)), [found[f"c{number}"] for number in range(70)])


def meddling(path, change):
    """A pipeline, of which a step meddles with a file when it comes to the recording before it."""

    def meddle(values, sample_rate):
        if values[0] > 0.685:  # the seventieth recording, which is in the last part
            change(path)
        return values

    return Pipeline("meddling", None, (step(meddle), step(audio.fixed_length, seconds=0.1)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.unlink(), "can't be read .No such file"),
        (lambda path: soundfile.write(path, np.full(900, 0.5), 8000), "changed while it was read"),
    ],
)
def test_file_that_goes_or_changes_while_it_is_read_stops_the_run_and_is_not_kept(recordings, tmp_path, change, says):
    last = tmp_path / "clips" / "69.wav"
    status, content = last.stat(), last.read_bytes()
    pipeline = meddling(last, change)
    with pytest.raises(AudioError, match=says):
        extract(pipeline, recordings, tmp_path / "store")
    kept = sorted(tmp_path.glob("store/*/part-*.csv"))
    assert len(kept) == 2  # the parts that were whole before
    last.write_bytes(content)
    os.utime(last, ns=(status.st_atime_ns, status.st_mtime_ns))  # back as it was
    again = extract(meddling(last, lambda path: None), recordings, tmp_path / "store")
    assert again.errors == {}
    np.testing.assert_allclose(again.rows([69])[0, 5], 0.70, rtol=1e-6)


def test_recordings_from_the_future_are_extracted_once(recordings, tmp_path):
    for recording in recordings:
        os.utime(recording.path, (4e9, 4e9))
    extract(PIPELINE, recordings, tmp_path / "store")
    extract(PIPELINE, recordings, tmp_path / "store")
    assert len(CALLS) == 70


def test_what_a_killed_process_left_in_the_store_is_removed(recordings, tmp_path):
    folder = tmp_path / "store" / f"{PIPELINE.name}-{PIPELINE.fingerprint}"
    folder.mkdir(parents=True)
    left = folder / f".part-0.{platform.node()}-{2**22 + 1}.npy"  # no process has a number over 2^22
    left.write_bytes(b"half")
    extract(PIPELINE, recordings, tmp_path / "store")
    assert not left.exists()


# 1024 is the usual soft limit of Linux, 256 that of macOS
@pytest.mark.parametrize(("open_files", "parts"), [(1024, 512), (256, 128), (8, 16), (1_048_576, 1024), (-1, 1024)])
def test_half_of_the_files_that_may_be_open_are_for_mapped_parts(open_files, parts):
    assert store.mapped_at_a_time(open_files) == parts


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system pins no process to a core")
def test_a_worker_beside_others_keeps_to_one_core_for_the_time_of_a_part(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "NAME", f"{cores.NAME}-{os.getpid()}")  # others on this machine may have taken some
    before = os.sched_getaffinity(0)
    folder = tmp_path / "part"
    folder.mkdir()
    part = [(recordings[0], store._key(recordings[0]))]
    store._extract_part_on_own_core(Pipeline("cores", None, (step(usable_cores),)), part, folder)
    [made] = folder.glob("*.npy")
    assert np.load(made).tolist() == [[1]]
    assert os.sched_getaffinity(0) == before


def test_workers_keep_to_a_core_only_where_there_is_one_for_each_core(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    told = [store._one_each(number) for number in (1, 3, 4, 8)]
    assert told == [False, False, True, True]
