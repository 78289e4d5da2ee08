"""The words and tables of a comparison's report, for page and Markdown: heads, and rows of text."""

from collections.abc import Mapping, Sequence

from ser_keras.comparison.cells import CROSS, WITHIN
from ser_keras.comparison.models import FLOORS
from ser_keras.report import texts

Table = tuple[tuple[str, ...], list[list[str]]]
BANDS = {
    "synthetic": "Synthetic recordings: the figures say nothing of speech.",
    "quick": "Quick runs: trained for a few epochs to see that all works; the figures are no comparison.",
}
MODES = {WITHIN: "unheard speakers", CROSS: "unheard corpus"}
OVERALL = (
    "UAR and ECE (expected calibration error), means over corpora that count alike. Within: speakers of the same "
    "corpus whom training did not hear. Merged: all corpora as one. Cross: trained on one corpus, tested on another, "
    "over all ordered pairs. Below in brackets an interval of 95 % over speakers (cluster bootstrap): where other "
    "speakers would lead. It holds for one model; two models heard the same clips, so that intervals which overlap do "
    "not make them equal."
)
PAIRS = (
    "Share of the clips of one emotion that are called the other, over all corpora of the mode. Angry, fear, happy and "
    "surprise are high in arousal (Russell 1980; Schuller et al. 2010): voices are loud and high in all of them."
)


def title(report: Mapping) -> str:
    """The report's title."""
    return f"Comparison on {report['name'].replace('+', ' + ').replace(',', ', ')}"


def board_name(board: Mapping) -> str:
    """`emodb, unheard speakers`; `emodb → ravdess`."""
    sides = [" + ".join(board[side]) for side in ("train", "test")]
    return f"{sides[1]}, {MODES[WITHIN]}" if board["mode"] == WITHIN else " → ".join(sides)


def board_id(board: Mapping) -> str:
    """A board's name in file names and links."""
    sides = ["-".join(board[side]) for side in ("train", "test")]
    return f"{board['mode']}-{sides[1]}" if board["mode"] == WITHIN else f"{board['mode']}-{'-to-'.join(sides)}"


def cell(value: float | None, interval: Sequence[float] | None = None, digits: int = 1) -> str:
    """Percent with its interval."""
    if value is None:
        return texts.NOTHING
    ends = "" if interval is None else f" [{100 * interval[0]:.{digits}f}, {100 * interval[1]:.{digits}f}]"
    return f"{100 * value:.{digits}f}{ends}"


def overall(report: Mapping) -> Table:
    """One line a model."""
    heads = ("Model", "UAR within", "merged", "cross", "ECE within", "ECE cross")
    keys = ("within", "merged", "cross", "ece_within", "ece_cross")
    return heads, [[one["model"], *(cell(one[key]) for key in keys)] for one in report["overall"]]


def board(board: Mapping) -> Table:
    """One line a model: UAR and accuracy with intervals, ECE; of several seeds how many, and the deviation."""
    several = any(len(row["seeds"]) > 1 for row in board["rows"])
    heads = ("Model", "UAR in %", "Accuracy in %", "ECE in %", *(("Seeds", "UAR, sd") if several else ()))
    rows = [
        [
            row["model"],
            cell(row["uar"], row["uar_interval"]),
            cell(row["accuracy"], row["accuracy_interval"]),
            cell(row["ece"]),
            *((str(len(row["seeds"])), cell(row["uar_std"], digits=2)) if several else ()),
        ]
        for row in board["rows"]
    ]
    return heads, rows


def board_line(board: Mapping) -> str:
    """How many clips and speakers a board's figures are of, and whether gender and corpus can be told apart."""
    row = board["rows"][0]
    folds = f" in {texts.counted(row['folds'], 'fold')}" if row["folds"] > 1 else ""
    told = f"{texts.counted(row['clips'], 'test clip')} of {texts.counted(row['speakers'], 'speaker')}{folds}."
    if not board["same_groups"]:
        return told
    same = ", ".join(f"{corpus} is all {gender}" for gender, corpus in board["same_groups"])
    return f"{told} Gender and corpus divide these clips alike ({same}): a difference may come from either."


def groups(board: Mapping, kind: str) -> Table | None:
    """UAR of each group, `kind` being `by_gender` or `by_corpus`, a column each; None where there is but one."""
    names = list(dict.fromkeys(name for row in board["rows"] for name in row[kind]))
    if len(names) < 2:
        return None
    apart = len(names) == 2
    rows = [
        [
            row["model"],
            *(cell(row[kind][name]["uar"], row[kind][name]["uar_interval"]) for name in names),
            *([texts.signed(100 * (row[kind][names[0]]["uar"] - row[kind][names[1]]["uar"]))] if apart else []),
        ]
        for row in board["rows"]
    ]
    return ("Model", *names, *(["difference"] if apart else [])), rows


def pairs(report: Mapping, mode: str) -> Table | None:
    """Confusions among high-arousal emotions, a column a direction; None where the mode was not run."""
    of_mode = [one for one in report["pairs"] if one["mode"] == mode and one["pairs"]]
    if not of_mode:
        return None
    order = {one["model"]: place for place, one in enumerate(report["overall"])}
    heads = [
        head for pair in of_mode[0]["pairs"] for head in (f"{pair['first']} → {pair['second']}",
                                                           f"{pair['second']} → {pair['first']}")
    ]  # fmt: skip
    rows = [
        [one["model"], *(cell(pair[key]) for pair in one["pairs"] for key in ("first_as_second", "second_as_first"))]
        for one in sorted(of_mode, key=lambda one: order[one["model"]])
    ]
    return ("Model", *heads), rows


def matrix(found: Mapping) -> Table:
    """A model's UAR trained on a row's corpus and tested on a column's."""
    rows = [[name, *map(cell, row)] for name, row in zip(found["corpora"], found["uar"], strict=True)]
    return ("trained on \\ tested on", *found["corpora"]), rows


def sureness(found: Mapping) -> str:
    """Calibration of a model in one sentence."""
    sure, right = found["confidence"], found["accuracy"]
    word = "over" if sure > right else "under"
    return (
        f"{MODES[found['mode']]}: {100 * sure:.1f} % sure and {100 * right:.1f} % right on the whole "
        f"({word}confident), ECE {100 * found['ece']:.1f} %"
    )


def notes(report: Mapping) -> list[str]:
    """What a reader has to know of the whole comparison, a sentence each."""
    told = [
        f"Classes: {', '.join(report['classes'])}; chance is {100 / len(report['classes']):.1f} % UAR.",
        "All models have the same clips, classes and folds. Each network keeps its paper's features and recipe, at our "
        "choices for what the paper leaves open; no recording is normalised by its corpus or speaker.",
    ]
    for name, corpus in report["corpora"].items():
        if corpus["clips"] < corpus["expected"] and not corpus["synthetic"]:
            told.append(f"{name} is here in part: {corpus['clips']} of {corpus['expected']} clips.")
    if report["set_aside"]:
        told.append(
            f"{texts.counted(len(report['set_aside']), 'clip')} that one model can't use "
            f"{'is' if len(report['set_aside']) == 1 else 'are'} left out for all: "
            + "; ".join(f"{one['clip']} ({one['model']})" for one in report["set_aside"][:5])
        )
    leaking = report["leaks"].get("speaker", 0)
    told.append(
        f"{leaking} test clips share their speaker with training."
        if leaking
        else "No test clip shares its speaker with training or validation."
    )
    seeds = {tuple(row["seeds"]) for one in report["boards"] for row in one["rows"]}
    if len(seeds) > 1:
        told.append("The models have run with different seeds, and so in part on different folds.")
    return told


def is_floor(model: str) -> bool:
    """Whether a model is one of the floors."""
    return model in FLOORS
