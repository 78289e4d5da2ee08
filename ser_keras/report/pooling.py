"""Stored entries and new ones as one list: seeds that were trained in several places, on several machines, add up.

An entry holds no predictions, so what is pooled over clips (leaks) is added up as counts, and what can't be (scores of
corpora and genders, with intervals over speakers) is kept of the part with more runs, with its seeds.
"""

import json
from collections.abc import Mapping, Sequence

from ser_keras.evaluation.intervals import FEWEST_SPEAKERS
from ser_keras.report import parts, tables, worth
from ser_keras.report.runs import Run
from ser_keras.report.texts import Entry

PLACE = ("variant", "protocol", "weights")


def unknown(runs: Sequence[Run], entries: Sequence[Entry]) -> list[Run]:
    """The runs of which no entry holds their setting and seed already; all of a setting that has all of its seeds.

    A folder with all of an entry's seeds stands for it, so that runs which are trained again replace those before.

    Parameters
    ----------
    runs : of one experiment
    entries : of the same experiment
    """
    known = {_setting(entry): {run["seed"] for run in entry["runs"]} for entry in entries}
    found = []
    for group in tables.groups(runs):
        before = known.get(_setting_of(group[0]), set())
        again = before <= {run.record["seed"] for run in group}
        found += [run for run in group if again or run.record["seed"] not in before]
    return found


def pooled(earlier: Sequence[Entry], later: Sequence[Entry]) -> list[Entry]:
    """Entries of one experiment, by variant and protocol, those with our choices first.

    Of the same setting the runs are joined. Another recipe, other clips or other values of unchanged choices than the
    later entry has, are no longer the experiment: such an earlier entry is left out.
    """
    found = {_setting(entry): entry for entry in later}
    places = {_tried(entry) for entry in later}
    for entry in earlier:
        key = _setting(entry)
        if key in found:
            found[key] = _joined(entry, found[key])
        elif _tried(entry) not in places:
            found[key] = entry
    entries = sorted(found.values(), key=lambda one: (one["variant"], one["protocol"], *_order(one)))
    return [{**entry, "settings": _telling(entry, entries)} for entry in entries]


def distinct(runs: Sequence[Run]) -> list[Run]:
    """One run a setting and seed of each experiment, the one that was finished last; in the order of the first ones."""
    latest: dict[tuple, Run] = {}
    for run in runs:
        key = run.record["experiment"], _setting_of(run), run.record["seed"]
        if key not in latest or run.record.get("finished", "") > latest[key].record.get("finished", ""):
            latest[key] = run
    return list(latest.values())


def refreshed(entry: Entry) -> Entry:
    """A stored entry as it would be written today: its figures worked out from its runs, and no interval over fewer
    speakers than such an interval takes."""
    figures = worth.figures(entry["published"], entry["runs"], entry["protocol"])
    return {**without_few_speakers(entry), **figures}


def without_few_speakers(entry: Entry) -> Entry:
    """An entry without intervals over fewer speakers than such an interval takes: earlier versions gave them."""

    def enough(counted: Mapping) -> bool:
        return counted["speakers"] >= FEWEST_SPEAKERS

    none = {"accuracy_interval": None, "uar_interval": None}
    scored = {
        kind: {name: one if enough(one) else {**one, **none} for name, one in entry["parts"][kind].items()}
        for kind in (parts.GROUPS if entry["parts"] else ())
    }
    over = [run["speaker_intervals"] for run in entry["runs"]]
    runs = [
        run if one is None or enough(one) else {**run, "speaker_intervals": None}
        for run, one in zip(entry["runs"], over, strict=True)
    ]
    return {**entry, "parts": entry["parts"] and {**entry["parts"], **scored}, "runs": runs}


def fuller(earlier: Sequence[dict], later: Sequence[dict]) -> list[dict]:
    """Ablations, one a variant and protocol: the one of more runs, the later of as many."""
    found = {}
    for one in (*earlier, *later):
        key = one["variant"], one["protocol"]
        if key not in found or _size(one) >= _size(found[key]):
            found[key] = one
    return [found[key] for key in sorted(found)]


def _size(ablation: dict) -> int:
    return sum(len(setting["runs"]) for setting in ablation["settings"])


def _setting(entry: Entry) -> str:
    """What decides an entry's runs besides their seeds."""
    return _key(entry, {key: choice["value"] for key, choice in entry["choices"].items()})


def _setting_of(run: Run) -> str:
    return _key(run.record, {choice["key"]: choice["value"] for choice in run.record["choices"]})


def _key(told: Mapping, choices: dict) -> str:
    return json.dumps([told["variant"], told["protocol"], tables.decided(told, choices)], sort_keys=True)


def _tried(entry: Entry) -> str:
    """Which setting an entry stands for: variant, protocol, weights and what was changed of our choices."""
    return json.dumps([*(entry[key] for key in PLACE), _changed(entry)], sort_keys=True)


def _changed(entry: Entry) -> dict[str, object]:
    return {key: choice["value"] for key, choice in entry["choices"].items() if choice["changed"]}


def _order(entry: Entry) -> tuple:
    return entry["weights"] == "published", bool(_changed(entry)), _tried(entry)


def _telling(entry: Entry, entries: Sequence[Entry]) -> dict[str, object]:
    """The changed choices that tell an entry from another of its variant and protocol."""
    rest = [
        _changed(other).items()
        for other in entries
        if other is not entry and all(other[key] == entry[key] for key in PLACE[:2])
    ]
    return {key: value for key, value in _changed(entry).items() if any((key, value) not in other for other in rest)}


def _joined(earlier: Entry, later: Entry) -> Entry:
    """Two entries of one setting as one; of a seed that both have, the later run."""
    replaced = {run["seed"] for run in later["runs"]}
    before = [run for run in earlier["runs"] if run["seed"] not in replaced]
    if not before:
        return later
    runs = sorted((*before, *later["runs"]), key=lambda run: run["seed"])
    more = later if len(later["runs"]) >= len(before) else earlier
    clips = {one["clip"]: one for one in (*earlier["set_aside"], *later["set_aside"])}
    return {
        **later,
        "runs": runs,
        **worth.figures(later["published"], runs, later["protocol"]),
        "leakage": _leakage(earlier["leakage"], later["leakage"]),
        "parts": more["parts"] and {**more["parts"], "seeds": [run["seed"] for run in more["runs"]]},
        "set_aside": [clips[name] for name in sorted(clips)],
        "provenance": _provenance([run["seed"] for run in before], earlier["provenance"], later["provenance"]),
    }


def _leakage(first: dict | None, second: dict | None) -> dict | None:
    """Leaks of two sets of runs, added up; None where one is not known."""
    if first is None or second is None:
        return None
    tested = first["tested"], second["tested"]
    rows = {row["kind"]: row for row in second["kinds"]}
    kinds = [_row(row, rows[row["kind"]], tested) for row in first["kinds"] if row["kind"] in rows]
    return {"tested": sum(tested), "kinds": kinds}


def _row(first: dict, second: dict, tested: tuple[int, int]) -> dict:
    if first["clips"] is None or second["clips"] is None:
        return {**second, "clips": None, "share": None, "accuracy": None, "accuracy_clean": None}
    leaking = first["clips"], second["clips"]
    clean = tuple(all_of - some for all_of, some in zip(tested, leaking, strict=True))
    return {
        **second,
        "clips": sum(leaking),
        "share": sum(leaking) / sum(tested),
        "accuracy": _share((first["accuracy"], second["accuracy"]), leaking),
        "accuracy_clean": _share((first["accuracy_clean"], second["accuracy_clean"]), clean),
    }


def _share(accuracies: tuple[float | None, float | None], clips: tuple[int, ...]) -> float | None:
    """Accuracy over two sets of clips; None where both are empty."""
    right = sum(accuracy * number for accuracy, number in zip(accuracies, clips, strict=True) if number)
    return right / sum(clips) if sum(clips) else None


def _provenance(kept: Sequence[int], earlier: Sequence[dict], later: Sequence[dict]) -> list[dict]:
    """Where each seed's run is from: of the earlier ones the seeds that are kept."""
    found: list[dict] = []
    for part in (*({**one, "seeds": [seed for seed in one["seeds"] if seed in kept]} for one in earlier), *later):
        same = next((one for one in found if _without_seeds(one) == _without_seeds(part)), None)
        if same is not None:
            same["seeds"] = sorted((*same["seeds"], *part["seeds"]))
        elif part["seeds"]:
            found.append(dict(part))
    return found


def _without_seeds(part: dict) -> dict:
    return {key: value for key, value in part.items() if key != "seeds"}
