"""What a paper prints and what our runs are worth beside it, as plain values; fractions are in [0, 1]."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

import numpy as np

from ser_keras import discovery
from ser_keras.evaluation import intervals, printed
from ser_keras.tasks import PUBLISHED

NO_VERDICT = "no verdict"


def figures(published: dict, outcomes: Sequence[dict], protocol: str, *, comparable: bool = True) -> dict:
    """Means and deviations over runs, how far they are from the published figure, intervals and verdict.

    Parameters
    ----------
    published : as `published_figures` gives it
    outcomes : one a run, as `tables.outcome` gives it
    protocol : that was run
    comparable : whether all recordings are real and there, and the recipe is whole; else the verdict is withheld
    """
    accuracies, uars = ([outcome[key] for outcome in outcomes] for key in ("accuracy", "uar"))
    several = len(outcomes) > 1
    mean, printed_mean = fmean(accuracies), published["accuracy"]
    evidence = evidence_figures(published, accuracies, [outcome["n_test"] for outcome in outcomes], protocol)
    resting = _resting(published, outcomes, protocol) if comparable and evidence["verdict"] == "reproduced" else []
    if evidence["verdict"] and not comparable:
        evidence["verdict"] = NO_VERDICT
    return {
        "accuracy_mean": mean,
        "accuracy_std": stdev(accuracies) if several else None,
        "uar_mean": fmean(uars),
        "uar_std": stdev(uars) if several else None,
        "difference_points": None if printed_mean is None else 100 * (mean - printed_mean),
        **evidence,
        "rests_on": resting,
    }


def _resting(published: dict, outcomes: Sequence[dict], protocol: str) -> list[dict]:
    """Runs on one of which "reproduced" rests: what the verdict and its interval would be without it.

    A run far from the others widens the interval until nearly any published figure lies in it. Three runs at least,
    since the interval of one that is left can't be told.
    """
    found = []
    for number, left_out in enumerate(outcomes if len(outcomes) > 2 else ()):
        rest = [outcome for place, outcome in enumerate(outcomes) if place != number]
        columns = ([outcome[key] for outcome in rest] for key in ("accuracy", "n_test"))
        without = evidence_figures(published, *columns, protocol)
        if without["verdict"] != "reproduced":
            found.append({"seed": left_out["seed"], "accuracy": left_out["accuracy"], "verdict": without["verdict"],
                          "rerun_interval": without["rerun_interval"]})  # fmt: skip
    return found


def evidence_figures(published: dict, accuracies: list[float], sizes: list[int], protocol: str) -> dict:
    """Intervals of 95 % around the published figure and ours, and the verdict; None where there is too little.

    `verdict` is "reproduced" when the published figure, as exact as it is printed, lies in the interval that a rerun
    falls in, "above" or "below" when ours lie above or below it, "one run" where no test is possible; "" where the
    paper prints no accuracy, or another protocol than the paper's was run. `figures` may withhold it.
    """
    found = {"published_interval": None, "rerun_interval": None, "difference_interval": None, "verdict": ""}
    accuracy, clips = published["accuracy"], published["n_test"]
    if accuracy is None or protocol != PUBLISHED:
        return found
    if clips:
        found["published_interval"] = intervals.wilson(published["right"], clips)
    found["verdict"] = "one run"
    if len(accuracies) > 1:
        low, high = intervals.rerun(accuracies, min(sizes), clips or min(sizes))
        found["rerun_interval"] = (low, high)
        half = published["half"]
        found["verdict"] = "above" if accuracy + half < low else "below" if accuracy - half > high else "reproduced"
    elif clips:
        ours = round(accuracies[0] * sizes[0]), sizes[0]
        found["difference_interval"] = intervals.newcombe(*ours, published["right"], clips)
    return found


def over_speakers(runs: Sequence[Mapping], score: str) -> tuple[float, float] | None:
    """The interval over the speakers of the test part, its ends averaged over runs; None where speakers are too few."""
    found = [run["speaker_intervals"] for run in runs]
    if not all(one and one["speakers"] >= intervals.FEWEST_SPEAKERS for one in found):
        return None
    low, high = (fmean(ends) for ends in zip(*(one[score] for one in found), strict=True))
    return low, high


def printed_results(paper: str) -> dict[str, dict]:
    """A paper's printed results in the order of its text, experiment → figures; {} of a paper not installed."""
    return discovery.published(paper)["results"] if paper in discovery.paper_names() else {}


def printed_experiments(paper: str) -> tuple[list[str], dict[str, dict]]:
    """A paper's experiments in the order of its text, and their printed figures; none of a paper not installed."""
    results = printed_results(paper)
    return list(results), {
        name: published_figures(
            result, result.get("classes", ()), {other: one for other, one in results.items() if other != name}
        )
        for name, result in results.items()
    }


def published_figures(result: dict, classes: Sequence[str], others: dict[str, dict]) -> dict:
    """The paper's figures, its matrix as counts in the run's order of classes where that can be had.

    Parameters
    ----------
    result : an experiment's entry in `published.json`
    classes : of the run, in its order
    others : the paper's other experiments, whose printed forms tell how exact a bare accuracy is
    """
    found, recovered = printed.accuracy(result, others.values()), printed.confusion(result)
    counts = None if recovered is None else recovered.counts
    if counts is not None and set(result["classes"]) == set(classes):
        order = [result["classes"].index(name) for name in classes]
        counts = counts[np.ix_(order, order)].tolist()
    else:
        counts = None
    supports = dict(zip(result.get("classes", ()), result.get("support", ()), strict=False))
    clips = printed.test_clips(result)
    right = int(np.trace(counts)) if counts else found and clips and round(found[0] * clips)
    return {
        "accuracy": found and found[0],
        "half": found and found[1].half / found[1].scale,
        "accuracy_text": found and found[1].text(found[0]) + (" %" if found[1].scale == 100 else ""),
        "n_test": clips,
        "right": right,
        "uar": printed.printed_uar(result),
        "source": result.get("source", ""),
        "confusion": counts,
        "supports": supports or (dict(zip(classes, np.sum(counts, axis=1).tolist(), strict=True)) if counts else {}),
        "report": result.get("report", {}),
    }
