"""Random confusion matrices, printed in percent and read again: the counts come back, or are said to be ambiguous.

    python -m campaigns.matrices --matrices 100000 --out campaigns/found/matrices.json

Matrix number n is drawn from (seed, n): two to eight classes, up to 10 or up to 20 000 clips a cell, some cells empty,
none to three decimals, rounded to the nearest or cut off.
"""

import json
from collections import Counter
from pathlib import Path

import click
import numpy as np

from ser_keras.evaluation.printed import recovered_counts

OUTCOMES = ("right", "ambiguous", "called impossible", "wrong")


def drawn(seed: int, number: int) -> tuple[np.ndarray, int, bool]:
    """Counts of one matrix, how many decimals it is printed with, and whether digits are cut off."""
    rng = np.random.default_rng([seed, number])
    size, most = int(rng.integers(2, 9)), int(10 ** rng.uniform(1, 4.3))
    counts = rng.integers(0, most, (size, size))
    if rng.random() < 0.3:
        counts[rng.random((size, size)) < 0.5] = 0
    return counts, int(rng.integers(0, 4)), bool(rng.integers(2))


def printed(counts: np.ndarray, decimals: int, cut: bool) -> np.ndarray:
    """Percents of each row as a table shows them."""
    support = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if cut:
        return (100 * 10**decimals * counts // support) / 10**decimals
    return np.round(100 * counts / support, decimals)


def outcome(counts: np.ndarray, decimals: int, cut: bool) -> str:
    """What comes of one matrix."""
    found = recovered_counts(printed(counts, decimals, cut), counts.sum(axis=1).tolist(), decimals)
    if found.misfits:
        return "called impossible"
    if found.counts is None:
        return "ambiguous"
    return "right" if np.array_equal(found.counts, counts) else "wrong"


@click.command()
@click.option("--matrices", type=int, default=100_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=Path, help="JSON file to write the findings to.")
def main(matrices: int, seed: int, out: Path | None) -> None:
    """Print random confusion matrices and recover their counts."""
    counted: Counter = Counter()
    for number in range(matrices):
        counts, decimals, cut = drawn(seed, number)
        counted[decimals, cut, outcome(counts, decimals, cut)] += 1
    ways = [
        {"decimals": decimals, "cut": cut, **{one: counted[decimals, cut, one] for one in OUTCOMES}}
        for cut in (False, True)
        for decimals in range(4)
    ]
    for way in ways:
        click.echo(way)
    if out:
        out.write_text(json.dumps({"seed": seed, "matrices": matrices, "ways": ways}, indent=1) + "\n", "utf-8")
    raise SystemExit(1 if any(way["wrong"] or way["called impossible"] for way in ways) else 0)


if __name__ == "__main__":
    main()
