"""Real recordings for the tests that need them, and a backend that computes equal bytes in every test."""

import os
from pathlib import Path

import pytest

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
