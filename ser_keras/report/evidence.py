"""What an entry's figures are worth, in words: intervals, leaks, test sizes, ways of an experiment side by side."""

from collections.abc import Sequence
from statistics import fmean

from ser_keras.report import leaks, texts
from ser_keras.report.runs import precision
from ser_keras.report.texts import Entry
from ser_keras.report.worth import NO_VERDICT, over_speakers

OUTSIDE = {"above": "lies below", "below": "lies above"}  # verdict on ours → where the published accuracy lies


def between(ends: Sequence[float] | None, digits: int = 1) -> str:
    """An interval in percent."""
    if ends is None:
        return texts.NOTHING
    low, high = texts.shares(ends)
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def standing(entry: Entry) -> str:
    """Where the published accuracy stands to the interval that one more run is expected in, as the verdict has it.

    An accuracy is as exact as it is printed: 99 % is 98.5 to 99.5 %, which may reach into an interval without 99.0.
    """
    published, (low, high) = entry["published"], entry["rerun_interval"]
    accuracy, half = published["accuracy"], published["half"]
    if entry["verdict"] in OUTSIDE:
        return OUTSIDE[entry["verdict"]]
    if low <= accuracy <= high:
        return "lies in"
    ends = " to ".join(f"{100 * end:g}" for end in texts.shares((accuracy - half, accuracy + half)))
    return f"(as exact as printed: {ends} %) reaches into"


def within(interval: Sequence[float]) -> str:
    """Half an interval's width in percentage points, `± 7.2`: how far off one run may be."""
    low, high = interval
    return f"± {100 * (high - low) / 2:.1f}"


def evidence(entry: Entry) -> list[str]:
    """What the published figure and ours are worth, in intervals of 95 %, a sentence each."""
    told, published = [], entry["published"]
    if entry["published_interval"]:
        told.append(
            f"Published, by its {published['n_test']} test clips alone: "
            f"{between(entry['published_interval'])} (Wilson)."
        )
    if entry["rerun_interval"]:
        words = {"reproduced": "reproduced", "above": "ours is above", "below": "ours is below"}
        if entry["verdict"] == NO_VERDICT:
            said = f"no verdict: {'; '.join(entry['unlike'])}"
        else:
            said = f"the published accuracy {standing(entry)} it: {words[entry['verdict']]}"
        expected = f"{between(entry['rerun_interval'])} ({within(entry['rerun_interval'])} points)"
        told.append(f"One more run is expected at {expected}; {said}.")
    if entry["difference_interval"]:
        low, high = entry["difference_interval"]
        holds = "0 is among them" if low <= 0 <= high else "0 is not"
        told.append(
            f"By the clips alone ours minus the published figure is {texts.signed(100 * low)} to "
            f"{texts.signed(100 * high)} points "
            f"(Newcombe); {holds}. That is no test of the reproduction: another seed moves it as well."
        )
    speakers = entry["runs"][0]["speaker_intervals"]
    if speakers and over_speakers(entry["runs"][:1], "accuracy"):
        told.append(
            f"Over the {speakers['speakers']} speakers of the test part (cluster bootstrap, seed "
            f"{entry['runs'][0]['seed']}): accuracy {between(speakers['accuracy'])}, UAR {between(speakers['uar'])}."
        )
    return told


def variants(entries: Sequence[Entry]) -> list[str]:
    """For each experiment that was run in several ways: what each came to, and what tells them apart."""
    told = []
    for experiment in dict.fromkeys(entry["name"] for entry in entries):
        ways = [entry for entry in entries if entry["name"] == experiment]
        if len(ways) == 1:
            continue
        figures = [
            f"{texts.qualifiers(one)} {texts.mean_text(one['accuracy_mean'], None, len(one['runs']))}" for one in ways
        ]
        published = ways[0]["published"]["accuracy_text"]
        line = f"{experiment}: published {published or texts.NOTHING}; {'; '.join(figures)}."
        line += _moves(ways)
        summaries = {one["variant"]: one["summary"] for one in ways if one["summary"]}
        told.append(" ".join([line, *(f"{name}: {summary}" for name, summary in summaries.items())]))
    return told


def _moves(ways: Sequence[Entry]) -> str:
    """How far accuracy moves from one variant to the other, by a changed choice, and on unheard speakers."""
    plain: dict[tuple[str, str], Entry] = {}
    altered = []
    for one in ways:
        changed = [f"{key} = {texts.value_text(it['value'])}" for key, it in one["choices"].items() if it["changed"]]
        changed += ["published weights"] if one["weights"] == "published" else []
        changed += [precision(one["training"])] if precision(one["training"]) != "float32" else []
        if changed:
            altered.append((one, ", ".join(changed)))
        else:
            plain.setdefault((one["protocol"], one["variant"]), one)
    told = ""
    means = {place: one["accuracy_mean"] for place, one in plain.items()}
    published = {variant: mean for (protocol, variant), mean in means.items() if protocol == "published"}
    leaking = {variant: one["leakage"] for (protocol, variant), one in plain.items() if protocol == "published"}
    if len(published) == 2:
        (one, first), (other, second) = published.items()
        told += f" From {one} to {other} accuracy moves by {texts.signed(100 * (second - first))} points."
    for one, changed in altered:
        base = plain.get((one["protocol"], one["variant"]))
        if base is not None:
            told += f" {changed} alone moves {one['variant']} by {texts.signed(_moved(one, base))} points."
    for (protocol, variant), mean in means.items():
        if protocol != "published" and variant in published and leaks.shares_speakers(leaking[variant]):
            gap = texts.signed(100 * (published[variant] - mean))
            told += f" Leak gap of {variant}, published minus {protocol} protocol: {gap} points."
    return told


def _moved(one: Entry, base: Entry) -> float:
    """Points from the base to another setting: over the seeds that both were run with, if there are any."""
    ours, theirs = ({run["seed"]: run["accuracy"] for run in entry["runs"]} for entry in (base, one))
    pairs = [theirs[seed] - ours[seed] for seed in theirs if seed in ours]
    return 100 * (fmean(pairs) if pairs else one["accuracy_mean"] - base["accuracy_mean"])


def size_lines(entry: Entry) -> list[str]:
    """Which numbers of test clips can give the printed accuracy, in one sentence; [] where nothing is known."""
    sizes = entry["audit_sizes"]
    if not sizes:
        return []
    told = [one["text"] for one in sizes[:4]]
    if entry["published"]["n_test"]:
        return [f"The printed accuracy is {told[0]} test clips."]
    others = f", and so do {', '.join(told[1:])}" if told[1:] else ""
    return [f"No number of test clips is printed; of the usual ones {told[0]} gives the printed accuracy{others}."]
