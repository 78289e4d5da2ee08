"""`python -m benchmarks.training`: what training takes beside its arithmetic, as ratios measured in one run.

Ways of training take turns, and a ratio is the median over turns: of processor time, which other programs on the
machine move less, and of the clock. The network of rastogi2025 stands for small ones, that of yadav2022 for large.
Inputs are noise: what they say does not move the time that they take; how long steps wait for batches of real clips is
measured apart, in `benchmarks.waiting`. With `--torch PYTHON`, an interpreter that has
PyTorch, the network of yadav2022 written in it takes turns too.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import click

from ser_keras import cli
from ser_keras.files import read_record, write_json

FOUND = Path(__file__).with_name("found") / "training.json"
BATCH = 16  # yadav2022's
Turn = Callable[[], object]


def in_turns(ways: Mapping[str, Turn], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each way in each round, of the processor and by the clock; each has had one turn before."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            told = way()
            spent = time.process_time() - processor, time.perf_counter() - clock
            if number:
                taken[name].append(told if isinstance(told, tuple) else spent)
    return taken


def times(taken: Mapping[str, Sequence[tuple[float, float]]], slow: str, fast: str) -> dict[str, float]:
    """How many times the speed of one way another has: medians over rounds, of processor time and by the clock."""
    pairs = list(zip(taken[slow], taken[fast], strict=True))
    return {
        kind: round(median(one[place] / other[place] for one, other in pairs), 3)
        for place, kind in enumerate(("processor", "clock"))
    }


def examples(n_clips: int, shape: tuple[int, ...], n_classes: int, seed: int = 0) -> object:
    """Noise in a store of one part."""
    import numpy as np

    from ser_keras.features.examples import Examples
    from ser_keras.features.store import Features

    rng = np.random.default_rng(seed)
    arrays = rng.standard_normal((n_clips, *shape), dtype=np.float32)
    features = Features(shape, {}, (arrays,), {number: (0, number) for number in range(n_clips)})
    return Examples(((features, np.arange(n_clips)),), rng.integers(0, n_classes, n_clips))


def small_network(rounds: int, epochs: int = 10) -> dict:
    """rastogi2025's mlp: epochs in few calls of the backend against those batch by batch, and plain `model.fit`.

    No training by its recipe is shorter than 10 epochs, which is its patience.
    """
    names = ("arrays", "batches", "whole epochs")
    with contextlib.ExitStack() as stack:
        told = {name: stack.enter_context(_served([sys.executable, "-m", "benchmarks.small", name])) for name in names}
        taken = in_turns({name: partial(told[name], epochs) for name in names}, rounds)
    return {
        "epochs_a_second": {name: round(epochs / median(spent for spent, _ in taken[name]), 2) for name in names},
        "times_arrays": times(taken, "arrays", "whole epochs"),
        "times_batches": times(taken, "batches", "whole epochs"),
        "same_bytes": _same_bytes(),
    }


def _same_bytes() -> bool:
    from benchmarks import small

    return small.same_bytes()


def images(n_clips: int = 3 * BATCH) -> object:
    """Noise of the size of yadav2022's images."""
    return examples(n_clips, (128, 259, 1), 7)


def crnn(precision: str = "float32") -> object:
    """yadav2022's network for EMO-DB, compiled by its recipe."""
    import keras

    from papers.yadav2022.model import build_crnn
    from papers.yadav2022.protocol import recipe
    from ser_keras.precision import built

    keras.utils.set_random_seed(0)
    model = built(lambda: build_crnn(7), precision)
    declared = recipe({"epochs": 60, "validation_share": 0.1, "monitor": "val_loss", "patience": 10})
    model.compile(declared.optimizer(), declared.loss, metrics=["accuracy"])
    return model


def large_network(rounds: int, torch: Path | None = None) -> dict:
    """yadav2022's CRNN: as it is trained here, in a bare compiled loop, in bfloat16, and in PyTorch."""
    import keras
    import numpy as np
    import tensorflow

    from ser_keras import feeding

    part = images()
    steps = len(part) // BATCH
    models = {name: crnn("bfloat16" if name == "bfloat16" else "float32") for name in ("bare loop", "ours", "bfloat16")}
    step = tensorflow.function(models["bare loop"].train_step)
    inputs = tensorflow.constant(part.arrays(np.arange(len(part))))
    targets = tensorflow.constant(np.eye(7, dtype=np.float32)[part.classes])

    def bare() -> None:
        for number in range(steps):
            place = slice(number * BATCH, (number + 1) * BATCH)
            found = step((inputs[place], targets[place]))
        found["loss"].numpy()

    def trained(name: str) -> tuple[float, float]:
        """Until the training's end: what Keras then waits for its reading thread, up to seconds, is once a training."""
        clock, processor, ended = time.perf_counter(), time.process_time(), []
        told = keras.callbacks.LambdaCallback(
            on_train_end=lambda logs: ended.append((time.process_time() - processor, time.perf_counter() - clock))
        )
        models[name].fit(feeding.Batches(part, 7, BATCH, shuffle_seed=0), epochs=1, verbose=0, callbacks=[told])
        return ended[0]

    ways: dict[str, Turn] = {
        "bare loop": bare, "ours": lambda: trained("ours"), "bfloat16": lambda: trained("bfloat16")
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        if torch:
            told = stack.enter_context(_served([str(torch), str(Path(__file__).with_name("pytorch_crnn.py"))]))
            ways["pytorch"] = lambda: told(steps)
        taken = in_turns(ways, rounds)
    clips = {name: round(len(part) / median(spent for spent, _ in taken[name]), 1) for name in ways}
    found = {
        "clips_a_processor_second": clips,
        "of_the_bare_loop": times(taken, "bare loop", "ours"),
        "bfloat16_times_float32": times(taken, "ours", "bfloat16"),
    }
    return {**found, "times_pytorch": times(taken, "pytorch", "ours")} if torch else found


@contextmanager
def _served(command: Sequence[str]) -> Iterator[Callable[[int], tuple[float, float]]]:
    """A process that takes so many steps or epochs when it is asked to, and tells its seconds."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def told(number: int) -> tuple[float, float]:
            print(number, file=process.stdin, flush=True)
            processor, clock = process.stdout.readline().split()
            return float(processor), float(clock)

        yield told
        process.stdin.close()


def augmentation(data: Path | None, clips: int, step_s: float) -> dict:
    """What yadav2022's altered copies, made once for all epochs, take beside the steps that they are trained in.

    Parameters
    ----------
    data : folder of corpora, with EMO-DB
    clips : recordings that are altered
    step_s : processor seconds of a step, for one clip
    """
    from ser_keras import choices, discovery
    from ser_keras.corpora.table import load

    experiment = discovery.load_experiment("yadav2022", "emodb-augmented")
    resolved = choices.resolved(experiment.choices, {})
    pipelines = experiment.variants[0].augmentation(resolved, 0)
    table = load(("emodb",), data).clips.iloc[: clips + 1]
    taken = []
    for clip, path in zip(table["clip"], table["path"], strict=True):
        start = time.process_time()
        for pipeline in pipelines:
            pipeline.array(path, clip)
        taken.append((time.process_time() - start) / len(pipelines))
    copy_s = median(taken[1:])
    return {"copy_s": round(copy_s, 4), "step_s": round(step_s, 4), "epochs_that_pay": round(copy_s / step_s, 2)}


@click.command()
@cli.data_option
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Number of turns per alternative.")
@click.option("--torch", type=Path, help="Python interpreter that has PyTorch. Default: PyTorch is left out.")
@click.option("--waiting", is_flag=True, help="Measure waiting for batches alone, keeping the other results.")
@click.option("--out", type=Path, default=FOUND, show_default=True, help="JSON file to write.")
@cli.debug_option
def main(data: Path | None, rounds: int, torch: Path | None, waiting: bool, out: Path) -> None:
    """Measure training: small networks in whole epochs, a large one against a bare loop, bfloat16 and PyTorch; waiting
    for batches of a store."""
    with cli.quiet_imports():
        from benchmarks.waiting import measured
        from ser_keras import fitting
        from ser_keras.provenance import provenance

        fitting.make_deterministic()
    found = read_record(out) or {} if waiting else _beside_arithmetic(data, rounds, torch, provenance())
    found["waiting"] = measured(data, rounds)
    for name, one in found["waiting"]["networks"].items():
        click.echo(f"{name}, waiting: {one}")
    write_json(out, found)
    click.echo(out)


def _beside_arithmetic(data: Path | None, rounds: int, torch: Path | None, where: dict) -> dict:
    """What networks of both sizes come to, whose inputs are noise, and what a copy of a clip takes."""
    found = {key: where[key] for key in ("commit", "python", "packages", "hardware", "backend")}
    found["large"] = large_network(rounds, torch)
    click.echo(f"yadav2022 crnn: {found['large']}")
    found["augmentation"] = augmentation(data, 8, 1 / found["large"]["clips_a_processor_second"]["ours"])
    click.echo(f"yadav2022 altered copies: {found['augmentation']}")
    found["small"] = small_network(rounds)
    click.echo(f"rastogi2025 mlp: {found['small']}")
    return found


if __name__ == "__main__":
    cli.run(main, name="python -m benchmarks.training")
