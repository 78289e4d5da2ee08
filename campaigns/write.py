"""The figures of docs/reliability.md, written from what the campaigns found: `campaigns/found/*.json`.

python -m campaigns.write
"""

import json
from pathlib import Path

from ser_keras.files import write_text
from ser_keras.report import markdown

FOUND = Path(__file__).with_name("found")
PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
MARKS = ("<!-- figures: written by `python -m campaigns.write` -->", "<!-- end of figures -->")


def fuzz_table(found: dict) -> list[str]:
    """One row a reader: inputs, how many were read and refused, crashes, hangs and swellings, memory."""
    lines = [
        "| reader | corrupted files | read | rejected with one line | faults | peak memory |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in found["targets"]:
        numbers = (f"{one[key]:,}".replace(",", " ") for key in ("inputs", "read", "refused"))
        lines.append(f"| {one['target']} | {' | '.join(numbers)} | {len(one['faults'])} | {one['peak_mib']} MiB |")
    return lines


def guided_table(found: dict) -> list[str]:
    """As `fuzz_table`, of changes that atheris chose."""
    return ["Corruptions chosen by atheris, each reader in a process of its own:", "", *fuzz_table(found)]


def matrix_table(found: dict) -> list[str]:
    """One row a way to print: how many matrices came back, were called ambiguous, or were taken for something else."""
    lines = [
        "Random confusion matrices, printed in percent, and the counts recovered from them:",
        "",
        "| printed | matrices | counts recovered | reported as ambiguous | reported as impossible | wrong counts |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in found["ways"]:
        numbers = [one[key] for key in ("right", "ambiguous", "called impossible", "wrong")]
        way = f"{one['decimals']} decimals, {'truncated' if one['cut'] else 'rounded'}"
        told = (f"{number:,}".replace(",", " ") for number in (sum(numbers), *numbers))
        lines.append(f"| {way} | {' | '.join(told)} |")
    return lines


def kill_lines(found: dict) -> list[str]:
    """What was killed, how often, at what, and what differed."""
    phases = ", ".join(f"{name} {count}" for name, count in found["phases"].items())
    return [
        f"`{' '.join(found['command'])}` ({found['undisturbed_s']:.0f} s undisturbed): {found['kills']} kills in "
        f"{len(found['rounds'])} rounds; {found['compared_files']} files compared in each round, "
        f"{len(found['differing'])} differ. Killed during: {phases}."
    ]


def stage_lines(found: dict) -> list[str]:
    """One row a stage: what was killed in it, how often, and what differed."""
    kind = "kills" if found["signal"] == "SIGKILL" else "Ctrl-C"
    lines = [
        f"{sum(one['kills'] for one in found['stages'])} {kind}, each aimed at a stage of a command:",
        "",
        f"| stage | {kind} | rounds | results compared | differ | command |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for one in found["stages"]:
        numbers = (one["kills"], one["rounds"], one["results"], len(one["differing"]))
        lines.append(f"| {one['stage']} | {' | '.join(map(str, numbers))} | `{one['command']}` |")
    requests = sum(one["requests_gone_on_with"] for one in found["stages"])
    return [*lines, "", f"Requests that resumed an interrupted download: {requests}."] if requests else lines


def fault_table(found: dict) -> list[str]:
    """One row a trial: what was tried, how often, and what happened."""
    lines = [
        "Machine faults, each provoked for real and met with the command line:",
        "",
        "| fault | what was tried | times | what happened |",
        "|---|---|---:|---|",
    ]
    for one in (row for rows in found.values() for row in rows):
        lines.append(
            f"| {one['fault']} | {one['tried']} | {one['times']} | {'; '.join(one['faults']) or one['happens']} |"
        )
    return lines


def demo_lines(found: dict) -> list[str]:
    """What came of a crowd at the web page."""
    uploads, memory = found["uploads"], f"{found['before_mib']} MiB before and {found['peak_mib']} MiB at most"
    return [
        f"`python -m campaigns.demo --uploads {uploads}`: {uploads} visitors at once, {found['own']} of them answered "
        f"with their own recording, in {found['seconds']:.0f} s on {found['cores']} cores, the slowest after "
        f"{found['slowest_s']:.0f} s (median {found['median_s']:.0f} s). The page's process used {memory}; "
        f"{found['kept_after_answers']} uploads were kept after the last answer. An hour-long recording was rejected "
        f"after {found['hour_s']:.2f} s, a file of 26 MB after {found['large_s']:.2f} s. Of {found['leaving']} "
        f"visitors who left without an answer, nothing was kept after {found['gone_after_s']:.0f} s."
    ]


MADE = {
    "fuzz": fuzz_table,
    "guided": guided_table,
    "matrices": matrix_table,
    "kill": kill_lines,
    "aimed": stage_lines,
    "ctrl-c": stage_lines,
    "faults": fault_table,
    "demo": demo_lines,
}


def figures() -> str:
    """What stands between the marks."""
    blocks = []
    for name, made in MADE.items():
        path = FOUND / f"{name}.json"
        if path.exists():
            blocks.append("\n".join(made(json.loads(path.read_text(encoding="utf-8")))))
    return "\n\n".join(blocks)


def page(text: str) -> str:
    """The page with its figures renewed."""
    return markdown.with_block(text, *MARKS, [figures()], "the page")


if __name__ == "__main__":
    write_text(PAGE, page(PAGE.read_text(encoding="utf-8")))
