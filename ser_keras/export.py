"""A run's network for use elsewhere: Keras, ONNX, LiteRT or SavedModel, with its classes and a model card.

    python -m ser_keras.export RUN --format onnx

Writes a folder with the model, `model.json` (classes in the order of the outputs, input shape, and the pipeline that
turns a recording into the input) and `MODEL_CARD.md`. The card's figures are those of the run's own test part.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from ser_keras import cli
from ser_keras.corpora import manifest
from ser_keras.errors import RunError
from ser_keras.evaluation import intervals, metrics
from ser_keras.files import write_json, write_text
from ser_keras.report import leaks, overview, texts
from ser_keras.report.runs import Run, read

FILES = {"keras": "model.keras", "onnx": "model.onnx", "litert": "model.tflite", "saved-model": "saved_model"}
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
    RunError : no finished run, several models and no fold named, or a package that the format needs is missing
    """
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
        write_json(made / "model.json", _described(run, source, form))
        write_text(made / "MODEL_CARD.md", card(run))
        made.rename(out)
    return out


def _model_file(run: Run, fold: int | None) -> Path:
    models = sorted(run.folder.glob("model*.keras"))
    if not models:
        raise RunError(f"{run.folder} holds no model: train it again")
    if len(models) == 1 and fold is None:
        return models[0]
    path = run.folder / f"model-{fold}.keras"
    if path not in models:
        raise RunError(
            f"{run.folder} holds {texts.counted(len(models), 'model')}, one a fold: --fold 1 to {len(models)}"
        )
    return path


def _converted(source: Path, form: str, target: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with cli.quiet_imports():
        import keras

    model = _exportable(keras.saving.load_model(source, safe_mode=True))
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


def _described(run: Run, source: Path, form: str) -> dict:
    """What somebody needs who uses the model without this package."""
    record = run.record
    first = next((layer for layer in record.get("model", []) if layer.get("output_shape")), {})
    return {
        "format": form,
        "file": FILES[form],
        "classes": record["classes"],
        "input_shape": first.get("output_shape"),
        "pipeline": record.get("pipeline"),
        "run": "/".join(run.folder.parts[-5:]),
        "model": source.name,
        "provenance": record["provenance"],
    }


def card(run: Run) -> str:
    """The model card: what it was trained on, how well it does and on whom, what it is not for."""
    record = run.record
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, record["classes"])
    right, clips = int(confusion.trace()), int(confusion.sum())
    leaking = leaks.short(leaks.summary([run])) or "not known"
    interval = overview.ends(intervals.wilson(right, clips))
    figures = [
        f"- Accuracy {texts.percent(right / clips)} of {clips} test clips{interval} (Wilson, 95 %), UAR "
        f"{texts.percent(metrics.uar(confusion))}.",
        *_over_speakers(run),
        f"- Protocol: {record['protocol']}. In training as well as in the test part: {leaking}.",
        *(_published_caution(record["protocol"])),
    ]
    licences = [f"- {name}: {_licence(name)}" for name in record["corpora"]]
    limits = [
        "- Acted speech of few speakers in a few sentences: nothing is known of how it does on other speech.",
        "- Not for decisions on people: no hiring, no policing, no covert monitoring.",
        f"- It knows {len(record['classes'])} classes and names one of them for any sound.",
    ]
    blocks = [
        f"# {record['paper']}/{record['experiment']} ({record['variant']}), seed {record['seed']}",
        f"{record['title']}. Classes: {', '.join(record['classes'])}.",
        "## Figures",
        "\n".join(figures),
        "## Trained on",
        "\n".join(licences),
        "## Limits",
        "\n".join(limits),
        "## From",
        "\n".join(f"- {key}: {value}" for key, value in texts.provenance_facts(record["provenance"])),
    ]
    return "\n\n".join(blocks) + "\n"


def _over_speakers(run: Run) -> list[str]:
    if len(set(run.speakers)) < 2:
        return []
    found = intervals.over_speakers(run.y_true, run.y_pred, run.speakers, run.record["classes"])
    accuracy, uar = (overview.ends(found[key]).strip() for key in ("accuracy", "uar"))
    return [f"- Over its {len(set(run.speakers))} speakers (cluster bootstrap, 95 %): accuracy {accuracy}, UAR {uar}."]


def _published_caution(protocol: str) -> list[str]:
    if protocol != "published":
        return []
    return ["- The test part is that of the paper: these figures say nothing of speakers it has never heard."]


def _licence(name: str) -> str:
    known: Mapping = manifest.corpora()
    return f"{known[name].title}, {known[name].licence}" if name in known else "unknown"


@click.command("export")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(list(FILES)), default="keras", show_default=True)
@click.option("--fold", type=click.IntRange(1), help="Which model of a run of several folds.")
@click.option("--out", type=Path, help="Folder to write; else exported/PAPER-EXPERIMENT-…-FORMAT.")
@cli.debug_option
def command(run: Path, form: str, fold: int | None, out: Path | None) -> None:
    """Export a run's model with its classes and a model card."""
    place = out or Path("exported") / "-".join([*Path(os.path.abspath(run)).parts[-5:], form])
    click.echo(export(Path(os.path.abspath(run)), form, place, fold))


if __name__ == "__main__":
    cli.run(command, name="python -m ser_keras.export")
