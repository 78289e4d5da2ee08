"""What a comparison came to, as plain values: its cells read from disk and checked, boards, matrices, calibration.

Fractions are in [0, 1]. Cells of several seeds are pooled: each clip then counts once a seed, scores (ECE among them)
are means over seeds, intervals are over speakers, and the bins of a reliability diagram hold all seeds. Loads no model.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pandas as pd

from ser_keras.comparison.cells import CROSS, SCHEMA, WITHIN, corpora_of
from ser_keras.errors import RunError
from ser_keras.evaluation import breakdown, calibration, metrics

COLUMNS = ["clip", "corpus", "speaker", "gender", "fold", "true", "predicted"]


@dataclass(frozen=True)
class Result:
    """One finished cell: its folder, its `cell.json`, its `predictions.csv`."""

    folder: Path
    record: dict
    table: pd.DataFrame

    @property
    def key(self) -> tuple:
        """Mode, training and test corpora: results of one key are compared."""
        return self.record["mode"], tuple(self.record["train"]), tuple(self.record["test"])


def read(folder: Path) -> Result:
    """The finished cell in a folder.

    Raises
    ------
    RunError : a file of it is missing, cut off, or does not fit the other
    """
    try:
        record = json.loads((folder / "cell.json").read_text(encoding="utf-8"))
        texts = dict.fromkeys((*COLUMNS[:4], "true", "predicted"), str)
        table = pd.read_csv(folder / "predictions.csv", dtype=texts, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _wrong(folder, f"can't be read ({error})") from None
    if record.get("schema") != SCHEMA:
        raise _wrong(folder, f"is of schema {record.get('schema')}; this version reads {SCHEMA}")
    if list(table.columns) != [*COLUMNS, *record["classes"]]:
        raise _wrong(folder, f"has predictions with the columns {', '.join(table.columns)}")
    if len(table) != record["tested"]:
        raise _wrong(folder, f"has {len(table)} predictions for {record['tested']} test clips")
    return Result(folder, record, table)


def _wrong(folder: Path, fault: str) -> RunError:
    return RunError(f"{folder} {fault}: remove the folder and compute the cell again")


def read_all(comparison: Path) -> tuple[Result, ...]:
    """All finished cells of a comparison, by model, mode, corpora and seed.

    Raises
    ------
    RunError : there is none, one can't be read, or two of the same corpora are of other clips
    """
    found = tuple(read(path.parent) for path in sorted(comparison.glob("cells/*/*/*/seed-*/cell.json")))
    if not found:
        raise RunError(f"{comparison} holds no finished cell: python -m ser_keras.compare computes them")
    first: dict[tuple, Result] = {}
    for one in found:
        known = first.setdefault(one.key, one)
        for what in ("clips", "classes"):
            if one.record[what] != known.record[what]:
                raise RunError(f"{one.folder} is of other {what} than {known.folder}: compute both again with --force")
    return found


def line(result: Result) -> str:
    """One line of what a cell came to."""
    table, classes = result.table, result.record["classes"]
    confusion = _confusion(table, classes)
    uar, accuracy = metrics.uar(confusion), metrics.accuracy(confusion)
    ece = calibration.expected_calibration_error(_bins(table, classes))
    return (
        f"UAR {100 * uar:.2f} %, accuracy {100 * accuracy:.2f} %, ECE {100 * ece:.2f} %, "
        f"{len(table)} clips, {result.record['seconds']:.0f} s"
    )


def report(results: Sequence[Result], name: str) -> dict:
    """A comparison as in `report.json`.

    Returns
    -------
    dict : `name`, `generated`, `classes`, `corpora`, `models` (name → title), `marks` ("synthetic", "quick"),
        `set_aside`, `leaks`, `overall` (one entry a model, the best first), `boards` (one a set of training and test
        corpora: `mode`, `train`, `test`, `same_groups` where gender and corpus are one, `rows`, the best UAR first),
        `matrices` (one a model), `calibration` and `pairs` (one a model and mode, over all its corpora)
    """
    found = {corpus: one for result in results for corpus, one in result.record["corpora"].items()}
    corpora = {corpus: found[corpus] for corpus in sorted(found, key=_place(corpora_of(name)))}
    boards = _boards(results, list(corpora))
    models = {one.record["model"]: one.record["title"] for one in results}
    pooled = [
        (model, mode, _of(results, model, mode))
        for model in models
        for mode in (WITHIN, CROSS)
        if _of(results, model, mode)
    ]
    calibrated = [{"model": model, "mode": mode, **_calibration(cells)} for model, mode, cells in pooled]
    overall = [_overall(model, boards) for model in models]
    return {
        "name": name,
        "generated": datetime.now(UTC).isoformat(timespec="seconds"),
        "classes": results[0].record["classes"],
        "corpora": corpora,
        "models": models,
        "marks": [
            *(["synthetic"] if any(one["synthetic"] for one in corpora.values()) else []),
            *(["quick"] if any(one.record["quick"] for one in results) else []),
        ],
        "set_aside": list({one["clip"]: one for result in results for one in result.record["set_aside"]}.values()),
        "leaks": _leaks(results),
        "overall": sorted(overall, key=lambda one: -(one["within"] if one["within"] is not None else one["cross"])),
        "boards": boards,
        "matrices": _matrices(list(models), list(corpora), boards),
        "calibration": calibrated,
        "pairs": [{"model": model, "mode": mode, **_pairs(cells)} for model, mode, cells in pooled],
    }


def _of(results: Sequence[Result], model: str, mode: str) -> list[Result]:
    """A model's cells of a mode, of single corpora: merged ones would count each clip a second time."""
    found = [one for one in results if one.record["model"] == model and one.record["mode"] == mode]
    single = [one for one in found if len(one.record["test"]) == 1]
    return single or found


def _place(names: Sequence[str]) -> Callable[[str], tuple]:
    """Sorting key: as in `names`, others behind them."""
    return lambda name: (name not in names, names.index(name) if name in names else 0, name)


def _boards(results: Sequence[Result], corpora: list[str]) -> list[dict]:
    groups: dict[tuple, dict[str, list[Result]]] = {}
    for one in results:
        groups.setdefault(one.key, {}).setdefault(one.record["model"], []).append(one)
    order = sorted(
        groups,
        key=lambda key: (key[0] == CROSS, len(key[1]), [corpora.index(name) for side in key[1:] for name in side]),
    )
    return [
        {
            "mode": mode,
            "train": list(train),
            "test": list(test),
            "same_groups": _same_groups(next(iter(groups[mode, train, test].values()))[0].table),
            "rows": sorted(
                (_entry(cells) for cells in groups[mode, train, test].values()), key=lambda entry: -entry["uar"]
            ),
        }
        for mode, train, test in order
    ]


def _same_groups(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(gender, corpus) of each group of clips, where a gender is a corpus and a corpus a gender; [] elsewhere."""
    pairs = sorted(set(zip(table["gender"], table["corpus"], strict=True)))
    alone = all(len(set(side)) == len(pairs) for side in zip(*pairs, strict=True))
    return pairs if alone and len(pairs) > 1 else []


def _entry(cells: Sequence[Result]) -> dict:
    """One model on one board, its seeds pooled."""
    classes = cells[0].record["classes"]
    table = pd.concat([one.table for one in cells], ignore_index=True)
    named = [table[column].tolist() for column in ("true", "predicted", "speaker")]
    found = breakdown.scores(*named, classes)
    uars = [metrics.uar(_confusion(one.table, classes)) for one in cells]
    return {
        "model": cells[0].record["model"],
        "seeds": [one.record["seed"] for one in cells],
        **found,
        "clips": len(cells[0].table),
        "uar_std": stdev(uars) if len(cells) > 1 else None,
        "ece": _calibration(cells)["ece"],
        "by_gender": breakdown.by_group(*named, table["gender"].tolist(), classes),
        "by_corpus": breakdown.by_group(*named, table["corpus"].tolist(), classes),
        "confusion": _confusion(table, classes).tolist(),
        "folds": len(cells[0].record["folds"]),
    }


def _confusion(table: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    return metrics.confusion_matrix(table["true"].tolist(), table["predicted"].tolist(), classes)


def _calibration(cells: Sequence[Result]) -> dict:
    """How sure a model is; the ECE is the mean of its seeds, as their errors could cancel out in bins that hold all."""
    classes = cells[0].record["classes"]
    by_seed: dict[int, list[pd.DataFrame]] = {}
    for one in cells:
        by_seed.setdefault(one.record["seed"], []).append(one.table)
    tables = [pd.concat(of_seed, ignore_index=True) for of_seed in by_seed.values()]
    table = pd.concat(tables, ignore_index=True)
    bins = _bins(table, classes)
    return {
        "ece": fmean(calibration.expected_calibration_error(_bins(one, classes)) for one in tables),
        "clips": len(table),
        "confidence": float(table[classes].max(axis=1).mean()),
        "accuracy": float((table["true"] == table["predicted"]).mean()),
        "bins": [asdict(one) for one in bins],
    }


def _bins(table: pd.DataFrame, classes: Sequence[str]) -> tuple[calibration.Bin, ...]:
    true = table["true"].map({name: number for number, name in enumerate(classes)}).to_numpy()
    return calibration.reliability(table[classes].to_numpy(dtype=float), true)


def _pairs(cells: Sequence[Result]) -> dict:
    classes = cells[0].record["classes"]
    confusion = sum(_confusion(one.table, classes) for one in cells)
    return {"pairs": list(breakdown.confused_pairs(confusion, classes))}


def _overall(model: str, boards: Sequence[dict]) -> dict:
    """Means over corpora, each counted alike: within single ones, and over all ordered pairs."""

    def mean(mode: str, key: str) -> float | None:
        single = [board for board in boards if board["mode"] == mode and len(board["test"]) == 1]
        values = [row[key] for board in single for row in board["rows"] if row["model"] == model]
        return fmean(values) if values else None

    merged = [row for board in boards if board["mode"] == WITHIN and len(board["test"]) > 1 for row in board["rows"]]
    return {
        "model": model,
        "within": mean(WITHIN, "uar"),
        "merged": next((row["uar"] for row in merged if row["model"] == model), None),
        "cross": mean(CROSS, "uar"),
        "ece_within": mean(WITHIN, "ece"),
        "ece_cross": mean(CROSS, "ece"),
    }


def _matrices(models: Sequence[str], corpora: Sequence[str], boards: Sequence[dict]) -> list[dict]:
    """UAR of each model trained on a corpus (row) and tested on another (column); within folds on the diagonal."""
    cells = {
        (row["model"], board["train"][0], board["test"][0]): row["uar"]
        for board in boards
        if len(board["test"]) == 1
        for row in board["rows"]
    }
    if not any(board["mode"] == CROSS for board in boards):
        return []
    return [
        {
            "model": model,
            "corpora": list(corpora),
            "uar": [[cells.get((model, train, test)) for test in corpora] for train in corpora],
        }
        for model in models
    ]


def _leaks(results: Sequence[Result]) -> dict[str, int]:
    """Test clips that leak, by kind, over all cells: none of a speaker's, if the folds are what they promise."""
    counted: dict[str, int] = {}
    for one in results:
        for fold in one.record["folds"]:
            for kind, count in fold["leaks"].items():
                counted[kind] = counted.get(kind, 0) + (count or 0)
    return counted
