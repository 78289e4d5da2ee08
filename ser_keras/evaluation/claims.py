"""What a paper's text says in numbers, held against other numbers of the same paper or against its corpora.

`published.json` may have a list `claims`. Each has `where` (the place in the paper), `says` (what is stated there, in
our words), a `kind` and its numbers; a kind is one function below, which gives what contradicts the claim, or "".

Whole numbers are counts and exact, unless they stand beside a number with decimals: 79 and 78.99 agree, 50 and 40
don't. Numbers with decimals agree as far as the less exact one is printed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from types import MappingProxyType

from ser_keras.errors import PaperError
from ser_keras.evaluation.printed import FUZZ, decimals

Claim = Mapping[str, object]
RECURRENT = {"lstm": 1, "bilstm": 2}  # directions
TAPS = {"dense": 0, "conv1d": 1, "conv2d": 2}  # dimensions of the kernel


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
    claims = published.get("claims", ())
    if not isinstance(claims, Sequence) or isinstance(claims, str):
        raise PaperError(f"claims of published.json are {type(claims).__name__}, expected a list")
    found = []
    for number, claim in enumerate(claims, start=1):
        try:
            where, says, kind = (str(claim[key]) for key in ("where", "says", "kind"))
            against = KINDS[kind](claim)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise PaperError(_fault(number, claim, error)) from None
        if against:
            found.append(Slip(where, says, kind, against))
    return tuple(found)


def _fault(number: int, claim: object, error: Exception) -> str:
    if not isinstance(claim, Mapping):
        return f"claim {number} of published.json is not whole: {claim!r} is no object; mend it"
    reason = str(error)
    if isinstance(error, InvalidOperation):
        reason = "one of its numbers is none"
    elif isinstance(error, KeyError):
        missing = error.args[0]
        known = f"its kind is {missing!r}, known are {', '.join(KINDS)}"
        reason = known if missing == claim.get("kind") else f"{missing!r} is missing"
    return f"claim {number} of published.json is not whole ({claim.get('where', 'no where')}): {reason}; mend it"


def agree(one: float, other: float) -> bool:
    """Whether two printed numbers can be the same, each as exact as it is printed."""
    digits = [decimals([value]) for value in (one, other)]
    margin = 0.5 * 10.0 ** -min(digits) if max(digits) else 0.0
    return abs(one - other) <= margin + FUZZ


def _total(claim: Claim) -> str:
    """`printed` is said to be the total of `parts` (name → number), which `basis` gives.

    Parts with decimals may each be off by half a unit of their last place, and so may the total then.
    """
    parts, printed = claim["parts"], claim["printed"]
    total, digits, shown = math.fsum(parts.values()), decimals(parts.values()), decimals([printed])
    margin = 0.5 * 10.0**-shown + (0.5 * 10.0**-digits * len(parts) if digits else 0.0)
    if abs(total - printed) <= margin + FUZZ:
        return ""
    told = ", ".join(f"{name} {value:.12g}" for name, value in parts.items())
    return f"{claim['basis']} gives {total:.12g} ({told})"


def _share(claim: Claim) -> str:
    """`part` of `whole` is said to be `percent`, as exact as that is printed unless `tolerance` (points) is given."""
    real = 100 * claim["part"] / claim["whole"]
    margin = claim.get("tolerance", 0.5 * 10.0 ** -decimals([claim["percent"]]))
    if abs(real - claim["percent"]) <= margin + FUZZ:
        return ""
    return f"{claim['part']:.12g} of {claim['whole']:.12g} is {real:.{decimals([claim['percent']]) + 1}f} %"


def _change(claim: Claim) -> str:
    """A figure in percent is said to rise `by` percent, or by as many points, `from` one `to` another."""
    points, margin = claim["to"] - claim["from"], 0.5 * 10.0 ** -decimals([claim["by"]]) + FUZZ
    percent = 100 * points / claim["from"]
    if min(abs(points - claim["by"]), abs(percent - claim["by"])) <= margin:
        return ""
    return f"from {claim['from']:g} to {claim['to']:g} is {points:.2f} points, or {percent:.1f} %"


def _same(claim: Claim) -> str:
    """One quantity, printed in several `places` (place → number)."""
    places, values = claim["places"], list(claim["places"].values())
    if all(agree(one, other) for number, one in enumerate(values) for other in values[:number]):
        return ""
    return "printed as " + ", ".join(f"{value:.12g} ({place})" for place, value in places.items())


def _least(claim: Claim) -> str:
    """`of` is said to have the least of `values` (name → number); several names are said to have the several least."""
    return _extreme(claim, -1, "less")


def _greatest(claim: Claim) -> str:
    """`of` is said to have the greatest of `values`; several names, the several greatest."""
    return _extreme(claim, 1, "more")


def _extreme(claim: Claim, sign: int, word: str) -> str:
    values, named = claim["values"], [claim["of"]] if isinstance(claim["of"], str) else claim["of"]
    worst = min(named, key=lambda name: sign * values[name])
    rest = [name for name in values if name not in named]
    best = max(rest, key=lambda name: sign * values[name])
    if sign * values[best] <= sign * values[worst]:
        return ""
    return f"{best} has {word}: {values[best]:.12g}, where {worst} has {values[worst]:.12g}"


def _parameters(claim: Claim) -> str:
    """A network of `layers` (as for `layer_parameters`) on `inputs` values or channels is said to have `printed`."""
    found = layer_parameters(claim["inputs"], claim["layers"])
    if found == claim["printed"]:
        return ""
    fitting = [size for size in range(1, 1000) if layer_parameters(size, claim["layers"]) == claim["printed"]]
    told = (
        f"{claim['printed']:.12g} are those of {fitting[0]} inputs" if fitting else f"{claim['printed']:.12g} printed"
    )
    inputs = "1 input makes" if claim["inputs"] == 1 else f"{claim['inputs']:.12g} inputs make"
    return f"{inputs} {found:.12g} parameters; {told}"


def layer_parameters(inputs: int, layers: Sequence[Sequence]) -> int:
    """Parameters of a chain of layers with biases.

    Parameters
    ----------
    inputs : values of the vector, or channels of the sequence or image, that go in
    layers : lists of a word and numbers: ["dense", units], ["conv1d", filters, kernel], ["conv2d", filters, kernel],
        ["lstm", units], ["bilstm", units], ["norm"] (batch normalisation, 4 a channel)
    """
    total, width = 0, inputs
    for word, *sizes in layers:
        if word == "norm":
            total += 4 * width
        elif word in RECURRENT:
            [units] = sizes
            total, width = total + RECURRENT[word] * 4 * units * (width + units + 1), RECURRENT[word] * units
        elif word in TAPS:
            units, kernel = sizes if TAPS[word] else (*sizes, 1)
            total, width = total + units * (kernel ** TAPS[word] * width + 1), units
        else:
            raise ValueError(f"no layer is called {word!r}")
    return total


def _windows(claim: Claim) -> str:
    """`samples` at `hop` (centred frames), in windows of `size` frames every `step`, are said to give `printed`."""
    found = n_windows(claim["samples"], claim["hop"], claim["size"], claim["step"])
    if found == claim["printed"]:
        return ""
    fitting = claim.get("instead")
    right = fitting is not None and n_windows(fitting, claim["hop"], claim["size"], claim["step"]) == claim["printed"]
    told = f"; {fitting:.12g} samples give {claim['printed']:.12g}" if right else ""
    return f"{claim['samples']:.12g} samples give {found:.12g} windows{told}"


def n_windows(samples: int, hop: int, size: int, step: int) -> int:
    """Rolling windows over the centred frames of so many samples; windows of one frame are the frames."""
    return max(1 + (1 + samples // hop - size) // step, 0)


def _duration(claim: Claim) -> str:
    """`samples` at `rate` hertz are said to last `printed` seconds, or milliseconds where `unit` is "ms"."""
    unit = claim.get("unit", "s")
    real, digits = claim["samples"] / claim["rate"] * {"s": 1, "ms": 1000}[unit], decimals([claim["printed"]])
    if abs(real - claim["printed"]) <= 0.5 * 10.0**-digits + FUZZ:
        return ""
    return f"{claim['samples']:.12g} samples at {claim['rate']:.12g} Hz last {real:.{digits + 1}f} {unit}"


def _is(claim: Claim) -> str:
    """`value` is said to be one thing; `prints` (name → number) has what the table prints, under its own names."""
    names = [name for name, value in claim["prints"].items() if agree(value, claim["value"])]
    if claim["name"] in names:
        return ""
    printed = claim["prints"].get(claim["name"])
    told = f"{claim['name']} is printed as {printed:.12g}" if printed is not None else f"{claim['name']} is not printed"
    return told + (f", and {claim['value']:.12g} is the {names[0]}" if names else "")


def _cross_entropy(claim: Claim) -> str:
    """`loss` beside `accuracy`, for `classes`, is said to be a cross-entropy of probabilities.

    A cross-entropy that takes the softmax's probabilities for logits is at least log(e + classes - 1) - 1, and 1 more
    for a clip that is wrong and sure: near this, the softmax was applied twice.
    """
    floor = math.log(math.e + claim["classes"] - 1) - 1
    twice = floor + 1 - claim["accuracy"]
    if claim["accuracy"] < 0.9 or abs(claim["loss"] - twice) > 0.02:
        return ""
    return (
        f"{claim['loss']:g} is a cross-entropy that takes the softmax's probabilities for logits (never below "
        f"{floor:.4f}, and {twice:.4f} for a network as right and sure of it): the softmax was applied twice"
    )


KINDS: Mapping[str, Callable[[Claim], str]] = MappingProxyType(
    {
        "total": _total,
        "share": _share,
        "change": _change,
        "same": _same,
        "least": _least,
        "greatest": _greatest,
        "parameters": _parameters,
        "windows": _windows,
        "duration": _duration,
        "is": _is,
        "cross-entropy": _cross_entropy,
    }
)
