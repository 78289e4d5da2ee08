"""An ablation in words: its table's cells, and sentences on what moves the figure and what explains another."""

from collections.abc import Mapping, Sequence
from statistics import median

from ser_keras.report import evidence, texts
from ser_keras.report.comparable import WHOLE, lacking, unlike
from ser_keras.tasks import PUBLISHED

Entry = Mapping[str, object]
HEADS = (
    "Setting", "Runs", "Validation", "Test accuracy", "Test UAR", "Points, validation", "Points, test", "95 % interval",
    "p (Holm)", "Same clips: p (Holm)", "One more run",
)  # fmt: skip
NONE = "none"
LEGEND = (
    "Validation: accuracy of the kept epoch on the clips used for validation; mean ± standard deviation over seeds, as "
    "for the test part. Points: setting minus ours in percentage points, paired by seed; of the test part with its "
    "95 % interval and p (Student's t), in brackets after Holm. Same clips: exact McNemar test of the two networks of "
    "a seed, the smallest p of all seeds after Holm over all pairs of networks. One more run: its 95 % interval."
)


def setting_name(setting: Mapping) -> str:
    """`trim_top_db = 60`, or what the base is called."""
    return "ours" if setting["choice"] is None else f"{setting['choice']} = {texts.value_text(setting['value'])}"


def cells(setting: Mapping) -> list[str]:
    """A row of the table; of a setting that could not be run the reason instead."""
    reasons = [f"can't be run ({texts.seeds(one)}): {one['reason']}" for one in setting["failures"]]
    if not setting["runs"]:
        return [setting_name(setting), "0", "; ".join(reasons), *[""] * (len(HEADS) - 3)]
    name = " ".join([setting_name(setting), *(f"({reason})" for reason in reasons)])
    watched = " (test clips)" if setting["watched"] else ""
    figures = [_figure(setting, score) for score in ("validation", "accuracy", "uar")]
    figures[0] = figures[0] if figures[0] == NONE else figures[0] + watched
    expected = evidence.between(setting["rerun_interval"])
    return [name, str(len(setting["runs"])), *figures, *_difference_cells(setting), expected]


def _figure(setting: Mapping, score: str) -> str:
    if setting[f"{score}_mean"] is None:
        return NONE
    return texts.mean_text(setting[f"{score}_mean"], setting[f"{score}_std"], 1).removesuffix(" (1 run)")


def _difference_cells(setting: Mapping) -> list[str]:
    if setting["difference"] is None:
        return [texts.NOTHING] * 5
    test, watched = setting["difference"]["accuracy"], setting["difference"]["validation"]
    return [
        texts.signed(100 * watched["mean"]) if watched else NONE,
        texts.signed(100 * test["mean"]),
        points(test["interval"]),
        f"{p_text(test['p'])} ({p_text(test['p_holm'])})" if test["p"] is not None else "no test",
        p_text(min((one["p_holm"] for one in setting["same_clips"]), default=None)),
    ]


def points(interval: Sequence[float] | None) -> str:
    """An interval of a difference, in percentage points."""
    return texts.NOTHING if interval is None else " to ".join(texts.signed(100 * end) for end in interval)


def p_text(p: float | None) -> str:
    """A p value, "–" when there is none."""
    return texts.NOTHING if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def marks(entry: Entry) -> list[str]:
    """What keeps the figures from being the paper's: synthetic recordings, quick runs, fewer epochs, missing clips."""
    epochs = None if entry["quick"] else entry["held_epochs"]  # --quick holds them itself
    return unlike(entry["corpora"], entry["missing_corpora"], quick=entry["quick"], epochs=epochs)


def sentences(entry: Entry) -> list[str]:
    """What the ablation tells: what was compared, what moves the figure, what explains the published one, what wins."""
    tried = len(entry["settings"]) - 1
    seeds = texts.seeds({"seeds": entry["seeds"]})
    compared = (
        f"{texts.counted(tried, 'setting')} with one choice changed, compared with ours on {seeds}; "
        f"{texts.counted(entry['comparisons'], 'test')} over seeds and "
        f"{texts.counted(entry['clip_comparisons'], 'test')} on the same clips, adjusted by Holm for their number."
    )
    left = [f"Left out: {one}." for one in entry["left_out"]]
    left += [f"{line}." for line, share in lacking(entry["corpora"]) if share >= WHOLE]
    return [compared, *left, *_moves(entry), *_same_clips(entry), *_explains(entry), _selection(entry)]


def _others(entry: Entry) -> list[Mapping]:
    return [one for one in entry["settings"] if one["difference"]]


def _moves(entry: Entry) -> list[str]:
    """Which settings move test accuracy: the interval of the difference over seeds lacks 0."""
    others = _others(entry)
    if not others:
        return ["No setting was run beside ours: nothing to compare."]
    if all(one["difference"]["accuracy"]["pairs"] == 1 for one in others):
        return ["One seed allows no test of a choice: how far another seed would move each difference is unknown."]
    found, halves = [], []
    for one in others:
        test = one["difference"]["accuracy"]
        if test["interval"] is None:
            continue
        low, high = test["interval"]
        halves.append(100 * (high - low) / 2)
        if low > 0 or high < 0:
            holds = "holds" if test["p_holm"] < 0.05 else "does not hold"
            found.append(
                f"{setting_name(one)} moves test accuracy by {texts.signed(100 * test['mean'])} points "
                f"({points(test['interval'])}); after Holm p is {p_text(test['p_holm'])}: it {holds} among so many."
            )
    told = [f"{why}: {', '.join(names)}." for why, names in _untested(others).items() if names]
    if not halves:
        return told
    if not found:
        found = ["No setting is shown to move test accuracy: every interval of a difference holds 0."]
    reach = f"Moves smaller than about {median(halves):.1f} points (half an interval, the median) don't show here."
    return [*found, *told, reach]


def _untested(others: Sequence[Mapping]) -> dict[str, list[str]]:
    """Settings without an interval of their difference, by what keeps them from one."""
    alone, none, equal = (
        "One seed alone, so no test",
        "No difference on any seed",
        "The same difference on every seed",
    )
    found: dict[str, list[str]] = {alone: [], none: [], equal: []}
    for one in others:
        test = one["difference"]["accuracy"]
        if test["interval"] is None:
            why = alone if test["pairs"] == 1 else none if test["p"] == 1 else equal
            found[why].append(setting_name(one))
    return found


def _same_clips(entry: Entry) -> list[str]:
    """Which networks differ on the same clips, and what that does not tell."""
    differ = []
    for one in _others(entry):
        worst = min(one["same_clips"], key=lambda pair: pair["p"], default=None)
        if worst and worst["p_holm"] < 0.05:
            differ.append(
                f"{setting_name(one)} (seed {worst['seed']}: of {worst['clips']} clips {worst['only_base']} right by "
                f"ours alone, {worst['only_setting']} by it alone; p {p_text(worst['p_holm'])})"
            )
    if not differ:
        return []
    return [
        f"On the same test clips networks differ (exact McNemar, after Holm): {'; '.join(differ)}. That tells two "
        "trained networks apart, not two choices: another seed may turn it."
    ]


def _explains(entry: Entry) -> list[str]:
    """Whether a setting holds the published figure where ours doesn't, by the interval that one more run falls in."""
    base, published = entry["settings"][0], entry["published"]["accuracy_text"]
    if entry["protocol"] != PUBLISHED:
        return [f"These runs are of the {entry['protocol']} protocol: the published figure ({published}) is another's."]
    if published is None:
        return ["The paper prints no accuracy: there is nothing to explain."]
    if marks(entry):
        return [f"Whether a setting explains the published {published} can't be told: {'; '.join(marks(entry))}."]
    if base["rerun_interval"] is None:
        return [f"Whether a setting explains the published {published} takes two seeds or more."]
    expected = f"One more run with our choices is expected at {evidence.between(base['rerun_interval'])}"
    tried = [one for one in entry["settings"][1:] if one["rerun_interval"]]
    if base["verdict"] == "reproduced":
        astray = [setting_name(one) for one in tried if one["verdict"] != "reproduced"]
        also = f" With {', '.join(astray)} it would not lie in it." if astray else ""
        return [f"{expected}, which holds the published {published}: no setting is needed to explain it.{also}"]
    holding = [one for one in tried if one["verdict"] == "reproduced"]
    if not holding:
        return [f"{expected}, not at the published {published}; no setting tried explains it: none expects it either."]
    gap = _gap(entry, base)
    told = []
    for one in holding:
        nearer = f"its mean is nearer by {100 * (gap - _gap(entry, one)):.2f} points"
        why = nearer if _gap(entry, one) < gap else "but its mean is no nearer, its runs only scatter more"
        told.append(f"{setting_name(one)} ({evidence.between(one['rerun_interval'])}; {why})")
    return [
        f"{expected}, not at the published {published}. Settings that expect it, of {len(tried)} tried: "
        f"{'; '.join(told)}. They may explain it; that the authors had one of them is not shown."
    ]


def _gap(entry: Entry, setting: Mapping) -> float:
    return abs(setting["accuracy_mean"] - entry["published"]["accuracy"])


def _selection(entry: Entry) -> str:
    """Which setting validation accuracy would choose, and its test accuracy; test figures choose nothing."""
    run = [one for one in entry["settings"] if one["runs"]]
    candidates = [one for one in run if one["validation_mean"] is not None and not one["watched"]]
    if not candidates:
        watched = any(one["watched"] for one in run)
        why = "the clips that are watched are test clips" if watched else "there is no validation part"
        return f"No setting can be chosen here but by its test figures, which would make these worthless: {why}."
    best = max(candidates, key=lambda one: one["validation_mean"])
    names = "our own choices" if best["choice"] is None else setting_name(best)
    beside = len(run) - len(candidates)
    aside = f" ({texts.counted(beside, 'setting')} without validation clips of their own left aside)" if beside else ""
    base = run[0]
    ours = "" if best is base else f"; ours have {_figure(base, 'validation')} and {_figure(base, 'accuracy')}"
    return (
        f"By validation accuracy the best are {names}: {_figure(best, 'validation')}{aside}; test accuracy "
        f"{_figure(best, 'accuracy')}{ours}. Nothing is chosen by test figures."
    )


def screen(entry: Mapping) -> str:
    """The table in columns, and the sentences below it."""
    rows = [HEADS, *map(cells, entry["settings"])]
    widths = [max(len(row[column]) for row in rows if any(row[3:])) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if any(row[3:])
        else "  ".join(filter(None, row))
        for row in rows
    ]
    published = f"published: {entry['published']['accuracy_text'] or texts.NOTHING}"
    bands = [f"NOT FOR FIGURES: {'; '.join(marks(entry))}"] if marks(entry) else []
    return "\n".join([*bands, published, *lines, *sentences(entry)])
