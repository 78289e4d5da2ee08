"""An author's own weights, evaluated in place of trained ones."""

import dataclasses
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser_keras import fitting, training
from ser_keras.errors import PaperError
from ser_keras.report import leaks
from ser_keras.report.runs import read

pytestmark = pytest.mark.backend

TINY = runpy.run_path(str(Path(__file__).with_name("tiny.py")))
CLASSES, VARIANT, TASK = (TINY[name] for name in ("CLASSES", "VARIANT", "TASK"))


def test_published_weights_are_evaluated_without_training(corpora, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: pytest.fail("trained"))
    seen = []

    def fill(model, folder):
        seen.append(folder)
        model.set_weights([np.zeros(weight.shape) + 1 for weight in model.get_weights()])

    task = dataclasses.replace(TASK, variant=dataclasses.replace(VARIANT, weights=fill))
    folder = training.run(task, corpora, dataclasses.replace(settings, weights=tmp_path / "theirs"))
    assert (folder.name, seen) == ("seed-0,weights=published", [tmp_path / "theirs" / "fake2020"])
    run = read(folder)
    assert run.history == {}
    assert run.record["training"]["epochs_run"] == 0
    assert leaks.found(run).counts["fitted"] is None  # on which clips theirs was fitted, nobody knows
    table = pd.read_csv(folder / "predictions.csv")
    np.testing.assert_allclose(table[list(CLASSES)], 0.5, atol=1e-6)  # equal weights, equal probabilities


def test_published_weights_of_a_paper_without_any_are_refused(corpora, settings, tmp_path):
    with pytest.raises(PaperError, match="published no weights that are known here"):
        training.run(TASK, corpora, dataclasses.replace(settings, weights=tmp_path))
