"""What runs came to, as plain values: one entry an experiment, variant, protocol and setting, as in `report.json`.

Fractions are in [0, 1], differences in percentage points. Runs are averaged only with runs of the same settings.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean

import numpy as np

from ser_keras.evaluation import intervals, metrics
from ser_keras.evaluation.audit import examined
from ser_keras.report import leaks, parts, worth
from ser_keras.report.comparable import recipe_epochs, unlike_paper
from ser_keras.report.runs import Run, changed_choices, precision

FITTED = (
    "epochs_run",
    "best_epoch",
    "stopped_early",
    "examples",
    "parameters",
    "trainable_parameters",
    "folds",
)  # in `training`: came of it, not set


def groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that may be averaged: same experiment, variant, protocol, classes and settings, different seeds."""
    found: dict[tuple, list[Run]] = {}
    for run in runs:
        found.setdefault((_place(run), json.dumps(settings(run), sort_keys=True)), []).append(run)
    return list(found.values())


def _place(run: Run) -> tuple[str, ...]:
    return tuple(run.record[key] for key in ("experiment", "variant", "protocol"))


def settings(run: Run) -> dict[str, object]:
    """What decides a run besides its seed, flat: setting → value."""
    return decided(run.record, {choice["key"]: choice["value"] for choice in run.record["choices"]})


def decided(told: Mapping, choices: Mapping[str, object]) -> dict[str, object]:
    """As `settings`, of a run's record or an entry of `experiments`, and the values of its choices.

    What a recipe does without is left out: runs of before it could be declared don't name it.
    """
    corpora = {
        f"{name} {key}": value
        for name, corpus in told["corpora"].items()
        for key, value in corpus.items()
        if key in ("clips", "synthetic", "manifest_sha256")
    }
    training = {key: value for key, value in told["training"].items() if key not in FITTED and value is not None}
    rest = {"quick": told["quick"], "classes": told["classes"], "weights": told.get("weights", "trained")}
    return {**choices, **corpora, **training, "precision": precision(training), **rest}


def experiments(runs: Sequence[Run]) -> list[dict]:
    """An entry a group of runs, in the runs' order."""
    gathered = groups(runs)
    names = [re.sub(r"[^A-Za-z0-9]+", "-", "-".join(_place(group[0]))).strip("-") for group in gathered]
    entries = []
    for number, group in enumerate(gathered):
        siblings = [other for other in gathered if _place(other[0]) == _place(group[0])]
        earlier = names[:number].count(names[number])
        key = f"{names[number]}-{earlier + 1}" if earlier else names[number]
        entries.append({"id": key, **_entry(group, _differing(group, siblings), _others(group[0], runs))})
    return entries


def _others(run: Run, runs: Sequence[Run]) -> dict[str, dict]:
    """The printed results of the paper's other experiments, run or not: they tell how exact its figures are."""
    paper, own = (run.record[key] for key in ("paper", "experiment"))
    found = {one.record["experiment"]: one.record["published"] for one in runs if one.record["paper"] == paper}
    return {name: result for name, result in {**worth.printed_results(paper), **found}.items() if name != own}


def _differing(group: list[Run], siblings: list[list[Run]]) -> dict[str, object]:
    """What tells a group from others of the same experiment, variant and protocol.

    Its changed choices, and other settings only where groups with the same choices differ: a changed learning rate is
    not told once more as another optimizer, nor is all that others changed told of the one that changed nothing.
    """
    own, changed = settings(group[0]), changed_choices(group[0].record)
    rest = [other[0] for other in siblings if other is not group]
    alike = [settings(other) for other in rest if changed_choices(other.record) == changed]
    theirs = [changed_choices(other.record).items() for other in rest]
    told = {key: value for key, value in changed.items() if any((key, value) not in other for other in theirs)}
    return told | {key: value for key, value in own.items() if any(other.get(key) != value for other in alike)}


def _entry(group: list[Run], differing: dict[str, object], others: dict[str, dict]) -> dict:
    record = group[0].record
    published = worth.published_figures(record["published"], record["classes"], others)
    outcomes = [outcome(run) for run in group]
    found = examined(record["published"], record["experiment"], others)
    unlike = unlike_paper(record)
    return {
        "name": record["experiment"],
        "title": record["title"],
        "variant": record["variant"],
        "summary": record.get("summary", ""),
        "weights": record.get("weights", "trained"),
        "protocol": record["protocol"],
        "settings": differing,
        "quick": record["quick"],
        "classes": record["classes"],
        "corpora": {
            name: {"missing": max(0, corpus["expected"] - corpus["clips"]), **corpus}
            for name, corpus in record["corpora"].items()
        },
        "missing_corpora": record.get("missing_corpora", []),
        "published": published,
        "runs": outcomes,
        "unlike": unlike,
        **worth.figures(published, outcomes, record["protocol"], comparable=not unlike),
        "confusion": np.sum([outcome["confusion"] for outcome in outcomes], axis=0).tolist(),
        "report": _mean_table([outcome["report"] for outcome in outcomes]),
        "audit": [
            {
                key: getattr(one, key)
                for key in ("where", "printed", "recomputed", "decimals", "basis", "source", "hint")
            }
            | {"text": str(one)}
            for one in found.findings
        ],
        "audit_checked": found.checked,
        "audit_cells": found.cells,
        "audit_notes": list(found.notes),
        "audit_sizes": [{**asdict(one), "text": str(one)} for one in found.sizes],
        "choices": {
            choice["key"]: {
                "value": choice["value"],
                "default": choice["default"],
                "changed": choice["value"] != choice["default"],
                "reason": choice["reason"],
                "alternatives": choice["alternatives"],
            }
            for choice in record["choices"]
        },
        "splits": _distinct(group, _split),
        "leakage": leaks.summary(group),
        "parts": parts.summary(group),
        "set_aside": _distinct_clips(group),
        "recipe_epochs": recipe_epochs(record),
        "training": {key: value for key, value in record["training"].items() if key not in FITTED},
        "pipeline": record.get("pipeline", {}),
        "model": record.get("model", []),
        "provenance": _distinct(group, lambda run: dict(run.record["provenance"])),
    }


def outcome(run: Run) -> dict:
    classes = run.record["classes"]
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, classes)
    return {
        "seed": run.record["seed"],
        "accuracy": metrics.accuracy(confusion),
        "uar": metrics.uar(confusion),
        "n_test": len(run.clips),
        "speaker_intervals": _over_speakers(run),
        "folds": _folds(run),
        "confusion": confusion.tolist(),
        "report": metrics.classification_table(confusion, classes),
        **{key: run.record["training"].get(key) for key in FITTED if key != "folds"},
        "durations": run.record["durations"],
        "folder": "/".join(run.folder.parts[-4:]),
    }


def _folds(run: Run) -> list[dict]:
    """What each fold of a run came to; [] for a run of one split."""
    fits = run.record["training"].get("folds", [])
    found = []
    for number, fold in enumerate(dict.fromkeys(run.folds)):
        tested = [place for place, one in enumerate(run.folds) if one == fold]
        truth, said = ([labels[place] for place in tested] for labels in (run.y_true, run.y_pred))
        confusion = metrics.confusion_matrix(truth, said, run.record["classes"])
        found.append(
            {
                "fold": fold,
                "speakers": sorted({run.speakers[place] for place in tested}),
                "n_test": len(tested),
                "accuracy": metrics.accuracy(confusion),
                "uar": metrics.uar(confusion),
                **{key: fits[number].get(key) if number < len(fits) else None for key in ("epochs_run", "best_epoch")},
            }
        )
    return found


def _over_speakers(run: Run) -> dict | None:
    """Intervals over the speakers of a run's test part; None where they are too few."""
    speakers = len(set(run.speakers))
    if speakers < intervals.FEWEST_SPEAKERS:
        return None
    found = intervals.over_speakers(run.y_true, run.y_pred, run.speakers, run.record["classes"])
    return {"speakers": speakers, **found}


def _mean_table(tables: list[dict]) -> dict:
    """Mean over runs of each score."""
    return {row: {kind: fmean(table[row][kind] for table in tables) for kind in tables[0][row]} for row in tables[0]}


def _split(run: Run) -> dict:
    """A run's split, with the speakers that are on both sides and how many test clips are theirs."""
    split = run.record["split"]
    speakers = {part: set(names) for part, names in split["speakers"].items()}
    shared = set(split.get("shared_speakers", speakers["train"] & speakers["test"]))
    return {
        "supports": split["supports"],
        "speakers": {part: sorted(names) for part, names in speakers.items()},
        "shared_speakers": sorted(shared),
        "shared_with_validation": sorted(speakers["validation"] & speakers["test"]),
        "test_clips_of_shared_speakers": sum(speaker in shared for speaker in run.speakers),
        "test_clips": len(run.speakers),
        "n_folds": split.get("n_folds", 1),
        "unused": split.get("unused", 0),
        "twins_in_training": split.get("twins_in_training", 0),
        "watched_test_clips": split.get("watched_test_clips", 0),
        "note": split.get("note", ""),
    }


def _distinct(group: list[Run], told: Callable[[Run], dict]) -> list[dict]:
    """What `told` gives of each run, each different answer once, with the seeds it holds for."""
    found: list[tuple[dict, list[int]]] = []
    for run in group:
        answer = told(run)
        seeds = next((seeds for known, seeds in found if known == answer), None)
        if seeds is None:
            found.append((answer, [run.record["seed"]]))
        else:
            seeds.append(run.record["seed"])
    return [{"seeds": seeds, **answer} for answer, seeds in found]


def _distinct_clips(group: list[Run]) -> list[dict]:
    clips = {one["clip"]: one["reason"] for run in group for one in run.record["set_aside"]}
    return [{"clip": clip, "reason": reason} for clip, reason in sorted(clips.items())]
