"""What is stored is told, and cleared where no present version would use it."""

import os
import re
import time

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from ser_keras import audio
from ser_keras.features import inventory, pipeline
from ser_keras.features.__main__ import features
from ser_keras.features.pipeline import Pipeline, step
from ser_keras.features.store import Recording, extract

PIPELINES = [Pipeline(name, None, (step(audio.peak_normalised),)) for name in ("plain", "with-dash")]


@pytest.fixture
def root(tmp_path):
    soundfile.write(tmp_path / "clip.wav", np.full(800, 0.5), 8000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 8000)
    recordings = [Recording(name, str(tmp_path / f"{name}.wav")) for name in ("clip", "silent")]
    for one in PIPELINES:
        extract(one, recordings, tmp_path / "cache")
    return tmp_path / "cache"


def call(*arguments):
    done = CliRunner().invoke(features, list(map(str, arguments)), standalone_mode=False)
    assert done.exception is None, done.output
    return done.output


def test_stores_are_told_with_clips_bytes_and_time(root):
    found = inventory.stored(root)
    assert [one.name for one in found] == ["plain", "with-dash"]
    assert [one.clips for one in found] == [2, 2]  # the silent one is not asked for again either
    assert [one.is_present for one in found] == [True, True]
    for one in found:
        assert one.bytes == sum(path.stat().st_size for path in one.folder.iterdir()) > 3200
        assert abs(one.changed.timestamp() - time.time()) < 3600
    assert "2 stores" in call("info", "--cache", root)


def test_clip_whose_file_changed_is_counted_once_and_its_old_row_told(root, tmp_path):
    assert [one.superseded for one in inventory.stored(root)] == [0, 0]
    assert "superseded" not in call("info", "--cache", root)
    soundfile.write(tmp_path / "clip.wav", np.full(801, 0.5), 8000)
    recordings = [Recording(name, str(tmp_path / f"{name}.wav")) for name in ("clip", "silent")]
    extract(PIPELINES[0], recordings[:1], root)
    assert [(one.clips, one.superseded) for one in inventory.stored(root)] == [(2, 1), (2, 0)]
    told = call("info", "--cache", root).splitlines()
    assert re.search(r"^plain-\S+ +2 clips .* in use, 1 superseded$", told[0])
    assert told[1].endswith("in use")


def test_reason_of_several_lines_and_a_damaged_index_are_no_clips(root):
    folder = inventory.stored(root)[0].folder
    (folder / "part-odd.csv").write_text('clip,bytes,mtime_ns,error\nnew,1,1,"one\ntwo"\n')
    (folder / "part-spoilt.csv").write_text("nothing of ours\nclip\n")
    (folder / "part-empty.csv").write_text("")
    assert [one.clips for one in inventory.stored(root)] == [3, 2]


@pytest.mark.parametrize(("attribute", "value"), [("FEATURES_VERSION", 999), ("version", lambda name: "999")])
def test_stores_of_other_versions_alone_are_removed(root, monkeypatch, attribute, value):
    assert "would remove 0 stores" in call("prune", "--cache", root)
    monkeypatch.setattr(pipeline, attribute, value)
    assert re.search(
        r"^would remove 2 stores \(.* MB\); pass --yes to remove them$", call("prune", "--cache", root), re.M
    )
    assert len(inventory.stored(root)) == 2
    assert "removed 2 stores" in call("prune", "--cache", root, "--yes")
    assert not list(root.iterdir())


def test_store_that_does_not_say_what_it_holds_is_of_other_versions(root):
    (inventory.stored(root)[0].folder / "pipeline.json").unlink()
    (inventory.stored(root)[1].folder / "pipeline.json").write_text("[]")
    assert [one.is_present for one in inventory.stored(root)] == [False, False]


def test_old_stores_are_removed_where_that_is_asked_for(root):
    old = inventory.stored(root)[0].folder
    for path in old.iterdir():
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    call("prune", "--cache", root, "--older-than", 2, "--yes")
    assert [one.name for one in inventory.stored(root)] == ["with-dash"]


def test_nothing_but_stores_is_touched(root, monkeypatch):
    monkeypatch.setattr(pipeline, "FEATURES_VERSION", 999)
    kept = [root / "notes.txt", root / "other-folder" / "part-0.npy", inventory.stored(root)[0].folder / "mine.txt"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    linked = root / "linked-0123456789abcdef"
    linked.symlink_to(root / "other-folder")
    call("prune", "--cache", root, "--yes")
    assert all(path.read_text() == "mine" for path in kept)
    assert linked.is_symlink()


def test_folder_that_is_not_there_holds_nothing(tmp_path):
    assert "0 stores" in call("info", "--cache", tmp_path / "none")
    assert "removed 0 stores" in call("prune", "--cache", tmp_path / "none", "--yes")
