"""The model in the box, made: small networks of the papers trained on CREMA-D, the best on validation speakers kept.

A fifth of the speakers is tested, a fifth of the others is watched; nobody is in two parts. Each candidate is an
ordinary run of `training.run` with its paper's own recipe; test speakers decide nothing.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import soundfile

from ser_keras import discovery, fitting, preparation, training
from ser_keras.boxed import card
from ser_keras.choices import resolved
from ser_keras.corpora.table import LoadedCorpora
from ser_keras.errors import RunError
from ser_keras.evaluation import metrics
from ser_keras.experiment import Choices
from ser_keras.files import write_atomically, write_json, write_text
from ser_keras.keras_files import load_model
from ser_keras.splits import Split, grouped_k_fold, with_validation
from ser_keras.tasks import Settings, Task

CORPUS = "cremad"
CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad")
# small, trained within minutes on a few cores, and both on one set of features
CANDIDATES = (("rastogi2025", "mlp", "coded"), ("rastogi2025", "cnn-lstm", "coded"))
SEEDS = (0, 1, 2)
PARTS = 5  # of the speakers: one is tested, of the others a fifth is watched
MOST_BYTES = 2_000_000
SPLIT_SEED = 0


@dataclass(frozen=True)
class Trained:
    """One candidate: where its run lies, how it does on the validation speakers, and what it weighs."""

    folder: Path
    uar: float
    parameters: int
    epochs: int
    size: int

    @property
    def record(self) -> dict:
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))


def build(corpora: LoadedCorpora, settings: Settings, target: Path, seeds: Sequence[int] = SEEDS) -> Path:
    """Train every candidate, and write the best as the model in the box into `target`, which is given back.

    Raises
    ------
    RunError : no candidate is small enough, or a run's folder holds another run
    CorpusError, AudioError : CREMA-D lacks, or can't be used
    """
    tried = [_trained(_task(*candidate, seed), corpora, settings) for candidate in CANDIDATES for seed in seeds]
    small = [one for one in tried if one.size < MOST_BYTES]
    if not small:
        raise RunError(f"no candidate is below {MOST_BYTES} bytes: the smallest has {min(one.size for one in tried)}")
    _write(max(small, key=lambda one: one.uar), tried, corpora.clips, target)
    return target


def held_out(clips: pd.DataFrame, seed: int, choices: Choices) -> Split:
    """The parts by speaker, the same for every seed and candidate."""
    labels, speakers = clips["emotion"].to_numpy(), clips["speaker"].to_numpy()
    outer = grouped_k_fold(labels, speakers, n_splits=PARTS, seed=SPLIT_SEED)[0]
    return with_validation(outer, labels, share=1 / PARTS, seed=SPLIT_SEED, groups=speakers)


def _task(paper: str, name: str, variant: str, seed: int) -> Task:
    declared = discovery.load_experiment(paper, name)
    chosen = next(one for one in declared.variants if one.name == variant)
    ours = replace(chosen, split=held_out, classes=())
    title = f"{declared.title.partition(' of ')[0]} of CREMA-D"
    experiment = replace(declared, title=title, corpora=(CORPUS,), classes=CLASSES, variants=(ours,), clips=None)
    return Task(paper, citation={}, published={}, experiment=experiment, variant=ours, seed=seed)


def _trained(task: Task, corpora: LoadedCorpora, settings: Settings) -> Trained:
    folder = training.run(task, corpora, settings)
    choices = resolved(task.choices, settings.choose)
    pool = preparation.pool(task, corpora.clips, choices, settings.out / "cache" / "features", settings.jobs)
    [split] = preparation.splits(task, pool.table, choices)
    watched = preparation.parts(pool, split).validation
    model = _loaded(folder)
    scores = fitting.probabilities(model, watched, n_classes=len(CLASSES), batch_size=256)
    names = np.asarray(CLASSES)
    confusion = metrics.confusion_matrix(names[watched.classes], names[scores.argmax(axis=1)], CLASSES)
    epochs = json.loads((folder / "run.json").read_text(encoding="utf-8"))["training"]["epochs_run"]
    with tempfile.TemporaryDirectory() as place:
        size = _saved(model, Path(place) / "model.keras")
    return Trained(folder, metrics.uar(confusion), model.count_params(), epochs, size)


def _loaded(folder: Path) -> keras.Model:
    """A run's model without its optimizer's state, which takes two thirds of the file and no prediction needs."""
    return load_model(folder / "model.keras")


def _saved(model: keras.Model, path: Path) -> int:
    """The model as a file; its bytes."""
    write_atomically(path, lambda temporary: model.save(temporary))
    return path.stat().st_size


def _write(best: Trained, tried: Sequence[Trained], clips: pd.DataFrame, target: Path) -> None:
    model = _loaded(best.folder)
    _saved(model, target / "model.keras")
    predictions = pd.read_csv(best.folder / "predictions.csv")
    predictions["gender"] = predictions["clip"].map(clips.set_index("clip")["gender"])
    predictions = predictions[["clip", "speaker", "gender", "true", "predicted"]]
    rates = {soundfile.info(path).samplerate for path in clips["path"]}
    if len(rates) != 1:
        raise RunError(f"{CORPUS} has clips of {len(rates)} sample rates, expected one: verify the corpus")
    record = {
        **best.record,
        "name": target.name,
        "corpus": CORPUS,
        "protocol": "held-out speakers",
        "sample_rate": rates.pop(),
        "model_sha256": hashlib.sha256((target / "model.keras").read_bytes()).hexdigest(),
        "figures": card.figures(predictions, CLASSES),
        "selection": [
            {
                "model": f"{record['paper']}/{record['experiment']} ({record['variant']})",
                "seed": record["seed"],
                "parameters": one.parameters,
                "epochs": one.epochs,
                "uar": round(one.uar, 6),
                "bytes": one.size,
            }
            for one in tried
            for record in [one.record]
        ],
    }
    write_atomically(target / "predictions.csv", lambda path: predictions.to_csv(path, index=False))
    write_json(target / "run.json", record)
    write_text(target / "MODEL_CARD.md", card.text(record))
