"""An ablation's files, written from stored runs: Markdown, JSON, CSV and the figure; and its table for the screen."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ser_keras.files import write_atomically, write_json, write_text
from ser_keras.report import ablation_texts, figures, markdown, texts
from ser_keras.report.ablation_figure import ablation_figure

COLUMNS = (
    "choice", "value", "seed", "validation_accuracy", "validation_clips", "accuracy", "uar", "test_clips", "epochs_run",
    "best_epoch", "training_s", "only_base_right", "only_setting_right", "mcnemar_p", "failure",
)  # fmt: skip


def write_ablation(folder: Path, name: str, entry: Mapping[str, object]) -> str:
    """Write NAME.md, .json, .csv, .svg and .png; the table and its sentences are returned as text for a screen.

    Parameters
    ----------
    folder : OUT/PAPER/ablation
    entry : as `ablation.table` gives it
    """
    entry = {**entry, "generated": datetime.now(UTC).isoformat(timespec="seconds")}
    drawn = ablation_figure([_row(one) for one in entry["settings"]], entry["published"]["accuracy"])
    for ending, data in (("svg", figures.svg(drawn)), ("png", figures.png(drawn))):
        write_atomically(folder / f"{name}.{ending}", lambda path, data=data: path.write_bytes(data))
    write_json(folder / f"{name}.json", entry)
    write_text(folder / f"{name}.csv", _csv(entry["settings"]))
    write_text(folder / f"{name}.md", _document(entry, name))
    return screen(entry)


def screen(entry: Mapping) -> str:
    """The table in columns, and the sentences below it."""
    rows = [ablation_texts.HEADS, *map(ablation_texts.cells, entry["settings"])]
    widths = [max(len(row[column]) for row in rows if any(row[3:])) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if any(row[3:])
        else "  ".join(filter(None, row))
        for row in rows
    ]
    published = f"published: {entry['published']['accuracy_text'] or texts.NOTHING}"
    bands = [f"NOT FOR FIGURES: {'; '.join(ablation_texts.marks(entry))}"] if ablation_texts.marks(entry) else []
    return "\n".join([*bands, published, *lines, *ablation_texts.sentences(entry)])


def _row(setting: Mapping) -> dict:
    difference = setting["difference"] or {"accuracy": None, "validation": None}
    test, watched = difference["accuracy"], difference["validation"]
    return {
        "name": ablation_texts.setting_name(setting),
        "group": setting["choice"],
        "validation": [one["validation"] for one in setting["runs"] if one["validation"] is not None],
        "test": [one["accuracy"] for one in setting["runs"]],
        "rerun": setting["rerun_interval"],
        "points": test and 100 * test["mean"],
        "points_validation": watched and 100 * watched["mean"],
        "interval": test and test["interval"] and [100 * end for end in test["interval"]],
    }


def _csv(settings: Sequence[Mapping]) -> str:
    """One row a run, and one a run that could not be."""
    stream = io.StringIO()
    rows = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for setting in settings:
        named = {
            "choice": setting["choice"] or "",
            "value": texts.value_text(setting["value"]) if setting["choice"] else "",
        }
        pairs = {one["seed"]: one for one in setting["same_clips"]}
        for run in setting["runs"]:
            pair = pairs.get(run["seed"], {})
            rows.writerow(
                {
                    **named,
                    **{key: run[key] for key in COLUMNS if key in run},
                    "validation_accuracy": run["validation"],
                    "test_clips": run["n_test"],
                    "only_base_right": pair.get("only_base"),
                    "only_setting_right": pair.get("only_setting"),
                    "mcnemar_p": pair.get("p"),
                }
            )
        for one in setting["failures"]:
            rows.writerows({**named, "seed": seed, "failure": one["reason"]} for seed in one["seeds"])
    return stream.getvalue()


def _document(entry: Mapping, name: str) -> str:
    plain, marks = markdown.plain, ablation_texts.marks(entry)
    title = f"{entry['paper']}/{entry['experiment']}: choices that matter"
    facts = (
        f"{entry['title']}; {entry['variant']}, {entry['protocol']} protocol. Published: "
        f"{entry['published']['accuracy_text'] or texts.NOTHING} ({entry['published']['source']}). "
        f"Written {texts.moment(entry['generated'])}."
    )
    reasons = {
        one["choice"]: (one["ours"], one["reason"]) for one in entry["settings"] if one["choice"] and one["reason"]
    }
    ours = [[key, texts.value_text(value), reason] for key, (value, reason) in reasons.items()]
    told = [f"- {plain(line)}" for line in ablation_texts.sentences(entry)]
    alt = (
        f"Validation and test accuracy of {texts.counted(len(entry['settings']), 'setting')}, and differences from ours"
    )
    blocks = [
        *([f"**Not for figures: {plain('; '.join(marks))}.**"] if marks else []),
        f"# {plain(title)}",
        plain(facts),
        markdown.table(ablation_texts.HEADS, map(ablation_texts.cells, entry["settings"])),
        plain(ablation_texts.LEGEND),
        "\n".join(told),
        f"![{plain(alt)}]({name}.png)",
        *(["## What is ours", markdown.table(["Choice", "Value", "Reason"], ours)] if ours else []),
    ]
    return "\n\n".join(blocks) + "\n"
