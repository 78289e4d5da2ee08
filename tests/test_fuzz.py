"""Strangers' files, spoilt at random: read or refused, never a crash. The long form: `python -m campaigns.fuzz`."""

import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import fuzz
from campaigns.readers import Target, targets
from campaigns.recordings import EXTENSIBLE, TONE, pcm, wav
from campaigns.spoil import changed
from ser_keras import audio, hdf5_weights
from ser_keras.errors import AudioError, WeightsError
from ser_keras.hdf5_weights import read_layers

ROOT = Path(__file__).parents[1]
INPUTS = 300  # of each target
TARGETS = targets()
U16 = st.one_of(st.sampled_from([0, 1, 2, 3, 6, 7, 8, 16, 17, 24, 32, 64, EXTENSIBLE, 65535]), st.integers(0, 65535))
U32 = st.one_of(st.sampled_from([0, 1, 8000, 16_000, 2**31 - 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_files_are_read_or_refused_in_time_and_memory(name):
    found = fuzz.campaign(name, INPUTS, 1)  # faults: crashes, hangs over 5 s, a gigabyte more than at the start
    assert (found["read"] + found["refused"], found["faults"]) == (INPUTS, [])
    assert found["read"] and found["refused"]  # both: or nothing would have been tried


@pytest.mark.parametrize("name", TARGETS)
def test_whole_files_are_changed_before_they_are_tried(name):
    drawn = [changed(TARGETS[name], random.Random(number)) for number in range(50)]
    assert len(set(drawn)) > 40
    assert not set(drawn) <= set(TARGETS[name].wholes)


def test_worker_that_dies_hangs_or_swells_is_a_fault_and_the_rest_is_tried(monkeypatch):
    def forever():
        while True:
            pass

    ways = [lambda: 1 / 0, lambda: np.zeros(2**31, np.uint8), lambda: os._exit(7), forever, lambda: None]
    target = Target(lambda folder, content: ways[min(content[0], 4)](), (b"",))
    monkeypatch.setattr(fuzz, "targets", lambda: {"own": target})
    monkeypatch.setattr(fuzz, "changed", lambda target, rng: bytes([int(rng.number)]))
    monkeypatch.setattr(fuzz.random, "Random", lambda text: SimpleNamespace(number=text.split()[-1]))
    monkeypatch.setattr(fuzz, "HANG_S", 0.3)
    found = fuzz.campaign("own", 8, 0)
    told = {fault["input"]: fault["fault"] for fault in found["faults"]}
    assert set(told) == {0, 1, 2, 3}
    assert told[0].startswith("ZeroDivisionError")
    assert "MemoryError" in told[1]
    assert told[2] == "died with 7"
    assert told[3].startswith("hung for")
    assert (found["read"], found["refused"]) == (4, 0)


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(U16, U16, U32, U16, U16, U32, st.integers(0, 600), st.binary(max_size=60))
def test_recording_with_any_header_is_finite_or_refused(tmp_path, codec, channels, rate, bits, align, says, cut, salt):
    data = pcm(TONE[:200]) + salt
    content = wav(data, codec=codec, channels=channels, rate=rate, bits=bits, align=align, says_bytes=says)
    path = tmp_path / "theirs.wav"
    path.write_bytes(content[: max(len(content) - cut, 0)])
    try:
        wave, given_rate = audio.read(path)
    except AudioError as refused:
        assert str(path) in str(refused)
    else:
        assert np.isfinite(wave).all()
        assert audio.RATES[0] <= given_rate <= audio.RATES[1]


def guided_by_atheris(script, folder):
    """What a campaign found in a fresh interpreter: forked from this one, with what tests load, it may never start."""
    lines = ("import json, os, sys", "from pathlib import Path", "import numpy as np", "from campaigns import guided",
             "from campaigns.readers import Target", f"left = Path({str(folder)!r})", script)  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=300, cwd=ROOT
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_atheris_chooses_changes_in_a_process_of_its_own(tmp_path):
    found = guided_by_atheris("print(json.dumps(guided.campaign('recording', 500, 0, left)))", tmp_path / "left")
    assert (found["read"] + found["refused"], found["faults"]) == (500, [])
    assert found["read"] and found["refused"]  # both: or nothing would have been tried
    assert 0 < found["peak_mib"] < 1024
    assert not list((tmp_path / "left").iterdir())


@pytest.mark.parametrize("way", ["1 / 0", "os._exit(7)", "np.zeros(2**31, np.uint8)"])
def test_input_at_which_a_process_ends_is_a_fault(tmp_path, way):
    script = (
        f"target = Target(lambda folder, content: {way} if len(content) > 3 else None, (b'abc', b'abcdef'))\n"
        "guided.targets = lambda: {'own': target}\n"
        "print(json.dumps(guided.campaign('own', 500, 0, left)))"
    )
    found = guided_by_atheris(script, tmp_path)
    assert len(found["faults"]) == 1
    assert found["inputs"] < 500


def test_hdf5_text_that_leads_round_in_circles_is_refused(tmp_path):
    (whole,) = TARGETS["published weights"].wholes
    heap = whole.index(b"GCOL")
    first, free = heap + 16, heap + 16  # of the texts, and of the room after them
    while any(whole[free : free + 2]):
        free += 16 + -(-int.from_bytes(whole[free + 8 : free + 16], "little") // 8) * 8
    for place, size in ((free, 0), (free, 8), (first, 2**64 - 1), (first, 2**64 - 16), (first, 2**40)):
        spoilt = bytearray(whole)
        spoilt[place + 8 : place + 16] = size.to_bytes(8, "little")
        (tmp_path / "model.h5").write_bytes(spoilt)
        with pytest.raises(WeightsError, match=r"model\.h5 can't be read"):
            read_layers(tmp_path / "model.h5")


@pytest.mark.parametrize(
    ("dies", "says"),
    [("import os; os.kill(os.getpid(), 11)", "the library ended with -11"), ("while True: pass", "not in 2 s")],
)
def test_weights_at_which_the_library_dies_are_refused(monkeypatch, tmp_path, dies, says):
    (tmp_path / "model.h5").write_bytes(TARGETS["published weights"].wholes[0])
    assert [name for name, _ in read_layers(tmp_path / "model.h5")] == ["dense", "out"]
    (tmp_path / "h5py.py").write_text(dies)  # in place of the library
    monkeypatch.setattr(hdf5_weights, "SECONDS", 2)
    monkeypatch.setattr(hdf5_weights, "_environment", lambda: {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"})
    with pytest.raises(WeightsError, match=rf"model\.h5 can't be read as HDF5 \({says}\)"):
        read_layers(tmp_path / "model.h5")


def test_header_is_written_as_it_is_told():
    assert struct.unpack("<HHIIHH", wav(b"", channels=3, rate=5, bits=24)[20:36]) == (1, 3, 5, 45, 9, 24)
