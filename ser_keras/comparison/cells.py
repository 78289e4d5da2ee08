"""A cell of a comparison: one model, what it is trained and tested on, one seed; where it lies, and whether it is done.

OUT/compare/COMPARISON/cells/MODEL/MODE/CORPORA/seed-N holds `predictions.csv` (clip, corpus, speaker, gender, fold,
true, predicted, one probability a class) and, written last, `cell.json`: a cell is finished when that file is there.
Loads no model.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_keras.errors import RunError
from ser_keras.files import read_record

SCHEMA = 1
WITHIN, CROSS = "within", "cross"
MODES = {WITHIN: (WITHIN,), CROSS: (CROSS,), "both": (WITHIN, CROSS)}
# a change of these is another cell
DECISIVE = ("schema", "quick", "classes", "clips", "choices", "corpora", "training", "pipeline")


@dataclass(frozen=True)
class Cell:
    """One model, trained and tested once: on folds of the same corpora (within), or on all of other ones (cross)."""

    model: str
    mode: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    seed: int

    @property
    def corpora(self) -> str:
        """`emodb`, `emodb+ravdess`, `emodb-to-ravdess`."""
        sides = [self.train] if self.mode == WITHIN else [self.train, self.test]
        return "-to-".join("+".join(side) for side in sides)

    @property
    def name(self) -> str:
        return f"{self.model} {self.mode} {self.corpora} seed {self.seed}"


def planned(models: Sequence[str], corpora: Sequence[str], mode: str, seeds: Sequence[int]) -> list[Cell]:
    """All cells of a comparison, seed by seed.

    Within: each corpus, and where there are several all of them merged. Cross: every ordered pair of corpora.

    Parameters
    ----------
    models : names
    corpora : in their order
    mode : a key of `MODES`
    seeds : each once
    """
    sets = [(name,) for name in corpora] + ([tuple(corpora)] if len(corpora) > 1 else [])
    pairs = [((one,), (other,)) for one in corpora for other in corpora if one != other]
    sides = {WITHIN: [(names, names) for names in sets], CROSS: pairs}
    return [
        Cell(model, kind, train, test, seed)
        for seed in seeds
        for kind in MODES[mode]
        for train, test in sides[kind]
        for model in models
    ]


def comparison_name(corpora: Sequence[str], wanted: Sequence[str] | None) -> str:
    """`emodb+ravdess`; `emodb+ravdess,classes=angry+happy` where classes were named."""
    return "+".join(corpora) + (f",classes={'+'.join(wanted)}" if wanted else "")


def corpora_of(name: str) -> tuple[str, ...]:
    """The corpora of a comparison in their order, from its name."""
    return tuple(name.partition(",")[0].split("+"))


def comparison_folder(out: Path, corpora: Sequence[str], wanted: Sequence[str] | None) -> Path:
    """OUT/compare/COMPARISON."""
    return out / "compare" / comparison_name(corpora, wanted)


def cell_folder(comparison: Path, cell: Cell) -> Path:
    """Where a cell lies in its comparison's folder."""
    model = re.sub(r"[^\w.-]", "-", cell.model)
    return comparison / "cells" / model / cell.mode / cell.corpora / f"seed-{cell.seed}"


def exists(comparison: Path, cell: Cell) -> bool:
    """Whether a cell lies in its comparison's folder, of whatever settings."""
    return (cell_folder(comparison, cell) / "cell.json").exists()


def finished(folder: Path, declared: dict) -> bool:
    """Whether the folder holds the finished cell of this declaration.

    Raises
    ------
    RunError : it holds a finished cell of another declaration, or one that can't be read
    """
    stored = read_record(folder / "cell.json")
    if stored is None:
        return False
    expected = json.loads(json.dumps(declared))
    other = [key for key in DECISIVE if _decisive(stored.get(key)) != _decisive(expected[key])]
    if other:
        raise RunError(
            f"{folder} holds a finished cell with other settings ({', '.join(other)}): give another --out, or --force "
            "to compute it again"
        )
    return True


def _decisive(told: object) -> object:
    """What is told of corpora without the recordings that their manifests don't know: these enter no clips."""
    if isinstance(told, dict) and all(isinstance(one, dict) for one in told.values()):
        return {name: {**one, "foreign": 0} if "foreign" in one else one for name, one in told.items()}
    return told
