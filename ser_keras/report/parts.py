"""What runs come to on parts of their test set: by corpus, by gender, and among emotions of like arousal."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from ser_keras.evaluation import breakdown, metrics
from ser_keras.report import leaks, overview, texts
from ser_keras.report.runs import Run

GROUPS = ("corpus", "gender")


def summary(runs: Sequence[Run]) -> dict | None:
    """Scores of several runs by parts, pooled; None where one kept no split.

    Returns
    -------
    {"corpus": name → scores, "gender": name → scores}, both as `breakdown.by_group` gives them and only where there are
    two or more, and "pairs": as `breakdown.confused_pairs`

    Raises
    ------
    RunError : a split is not that of the predictions
    """
    tested = [leaks.tested(run) for run in runs]
    if any(rows is None for rows in tested):
        return None
    columns = [
        list(chain.from_iterable(getattr(run, name) for run in runs)) for name in ("y_true", "y_pred", "speakers")
    ]
    classes, found = runs[0].record["classes"], {}
    for kind in GROUPS:
        known = all(kind in rows for rows in tested)
        groups = list(chain.from_iterable(rows[kind] for rows in tested)) if known else []
        found[kind] = breakdown.by_group(*columns, groups, classes) if len(set(groups)) > 1 else {}
    confusion = np.sum([metrics.confusion_matrix(run.y_true, run.y_pred, classes) for run in runs], axis=0)
    return {**found, "pairs": list(breakdown.confused_pairs(confusion, classes))}


def rows(entry: texts.Entry) -> list[list[str]]:
    """A row a part: name, test examples, speakers, accuracy and UAR with their intervals over speakers."""
    found = entry["parts"] or {}
    return [
        [
            name,
            str(one["clips"]),
            str(one["speakers"]),
            texts.percent(one["accuracy"]) + overview.ends(one["accuracy_interval"]),
            texts.percent(one["uar"]) + overview.ends(one["uar_interval"]),
        ]
        for kind in GROUPS
        for name, one in found.get(kind, {}).items()
    ]


def absent(entry: texts.Entry) -> str:
    """Why macro recall is not the UAR, where a class has no test clip in one of the runs; "" where all have some."""
    names = [name for name in entry["classes"] if not all(run["report"][name]["support"] for run in entry["runs"])]
    if not names:
        return ""
    return (
        f"The macro average counts a class without test clips ({', '.join(names)}) as 0, as scikit-learn's report "
        "does; the UAR is over the classes that have some."
    )


def confused(entry: texts.Entry) -> str:
    """Which emotions of high arousal are taken for each other, in one sentence; "" where there are no two of them."""
    told = [
        f"{one['first']} for {one['second']} {texts.percent(one['first_as_second'], 1)}, {one['second']} for "
        f"{one['first']} {texts.percent(one['second_as_first'], 1)}"
        for one in (entry["parts"] or {}).get("pairs", ())
    ]
    return f"Of clips of high arousal are taken: {'; '.join(told)}." if told else ""
