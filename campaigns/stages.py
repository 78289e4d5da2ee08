"""Where commands are killed on purpose: at what each stage of them is known to have begun, and where it ends.

A stage begins with what an undisturbed command left behind, less what this stage and those after it make.
"""

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TIMES = ("generated", "durations", "training_s", "started", "finished", "resumed_after")  # see `without_times`
CLOCKS = re.compile(r"Written [^<\n]*?UTC|\b[\d.]+ (?:s|min|h)\b|\d{4}-\d\d-\d\dT[\d:+]+")  # in reports
TEXTS = (".html", ".md")


@dataclass(frozen=True)
class Stage:
    """A stage of a command.

    Parameters
    ----------
    name : for people
    command : module and its arguments; `{out}` stands for the folder that it writes into, `{address}` for a server
    begins, ends : when it is under way and when it is over: a regular expression that what is told on stderr holds, or
        a glob, after "file:", that a file or folder in `{out}` fits; `ends` may be "", the end of the command
    drop : globs in `{out}` of what this stage and those after it make
    before : commands that lay the ground, as `command`
    environment : variables that are set
    """

    name: str
    command: tuple[str, ...]
    begins: str
    ends: str
    drop: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def reached(sign: str, told: str, out: Path) -> bool:
    """Whether a sign of a stage is there."""
    if sign.startswith("file:"):
        return any(True for _ in out.glob(sign[5:]))
    return bool(sign) and re.search(sign, told) is not None


def outcome(out: Path) -> dict[str, object]:
    """All that a command left in a folder by its path, but for features and locks; moments and durations left out."""
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        part = "features" in name.parts and path.name.startswith("part-")  # resumed, clips are parted differently
        if path.is_file() and not part and path.suffix != ".lock":
            found[str(name)] = _content(path)
    return found


def whole(out: Path) -> dict[str, object]:
    """As `outcome`, of a command that was killed: its results, without what was under way."""
    found = outcome(out)
    return {name: one for name, one in found.items() if not _under_way(Path(name))}


def _under_way(name: Path) -> bool:
    return "unfinished" in name.parts or any(part.startswith(".") for part in name.parts)


def _content(path: Path) -> object:
    if path.name.startswith("."):
        return "half written"
    if path.name == "SYNTHETIC.json":  # says whether the corpus beside it is whole
        return "is there"
    if path.suffix == ".json":
        return without_times(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".keras":  # the archive and its notes tell when the model was saved
        with zipfile.ZipFile(path) as archive:
            return archive.read("model.weights.h5")
    if path.name == "history.csv":
        rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        kept = [number for number, name in enumerate(rows[0]) if name != "seconds"]
        return [[row[number] for number in kept] for row in rows]
    if path.suffix in TEXTS:
        return CLOCKS.sub("", path.read_text(encoding="utf-8"))
    return path.read_bytes()


def without_times(value: object) -> object:
    """A value of JSON without what tells of a clock, or of how often a command was killed."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key not in TIMES}
    return [without_times(one) for one in value] if isinstance(value, list) else value


ANN = ("ser_keras.reproduce", "sankaran2023/ann", "--corpora", "synthetic", "--out", "{out}")
COPIES = (
    "ser_keras.reproduce", "kanoun2024/cnn", "--variant", "described", "--corpora", "synthetic", "--quick", "--epochs",
    "1", "--out", "{out}",
)  # fmt: skip
ABLATE = (
    "ser_keras.ablate", "sankaran2023/ann", "--corpora", "synthetic", "--quick", "--choices", "n_mfcc=13", "--seeds",
    "1", "--out", "{out}",
)  # fmt: skip
COMPARE = (
    "ser_keras.compare", "majority", "--corpora", "savee", "--recordings", "synthetic", "--mode", "within", "--quick",
    "--out", "{out}",
)  # fmt: skip
EPOCH = "sankaran2023/ann described seed 0: +"
KEPT = {"SER_KERAS_CHECKPOINT_SECONDS": "0"}  # a state after each epoch

STAGES = (
    Stage("synthesis", (*ANN, "--quick"), r"synthetic tess: +\d+%", "sankaran2023-mfcc-means: ", ("*",)),
    Stage("extraction", ANN, r"sankaran2023-mfcc-means: +\d+%", EPOCH, ("sankaran2023", "cache/features")),
    Stage(
        "augmentation",
        COPIES,
        r"kanoun2024-log-mel-altered: +\d+%",
        "kanoun2024/cnn described seed 0: ",
        ("kanoun2024", "cache/features/*altered*"),
    ),
    Stage(
        "training",
        (*ANN, "--epochs", "40"),
        EPOCH + r"\d+%",
        EPOCH + "100%",
        ("sankaran2023",),
        environment=KEPT,
    ),
    Stage(
        "writing of a run and its report",
        (*ANN, "--quick"),
        EPOCH + "100%",
        "",
        ("sankaran2023",),
        environment=KEPT,
    ),
    Stage(
        "prediction",
        ("ser_keras.predict", "{out}/cache/synthetic-8", "--csv", "{out}/heard.csv"),
        r"predict: +\d+%",
        "",
        ("heard.csv",),
        before=((*ANN, "--quick"),),
    ),
    Stage(
        "report",
        ("ser_keras.report", "{out}"),
        "file:*/report",
        "",
        ("*/report", "report"),
        before=((*ANN, "--quick"),),
    ),
    Stage("ablation's table", ABLATE, "file:*/ablation", "", ("*/ablation",)),
    Stage("comparison's report", COMPARE, "file:compare/*/report", "", ("compare/*/report",)),
    Stage(
        "download of an archive",
        ("ser_keras.corpora", "fetch", "killed", "--data", "{out}", "--from", "{address}/killed.zip"),
        "file:.downloads/killed/*.part",
        "file:killed/*.wav",
        ("*", ".downloads"),
    ),
    Stage(
        "unpacking of an archive",
        ("ser_keras.corpora", "fetch", "killed", "--data", "{out}", "--from", "{address}/killed.zip"),
        "file:.downloads/killed/*/*.wav",
        "",
        ("*", ".downloads"),
    ),
    Stage(
        "download of single clips",
        ("ser_keras.corpora", "fetch", "killed", "--data", "{out}", "--from", "{address}/{file}"),
        "file:.downloads/killed/*.part",
        "",
        ("*", ".downloads"),
    ),
)
