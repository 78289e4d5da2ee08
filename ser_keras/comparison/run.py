"""One cell → its predictions on disk; a network's training is imported when there is one."""

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ser_keras.cluster import apart
from ser_keras.comparison import baselines
from ser_keras.comparison.cells import SCHEMA, WITHIN, Cell, cell_folder, finished
from ser_keras.comparison.clips import Clips
from ser_keras.comparison.models import MAJORITY, SVM, Model
from ser_keras.declaration import corpus_record, shortened, training_record
from ser_keras.evaluation.leakage import leaks
from ser_keras.experiment import Training
from ser_keras.files import write_atomically, write_json
from ser_keras.locks import alone
from ser_keras.preparation import watched_share, with_watched_speakers
from ser_keras.provenance import provenance
from ser_keras.splits import NONE, Split, speaker_folds
from ser_keras.tasks import Settings


def carried_out(cell: Cell, model: Model, clips: Clips, comparison: Path, settings: Settings) -> Path:
    """Carry a cell out, unless its folder already holds it; the folder is returned.

    Raises
    ------
    RunError : the folder holds a finished cell with other settings
    ProtocolError : the clips don't allow the folds
    """
    declared = declaration(cell, model, clips, settings)
    folder = cell_folder(comparison, cell)
    if not settings.force and finished(folder, declared):
        return folder
    with alone(folder, cell.name):
        if settings.force or not finished(folder, declared):  # another process may have been at it
            _compute(cell, model, clips, folder, declared, settings)
    return folder


def _compute(cell: Cell, model: Model, clips: Clips, folder: Path, declared: dict, settings: Settings) -> None:
    started, clock = datetime.now(UTC), time.perf_counter()
    tables, folds = [], []
    splits = folds_of(cell, model, clips)
    for number, split in enumerate(splits, start=1):
        label = f"{cell.name} fold {number} of {len(splits)}" if len(splits) > 1 else cell.name
        scores, fitted = _scores(model, clips, split, cell.seed, settings, label)
        tables.append(_predictions(clips, split, scores, number))
        folds.append({**_fold_record(clips, split), **fitted})
    predictions = pd.concat(tables, ignore_index=True)
    (folder / "cell.json").unlink(missing_ok=True)  # of --force: predictions and record are of one cell at any time
    write_atomically(folder / "predictions.csv", lambda path: predictions.to_csv(path, index=False))
    record = {
        **declared,
        "tested": len(predictions),
        "set_aside": list(clips.set_aside),
        "folds": folds,
        "provenance": provenance(),
        "seconds": round(time.perf_counter() - clock, 3),
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / "cell.json", record)


def declaration(cell: Cell, model: Model, clips: Clips, settings: Settings) -> dict:
    """What two cells have in common that give the same figures, and what they are called."""
    corpora = list(dict.fromkeys((*cell.train, *cell.test)))
    return {
        "schema": SCHEMA,
        "model": cell.model,
        "title": model.title,
        "mode": cell.mode,
        "train": list(cell.train),
        "test": list(cell.test),
        "seed": cell.seed,
        "quick": settings.quick,
        "classes": list(clips.classes),
        "clips": clips.record(corpora),
        "choices": dict(model.choices or {}),
        "corpora": {name: corpus_record(clips.reports[name]) for name in corpora},
        "training": _training(model, settings),
        "pipeline": _pipeline(model, cell.seed),
    }


def folds_of(cell: Cell, model: Model, clips: Clips) -> list[Split]:
    """Rows of the comparison's clips that train, are watched and are tested: the same for all models.

    Who is tested is the same for all; a model that watches clips while it is trained has them from its training part,
    of speakers that it does not train on (of clips, where training has no three speakers).
    """
    corpus = clips.table["corpus"]
    train, test = (np.flatnonzero(corpus.isin(side)) for side in (cell.train, cell.test))
    if cell.mode == WITHIN:
        own = speaker_folds(clips.table.iloc[test].reset_index(drop=True), cell.seed)
        drawn = [Split(test[split.train], NONE, test[split.test]) for split in own]
    else:
        drawn = [Split(train, NONE, test)]
    share = watched_share(model.variant.training(model.choices)) if model.variant else 0.0
    return [with_watched_speakers(split, clips.table, share, cell.seed) for split in drawn]


def _scores(
    model: Model, clips: Clips, split: Split, seed: int, settings: Settings, label: str
) -> tuple[np.ndarray, dict]:
    """Probabilities of the split's test clips, and what fitting came to."""
    if model.variant is not None:
        from ser_keras.comparison import networks

        outcome = apart(networks.carried_out, model, clips, split, _recipe(model, settings), seed, label)
        return outcome.scores, outcome.fitted
    train = clips.table.iloc[split.train]
    if model.name == MAJORITY:
        shares = baselines.class_shares(train["emotion"].to_numpy(), clips.classes)
        return np.tile(shares, (len(split.test), 1)), {"class": clips.classes[int(shares.argmax())]}
    features = clips.features[model.name]
    svm = baselines.fit_svm(features.rows(split.train), train.reset_index(drop=True), clips.classes, seed)
    scores = baselines.svm_probabilities(svm, features.rows(split.test), clips.classes)
    return scores, {"cost": svm.cost, "temperature": round(svm.temperature, 6)}


def _recipe(model: Model, settings: Settings) -> Training:
    """A network's own recipe, shortened where the command line asks for it."""
    return shortened(model.variant.training(model.choices), settings)


def _training(model: Model, settings: Settings) -> dict:
    if model.variant is not None:
        return training_record(_recipe(model, settings))
    if model.name == SVM:
        return {"costs": list(baselines.COSTS), "class_weight": "balanced", "inner_parts": baselines.INNER_PARTS}
    return {}


def _pipeline(model: Model, seed: int) -> dict:
    if model.pipeline is None:
        return {}
    columns = model.columns()
    return {
        **model.pipeline.description(),
        "fingerprint": model.pipeline.fingerprint,
        "columns": None if columns is None else list(columns),
        "altered_copies": [{**one.description(), "fingerprint": one.fingerprint} for one in model.altered(seed)],
    }


def _predictions(clips: Clips, split: Split, scores: np.ndarray, fold: int) -> pd.DataFrame:
    """One row a test clip, as the module's head of `cells` says."""
    tested = clips.table.iloc[split.test].reset_index(drop=True)
    told = tested[["clip", "corpus", "speaker", "gender"]].assign(
        fold=fold, true=tested["emotion"], predicted=np.asarray(clips.classes)[scores.argmax(axis=1)]
    )
    return told.join(pd.DataFrame(scores, columns=list(clips.classes)))


def _fold_record(clips: Clips, split: Split) -> dict:
    """Clips and speakers of each part, and what leaks: nothing, if the folds are what they promise."""
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    used = np.unique(np.concatenate(list(parts.values())))  # telling leaks takes seconds over all corpora
    found = leaks(clips.table.iloc[used], *(np.searchsorted(used, rows) for rows in parts.values()))
    return {
        "clips": {part: len(rows) for part, rows in parts.items()},
        "speakers": {part: sorted(set(clips.table["speaker"].iloc[rows])) for part, rows in parts.items()},
        "leaks": found.counts,
    }
