"""Exported models give what the run's model gives, with their classes and a card of what they are worth."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from papers.salian2021 import model as salian2021
from papers.sankaran2023 import model as sankaran2023
from ser_keras import discovery, export
from ser_keras.choices import resolved
from ser_keras.errors import RunError

ROWS = np.random.default_rng(0).normal(3.0, 2.0, (5, 6, 4)).astype(np.float32)


@pytest.fixture
def run(small_run):
    """A finished run whose model has a fitted normalisation and a recurrent layer."""
    folder = small_run(0, 18)
    inputs = keras.Input((6, 4))
    scaled = keras.layers.Normalization(axis=-1)
    x = keras.layers.LSTM(3)(scaled(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    scaled.adapt(ROWS)
    model.save(folder / "model.keras")
    return folder


@pytest.fixture
def expected(run):
    return np.asarray(keras.saving.load_model(run / "model.keras")(ROWS))


def onnx(path, rows=ROWS):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(path / "model.onnx")
    assert len(session.get_inputs()) == 1
    return session.run(None, {session.get_inputs()[0].name: rows})[0]


def litert(path):
    import tensorflow

    interpreter = tensorflow.lite.Interpreter(str(path / "model.tflite"))
    [taken], [given] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.allocate_tensors()
    answers = []
    for row in ROWS:
        interpreter.set_tensor(taken["index"], row[np.newaxis])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(given["index"])[0])
    return np.stack(answers)


def saved_model(path):
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path / "saved_model"))
    return np.asarray(loaded.serve(ROWS))


def keras_file(path, rows=ROWS):
    return np.asarray(keras.saving.load_model(path / "model.keras", safe_mode=True)(rows))


@pytest.mark.parametrize(
    ("form", "answer"), [("keras", keras_file), ("onnx", onnx), ("litert", litert), ("saved-model", saved_model)]
)
def test_exported_model_gives_the_runs_probabilities(run, expected, tmp_path, form, answer):
    folder = export.export(run, form, tmp_path / "out")
    # float32 sums in another order
    np.testing.assert_allclose(answer(folder), expected, atol=1e-5)
    assert json.loads((folder / "model.json").read_text())["classes"] == ["angry", "sad"]


def test_fold_of_a_run_of_one_model_is_refused(run, tmp_path):
    with pytest.raises(RunError, match="holds one model, and no folds: leave the fold out"):
        export.export(run, "keras", tmp_path / "out", fold=1)


def test_card_tells_figures_protocol_licence_and_what_it_is_not_for(run, tmp_path):
    card = (export.export(run, "keras", tmp_path / "out") / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Accuracy 90.00 % of 20 test clips [69.9, 97.2] (Wilson, 95 %), UAR 90.00 %." in card  # 18 of 20
    assert "these figures say nothing of speakers it has never heard" in card
    assert "emodb: EMO-DB, CC0 1.0" in card
    assert "no hiring, no policing, no covert monitoring" in card


def test_fold_is_to_be_named_where_there_are_several(run, tmp_path):
    (run / "model.keras").rename(run / "model-1.keras")
    (run / "model-2.keras").write_bytes((run / "model-1.keras").read_bytes())
    with pytest.raises(RunError, match="holds 2 models, one a fold: --fold 1 to 2"):
        export.export(run, "keras", tmp_path / "out")
    assert json.loads((export.export(run, "keras", tmp_path / "two", 2) / "model.json").read_text())["model"] == (
        "model-2.keras"
    )


def test_what_is_there_is_not_written_over(run, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(RunError, match="out is there already: give another --out"):
        export.export(run, "keras", tmp_path / "out")


def test_missing_package_is_told_with_the_remedy_and_leaves_nothing(run, tmp_path, monkeypatch):
    def refused(*arguments, **options):
        raise ImportError("This requires the tf2onnx module.", name="tf2onnx")

    monkeypatch.setattr(keras.Model, "export", refused)
    with pytest.raises(RunError, match=r'missing \(tf2onnx\): pip install "ser_keras\[export\]"'):
        export.export(run, "onnx", tmp_path / "out")
    assert list(tmp_path.glob("*export*")) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["onnx", "litert"])
def test_format_that_the_backend_cannot_write_names_the_backend_that_can(run, tmp_path, monkeypatch, form):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RunError, match=f"{form} can't be written by jax: give .* with KERAS_BACKEND=tensorflow"):
        export.export(run, form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_network_that_litert_cannot_run_is_refused_and_leaves_nothing(run, tmp_path):
    salian2021.build_td_cnn_lstm(2, (2, 32, 32, 1), last_pool=1).save(run / "model.keras")
    with pytest.raises(RunError, match=r"can't run this network \(it needs FlexMaxPool3D\): use --format onnx$"):
        export.export(run, "litert", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_network_with_a_mask_and_a_normalisation_gives_what_it_gave_in_every_format(run, tmp_path):
    sankaran2023.build_gru(2, (6, 4), masked=True, standardise="coefficient").save(run / "model.keras")
    expected = keras_file(run)
    for form, answer in {"onnx": onnx, "litert": litert, "saved-model": saved_model}.items():
        folder = export.export(run, form, tmp_path / form)
        # float32 sums in another order
        np.testing.assert_allclose(answer(folder), expected, atol=1e-5)


def networks():
    """The first variant that each builder of a network stands in, with its experiment."""
    found = {}
    for name in discovery.paper_names():
        for experiment in discovery.load_paper(name).experiments:
            for variant in experiment.variants:
                told = f"{name}/{experiment.name}/{variant.name}"
                found.setdefault(variant.build.__code__, pytest.param(experiment, variant, id=told))
    return found.values()


@pytest.mark.slow
@pytest.mark.parametrize(("experiment", "variant"), networks())
def test_every_papers_network_exported_as_onnx_gives_what_keras_gives(run, tmp_path, experiment, variant):
    keras.utils.set_random_seed(0)
    model = variant.build(3, resolved(experiment.choices + variant.choices, {}))
    rng = np.random.default_rng(0)
    model.set_weights([one + 0.01 * rng.standard_normal(one.shape) for one in model.get_weights()])
    model.save(run / "model.keras")
    rows = rng.standard_normal((2, *model.input_shape[1:])).astype(np.float32)
    command = ["-m", "ser_keras.export", str(run), "--format", "onnx", "--out", str(tmp_path / "out")]
    subprocess.run([sys.executable, *command], check=True)  # which takes gigabytes, and gives them back when it ends
    # float32 sums in another order
    np.testing.assert_allclose(onnx(tmp_path / "out", rows), keras_file(run, rows), atol=1e-4, rtol=0)


def test_command_names_the_folder_after_the_run(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(export.command, [str(run)], standalone_mode=False)
    assert done.output == "exported/yadav2022-emodb-described-published-seed-0-keras\n"


def test_card_of_a_synthetic_run_claims_neither_the_papers_test_part_nor_the_corpus(run, tmp_path):
    record = json.loads((run / "run.json").read_text())
    record["corpora"]["emodb"] |= {"synthetic": True, "clips": 70}
    (run / "run.json").write_text(json.dumps(record))
    folder = export.export(run, "keras", tmp_path / "out")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "emodb: synthetic recordings in its layout" in card and "CC0" not in card
    assert "The split is made as in the paper, of other clips" in card and "is that of the paper" not in card
    assert json.loads((folder / "model.json").read_text())["name"].endswith("seed 0 synthetic, as keras")
