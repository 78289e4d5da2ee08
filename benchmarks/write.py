"""The figures of docs/speed.md, docs/training-speed.md and docs/howto/cluster.md, written from what was measured.

That is in `benchmarks/found` (`extraction.json`, `forms.json`, `startup.json`, `training.json`, `precision.json`,
`side_by_side.json`, `million.json`) and in `docs/growth.json`.

python -m benchmarks.write
"""

import json
from pathlib import Path

from benchmarks.forms import FOUND as FORMS
from benchmarks.growth import DOCS
from benchmarks.million import FOUND as MILLION
from benchmarks.side_by_side import FOUND as SIDE_BY_SIDE
from benchmarks.side_by_side import PROCESSES
from benchmarks.startup import FOUND as STARTUP
from ser_keras.files import write_text
from ser_keras.report import markdown

FOUND = Path(__file__).with_name("found") / "extraction.json"
TRAINING = Path(__file__).with_name("found") / "training.json"
PRECISION = Path(__file__).with_name("found") / "precision.json"
PAGE = DOCS / "speed.md"
CLUSTER_PAGE = DOCS / "howto" / "cluster.md"
TRAINING_PAGE = DOCS / "training-speed.md"
WAITING = 0.05  # of a step's time; more would make feeding a bottleneck
PARTS = ("load", "first", "second")  # of what a network takes to answer
MARK = "<!-- {}: written by `python -m benchmarks.write` -->"
END = "<!-- end of {} -->"


def extraction_lines(found: dict) -> list[str]:
    """One row a pipeline: clips a second, ratios, two workers."""
    rows = [
        "| pipeline | plain | core | lower bound | core / plain | core / lower bound | two workers / one | machine "
        "| busy |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found["pipelines"].items():
        rates = [f"{value:.0f}" for value in one["clips_a_second"].values()]
        both = one["two_workers"]
        compared = (one["times_the_reference"], one["of_the_floor"], both["times_one"], both["machine_times_one"])
        ratios = [f"{ratio:.2f}" for ratio in compared]
        rows.append(f"| {name} | {' | '.join([*rates, *ratios])} | {both['both_at_work']:.0%} |")
    return rows


def whole_lines(found: dict) -> list[str]:
    """All recordings with two workers, where that was measured."""
    return [
        f"All but the first {one['left_out']} {_whose(name, one)} with two workers: {one['clips']} recordings, "
        f"{one['seconds']['reference']:.0f} s with the plain implementation, {one['seconds']['core']:.0f} s with the "
        f"core, which is {one['times_the_reference']:.2f} times as fast."
        for name, one in found.get("whole", {}).items()
    ]


def _whose(pipeline: str, one: dict) -> str:
    """Which recordings these were: the clips of an experiment, or, as once, all of the corpora that have some."""
    if "experiment" in one:
        return f"clips of {one['experiment']}"
    return f"recordings in the corpora of {pipeline}, also of emotions that its experiments don't use,"


def share_lines(found: dict) -> list[str]:
    """One row a pipeline: which kinds of work take how much of the time."""
    rows = ["| pipeline | where the core spends its time |", "|---|---|"]
    for name, one in found["pipelines"].items():
        rows.append(f"| {name} | {', '.join(f'{kind} {share:.0%}' for kind, share in one['shares'].items())} |")
    return rows


def worker_lines(found: dict) -> list[str]:
    """One row a pipeline, those of augmented copies last: how soon new workers have a clip done, and their memory."""
    rows = [
        "| pipeline | time to first clip | CPU time until then | resident | proportional |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, one in _started(found).items():
        start, memory = one["start"], one["start"]["worker_mb"]
        times = f"{start['clock_s']:.1f} s | {start['processor_s']:.1f} s"
        rows.append(f"| {name} | {times} | {memory['resident']} MB | {memory['proportional']} MB |")
    return rows


def _started(found: dict) -> dict:
    """Everything whose workers were measured, by name."""
    return {**found["pipelines"], **found.get("copies", {})}


def store_lines(found: dict) -> list[str]:
    """One row a kind of features: opening and reading."""
    rows = [
        "| store of | clips | time to open | per row, first pass | per row, later | later passes | array in memory |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for kind, one in found["store"].items():
        times = f"{one['open_s']:.2f} s | {one['first_row_us']:.1f} µs | {one['row_us']:.1f} µs"
        speeds = f"{one['read_gb_s']:.1f} GB/s | {one['memory_gb_s']:.1f} GB/s"
        rows.append(f"| {kind} | {one['clips']} | {times} | {speeds} |")
    return rows


def form_lines(found: dict) -> list[str]:
    """A table a kind of rows: what each form takes to write, open, read and change, in CPU time, and its size."""
    others = ", ".join(f"{name} {version}" for name, version in found["others"].items())
    rows = [
        f"Measured on {_machine(found['hardware'], [found['load']])}, with {others}: {found['rows']} rows, CPU time.",
    ]
    for kind, one in found["kinds"].items():
        shape = " × ".join(str(size) for size in one["shape"] if size > 1)
        rows += [
            "",
            f"| {kind} of {shape}, {one['dtype']} | write, per row | open | read in random order, per row "
            "| append 32 rows | replace a row | size | files |",
            "|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for name, form in one["forms"].items():
            taken = {key: form[key]["processor"] for key in ("write", "open", "row", "append", "replace")}
            rows.append(
                f"| {name} | {1e6 * taken['write']:.0f} µs | {taken['open']:.2f} s | {1e6 * taken['row']:.0f} µs "
                f"| {1e3 * taken['append']:.0f} ms | {1e3 * taken['replace']:.0f} ms | {form['mb']:.1f} MB "
                f"| {form['files']} |"
            )
    return rows


def growth_lines(found: list[dict]) -> list[str]:
    """One row a number of clips."""
    rows = [
        "| clips | CPU time | wall-clock time | second run | store | main process | each worker |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        rows.append(
            f"| {one['clips']} | {one['processor_s']:.1f} s | {one['clock_s']:.0f} s | {one['again_s']:.2f} s "
            f"| {one['store_mb']:.1f} MB | {one['main_mb']} MB | {one['worker_mb']} MB |"
        )
    return rows


def startup_lines(found: dict) -> list[str]:
    """One row a command, and one a network: how long they take to start, and to answer once and again."""
    rows = [
        f"Measured on {_machine(found['hardware'], [found['load']])}. Starts of each: {found['rounds']}.",
        "",
        "| `python -m` … | CPU time | wall-clock time | memory |",
        "|---|--:|--:|--:|",
    ]
    for one in found["starts"]:
        times = f"{one['processor_s']:.2f} s | {one['clock_s']:.2f} s"
        rows.append(f"| {one['command']} | {times} | {one['mib']:.0f} MiB |")
    rows += [
        "",
        f"The network of {found['experiment']} in a process of its own, CPU time / wall-clock time:",
        "",
        "| `predict` on one clip | `ser_keras.load` | first call | second call |",
        "|---|--:|--:|--:|",
    ]
    for one in found["calls"]:
        parts = (f"{one[f'{part}_processor_s']:.2f} / {one[f'{part}_clock_s']:.2f} s" for part in PARTS)
        rows.append(f"| {one['network']} | {' | '.join(parts)} |")
    return rows


def _machine(hardware: dict, loads: list[float]) -> str:
    """What was measured on, and how many programs wanted one of its cores meanwhile, where that is known."""
    busy = f", five-minute load average at most {max(loads):.0f}" if loads else ""
    return f"{hardware['cores']} cores ({hardware['cpu']}), {hardware['memory_gib']} GiB{busy}"


def ratio_lines(rows: dict[str, dict[str, float]]) -> list[str]:
    """One row a comparison: how many times the speed of the other way ours has."""
    told = [f"| {name} | {one['processor']:.2f} × | {one['clock']:.2f} × |" for name, one in rows.items()]
    return ["| compared with | CPU time | wall-clock time |", "|---|--:|--:|", *told]


def training_blocks(found: dict) -> dict[str, list[str]]:
    """What stands between the marks of the page on training, by their names."""
    small, large, copies = found["small"], found["large"], found["augmentation"]
    against = {"the same steps in a bare compiled loop": large["of_the_bare_loop"]}
    if "times_pytorch" in large:
        against["the same network written in PyTorch"] = large["times_pytorch"]
    against["itself, in bfloat16 against float32"] = large["bfloat16_times_float32"]
    return {
        "small": ratio_lines(
            {"the same batches one by one": small["times_batches"], "`model.fit` on arrays": small["times_arrays"]}
        ),
        "large": [
            *ratio_lines(against),
            "",
            "Computing an augmented copy, which is done once, takes as much CPU time as "
            f"{copies['epochs_that_pay']:.2f} epochs of training on it.",
        ],
        "waiting": waiting_lines(found["waiting"]),
    }


def waiting_lines(found: dict) -> list[str]:
    """One row a network: how long its steps wait for batches, and what its augmented copies take; is that little?"""
    rows = [
        f"Measured on {_machine(found['hardware'], [found['load']])}.",
        "",
        "| network | examples | of these augmented copies | waiting | waiting, first read from disk "
        "| waiting, batches in memory | speed / batches in memory | computing the copies / whole training |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found["networks"].items():
        waited = " | ".join(_share(one["waiting_share"].get(way)) for way in ("store", "disk", "memory"))
        speed = f"{one['of_memory']:.2f}" if "of_memory" in one else "–"
        rows.append(
            f"| {name} | {one['examples']} | {one.get('copies', 0)} | {waited} | {speed} "
            f"| {_share(one.get('copies_share'))} |"
        )
    large = {name: one for name, one in found["networks"].items() if "copies_s" in one}
    read = [f"{name}: {_share(one['reading_share'])} of its time" for name, one in large.items()]
    whole = [
        f"{name}: {one['copies_s']:.0f} s on all cores, once, beside {one['epochs']} epochs of {one['epoch_s']:.0f} s"
        for name, one in large.items()
    ]
    return [
        *rows,
        "",
        f"Reading all batches of an epoch, with nothing trained: {'; '.join(read)}.",
        "",
        f"Copies: {'; '.join(whole)}.",
        "",
        _judged(found["networks"]),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _judged(networks: dict) -> str:
    """Whether waiting stays below the limit, from whatever the store is read; which do not."""
    above = {
        f"{name} ({_share(worst)})"
        for name, one in networks.items()
        if (worst := max(share for way, share in one["waiting_share"].items() if way != "memory")) >= WAITING
    }
    if above:
        return f"The goal is a share of waiting below {WAITING:.0%}; missed by {', '.join(sorted(above))}."
    return f"The goal, a share of waiting below {WAITING:.0%}, is met by all of them."


def side_by_side_lines(found: dict) -> list[str]:
    """One row a set of trainings: how many times the speed of one after another they have side by side."""
    rows = ["| trainings | epochs of each | CPU time | wall-clock time | the same, processes running |"]
    rows.append("|---|--:|--:|--:|--:|")
    for name, one in found["subjects"].items():
        ratios = (*one["times_one"].values(), one["running"])
        rows.append(f"| {name} | {one['epochs']} | {' | '.join(f'{ratio:.2f} ×' for ratio in ratios)} |")
    where = _machine(found["hardware"], [found["load"]])
    return [
        *rows,
        "",
        f"{PROCESSES} processes against one after another, on {where}. Their start, which weighs less in longer "
        f"trainings and is left out in the last column, takes {found['start_s']:.1f} s.",
    ]


def precision_lines(found: dict) -> list[str]:
    """What bfloat16 does to an accuracy, beside what seeds do."""
    usual = found["accuracy"]["float32"]
    points = [f"{found['points'][seed]:+.1f}".replace("-", "−") for seed in sorted(found["points"], key=int)]
    return [
        f"{found['experiment']} in float32: {found['float32_mean']:.1%}, standard deviation "
        f"{100 * found['float32_std']:.1f} percentage points over {len(usual)} seeds, whose test parts differ too. In "
        f"bfloat16, with the same seed, split and initial weights: {', '.join(points)} percentage points; one of "
        f"{found['test_clips']} test clips is {100 / found['test_clips']:.1f}."
    ]


def million_lines(found: dict) -> list[str]:
    """One row a pipeline: what so many clips take on so many cores, and what that was measured on."""
    sizes = sorted({one["recordings"] for one in found["pipelines"].values()})
    recordings = "–".join(map(str, dict.fromkeys((sizes[0], sizes[-1]))))
    rows = [
        f"Measured on {_machine(found['hardware'], [found['load']])}, in one thread, {recordings} recordings per "
        f"pipeline; {found['scheduling_ms_a_part']:.1f} ms of the scheduler per work unit of {found['part']} clips. "
        f"Extrapolated to {found['clips']} clips on {found['cores']} cores:",
        "",
        "| pipeline | clips/s, one core | core hours | hours | store |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, one in found["pipelines"].items():
        hours = f"{one['core_hours']:.1f} | {one['hours']:.2f}"
        rows.append(f"| {name} | {one['clips_a_second_of_a_core']:.0f} | {hours} | {one['store_gb']:.1f} GB |")
    return rows


def blocks() -> dict[str, list[str]]:
    """What stands between the marks, by their names."""
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    growth = json.loads((DOCS / "growth.json").read_text(encoding="utf-8"))
    loads = [one["load"] for one in _started(found).values() if "load" in one]
    where = _machine(found["hardware"], loads)
    return {
        "extraction": [f"Measured on {where}.", "", *extraction_lines(found), "", *whole_lines(found)],
        "shares": share_lines(found),
        "workers": worker_lines(found),
        "store": store_lines(found),
        "forms": form_lines(json.loads(FORMS.read_text(encoding="utf-8"))),
        "growth": growth_lines(growth),
        "startup": startup_lines(json.loads(STARTUP.read_text(encoding="utf-8"))),
    }


def page(text: str, blocks: dict[str, list[str]]) -> str:
    """A page with its figures renewed."""
    for name, lines in blocks.items():
        text = markdown.with_block(text, MARK.format(name), END.format(name), lines, "the page")
    return text


def pages() -> dict[Path, dict[str, list[str]]]:
    """The pages that have figures, and what stands between their marks."""
    training, precision = (json.loads(path.read_text(encoding="utf-8")) for path in (TRAINING, PRECISION))
    beside, million = (json.loads(path.read_text(encoding="utf-8")) for path in (SIDE_BY_SIDE, MILLION))
    made = {
        **training_blocks(training),
        "precision": precision_lines(precision),
        "side-by-side": side_by_side_lines(beside),
    }
    return {PAGE: blocks(), TRAINING_PAGE: made, CLUSTER_PAGE: {"million": million_lines(million)}}


if __name__ == "__main__":
    for path, made in pages().items():
        write_text(path, page(path.read_text(encoding="utf-8"), made))
