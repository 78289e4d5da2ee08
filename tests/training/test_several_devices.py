"""Trainings that several devices share."""

import contextlib
import dataclasses
import runpy
from pathlib import Path

import pytest

from ser_keras import preparation, training
from ser_keras.errors import RunError
from ser_keras.report import texts

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
TASK, stored = (TINY[name] for name in ("TASK", "stored"))


def test_run_on_more_devices_than_there_are_is_refused_before_anything_is_read(corpora, settings, monkeypatch):
    monkeypatch.setattr(preparation, "pool", lambda *_: pytest.fail("features were taken"))
    with pytest.raises(RunError, match=r"--devices 99 is more than there are here"):
        training.run(TASK, corpora, dataclasses.replace(settings, devices=99))


def test_run_says_how_many_devices_shared_it_and_promises_equal_bytes_of_one_alone(corpora, settings, monkeypatch):
    assert stored(training.run(TASK, corpora, settings))["provenance"]["devices"] == 1
    monkeypatch.setattr(training.devices, "check", lambda count: None)
    monkeypatch.setattr(training.devices, "spread", lambda count: contextlib.nullcontext())
    folder = training.run(TASK, corpora, dataclasses.replace(settings, devices=2, force=True))
    told = stored(folder)["provenance"]
    assert (told["devices"], told["deterministic"]) == (2, False)
    assert dict(texts.provenance_facts(told))["Devices that shared the training"] == "2"


def test_training_is_not_gone_on_with_by_another_number_of_devices(corpora, settings, monkeypatch):
    seen = []
    monkeypatch.setattr(training.checkpoints, "prepared", lambda folder, declared: seen.append(declared) or 1 / 0)
    monkeypatch.setattr(training.devices, "check", lambda count: None)
    for count in (1, 2):
        with pytest.raises(ZeroDivisionError):
            training.run(TASK, corpora, dataclasses.replace(settings, devices=count))
    assert {**seen[0], "devices": 2} == seen[1]
