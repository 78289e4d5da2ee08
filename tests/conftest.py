"""Real recordings for the tests that need them, and a backend that computes equal bytes in every test."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import settings

from ser_keras import discovery

settings.register_profile("repeatable", derandomize=True, deadline=None)  # --hypothesis-profile=default searches anew
settings.load_profile("repeatable")
os.environ["TF_NUM_INTEROP_THREADS"] = "1"  # before any test starts TensorFlow: see fitting.make_deterministic


@pytest.fixture(scope="session")
def real_corpora() -> Path:
    """The data folder with real recordings, $SER_KERAS_DATA; without it a test is skipped, or fails if CI says so."""
    data = os.environ.get("SER_KERAS_DATA")
    if not data:
        reason = "SER_KERAS_DATA is not set: it names the data folder that holds real recordings"
        if os.environ.get("SER_KERAS_REQUIRE_DATA") == "1":
            pytest.fail(f"{reason}, and SER_KERAS_REQUIRE_DATA=1 asks for them")
        pytest.skip(reason)
    return Path(data).absolute()


@pytest.fixture
def small_run(tmp_path):
    """A function that writes a small finished run of yadav2022/emodb below `tmp_path`; `right` of 20 clips are.

    `out` is the folder of runs; other keywords change its run.json.
    """

    def make(
        seed,
        right,
        *,
        experiment="emodb",
        variant="described",
        protocol="published",
        clips=535,
        changed=False,
        out="runs",
        **others,
    ):
        published = discovery.published("yadav2022")["results"][experiment]
        choices = [{"key": "trim", "value": 2 if changed else 1, "default": 1, "reason": "r", "alternatives": [2]}]
        record = {
            "schema": 1,
            "paper": "yadav2022",
            "experiment": experiment,
            "title": "T",
            "variant": variant,
            "protocol": protocol,
            "seed": seed,
            "quick": False,
            "classes": ["angry", "sad"],
            "published": published,
            "choices": choices,
            "corpora": {"emodb": {"clips": clips, "expected": 535, "synthetic": False, "manifest_sha256": "a" * 64}},
            "set_aside": [],
            "split": {
                "supports": {part: {"angry": 10, "sad": 10} for part in ("train", "validation", "test")},
                "speakers": {"train": ["a"], "validation": [], "test": ["a", "b"]},
            },
            "training": {"epochs_limit": 60, "epochs_run": 1, "best_epoch": 1},
            "provenance": {"commit": "c" * 40, "packages": {"keras": "3"}},
            "durations": {"training_s": 1.0},
            **others,
        }
        name = f"seed-{seed}" + (",trim=2" if changed else "")
        folder = tmp_path / out / "yadav2022" / experiment / variant / protocol / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        (folder / "history.csv").write_text("epoch,loss,accuracy\n1,1.0,0.5\n", encoding="utf-8")
        rows = ["clip,speaker,true,predicted,angry,sad"]
        for number in range(20):
            true, other = ("angry", "sad") if number < 10 else ("sad", "angry")
            rows.append(f"{number},{'ab'[number % 2]},{true},{true if number < right else other},0.5,0.5")
        (folder / "predictions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return folder

    return make
