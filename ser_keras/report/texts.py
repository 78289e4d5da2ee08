"""The words of a report: entries of `tables.experiments` as sentences and as cells of text, for page and Markdown."""

from collections.abc import Mapping, Sequence

from ser_keras.evaluation import printed
from ser_keras.evaluation.metrics import KINDS, MACRO, WEIGHTED
from ser_keras.evaluation.printed import Form
from ser_keras.report.comparable import held
from ser_keras.report.runs import Curve, precision

Entry = Mapping[str, object]
SYNTHETIC = "Synthetic recordings: the figures are not comparable with the paper."
QUICK = "Quick runs: trained for a few epochs to see that all works; the figures are not comparable with the paper."
ONE_RUN = "One run allows no test: how far another seed would move its figures is unknown."
USUAL = {"precision": Form(100.0, 2), "recall": Form(100.0, 2), "f1": Form(1.0, 4)}
NOTHING = "–"


def name(entry: Entry) -> str:
    """An entry's name: experiment, then what tells it from others."""
    return f"{entry['name']} ({qualifiers(entry)})"


def qualifiers(entry: Entry) -> str:
    """Variant and protocol, and settings where they differ from those of other runs."""
    settings = [f"{key} = {value_text(value)}" for key, value in entry["settings"].items()]
    return ", ".join([entry["variant"], f"{entry['protocol']} protocol", *settings])


def percent(fraction: float | None, digits: int = 2) -> str:
    """A fraction as percent, "–" when there is none."""
    return NOTHING if fraction is None else f"{100 * fraction:.{digits}f} %"


def shares(interval: Sequence[float]) -> list[float]:
    """The ends of an interval of a share, cut at 0 and 1."""
    return [min(max(end, 0.0), 1.0) for end in interval]


def signed(points: float | None) -> str:
    """Percentage points with their sign, "–" when there are none."""
    return NOTHING if points is None else f"{points:+.2f}".replace("-", "−")


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def value_text(value: object) -> str:
    """A choice's value as it is written on the command line."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def mean_text(mean: float, deviation: float | None, runs: int) -> str:
    """Mean, standard deviation in points where there is one, and number of runs."""
    spread = "" if deviation is None else f" ± {100 * deviation:.2f}"
    return f"{100 * mean:.2f}{spread} % ({counted(runs, 'run')})"


def bands(entries: Sequence[Entry]) -> list[str]:
    """Warnings that belong at the top of the report."""
    found = {mark for entry in entries for mark in marks(entry)}
    return [band for mark, band in (("synthetic", SYNTHETIC), ("quick", QUICK)) if mark in found]


def marks(entry: Entry) -> list[str]:
    """Words that go with an entry's name wherever its figures stand: synthetic, quick."""
    synthetic = any(corpus["synthetic"] for corpus in entry["corpora"].values())
    return [word for word, holds in (("synthetic", synthetic), ("quick", entry["quick"])) if holds]


def notes(entry: Entry) -> list[str]:
    """What keeps an entry's figures from being the paper's: recordings, epochs, clips."""
    found = []
    for corpus, state in entry["corpora"].items():
        if state["synthetic"]:
            found.append(f"The recordings of {corpus} are synthetic.")
        if state["clips"] < state["expected"]:
            found.append(
                f"{corpus} is not complete: {state['clips']} of its {counted(state['expected'], 'clip')} are there."
            )
        if state.get("altered"):
            altered = counted(state["altered"], "clip")
            found.append(
                f"{altered} of {corpus} {'differs' if state['altered'] == 1 else 'differ'} from what is published."
            )
    if entry["set_aside"]:
        found.append(f"Could not be used and set aside: {counted(len(entry['set_aside']), 'clip')}.")
    for corpus in entry["missing_corpora"]:
        found.append(f"{corpus} is not there: the experiment was run without it.")
    if entry["weights"] == "published":
        found.append("Nothing was trained: these are the weights that the authors published, evaluated here.")
    if precision(entry["training"]) != "float32":
        found.append(f"Networks computed in {precision(entry['training'])}, not in the paper's float32.")
    if limit := held(entry):
        found.append(
            f"Training was held to {counted(limit, 'epoch')}, where the recipe allows {entry['recipe_epochs']}."
        )
    return found


def verdict(entry: Entry) -> str:
    """Published and reproduced accuracy, and how far apart they are, in one sentence."""
    mean = mean_text(entry["accuracy_mean"], entry["accuracy_std"], len(entry["runs"]))
    if entry["difference_points"] is None:
        return f"Reproduced: {mean}. The paper prints no accuracy."
    points = entry["difference_points"]
    apart = f"{abs(points):.2f} points {'higher' if points > 0 else 'lower'}" if abs(points) >= 0.005 else "the same"
    return f"Published: {entry['published']['accuracy_text']}. Reproduced: {mean}, {apart}."


def spread(entry: Entry) -> str:
    """What the number of runs allows to say."""
    runs = len(entry["runs"])
    if runs == 1:
        return ONE_RUN
    return f"Mean and standard deviation (n − 1) over all {runs} runs; none is singled out."


def summary_cells(entry: Entry) -> list[str]:
    """Accuracies, their difference in points, verdict, then UAR and test clips; published, then reproduced."""
    sizes = sorted({run["n_test"] for run in entry["runs"]})
    published = entry["published"]
    return [
        published["accuracy_text"] or NOTHING,
        mean_text(entry["accuracy_mean"], entry["accuracy_std"], len(entry["runs"])),
        signed(entry["difference_points"]),
        entry["verdict"] or NOTHING,
        percent(published["uar"]),
        mean_text(entry["uar_mean"], entry["uar_std"], len(entry["runs"])).partition(" (")[0],
        str(published["n_test"] or NOTHING),
        " … ".join(map(str, sizes if len(sizes) < 3 else (sizes[0], sizes[-1]))),
    ]


def classification_rows(entry: Entry) -> list[dict]:
    """The report in the printed table's form: a row a class, then accuracy, macro and weighted averages.

    Returns
    -------
    list of dicts: `label`; `published` and `reproduced`, texts of precision, recall and F1; `contradicted`,
        whether the audit contradicts each of the published ones
    """
    table = entry["published"]["report"]
    forms = USUAL | printed.report_forms(table)
    wrong = {finding["where"] for finding in entry["audit"]}
    rows = [
        {
            "label": _row_label(entry, row),
            "published": [_printed_score(table, row, kind, forms) for kind in KINDS],
            "reproduced": [forms[kind].text(entry["report"][row][kind]) for kind in KINDS],
            "contradicted": [f"{row} {kind}" in wrong for kind in KINDS],
        }
        for row in (*entry["classes"], MACRO, WEIGHTED)
    ]
    accuracy = {
        "label": "Accuracy",
        "published": ["", "", entry["published"]["accuracy_text"] or NOTHING],
        "reproduced": ["", "", percent(entry["accuracy_mean"])],
        "contradicted": [False, False, "accuracy" in wrong],
    }
    return [*rows[:-2], accuracy, *rows[-2:]]


def _printed_score(table: Mapping, row: str, kind: str, forms: Mapping[str, Form]) -> str:
    value = table.get(row, {}).get(kind)
    return NOTHING if value is None else f"{value:.{forms[kind].decimals}f}"


def _row_label(entry: Entry, row: str) -> str:
    if row in (MACRO, WEIGHTED):
        return f"{row.removesuffix('_avg').capitalize()} avg"
    published = entry["published"]["supports"].get(row)
    ours = sorted({split["supports"]["test"][row] for split in entry["splits"]})
    own = " … ".join(map(str, ours))
    if published is None or [published] == ours:
        return f"{row} ({own})"
    return f"{row} ({published} published, {own} here)"


def units(entry: Entry) -> list[str]:
    """Column titles of the classification report, with their scale."""
    forms = USUAL | printed.report_forms(entry["published"]["report"])
    titles = ("Precision", "Recall", "F1")
    return [f"{title} %" if forms[kind].scale == 100 else title for title, kind in zip(titles, KINDS, strict=True)]


def some(names: Sequence[str], most: int = 4) -> str:
    """Names, or how many there are where they are many."""
    return ", ".join(names) if len(names) <= most else f"{len(names)} speakers"


def seeds(part: Mapping[str, object]) -> str:
    """The seeds that something holds for, in words."""
    numbers = ", ".join(map(str, part["seeds"]))
    return f"seed {numbers}" if len(part["seeds"]) == 1 else f"seeds {numbers}"


def audit_line(entry: Entry) -> str:
    """What was held against what in the printed tables."""
    values = counted(entry["audit_checked"], "printed value")
    basis = "its printed matrix" if entry["published"]["confusion"] else "the rest of what is printed"
    if not entry["audit_checked"]:
        return "Nothing printed could be held against anything else printed."
    found = counted(len(entry["audit"]), "value") + (" is" if len(entry["audit"]) == 1 else " are")
    return f"{values} recomputed from {basis}; {found if entry['audit'] else 'none is'} contradicted."


def matrix_words(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """A confusion matrix's diagonal in words, for those who don't see the figure."""
    told = []
    for number, (row, label) in enumerate(zip(counts, classes, strict=True)):
        clips = sum(row)
        told.append(f"{label} {percent(row[number] / clips, 1) if clips else NOTHING} ({row[number]} of {clips})")
    return "recognized: " + ", ".join(told)


def moment(stamp: str) -> str:
    """A time stamp to the minute: 2026-11-20T22:07:00+00:00 is "2026-11-20 22:07 UTC"."""
    return f"{stamp[:10]} {stamp[11:16]} UTC"


def duration(seconds: float | None) -> str:
    """A time span in the unit that suits it."""
    if seconds is None:
        return NOTHING
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def training_facts(entry: Entry) -> list[tuple[str, str]]:
    """How the model was fitted, as names and texts; what a run does not record is left out."""
    training, first = entry["training"], entry["runs"][0]
    named = {
        "Optimizer": training.get("optimizer"),
        "Loss": training.get("loss"),
        "Batch size": training.get("batch_size"),
        "Epochs allowed": training.get("epochs_limit"),
        "Computed in": precision(training),
        "Learning rate falls": training.get("plateau"),
        "Parameters of the model": first.get("parameters"),
        "Of these trained": first.get("trainable_parameters"),
        "Training examples": first.get("examples"),
    }
    if training.get("patience") is not None:
        named["Early stopping"] = f"on {training.get('monitor')}, patience {training['patience']}"
    stopped = [run["seed"] for run in entry["runs"] if run.get("stopped_early")]
    named["Stopped early"] = seeds({"seeds": stopped}) if stopped else "no run"
    return [(key, str(value)) for key, value in named.items() if value is not None]


def provenance_facts(record: Mapping[str, object]) -> list[tuple[str, str]]:
    """Software and machine of a run, as names and texts."""
    machine = record.get("hardware", {})
    facts = {
        "ser_keras": record.get("ser_keras"),
        "Commit": record.get("commit"),
        "Python": record.get("python"),
        "Packages": ", ".join(f"{key} {value}" for key, value in record.get("packages", {}).items()),
        "Backend": record.get("backend"),
        "Deterministic operations": {True: "yes", False: "no"}.get(record.get("deterministic")),
        "Processor": machine.get("cpu") and f"{machine['cpu']}, {counted(machine.get('cores', 0), 'core')}",
        "Memory": machine.get("memory_gib") and f"{machine['memory_gib']} GiB",
        "Accelerator": machine.get("accelerator") or "none",
        "Devices that shared the training": None if record.get("devices", 1) == 1 else record["devices"],
        "Platform": record.get("platform"),
    }
    return [(key, str(value)) for key, value in facts.items() if value]


def learning_words(curves: Sequence[Curve]) -> str:
    """Learning curves in words, for those who don't see the figure."""
    told = [
        f"{one.name}: loss from {one.history['loss'][0]:.2f} to {one.history['loss'][-1]:.2f} and training accuracy "
        f"from {percent(one.history['accuracy'][0], 1)} to {percent(one.history['accuracy'][-1], 1)} in "
        f"{counted(len(one.history['epoch']), 'epoch')}, kept epoch {one.kept}"
        for one in curves
    ]
    return "Learning curves; " + "; ".join(told)
