"""An ablation's files, written from stored runs: page, Markdown, JSON, CSV and figure."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ser_keras.files import write_atomically, write_json, write_text
from ser_keras.report import ablation_texts, figures, html, markdown, texts
from ser_keras.report.ablation_figure import ablation_figure

COLUMNS = (
    "choice", "value", "seed", "validation_accuracy", "validation_clips", "accuracy", "uar", "test_clips", "epochs_run",
    "best_epoch", "training_s", "only_base_right", "only_setting_right", "mcnemar_p", "failure",
)  # fmt: skip


def write_ablation(folder: Path, name: str, entry: Mapping[str, object]) -> None:
    """Write NAME.html, .md, .json, .csv, .svg and .png.

    Parameters
    ----------
    folder : OUT/PAPER/ablation
    entry : as `ablation.table` gives it
    """
    entry = {**entry, "generated": datetime.now(UTC).isoformat(timespec="seconds")}
    drawn = ablation_figure([_row(one) for one in entry["settings"]], entry["published"]["accuracy"])
    svg, png = figures.svg(drawn), figures.png(drawn)
    for ending, data in (("svg", svg), ("png", png)):
        write_atomically(folder / f"{name}.{ending}", lambda path, data=data: path.write_bytes(data))
    write_json(folder / f"{name}.json", entry)
    write_text(folder / f"{name}.csv", _csv(entry["settings"]))
    said = _said(entry)
    write_text(folder / f"{name}.md", _document(said, name))
    page = html.rendered("ablation.html", entry=entry, uri=html.data_uri(svg), **said)
    write_text(folder / f"{name}.html", page)


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


def _said(entry: Mapping) -> dict:
    """All that page and Markdown say, as plain text."""
    settings = entry["settings"]
    facts = (
        f"{entry['title']}; {entry['variant']}, {entry['protocol']} protocol. Published: "
        f"{entry['published']['accuracy_text'] or texts.NOTHING} ({entry['published']['source']}). "
        f"Written {texts.moment(entry['generated'])}."
    )
    reasons = {one["choice"]: (one["ours"], one["reason"]) for one in settings if one["choice"] and one["reason"]}
    shown = [
        f"{ablation_texts.setting_name(one)} {texts.percent(one['accuracy_mean'])}" for one in settings if one["runs"]
    ]
    return {
        "title": f"{entry['paper']}/{entry['experiment']}: choices that matter",
        "facts": facts,
        "marks": ablation_texts.marks(entry),
        "heads": ablation_texts.HEADS,
        "rows": [ablation_texts.cells(one) for one in settings],
        "legend": ablation_texts.LEGEND,
        "sentences": ablation_texts.sentences(entry),
        "alt": f"Accuracy on validation and test clips, and differences from ours; on test clips: {', '.join(shown)}",
        "ours": [(key, texts.value_text(value), reason) for key, (value, reason) in reasons.items()],
    }


def _document(said: Mapping, name: str) -> str:
    plain = markdown.plain
    blocks = [
        *([f"**Not for figures: {plain('; '.join(said['marks']))}.**"] if said["marks"] else []),
        f"# {plain(said['title'])}",
        plain(said["facts"]),
        markdown.table(said["heads"], said["rows"]),
        plain(said["legend"]),
        "\n".join(f"- {plain(line)}" for line in said["sentences"]),
        f"![{plain(said['alt'])}]({name}.png)",
        *(["## What is ours", markdown.table(["Choice", "Value", "Reason"], said["ours"])] if said["ours"] else []),
    ]
    return "\n\n".join(blocks) + "\n"
