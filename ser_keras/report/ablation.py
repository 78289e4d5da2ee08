"""What one choice changed at a time came to, from stored runs alone, as plain values.

The base has all choices at our values, a setting has one changed. Fractions are in [0, 1], differences are the setting
minus the base. Every setting that lies on disk is in, whichever call it was run by, because p values have to be
adjusted for all that was tried.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from ser_keras.evaluation import metrics, paired
from ser_keras.experiment import Choice, Value
from ser_keras.report import worth
from ser_keras.report.comparable import held, recipe_epochs
from ser_keras.report.runs import Run, changed_choices, read, trained_as_usual

Change = tuple[str, Value]
Failures = Mapping[Change, Mapping[int, str]]
SCORES = ("validation", "accuracy", "uar")


def stored(folder: Path, seeds: Sequence[int]) -> tuple[Run, ...]:
    """Trained runs in OUT/PAPER/EXPERIMENT/VARIANT/PROTOCOL with at most one changed choice, of these seeds.

    Raises
    ------
    RunError : one can't be read
    """
    runs = [read(path.parent) for path in sorted(folder.glob("seed-*/run.json"))]
    return tuple(
        run
        for run in sorted(runs, key=lambda run: run.record["seed"])
        if run.record["seed"] in seeds and trained_as_usual(run.record) and len(changed_choices(run.record)) < 2
    )


def table(
    runs: Sequence[Run],
    choices: Sequence[Choice],
    others: Mapping[str, dict],
    failures: Failures | None = None,
) -> dict:
    """The ablation of one experiment, variant and protocol, as in its JSON file.

    Parameters
    ----------
    runs : as `stored` gives them; one of the base at least
    choices : in the order of the declaration
    others : the printed results of the paper's other experiments
    failures : changed choice → seed → why it could not be run

    Returns
    -------
    dict : `settings` has the base first, then changed choices in the order of the declaration
    """
    failures = failures or {}
    first = next(run.record for run in runs if not changed_choices(run.record))
    same = [run for run in runs if _conditions(run.record) == _conditions(first)]
    groups: dict[Change | None, list[Run]] = {None: []}
    for run in same:
        groups.setdefault(next(iter(changed_choices(run.record).items()), None), []).append(run)
    for change in failures:
        groups.setdefault(change, [])
    order = [None, *sorted((one for one in groups if one), key=lambda one: _place(one, choices))]
    published = worth.published_figures(first["published"], first["classes"], others)
    base = groups[None]
    settings = [_setting(change, groups[change], base, published, failures.get(change, {})) for change in order]
    _adjust(settings)
    return {
        **{key: first[key] for key in ("paper", "experiment", "title", "variant", "protocol", "quick", "classes")},
        "citation": first.get("citation", {}),
        "held_epochs": held(first),
        "corpora": first["corpora"],
        "missing_corpora": first.get("missing_corpora", []),
        "seeds": [run.record["seed"] for run in base],
        "published": {key: published[key] for key in ("accuracy", "accuracy_text", "n_test", "source")},
        "comparisons": sum(one["difference"]["accuracy"]["p"] is not None for one in settings if one["difference"]),
        "clip_comparisons": sum(len(one["same_clips"]) for one in settings),
        "settings": settings,
        "left_out": [f"{run.folder.name}: other epochs, clips or speed" for run in runs if run not in same],
    }


def _conditions(record: Mapping) -> str:
    """What all runs of an ablation have in common."""
    corpora = {
        name: [corpus.get(key) for key in ("clips", "synthetic", "manifest_sha256")]
        for name, corpus in record["corpora"].items()
    }
    told = recipe_epochs(record) is not None
    epochs = held(record) if told else record["training"].get("epochs_limit")
    return json.dumps([record["quick"], record["classes"], epochs, corpora], sort_keys=True)


def _place(change: Change, choices: Sequence[Choice]) -> tuple:
    """Where a setting stands: choices and alternatives as declared, other values behind them."""
    for number, one in enumerate(choices):
        if one.key == change[0]:
            known = change[1] in one.alternatives
            return number, not known, one.alternatives.index(change[1]) if known else 0, str(change[1])
    return len(choices), True, 0, str(change)


def _setting(
    change: Change | None, group: list[Run], base: list[Run], published: dict, failed: Mapping[int, str]
) -> dict:
    outcomes = [_outcome(run) for run in group]
    record = group[0].record if group else base[0].record
    accuracies = [one["accuracy"] for one in outcomes]
    evidence = {"rerun_interval": None, "verdict": ""}
    if len(accuracies) > 1:
        sizes = [one["n_test"] for one in outcomes]
        evidence = worth.evidence_figures(published, accuracies, sizes, record["protocol"])
    declared = next((one for one in record["choices"] if change and one["key"] == change[0]), {})
    reasons: dict[str, list[int]] = {}
    for seed, reason in sorted(failed.items()):
        reasons.setdefault(reason, []).append(seed)
    partners = {run.record["seed"]: run for run in base}
    pairs = [(partners[run.record["seed"]], run) for run in group if run.record["seed"] in partners]
    return {
        "choice": change and change[0],
        "value": change and change[1],
        "ours": declared.get("default"),
        "reason": declared.get("reason", ""),
        "runs": outcomes,
        **{f"{score}_mean": _mean(outcomes, score) for score in SCORES},
        **{f"{score}_std": _deviation(outcomes, score) for score in SCORES},
        "watched": any(one["watched"] for one in outcomes),
        "rerun_interval": evidence["rerun_interval"],
        "verdict": evidence["verdict"],
        "difference": _differences(pairs) if change and pairs else None,
        "same_clips": [one for pair in pairs if change and (one := _same_clips(*pair))],
        "failures": [{"seeds": seeds, "reason": reason} for reason, seeds in reasons.items()],
    }


def _outcome(run: Run) -> dict:
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, run.record["classes"])
    split, training = run.record["split"], run.record["training"]
    return {
        "seed": run.record["seed"],
        "validation": validation_accuracy(run),
        "validation_clips": sum(split["supports"]["validation"].values()),
        "watched": split.get("watched_test_clips") or 0,
        "accuracy": metrics.accuracy(confusion),
        "uar": metrics.uar(confusion),
        "n_test": len(run.clips),
        **{key: training.get(key) for key in ("epochs_run", "best_epoch")},
        "training_s": run.record["durations"].get("training_s"),
        "folder": run.folder.name,
    }


def validation_accuracy(run: Run) -> float | None:
    """Accuracy of the kept model on the validation part; of several folds the mean; None without such a part."""
    history = run.history
    if "val_accuracy" not in history:
        return None
    folds = run.record["training"].get("folds") or [run.record["training"]]
    numbers = history.get("fold", (1.0,) * len(history["epoch"]))
    rows = zip(numbers, history["epoch"], history["val_accuracy"], strict=True)
    of_epoch = {(int(fold), int(epoch)): value for fold, epoch, value in rows}
    return fmean(of_epoch[number, fold["best_epoch"]] for number, fold in enumerate(folds, start=1))


def _mean(outcomes: list[dict], score: str) -> float | None:
    values = [one[score] for one in outcomes if one[score] is not None]
    return fmean(values) if values else None


def _deviation(outcomes: list[dict], score: str) -> float | None:
    values = [one[score] for one in outcomes if one[score] is not None]
    return stdev(values) if len(values) > 1 else None


def _differences(pairs: list[tuple[Run, Run]]) -> dict:
    """Of each score the difference over seeds; None where a validation accuracy is missing."""
    both = [(_outcome(base), _outcome(other)) for base, other in pairs]
    found: dict[str, object] = {"seeds": [other["seed"] for _, other in both]}
    for score in SCORES:
        values = [(base[score], other[score]) for base, other in both]
        whole = all(None not in pair for pair in values)
        found[score] = asdict(paired.over_seeds(*zip(*values, strict=True))) if whole else None
    return found


def _same_clips(base: Run, other: Run) -> dict | None:
    """Which of two runs is right on which test clips; None where they tested different ones."""
    if sorted(base.clips) != sorted(other.clips):
        return None
    right = [dict(zip(run.clips, np.equal(run.y_true, run.y_pred).tolist(), strict=True)) for run in (base, other)]
    only_base = sum(right[0][clip] and not right[1][clip] for clip in base.clips)
    only_other = sum(right[1][clip] and not right[0][clip] for clip in base.clips)
    return {
        "seed": other.record["seed"],
        "clips": len(base.clips),
        "only_base": only_base,
        "only_setting": only_other,
        "p": paired.mcnemar(only_base, only_other),
    }


def _adjust(settings: list[dict]) -> None:
    """Put Holm's adjusted p values beside the others: over settings a score, over all pairs of runs for clips."""
    families = [[one["difference"][score] for one in settings if one["difference"]] for score in SCORES]
    families.append([pair for one in settings for pair in one["same_clips"]])
    for family in families:
        tested = [one for one in family if one and one["p"] is not None]
        for one in family:
            if one:
                one["p_holm"] = None
        for one, p in zip(tested, paired.holm([one["p"] for one in tested]), strict=True):
            one["p_holm"] = p
