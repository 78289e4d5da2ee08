"""An exported network hears what the run hears, ONNX without Keras; a folder from a stranger calls nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ser_keras
from ser_keras import stretching
from ser_keras.errors import RunError
from ser_keras.export import export
from ser_keras.features.pipeline import step
from ser_keras.prediction import exported as exported_folders


# ONNX is exported with TensorFlow here: other backends hear what is exported as Keras
@pytest.fixture(scope="module", params=[pytest.param("keras", marks=pytest.mark.backend), "onnx"])
def exported(request, tone_run, tmp_path_factory):
    return export(tone_run, request.param, tmp_path_factory.mktemp("exported") / request.param)


@pytest.fixture(scope="module")
def onnx(tone_run, tmp_path_factory):
    return export(tone_run, "onnx", tmp_path_factory.mktemp("onnx") / "out")


@pytest.fixture
def described(onnx, tmp_path):
    """A function that writes an exported folder again with something else in its description."""
    folder = tmp_path / "changed"
    folder.mkdir()
    (folder / "model.onnx").write_bytes((onnx / "model.onnx").read_bytes())

    def write(change):
        told = json.loads((onnx / "model.json").read_text(encoding="utf-8"))
        change(told)
        (folder / "model.json").write_text(json.dumps(told), encoding="utf-8")
        return folder

    return write


def test_exported_network_gives_what_the_run_gives(exported, tone_run, tones):
    paths = list(tones.clips["path"])
    ours, run = ser_keras.load(exported), ser_keras.load(tone_run)
    # float32 sums in another order
    np.testing.assert_allclose(ours.predict_proba(paths), run.predict_proba(paths), atol=1e-4)
    assert ours.classes_.tolist() == run.classes_.tolist()
    assert ours.name == f"{run.name}, as {exported.name}"


def test_command_hears_with_onnx_and_loads_neither_keras_nor_tensorflow(onnx, tones):
    clip = tones.clips["path"][0]
    script = (
        "import sys; from click.testing import CliRunner; from ser_keras.predict import predict; "
        f"done = CliRunner().invoke(predict, [{clip!r}, '--run', {str(onnx)!r}, '--json'], standalone_mode=False); "
        "print(done.output); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heard, loaded = done.stdout.splitlines()[0], done.stdout.splitlines()[-1].split()
    assert json.loads(heard)["model"].endswith("as onnx")
    assert "onnxruntime" in loaded and not {"keras", "tensorflow", "matplotlib"} & set(loaded)


def _set(*keys, value):
    def change(told):
        for key in keys[:-1]:
            told = told[key]
        told[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("pipeline", "steps", 0, "function", value="os.system"), "which is none of ours"),
        (_set("pipeline", "steps", 0, "function", value="ser_keras.features.store.extract"), "which is none of ours"),
        (_set("pipeline", "steps", 0, "function", value="ser_keras.audio.Path"), "which this version lacks"),
        (_set("pipeline", "steps", 0, "function", value="ser_keras.audio.__import__"), "which is none of ours"),
        (_set("pipeline", "steps", value=[3]), "does not tell its pipeline"),
        (_set("pipeline", "steps", 0, "parameters", "n_mels_", value=3), "unexpected keyword argument 'n_mels_'"),
        (_set("pipeline", "steps", 0, "parameters", value={}), "missing a required argument"),
        (_set("pipeline", "steps", 0, "function", value="ser_keras.audio.with_noise"), "otherwise than this version"),
        (_set("pipeline", "seed", value=1), "draws random numbers"),
        (_set("pipeline", "sample_rate", value="fast"), "tells the sample rate"),
        (_set("pipeline", value=None), "does not tell format, name"),
        (_set("inputs", value=[0, -1]), "no places in a vector"),
        (_set("classes", value=["one"]), "gives 2 classes, and 1 are named"),
        (_set("format", value="litert"), "holds litert, which is not run here"),
        (_set("format", value="../../model"), "which is not run here"),
    ],
)
def test_description_with_something_else_in_it_is_refused_in_one_line(described, change, says):
    with pytest.raises(RunError, match=says) as told:
        ser_keras.load(described(change))
    assert "\n" not in str(told.value)


def test_step_is_found_where_it_is_now_by_the_name_that_it_had():
    told = {"function": "ser_keras.audio.time_stretched", "parameters": {"rate": 1.1}}
    pipeline = exported_folders._pipeline(Path("model.json"), {"name": "p", "sample_rate": 8000, "steps": [told]})
    assert pipeline.steps == (step(stretching.time_stretched, rate=1.1),)


def test_step_that_can_not_take_what_it_is_told_is_refused_in_one_line(described, tones):
    model = ser_keras.load(described(_set("pipeline", "steps", 0, "parameters", "n_mfcc", value="many")))
    with pytest.raises(RunError, match="a step of its pipeline can't take what it is given") as told:
        model.predict(tones.clips["path"][0])
    assert "\n" not in str(told.value)


def test_file_that_is_no_onnx_is_refused_in_one_line(described):
    folder = described(lambda told: None)
    (folder / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(RunError, match=r"model\.onnx can't be loaded"):
        ser_keras.load(folder)


def test_export_holds_one_model_and_no_folds(onnx):
    with pytest.raises(RunError, match="holds one model, and no folds"):
        ser_keras.load(onnx, 1)
