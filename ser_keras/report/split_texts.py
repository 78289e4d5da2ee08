"""A split in words: who and what is on both sides of it, and who is in each of its parts."""

from collections.abc import Mapping, Sequence

from ser_keras.report import texts
from ser_keras.report.texts import Entry

FOLD_HEADS = ("Fold", "Accuracy", "UAR", "Test clips", "Epochs", "Kept", "Speakers tested")


def leak(entry: Entry, split: Mapping[str, object]) -> str:
    """Which speakers are on both sides of a split, and what that means."""
    shared, tested, watched = split["shared_speakers"], split["speakers"]["test"], split["shared_with_validation"]
    if shared:
        return (
            f"{len(shared)} of the {texts.counted(len(tested), 'speaker')} of the test part are in the training part "
            f"as well, and {split['test_clips_of_shared_speakers']} of the "
            f"{texts.counted(split['test_clips'], 'test clip')} are theirs: speaker identity leaks. "
            f"The {entry['protocol']} protocol divides clips, not speakers, so the accuracy "
            "is that on voices the model has heard, and says nothing about new ones."
        )
    also = f", but {len(watched)} in the validation part, which decides when training stops" if watched else ""
    return f"No speaker of the test part is in the training part{also}."


def _speakers(split: Mapping[str, object]) -> dict[str, Sequence[str]]:
    parts = {"training": "train", "validation": "validation", "test": "test"}
    return {part: split["speakers"][key] for part, key in parts.items()} | {
        "both training and test": split["shared_speakers"]
    }


def speaker_counts(split: Mapping[str, object]) -> dict[str, int]:
    """How many speakers are in each part of a split, and in both training and test."""
    return {part: len(names) for part, names in _speakers(split).items()}


def speaker_lists(split: Mapping[str, object]) -> dict[str, str]:
    """Who is in each part of a split; of a part that is that of one before, which."""
    told, found = {}, _speakers(split)
    for part, names in found.items():
        same = next((before for before in told if list(found[before]) == list(names)), None)
        told[part] = f"as in {same}" if names and same else ", ".join(names) or texts.NOTHING
    return told


def leak_heads(entry: Entry) -> list[str]:
    """The heads of `leak_rows`; the first says of how many test examples and runs."""
    told = f"{texts.counted(entry['leakage']['tested'], 'test example')} of {texts.counted(len(entry['runs']), 'run')}"
    return [told, "Leaking", "Share", "Accuracy on these", "On the others"]


def leak_rows(entry: Entry) -> list[list[str]]:
    """Each kind of leak: what, test examples, their share, accuracy on these and on the others."""
    return [
        [
            row["what"],
            "not known" if row["clips"] is None else str(row["clips"]),
            texts.percent(row["share"], 1),
            texts.percent(row["accuracy"]),
            texts.percent(row["accuracy_clean"]),
        ]
        for row in entry["leakage"]["kinds"]
    ]


def leak_caution(entry: Entry) -> str:
    """What a difference between the two accuracies does not show; "" where there is none to compare."""
    if not any(None not in (row["accuracy"], row["accuracy_clean"]) for row in entry["leakage"]["kinds"]):
        return ""
    return (
        "Leaking and clean test clips may be of different corpora or emotions, so the difference between their "
        "accuracies is not the effect of the leak alone."
    )


def fold_rows(run: Mapping) -> list[list[str]]:
    """What each fold of a run came to, and all of them pooled; [] for a run of one split."""
    rows = [
        [
            str(fold["fold"]), texts.percent(fold["accuracy"]), texts.percent(fold["uar"]), str(fold["n_test"]),
            str(fold["epochs_run"] or texts.NOTHING), str(fold["best_epoch"] or texts.NOTHING),
            texts.some(fold["speakers"]),
        ]
        for fold in run["folds"]
    ]  # fmt: skip
    pooled = ["pooled", texts.percent(run["accuracy"]), texts.percent(run["uar"]), str(run["n_test"]), "", "", ""]
    return [*rows, pooled] if rows else []


def more_leaks(split: Mapping[str, object]) -> list[str]:
    """What else of a split reaches from the test part into training, and what it leaves out, a sentence each."""
    tested, found = texts.counted(split["test_clips"], "test example"), []
    if split["twins_in_training"]:
        found.append(
            f"{split['twins_in_training']} of the {tested} have their twin in the training part: the same recording, "
            "as it is or altered. Such examples are recognized by memory."
        )
    if split["watched_test_clips"]:
        found.append(
            f"{split['watched_test_clips']} of the {tested} are used for validation too: they decide which epoch "
            "is kept, so the accuracy is that of a choice made on them."
        )
    if split["unused"]:
        found.append(f"{texts.counted(split['unused'], 'clip is', 'clips are')} in no part at all.")
    return found
