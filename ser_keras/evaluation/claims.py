"""What a paper's text says in numbers, held against other numbers of the same paper or against its corpora.

`published.json` may have a list `claims`. Each has `where` (the place in the paper), `says` (what is stated there, in
our words), a `kind` and its numbers; a kind is one function below, which gives what contradicts the claim, or "".
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ser_keras.errors import PaperError

Claim = Mapping[str, object]


@dataclass(frozen=True)
class Slip:
    """A statement that is contradicted: where it is made, what it says, and what speaks against it."""

    where: str
    says: str
    kind: str
    against: str

    def __str__(self) -> str:
        return f"{self.where}: {self.says}; {self.against}"


def slips(published: Mapping[str, object]) -> tuple[Slip, ...]:
    """The claims of a `published.json` that are contradicted; () for a paper without claims.

    Raises
    ------
    PaperError : a claim is not whole, or of no known kind
    """
    found = []
    for number, claim in enumerate(published.get("claims", ()), start=1):
        try:
            against = KINDS[claim["kind"]](claim)
            if against:
                found.append(Slip(str(claim["where"]), str(claim["says"]), str(claim["kind"]), against))
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
            raise PaperError(f"claim {number} of published.json is not whole ({error!r}): mend it") from None
    return tuple(found)


def _total(claim: Claim) -> str:
    """`printed` is said to be the total of `parts` (name → number), which `basis` gives."""
    total = math.fsum(claim["parts"].values())
    if total == claim["printed"]:
        return ""
    parts = ", ".join(f"{name} {value:g}" for name, value in claim["parts"].items())
    return f"{claim['basis']} gives {total:g} ({parts})"


def _share(claim: Claim) -> str:
    """`part` of `whole` is said to be `percent`, to within `tolerance` points (half a point unless told)."""
    real = 100 * claim["part"] / claim["whole"]
    if abs(real - claim["percent"]) <= claim.get("tolerance", 0.5):
        return ""
    return f"{claim['part']:g} of {claim['whole']:g} is {real:.1f} %"


def _same(claim: Claim) -> str:
    """One quantity, printed in several `places` (place → number)."""
    places = claim["places"]
    if len(set(places.values())) == 1:
        return ""
    return "printed as " + ", ".join(f"{value:g} ({place})" for place, value in places.items())


def _least(claim: Claim) -> str:
    """`of` is said to have the least of `values` (name → number)."""
    return _extreme(claim, min, "less")


def _greatest(claim: Claim) -> str:
    """`of` is said to have the greatest of `values`."""
    return _extreme(claim, max, "more")


def _extreme(claim: Claim, choose: Callable, word: str) -> str:
    values = claim["values"]
    name = choose(values, key=values.__getitem__)
    own = values[claim["of"]]
    return "" if values[name] == own else f"{name} has {word}: {values[name]:g}, where {claim['of']} has {own:g}"


def _parameters(claim: Claim) -> str:
    """A dense network of `units` a layer, batch normalisation after the first `normalised`, on `inputs`: `printed`."""
    found = dense_parameters(claim["inputs"], claim["units"], claim.get("normalised", 0))
    if found == claim["printed"]:
        return ""
    fitting = [
        size
        for size in range(1, 1000)
        if dense_parameters(size, claim["units"], claim.get("normalised", 0)) == claim["printed"]
    ]
    told = f"; {claim['printed']:g} are those of {fitting[0]} inputs" if fitting else ""
    return f"{claim['inputs']:g} inputs make {found:g} parameters{told}"


def dense_parameters(inputs: int, units: list[int], normalised: int = 0) -> int:
    """Parameters of dense layers with biases, the first `normalised` of them with batch normalisation (4 a unit)."""
    widths = [inputs, *units]
    dense = sum(before * after + after for before, after in zip(widths, units, strict=False))
    return dense + 4 * sum(units[:normalised])


def _windows(claim: Claim) -> str:
    """`samples` at `hop` (centred frames), in windows of `size` frames every `step`, are said to give `printed`."""
    found = n_windows(claim["samples"], claim["hop"], claim["size"], claim["step"])
    if found == claim["printed"]:
        return ""
    fitting = claim.get("instead")
    right = fitting is not None and n_windows(fitting, claim["hop"], claim["size"], claim["step"]) == claim["printed"]
    told = f"; {fitting:g} samples give {claim['printed']:g}" if right else ""
    return f"{claim['samples']:g} samples give {found:g} windows{told}"


def n_windows(samples: int, hop: int, size: int, step: int) -> int:
    """Rolling windows over the centred frames of so many samples."""
    return max(1 + (1 + samples // hop - size) // step, 0)


def _is(claim: Claim) -> str:
    """`value` is said to be one thing; `prints` (name → number) has what the table prints, under its own names."""
    names = [name for name, value in claim["prints"].items() if value == claim["value"]]
    if claim["name"] in names:
        return ""
    printed = claim["prints"].get(claim["name"])
    told = f"{claim['name']} is printed as {printed:g}" if printed is not None else f"{claim['name']} is not printed"
    return told + (f", and {claim['value']:g} is the {names[0]}" if names else "")


def _least_loss(claim: Claim) -> str:
    """`loss` beside `accuracy` for `classes` is said to be a cross-entropy of probabilities.

    A network that is right on a share a of the clips, and sure of it, has a loss near 0 on these. A cross-entropy that
    takes the softmax's probabilities for logits can't fall below log(e + classes - 1) - 1.
    """
    floor = math.log(math.e + claim["classes"] - 1) - 1
    chance = math.log(claim["classes"])
    if not floor <= claim["loss"] <= chance or claim["accuracy"] < 0.9:
        return ""
    return (
        f"{claim['loss']:g} lies just above {floor:.4f}, the least of a cross-entropy that takes probabilities for "
        f"logits with {claim['classes']} classes: the softmax was applied twice"
    )


KINDS: Mapping[str, Callable[[Claim], str]] = MappingProxyType(
    {
        "total": _total,
        "share": _share,
        "same": _same,
        "least": _least,
        "greatest": _greatest,
        "parameters": _parameters,
        "windows": _windows,
        "is": _is,
        "cross-entropy": _least_loss,
    }
)
