"""One line an experiment: what is printed, what came of it in both variants, on unheard speakers, and what leaks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ser_keras.evaluation import intervals
from ser_keras.report import evidence, leaks, texts, worth
from ser_keras.report.runs import precision
from ser_keras.report.texts import Entry
from ser_keras.report.worth import NO_VERDICT
from ser_keras.tasks import PUBLISHED

if TYPE_CHECKING:
    from ser_keras.report import figures

KEY = "overview"
UNHEARD = "speaker-independent"
VARIANTS = ("described", "coded")
HEADS = ("Experiment", "Published", "Described", "Coded", "Unheard speakers", "Verdict", "Leaks")
CAPTION = (
    "Accuracy: mean ± standard deviation over runs. In brackets a 95 % interval: for a published accuracy and for a "
    "single run, the Wilson interval of the test clips; for several runs, the prediction interval for one further run; "
    f"on unheard speakers, the cluster bootstrap over speakers ({intervals.FEWEST_SPEAKERS} or more), its ends "
    "averaged over runs. Verdict: ± is half the width of the prediction interval, in percentage points; the wider it "
    'is, the less "reproduced" says; it rests on a seed if the verdict would be another without that run. Leaks: the '
    "share of test clips that share the named property with a training clip. Gap: accuracy minus accuracy on unheard "
    "speakers, in percentage points."
)


def lines(
    entries: Sequence[Entry], names: Sequence[str] = (), published: Mapping[str, dict] | None = None
) -> list[dict]:
    """One line an experiment.

    Parameters
    ----------
    entries : of `tables.experiments`; those with changed settings or published weights are left out
    names : experiments in their order, also those that were not run; None of them: as in `entries`
    published : experiment → its printed figures as in an entry's `published`, for those that were not run

    Returns
    -------
    dicts with `name`, `published` (`text`, `mean`, `interval`), `described`, `coded` and `unheard` (None, or `variant`,
    `mean`, `std`, `uar`, `uar_std`, `interval`, `runs`, `marks`; `unheard` a list, one a variant), and by variant
    `verdicts`, `why` (one sentence), `leaks` (words) and `gaps` (published minus speaker-independent, in points)
    """
    plain = [one for one in entries if not _altered(one)]
    found = []
    for name in dict.fromkeys((*names, *(one["name"] for one in plain))):
        own = [one for one in plain if one["name"] == name]
        printed = own[0]["published"] if own else (published or {}).get(name)
        found.append(_line(name, own, printed or {}))
    return found


def _altered(entry: Entry) -> bool:
    unlike = entry["weights"] == "published" or precision(entry["training"]) != "float32"
    return unlike or any(choice["changed"] for choice in entry["choices"].values())


def _line(name: str, entries: Sequence[Entry], printed: Mapping) -> dict:
    """Of several groups of one variant and protocol (other corpora, quick runs) one stands for it: of those that are
    comparable with the paper, if there are any, the one of most runs."""
    groups: dict[tuple[str, str], Entry] = {}
    for one in sorted(entries, key=lambda one: (bool(one.get("unlike")), -len(one["runs"]))):
        groups.setdefault((one["protocol"], one["variant"]), one)
    ours = {variant: groups[PUBLISHED, variant] for variant in VARIANTS if (PUBLISHED, variant) in groups}
    apart = {variant: groups[UNHEARD, variant] for variant in VARIANTS if (UNHEARD, variant) in groups}
    clips = printed.get("n_test")
    gaps = {
        variant: 100 * (ours[variant]["accuracy_mean"] - one["accuracy_mean"])
        for variant, one in apart.items()
        if variant in ours and leaks.shares_speakers(ours[variant]["leakage"])
    }
    leaking = {variant: leaks.short(one["leakage"]) for variant, one in ours.items()}
    return {
        "name": name,
        "published": {
            "text": printed.get("accuracy_text") or texts.NOTHING,
            "mean": printed.get("accuracy"),
            "interval": intervals.wilson(printed["right"], clips) if clips else None,
        },
        **{variant: _figure(ours.get(variant)) for variant in VARIANTS},
        "unheard": [_figure(one) for one in apart.values()],
        "verdicts": {variant: one["verdict"] or texts.NOTHING for variant, one in ours.items()},
        "rests_on": {variant: [run["seed"] for run in one["rests_on"]] for variant, one in ours.items()},
        "why": {variant: why(one) for variant, one in ours.items()},
        "leaks": leaking,
        "gaps": gaps,
    }


def _figure(entry: Entry | None) -> dict | None:
    """Mean, deviation and interval of a group of runs, in [0, 1]."""
    if entry is None:
        return None
    runs = entry["runs"]
    if entry["protocol"] != PUBLISHED:
        interval = worth.over_speakers(runs, "accuracy")
    elif entry["rerun_interval"]:
        interval = entry["rerun_interval"]
    else:
        interval = intervals.wilson(round(runs[0]["accuracy"] * runs[0]["n_test"]), runs[0]["n_test"])
    return {
        "variant": entry["variant"],
        "mean": entry["accuracy_mean"],
        "std": entry["accuracy_std"],
        "uar": entry["uar_mean"],
        "uar_std": entry["uar_std"],
        "interval": interval,
        "runs": len(runs),
        "marks": texts.marks(entry),
    }


def why(entry: Entry) -> str:
    """The verdict's reason in one sentence."""
    if entry["verdict"] == NO_VERDICT:
        return f"Not comparable with the paper: {'; '.join(entry['unlike'])}."
    if not entry["rerun_interval"]:
        if not entry["difference_interval"]:
            return "One run allows no test." if entry["verdict"] else "The paper prints no accuracy."
        low, high = (texts.signed(100 * end) for end in entry["difference_interval"])
        return f"One run allows no test; by the clips alone ours minus the published figure is {low} to {high} points."
    low, high = (100 * end for end in texts.shares(entry["rerun_interval"]))
    printed, place = entry["published"]["accuracy_text"], evidence.standing(entry)
    expected = f"{low:.1f} to {high:.1f} %, where one more run is expected after {len(entry['runs'])}"
    return ". ".join([f"{printed} {place} {expected}", *map(_without, entry["rests_on"])]) + "."


def _without(run: Mapping) -> str:
    """What the verdict would be without a run that it rests on."""
    low, high = (100 * end for end in texts.shares(run["rerun_interval"]))
    accuracy = texts.percent(run["accuracy"])
    return f"Without seed {run['seed']} ({accuracy}) ours would be {run['verdict']}: {low:.1f} to {high:.1f} %"


def cells(line: Mapping) -> list[str]:
    """A line as texts, in the order of `HEADS`."""
    printed = line["published"]
    several = len(line["verdicts"]) > 1 or len(line["unheard"]) > 1
    unheard = [figure_text(one) + (f" {one['variant']}" if several else "") for one in line["unheard"]]
    verdicts = {key: verdict_text(line, key) for key in line["verdicts"]}
    same = len(set(verdicts.values())) == 1
    verdict = next(iter(verdicts.values())) if same else "; ".join(f"{key}: {one}" for key, one in verdicts.items())
    return [
        line["name"],
        printed["text"] + ends(printed["interval"]),
        *(figure_text(line[variant]) for variant in VARIANTS),
        "; ".join(unheard) or texts.NOTHING,
        verdict or "not run",
        leak_text(line),
    ]


def verdict_text(line: Mapping, variant: str) -> str:
    """`reproduced ± 7.2, rests on seed 4`: the word, how far off one more run may be, and whether one run decides."""
    word, resting = line["verdicts"][variant], line["rests_on"][variant]
    if word != "reproduced":
        return word
    seeds = f", rests on seed {', '.join(map(str, resting))}" if resting else ""
    return f"{word} {evidence.within(line[variant]['interval'])}{seeds}"


def figure_text(figure: Mapping | None) -> str:
    """`64.85 ± 2.37 (5 runs) [57.6, 72.1]`."""
    if figure is None:
        return texts.NOTHING
    marks = "".join(f" {mark}" for mark in figure["marks"])
    return f"{texts.mean_text(figure['mean'], figure['std'], figure['runs'])}{ends(figure['interval'])}{marks}"


def ends(interval: Sequence[float] | None) -> str:
    """` [57.6, 72.1]`; "" where there is none."""
    return "" if interval is None else f" [{', '.join(f'{100 * end:.1f}' for end in texts.shares(interval))}]"


def leak_text(line: Mapping) -> str:
    """What leaks, and the leak gap; each variant by itself where they differ."""
    told = line["leaks"]
    if not told:
        return texts.NOTHING
    gaps = {key: f"; gap {texts.signed(gap)}" for key, gap in line["gaps"].items()}
    words = {key: (told[key] or "not known") + gaps.get(key, "") for key in told}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{key}: {one}" for key, one in words.items())


def reasons(lines: Sequence[Mapping]) -> list[str]:
    """Why each verdict is what it is, a sentence an experiment and variant."""
    told = []
    for line in lines:
        for variant, reason in line["why"].items():
            which = f" ({variant})" if len(line["why"]) > 1 else ""
            told.append(f"{line['name']}{which}: {line['verdicts'][variant]}. {reason}")
        if not line["why"]:
            told.append(f"{line['name']}: not run.")
    return told


def drawing(lines: Sequence[Mapping]) -> dict:
    """The plot of the lines: `key`, `file`, `alt`, `caption`, `svg` and `png` (bytes), as a report's other figures.

    Both files hold `words` as their description: the alternative text, and all that is drawn as JSON.
    """
    from ser_keras.report import figures

    drawn, told = marks(lines), words(lines)
    figure, exact = figures.overview_figure(drawn), f"{told}. {json.dumps(drawn)}"
    return {
        "key": KEY,
        "file": KEY,
        "alt": told,
        "words": exact,
        "caption": "Published, reproduced and on unheard speakers; bars: the intervals of the table",
        "svg": figures.svg(figure, exact),
        "png": figures.png(figure, exact),
    }


def words(lines: Sequence[Mapping]) -> str:
    """The plot in words, for those who don't see it."""
    told = [f"{line['name']}: published {line['published']['text']}, {said(line)}" for line in lines]
    return "Accuracies with intervals; " + "; ".join(told)


def said(line: Mapping) -> str:
    """A line's figures in words."""
    own = [f"{variant} {texts.percent(line[variant]['mean'])}" for variant in VARIANTS if line[variant]]
    apart = [f"unheard speakers {texts.percent(one['mean'])}" for one in line["unheard"]]
    return ", ".join([*own, *apart]) or "not run"


def marks(lines: Sequence[Mapping]) -> list[tuple[str, list[figures.Point]]]:
    """What is drawn of each line: its name, and its points."""
    found = []
    for line in lines:
        printed = line["published"]
        points = [("published", printed["mean"], printed["interval"], None)] if printed["mean"] is not None else []
        ours = [(variant, line[variant]) for variant in VARIANTS if line[variant]]
        ours += [("unheard speakers", one) for one in line["unheard"]]
        points += [(kind, one["mean"], one["interval"], one["runs"]) for kind, one in ours]
        found.append((line["name"], points))
    return found
