"""What there is to reproduce: papers, experiments, published figures, and what of their corpora is here."""

from collections.abc import Mapping
from pathlib import Path

from ser_keras import discovery
from ser_keras.corpora import folder, manifest


def listing(data: Path | None) -> str:
    """Papers, experiments, published figures and what of their corpora is on disk, as a table."""
    found = {name: folder.find(name, data) for name in manifest.corpora()}
    lines = []
    for paper in discovery.paper_names():
        printed = discovery.published(paper)
        lines.append(f"{paper}: {printed['title']} ({printed['year']})")
        for experiment, entry in printed["results"].items():
            states = ", ".join(f"{name} {_state(name, found[name])}" for name in entry["corpora"])
            lines.append(f"  {paper + '/' + experiment:<32} published {percent(entry):>8}   {states}")
    lines.append("Run one: python -m ser_keras.reproduce PAPER/EXPERIMENT   Options: --help")
    return "\n".join(lines)


def percent(entry: Mapping) -> str:
    """The accuracy of a published result, "–" where it has none."""
    if not {"accuracy", "accuracy_percent"} & set(entry):
        return "–"
    value = entry["accuracy_percent"] if "accuracy_percent" in entry else 100 * entry["accuracy"]
    return f"{value:.2f} %"


def _state(name: str, found: folder.Found | None) -> str:
    if found is None:
        return "missing"
    synthetic = " synthetic" if found.synthetic else ""
    return f"{len(found.paths)} of {len(manifest.manifest(name).entries)}{synthetic} clips"
