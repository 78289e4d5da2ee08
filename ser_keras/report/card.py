"""A model card: what a run's network was trained on, how well it does and on whom, what it is not for."""

from collections.abc import Mapping

from ser_keras.corpora import manifest
from ser_keras.evaluation import intervals, metrics
from ser_keras.report import leaks, overview, texts
from ser_keras.report.runs import Run


def document(run: Run) -> str:
    """The model card: what it was trained on, how well it does and on whom, what it is not for."""
    record = run.record
    confusion = metrics.confusion_matrix(run.y_true, run.y_pred, record["classes"])
    right, clips = int(confusion.trace()), int(confusion.sum())
    leaking = leaks.short(leaks.summary([run])) or "not known"
    interval = overview.ends(intervals.wilson(right, clips))
    figures = [
        f"- Accuracy {texts.percent(right / clips)} of {clips} test clips{interval} (Wilson, 95 %), UAR "
        f"{texts.percent(metrics.uar(confusion))}.",
        *_over_speakers(run),
        f"- Protocol: {record['protocol']}. In training as well as in the test part: {leaking}.",
        *_published_caution(record),
    ]
    licences = [f"- {name}: {_source(name, one)}" for name, one in record["corpora"].items()]
    limits = [
        "- Acted speech of few speakers in a few sentences: nothing is known of how it does on other speech.",
        "- Not for decisions on people: no hiring, no policing, no covert monitoring.",
        f"- It knows {len(record['classes'])} classes and names one of them for any sound.",
    ]
    synthetic = [name for name, one in record["corpora"].items() if one["synthetic"]]
    cautions = (
        [f"**Trained on synthetic recordings ({', '.join(synthetic)}): of no use on speech.**"] if synthetic else []
    )
    cautions += ["**Trained for a few epochs only (--quick).**"] if record["quick"] else []
    blocks = [
        f"# {record['paper']}/{record['experiment']} ({record['variant']}), seed {record['seed']}",
        *cautions,
        f"{record['title']}. Classes: {', '.join(record['classes'])}.",
        "## Figures",
        "\n".join(figures),
        "## Trained on",
        "\n".join(licences),
        "## Limits",
        "\n".join(limits),
        "## From",
        "\n".join(f"- {key}: {value}" for key, value in texts.provenance_facts(record["provenance"])),
    ]
    return "\n\n".join(blocks) + "\n"


def _over_speakers(run: Run) -> list[str]:
    if len(set(run.speakers)) < intervals.FEWEST_SPEAKERS:
        return []
    found = intervals.over_speakers(run.y_true, run.y_pred, run.speakers, run.record["classes"])
    accuracy, uar = (overview.ends(found[key]).strip() for key in ("accuracy", "uar"))
    return [f"- Over its {len(set(run.speakers))} speakers (cluster bootstrap, 95 %): accuracy {accuracy}, UAR {uar}."]


def _published_caution(record: Mapping) -> list[str]:
    if record["protocol"] != "published":
        return []
    whole = all(one["clips"] >= one["expected"] and not one["synthetic"] for one in record["corpora"].values())
    test = "The test part is that of the paper" if whole else "The split is made as in the paper, of other clips"
    return [f"- {test}: these figures say nothing of speakers it has never heard."]


def _source(name: str, state: Mapping) -> str:
    if state["synthetic"]:
        return "synthetic recordings in its layout, none of its own"
    known: Mapping = manifest.corpora()
    return f"{known[name].title}, {known[name].licence}" if name in known else "unknown"
