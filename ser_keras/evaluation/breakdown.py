"""One set of predictions seen by parts: by gender, by corpus, and among emotions that sound alike in strength.

Names are strings, one a clip. A clip may stand there several times, once a seed; then all scores are means over seeds,
and intervals are still over speakers, who are drawn with all that was predicted of them.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ser_keras.evaluation import intervals, metrics

# High in arousal: Russell (1980), A circumplex model of affect, JPSP 39, of afraid, angry, astonished and excited;
# Schuller et al. (2010), Cross-corpus acoustic emotion recognition: variances and strategies, IEEE Transactions on
# Affective Computing 1, of the joy of acted corpora as well.
HIGH_AROUSAL = ("angry", "fear", "happy", "surprise")


def scores(y_true: Sequence[str], y_pred: Sequence[str], speakers: Sequence[str], classes: Sequence[str]) -> dict:
    """Accuracy and UAR of some predictions, with intervals of 95 % over speakers.

    Returns
    -------
    dict : `clips`, `speakers` (counts), `accuracy`, `uar`, and `accuracy_interval`, `uar_interval` as (low, high), None
        for fewer speakers than `intervals.FEWEST_SPEAKERS`

    Raises
    ------
    RunError : a label that is no class, or no clips
    """
    confusion = metrics.confusion_matrix(y_true, y_pred, classes)
    heard = len(set(speakers))
    found = intervals.over_speakers(y_true, y_pred, speakers, classes) if heard >= intervals.FEWEST_SPEAKERS else {}
    return {
        "clips": len(y_true),
        "speakers": heard,
        "accuracy": metrics.accuracy(confusion),
        "uar": metrics.uar(confusion),
        "accuracy_interval": found.get("accuracy"),
        "uar_interval": found.get("uar"),
    }


def by_group(
    y_true: Sequence[str],
    y_pred: Sequence[str],
    speakers: Sequence[str],
    groups: Sequence[str],
    classes: Sequence[str],
) -> dict[str, dict]:
    """`scores` of the clips of each group (gender, corpus), groups sorted; the UAR is over the classes it has.

    Clips whose group is "", not known, are left out.
    """
    columns = [np.asarray(values, dtype=object) for values in (y_true, y_pred, speakers)]
    of = np.asarray(groups, dtype=object)
    return {str(name): scores(*(values[of == name] for values in columns), classes) for name in sorted(set(of) - {""})}


def confused_pairs(
    confusion: np.ndarray, classes: Sequence[str], among: Sequence[str] = HIGH_AROUSAL
) -> tuple[dict, ...]:
    """Of each pair of emotions the share of clips of the one that are called the other, both ways.

    Parameters
    ----------
    confusion : int (classes, classes), true classes down
    classes : names in the order of rows and columns
    among : emotions that are paired, those of them that are classes

    Returns
    -------
    one dict a pair, in the order of `among`: `first`, `second`, `first_as_second` and `second_as_first` in [0, 1], 0 of
        a class without clips
    """
    places = {name: number for number, name in enumerate(classes)}

    def share(true: str, called: str) -> float:
        clips = confusion[places[true]].sum()
        return float(confusion[places[true], places[called]] / clips) if clips else 0.0

    return tuple(
        {"first": one, "second": other, "first_as_second": share(one, other), "second_as_first": share(other, one)}
        for one, other in combinations([name for name in among if name in places], 2)
    )
