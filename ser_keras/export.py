"""A run's network for use elsewhere: Keras, ONNX, LiteRT or SavedModel, with its classes and a model card.

    python -m ser_keras.export RUN --format onnx

Writes a folder with the model, `model.json` (classes in the order of the outputs, input shape, the pipeline that turns
a recording into the input, and which of its numbers are taken) and `MODEL_CARD.md`. The card's figures are those of the
run's own test part. `predict --run FOLDER` hears with what was exported as Keras or ONNX; with ONNX it needs neither
Keras nor TensorFlow.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

import click

from ser_keras import cli, completion
from ser_keras.errors import RunError, one_line
from ser_keras.files import write_json, write_text
from ser_keras.report.runs import Run, read

FILES = {"keras": "model.keras", "onnx": "model.onnx", "litert": "model.tflite", "saved-model": "saved_model"}
TENSORFLOW = ("onnx", "litert")  # formats that Keras writes from no other of the backends that these networks run on
EXTRA = 'pip install "ser_keras[export]"'


def export(folder: Path, form: str, out: Path, fold: int | None = None) -> Path:
    """Write a run's model in a format, with classes and card, into the folder `out`; it is given back.

    Parameters
    ----------
    folder : of a finished run
    form : a key of `FILES`
    fold : which of several models, from 1; None where there is one

    Raises
    ------
    RunError : no finished run, several models and no fold named, a package or backend of Keras that the format needs
        is missing, or a network that the format can't hold
    """
    from ser_keras.report import card  # with Matplotlib, which the command's help does without

    run = read(Path(folder))
    source = _model_file(run, fold)
    if out.exists():
        raise RunError(f"{out} is there already: give another --out, or remove it")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as unfinished:
        made = Path(unfinished) / out.name
        made.mkdir()
        if form == "keras":
            shutil.copyfile(source, made / FILES[form])
        else:
            _converted(source, form, made / FILES[form])
        write_json(made / "model.json", _described(run, source, form, fold))
        write_text(made / "MODEL_CARD.md", card.document(run))
        made.rename(out)
    return out


def _model_file(run: Run, fold: int | None) -> Path:
    models = sorted(run.folder.glob("model*.keras"))
    if not models:
        raise RunError(f"{run.folder} holds no model: train it again")
    if len(models) == 1:
        if fold is not None:
            raise RunError(f"{run.folder} holds one model, and no folds: leave the fold out")
        return models[0]
    path = run.folder / f"model-{fold}.keras"
    if path not in models:
        raise RunError(f"{run.folder} holds {len(models)} models, one a fold: --fold 1 to {len(models)}")
    return path


def _converted(source: Path, form: str, target: Path) -> None:
    with cli.quiet_imports():
        import keras

        from ser_keras.keras_files import load_model

    backend = keras.backend.backend()
    if form in TENSORFLOW and backend != "tensorflow":
        raise RunError(f"{form} can't be written by {backend}: give the same command with KERAS_BACKEND=tensorflow")
    model = _exportable(load_model(source))
    model(keras.ops.zeros((1, *model.input_shape[1:])))  # ONNX wants a model that was called
    kinds = {"onnx": "onnx", "litert": "litert", "saved-model": "tf_saved_model"}
    # a LiteRT model takes one clip at a time: with an open batch, recurrent layers need operations it does not have
    one = [keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32")]
    options = {"input_signature": one} if form == "litert" else {}
    try:
        with cli.quiet_imports():
            model.export(str(target), format=kinds[form], verbose=False, **options)
    except ImportError as error:
        raise RunError(f"{form} needs a package that is missing ({error.name or error}): {EXTRA}") from None
    if form == "litert":
        _check_litert(target)


def _check_litert(path: Path) -> None:
    """Whether LiteRT's own interpreter can run a model: some networks are converted to what only TensorFlow runs.

    Raises
    ------
    RunError : it can't
    """
    with cli.quiet_imports():
        import tensorflow

        try:
            tensorflow.lite.Interpreter(str(path)).allocate_tensors()
        except (RuntimeError, ValueError) as error:
            needed = ", ".join(re.findall(r"Flex\w+", str(error))) or one_line(error)[:200]
            told = f"litert's interpreter can't run this network (it needs {needed}): use --format onnx"
            raise RunError(told) from None


def _exportable(model: object) -> object:
    """The model with its normalisation as a scaling by constants, which every format knows."""
    import keras
    import numpy as np

    def cloned(layer: object) -> object:
        if not isinstance(layer, keras.layers.Normalization):
            return layer.__class__.from_config(layer.get_config())
        mean, deviation = np.asarray(layer.mean)[0], np.sqrt(np.asarray(layer.variance)[0])
        scale = 1 / np.maximum(deviation, keras.config.epsilon())
        return keras.layers.Rescaling(scale.tolist(), (-mean * scale).tolist(), name=layer.name)

    if not any(isinstance(layer, keras.layers.Normalization) for layer in model.layers):
        return model
    clone = keras.models.clone_model(model, clone_function=cloned)
    for layer in clone.layers:
        if not isinstance(layer, keras.layers.Rescaling):
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return clone


def _described(run: Run, source: Path, form: str, fold: int | None) -> dict:
    """What somebody needs who uses the model without this package, and what `predict` needs."""
    from ser_keras.prediction import stored

    record, inputs = run.record, None
    if record.get("pipeline", {}).get("columns") is not None:
        inputs = stored.rebuilt(run.folder, record)[1].tolist()
    first = next((layer for layer in record.get("model", []) if layer.get("output_shape")), {})
    return {
        "name": stored.name(record, fold, 1) + f", as {form}",
        "format": form,
        "file": FILES[form],
        "classes": record["classes"],
        "input_shape": first.get("output_shape"),
        "pipeline": record.get("pipeline"),
        "inputs": inputs,
        "run": "/".join(run.folder.parts[-5:]),
        "model": source.name,
        "provenance": record["provenance"],
    }


@click.command("export")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path), shell_complete=completion.runs)
@click.option("--format", "form", type=click.Choice(list(FILES)), default="keras", show_default=True)
@click.option("--fold", type=click.IntRange(1), help="Which fold's model to export, for a run with several folds.")
@click.option("--out", type=cli.OUT_FOLDER, help="Folder to write to. Default: exported/PAPER-EXPERIMENT-…-FORMAT.")
@cli.debug_option
def command(run: Path, form: str, fold: int | None, out: Path | None) -> None:
    """Export a run's model with its classes and a model card."""
    place = out or Path("exported") / "-".join([*Path(os.path.abspath(run)).parts[-5:], form])
    click.echo(export(Path(os.path.abspath(run)), form, place, fold))


if __name__ == "__main__":
    cli.run(command, name="python -m ser_keras.export")
