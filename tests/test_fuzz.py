"""Strangers' files, spoilt at random: read or refused, never a crash. The long form: `python -m campaigns.fuzz`."""

import os
import random
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import fuzz
from campaigns.recordings import EXTENSIBLE, TONE, pcm, wav
from ser_keras import audio
from ser_keras.errors import AudioError

INPUTS = 300  # of each target
TARGETS = fuzz.targets()
U16 = st.one_of(st.sampled_from([0, 1, 2, 3, 6, 7, 8, 16, 17, 24, 32, 64, EXTENSIBLE, 65535]), st.integers(0, 65535))
U32 = st.one_of(st.sampled_from([0, 1, 8000, 16_000, 2**31 - 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt_files_are_read_or_refused(tmp_path, name):
    outcomes = [fuzz.tried(TARGETS[name], tmp_path, 1, name, number) for number in range(INPUTS)]
    assert set(outcomes) == {"read", "refused"}  # both: or nothing would have been tried


@pytest.mark.parametrize("name", TARGETS)
def test_whole_files_are_changed_before_they_are_tried(name):
    drawn = [fuzz.changed(TARGETS[name], random.Random(number)) for number in range(50)]
    assert len(set(drawn)) > 40
    assert not set(drawn) <= set(TARGETS[name].wholes)


def test_worker_that_dies_hangs_or_swells_is_a_fault_and_the_rest_is_tried(monkeypatch):
    def forever():
        while True:
            pass

    ways = [lambda: 1 / 0, lambda: np.zeros(2**31, np.uint8), lambda: os._exit(7), forever, lambda: None]
    target = fuzz.Target(lambda folder, content: ways[min(content[0], 4)](), (b"",))
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


def test_header_is_written_as_it_is_told():
    assert struct.unpack("<HHIIHH", wav(b"", channels=3, rate=5, bits=24)[20:36]) == (1, 3, 5, 45, 9, 24)
