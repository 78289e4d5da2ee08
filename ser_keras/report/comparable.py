"""What keeps figures of ours from standing beside a paper's: recordings made or missing, a recipe cut short."""

from collections.abc import Mapping, Sequence

WHOLE = 0.999  # share of a corpus's clips that must be there: copies of TESS lack two, which moves nothing


def recipe_epochs(record: Mapping) -> int | None:
    """The epochs that a run's recipe allows, of its `run.json`; None where it does not tell."""
    if "recipe_epochs" in record:
        return record["recipe_epochs"]
    choices = {choice["key"]: choice["value"] for choice in record["choices"]}
    return choices.get("epochs")  # runs of old name the recipe's among choices alone


def held(record: Mapping) -> int | None:
    """The epochs that a run was held to, where they are not its recipe's, of its `run.json` or a report's entry."""
    limit, allowed = recipe_epochs(record), record["training"].get("epochs_limit")
    return None if limit is None or allowed == limit else allowed


def unlike_paper(record: Mapping) -> list[str]:
    """`unlike` of a run's `run.json`."""
    missing = record.get("missing_corpora", [])
    return unlike(record["corpora"], missing, quick=record["quick"], epochs=None if record["quick"] else held(record))


def unlike(corpora: Mapping[str, Mapping], missing: Sequence[str], *, quick: bool, epochs: int | None) -> list[str]:
    """Why runs are not comparable with their paper, a clause a reason; [] for those that are.

    Parameters
    ----------
    corpora : corpus → `clips`, `expected`, `synthetic`
    missing : corpora that were left out
    quick : whether training was cut short to see that all works
    epochs : that training was held to, where they are not the recipe's; None: they are
    """
    found = [f"the recordings of {name} are synthetic" for name, one in corpora.items() if one["synthetic"]]
    found += ["quick runs"] if quick else []
    found += [f"held to {epochs} {'epoch' if epochs == 1 else 'epochs'} by --epochs"] if epochs else []
    found += [line for line, share in lacking(corpora) if share < WHOLE]
    return found + [f"{name} is not there" for name in missing]


def lacking(corpora: Mapping[str, Mapping]) -> list[tuple[str, float]]:
    """Real corpora that are not complete, each with the share that is there."""
    return [
        (f"{name} lacks {one['expected'] - one['clips']} of {one['expected']} clips", one["clips"] / one["expected"])
        for name, one in corpora.items()
        if one["clips"] < one["expected"] and not one["synthetic"]
    ]
