"""What a model in the box is worth: its figures from its own test predictions, and its card as text; needs no Keras."""

from collections.abc import Mapping

import pandas as pd

from ser_keras.corpora import manifest
from ser_keras.evaluation import breakdown
from ser_keras.report import overview, texts


def figures(predictions: pd.DataFrame, classes: tuple[str, ...]) -> dict:
    """Accuracy and UAR with intervals of 95 % over speakers, of all test clips and by gender, as JSON values.

    Parameters
    ----------
    predictions : one row a test clip: clip, speaker, gender, true, predicted
    classes : in their order
    """
    columns = [predictions[name].tolist() for name in ("true", "predicted", "speaker")]
    parts = breakdown.by_group(*columns, predictions["gender"].tolist(), classes)
    found = {"all": breakdown.scores(*columns, classes), **parts}
    return {part: {key: _rounded(value) for key, value in scores.items()} for part, scores in found.items()}


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [round(end, 6) for end in value]
    return round(value, 6) if isinstance(value, float) else value


def limits(record: Mapping) -> tuple[str, ...]:
    """What the model must not be used for, and what it can't know; a paragraph each."""
    return (
        "Not for decisions on people: no hiring, no policing, no covert monitoring.",
        "It has heard acted English speech only, twelve sentences spoken by adult actors. Nothing is known of how it "
        "does on spontaneous speech, other languages, children, or noise.",
        "How loud a recording is, is among what it hears: the same words a little louder or softer can come out as "
        "another emotion, and so can the same recording as an MP3. A high probability is no sign of being right on "
        "recordings unlike those it was trained on.",
        f"It knows {len(record['classes'])} classes and names one of them for any sound, also where nobody speaks. "
        "What it names is what an actor's voice would be meant to show, not what a person feels.",
    )


def text(record: Mapping) -> str:
    """The model card in Markdown, all of it from the model's record."""
    split, corpus = record["split"], manifest.corpora()[record["corpus"]]
    speakers = {part: len(names) for part, names in split["speakers"].items()}
    clips = {part: sum(counts.values()) for part, counts in split["supports"].items()}
    pipeline, training = record["pipeline"], record["training"]
    rows = [
        f"| {part} | {one['clips']} | {one['speakers']} | {_figure(one, 'accuracy')} | {_figure(one, 'uar')} |"
        for part, one in record["figures"].items()
    ]
    tried = [
        f"| {one['model']} | {one['seed']} | {one['parameters']} | {one['epochs']} | {texts.percent(one['uar'])} |"
        for one in record["selection"]
    ]
    blocks = [
        f"# {record['name']}: emotion of acted English speech",
        f"The network of {record['paper']}/{record['experiment']} ({record['variant']}), {training['parameters']} "
        f"parameters, trained by us on {corpus.title} alone with the paper's own recipe. "
        f"Classes: {', '.join(record['classes'])}.",
        "## What it must not be used for",
        "\n".join(f"- {line}" for line in limits(record)),
        "## Figures on speakers it has never heard",
        "\n".join(["| test clips | clips | speakers | accuracy | UAR |", "| --- | --: | --: | --: | --: |", *rows]),
        "In brackets an interval of 95 % over speakers (cluster bootstrap): where the figure would lie for other "
        f"speakers of the same kind. Chance is {texts.percent(1 / len(record['classes']))} UAR. The figures are "
        "those of this very model.",
        "## Training",
        f"- Clips: {clips['train']} of {speakers['train']} speakers trained it, {clips['validation']} of "
        f"{speakers['validation']} decided when to stop and which network is shipped, {clips['test']} of "
        f"{speakers['test']} tested it. No speaker is in two parts; `run.json` names them.\n"
        f"- Recipe: {training['optimizer']}, batches of {training['batch_size']}, {training['epochs_run']} epochs run, "
        f"weights of epoch {training['best_epoch']}, seed {record['seed']}.\n"
        f"- Input: {pipeline['name']}; recordings of any rate are heard at {record['sample_rate']} Hz, the rate of its "
        "training clips.",
        "What was tried, by the UAR on the validation speakers; the best is shipped:",
        "\n".join(["| network | seed | parameters | epochs | UAR |", "| --- | --: | --: | --: | --: |", *tried]),
        "## Licences",
        f"- Trained on [{corpus.title}]({corpus.homepage}), {corpus.licence}: {corpus.citation}\n"
        f"- This model contains information from {corpus.title}, which is made available under the Open Database "
        "License (ODbL). It holds no recording. Its weights are licensed as this package is, Apache-2.0.",
        "## From",
        "\n".join(
            f"- {key}: {value}"
            for key, value in (
                *texts.provenance_facts(record["provenance"]),
                ("SHA-256 of model.keras", record["model_sha256"]),
                ("SHA-256 of the manifest", record["corpora"][record["corpus"]]["manifest_sha256"]),
                ("made by", f"`python -m ser_keras.boxed build --data DIR`, {record['finished'][:10]}"),
            )
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _figure(scores: Mapping, kind: str) -> str:
    return texts.percent(scores[kind]) + overview.ends(scores[f"{kind}_interval"])
