"""The figures of docs/speed.md, written from what was measured: `benchmarks/found/extraction.json`, `docs/growth.json`.

python -m benchmarks.write
"""

import json
from pathlib import Path

from benchmarks.growth import DOCS
from ser_keras.files import write_text

FOUND = Path(__file__).with_name("found") / "extraction.json"
PAGE = DOCS / "speed.md"
MARK = "<!-- {}: written by `python -m benchmarks.write` -->"
END = "<!-- end of {} -->"


def extraction_lines(found: dict) -> list[str]:
    """One row a pipeline: clips a second, ratios, two workers."""
    rows = [
        "| pipeline | plain way | core | floor | core / plain | core / floor | two workers / one | both at work |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found["pipelines"].items():
        rates = [f"{value:.0f}" for value in one["clips_a_second"].values()]
        both = one["two_workers"]
        ratios = [f"{one['times_the_reference']:.2f}", f"{one['of_the_floor']:.2f}", f"{both['times_one']:.2f}"]
        rows.append(f"| {name} | {' | '.join([*rates, *ratios])} | {both['both_at_work']:.0%} |")
    return rows


def whole_lines(found: dict) -> list[str]:
    """All clips with two workers, where that was measured."""
    return [
        f"All but the first {one['left_out']} clips of {name} with two workers: {one['clips']} clips, "
        f"{one['seconds']['reference']:.0f} s the plain way, {one['seconds']['core']:.0f} s with the core, "
        f"{one['times_the_reference']:.2f} times as fast."
        for name, one in found.get("whole", {}).items()
    ]


def share_lines(found: dict) -> list[str]:
    """One row a pipeline: which kinds of work take how much of the time."""
    rows = ["| pipeline | where the time of the core goes |", "|---|---|"]
    for name, one in found["pipelines"].items():
        rows.append(f"| {name} | {', '.join(f'{kind} {share:.0%}' for kind, share in one['shares'].items())} |")
    return rows


def worker_lines(found: dict) -> list[str]:
    """One row a pipeline: when new workers are at work, and what memory they take."""
    rows = [
        "| pipeline | first clip done after, by the clock | processor time until then | resident | proportional |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, one in found["pipelines"].items():
        start, memory = one["start"], one["start"]["worker_mb"]
        times = f"{start['clock_s']:.1f} s | {start['processor_s']:.1f} s"
        rows.append(f"| {name} | {times} | {memory['resident']} MB | {memory['proportional']} MB |")
    return rows


def store_lines(found: dict) -> list[str]:
    """One row a kind of features: opening and reading."""
    rows = ["| store of | clips | open after | a row | rows in a drawn order | of an array in memory |"]
    rows.append("|---|--:|--:|--:|--:|--:|")
    for kind, one in found["store"].items():
        speeds = f"{one['read_gb_s']:.1f} GB/s | {one['memory_gb_s']:.1f} GB/s"
        rows.append(f"| {kind} | {one['clips']} | {one['open_s']:.2f} s | {one['row_us']:.0f} µs | {speeds} |")
    return rows


def growth_lines(found: list[dict]) -> list[str]:
    """One row a number of clips."""
    rows = [
        "| clips | processor time | by the clock | second run | store | main process | a worker |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        rows.append(
            f"| {one['clips']} | {one['processor_s']:.1f} s | {one['clock_s']:.0f} s | {one['again_s']:.2f} s "
            f"| {one['store_mb']:.1f} MB | {one['main_mb']} MB | {one['worker_mb']} MB |"
        )
    return rows


def blocks() -> dict[str, list[str]]:
    """What stands between the marks, by their names."""
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    growth = json.loads((DOCS / "growth.json").read_text(encoding="utf-8"))
    machine = found["hardware"]
    loads = [one["load"] for one in found["pipelines"].values() if "load" in one]
    busy = f", while {max(loads):.0f} programs wanted one at worst" if loads else ""
    where = f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB{busy}"
    return {
        "extraction": [f"Measured on {where}.", "", *extraction_lines(found), *whole_lines(found)],
        "shares": share_lines(found),
        "workers": worker_lines(found),
        "store": store_lines(found),
        "growth": growth_lines(growth),
    }


def page(text: str) -> str:
    """The page with its figures renewed."""
    for name, lines in blocks().items():
        mark, end = MARK.format(name), END.format(name)
        before, rest = text.split(mark)
        text = "\n".join([f"{before}{mark}", *lines, f"{end}{rest.split(end)[1]}"])
    return text


if __name__ == "__main__":
    write_text(PAGE, page(PAGE.read_text(encoding="utf-8")))
