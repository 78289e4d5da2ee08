"""How long training steps wait for their batches, and what the altered copies take that are computed for them.

The clips of a whole experiment and the altered copies of its training part lie in a store on disk, as for a run. Epochs
over examples spread evenly through it are trained in turns: from the store as its pages lie in memory, from the store
after the system has let go of them ("from disk"), and from the same batches made beforehand. A step waits while the
iterator that `fit` takes batches from has none; Keras's own step asks for the batch itself and is here parted in two,
to take the time between.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import keras
import numpy as np

from benchmarks.machine import five_minute_load
from benchmarks.training import in_turns
from ser_keras import choices, discovery, feeding, fitting, preparation
from ser_keras.corpora.table import load
from ser_keras.experiment import Training
from ser_keras.features import store
from ser_keras.features.examples import Examples
from ser_keras.provenance import provenance
from ser_keras.splits import kept
from ser_keras.tasks import PUBLISHED, Task

EXPERIMENTS = (("yadav2022", "emodb-augmented", "described"), ("kanoun2024", "crnn-tess", "described"))
STEPS = 16  # of an epoch here
SMALL_EPOCHS = 10  # of a small network: its recipe's patience
RESULTS = Path(__file__).parents[1] / "results"
Turn = tuple[float, float]  # seconds of waiting, seconds of the epoch


class Made(keras.utils.PyDataset):
    """Batches that are in memory already."""

    def __init__(self, batches: feeding.Batches) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._made = [batches[number] for number in range(len(batches))]

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self._made[index]


@dataclass(frozen=True)
class Some:
    """So many of all examples, spread evenly over them; fed as they are."""

    examples: Examples
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def classes(self) -> np.ndarray:
        return self.examples.classes[self.numbers]

    def arrays(self, numbers: np.ndarray) -> np.ndarray:
        return self.examples.arrays(self.numbers[numbers])


def parted(model: keras.Model) -> Callable[..., Turn]:
    """A function: as the compiled model's `fit`, gives the seconds that its steps waited, and all of them."""
    import tensorflow

    step, waited = tensorflow.function(model.train_step, reduce_retracing=True), []

    def train(iterator: object) -> dict:
        start = time.perf_counter()
        batch = next(iterator)
        waited.append(time.perf_counter() - start)
        return step(batch)

    def fitted(data: object, **given: object) -> Turn:
        waited.clear()
        moments = []

        def note(logs: object) -> None:
            moments.append(time.perf_counter())

        told = keras.callbacks.LambdaCallback(on_train_begin=note, on_train_end=note)
        model.train_function = train
        model.fit(data, verbose=0, callbacks=[told], **given)
        return sum(waited), moments[1] - moments[0]

    return fitted


def forgotten(root: Path) -> None:
    """Have the system let go of a store's pages in memory."""
    store._mapped.cache_clear()
    for path in root.rglob("part-*.npy"):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)  # what is not written yet is not let go of
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def from_disk_mb() -> float:
    """Megabytes that this process has had read from a disk (Linux); a memory-mapped page counts where it had to be."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:")) / 1e6


def epochs_run(paper: str, experiment: str, variant: str, recipe: Training) -> int:
    """Epochs of a training as it was published: the median of the stored runs, the recipe's where none are stored."""
    path = RESULTS / paper / f"{experiment}.json"
    entries = json.loads(path.read_text(encoding="utf-8"))["entries"] if path.exists() else []
    wanted = (variant, PUBLISHED, {})
    own = [one for one in entries if (one["variant"], one["protocol"], one["settings"]) == wanted]
    runs = [run["epochs_run"] for one in own for run in one["runs"] if run.get("epochs_run")]
    return round(median(runs)) if runs else recipe.epochs


def with_copies(paper: str, name: str, variant: str, data: Path | None, rounds: int, steps: int = STEPS) -> dict:
    """Waiting of a large network that is trained on clips and their altered copies, and what these take to compute."""
    experiment = discovery.load_experiment(paper, name)
    own = next(one for one in experiment.variants if one.name == variant)
    task = Task(paper, {}, {}, experiment, own, 0)
    chosen = choices.resolved(task.choices, {})
    clips = load(experiment.corpora, data, optional=experiment.optional).clips
    recipe = own.training(chosen)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pool = preparation.pool(task, clips, chosen, root, jobs=-1)
        split = kept(preparation.splits(task, pool.table, chosen)[0], sorted(pool.errors))
        clock = time.perf_counter()
        train = preparation.parts(pool, split).train
        copies_s = time.perf_counter() - clock
        taken = np.unique(np.linspace(0, len(train) - 1, steps * recipe.batch_size).astype(int))
        part = Some(train, taken)
        found = _fed_in_turns(task, chosen, recipe, part, root, rounds)
        stored_mb = sum(path.stat().st_size for path in root.rglob("part-*.npy")) / 1e6
    epochs = epochs_run(paper, name, variant, recipe)
    epoch_s = found.pop("epoch_s") * len(train) / len(part)
    return {
        "examples": len(train),
        "copies": len(train) - len(split.train),
        "trained": len(part),
        "store_mb": round(stored_mb, 1),
        **found,
        "epoch_s": round(epoch_s, 4),
        "copies_s": round(copies_s, 4),
        "epochs": epochs,
        "copies_share": round(copies_s / (copies_s + epochs * epoch_s), 4),
    }


def _fed_in_turns(task: Task, chosen: dict, recipe: Training, part: Some, root: Path, rounds: int) -> dict:
    """What the ways of feeding the same examples come to, and the seconds of an epoch from the store."""
    keras.utils.set_random_seed(0)
    model = task.variant.build(len(task.classes), chosen)
    model.compile(recipe.optimizer(), recipe.loss, metrics=["accuracy"])
    fit, disk_mb = parted(model), []

    def batches() -> feeding.Batches:
        return feeding.Batches(part, len(task.classes), recipe.batch_size, shuffle_seed=0)

    def from_disk() -> Turn:
        forgotten(root)
        before = from_disk_mb()
        spent = fit(batches(), epochs=1)
        disk_mb.append(from_disk_mb() - before)
        return spent

    def read() -> None:
        ordered = batches()
        for number in range(len(ordered)):
            ordered[number]

    made = Made(batches())
    ways = {
        "disk": from_disk,
        "store": lambda: fit(batches(), epochs=1),
        "memory": lambda: fit(made, epochs=1),
        "reading": read,
    }
    taken = in_turns(ways, rounds)
    epoch_s = median(whole for _, whole in taken["store"])
    pairs = zip(taken["memory"], taken["store"], strict=True)
    read_mb = median(disk_mb[1:])
    fed = ("store", "disk", "memory") if read_mb else ("store", "memory")  # a store may lie where no disk is
    return {
        "waiting_share": {way: shares(taken[way]) for way in fed},
        "of_memory": round(median(fast / slow for (_, fast), (_, slow) in pairs), 3),
        "reading_share": round(median(clock for _, clock in taken["reading"]) / epoch_s, 4),
        "disk_mb": round(read_mb, 1),
        "epoch_s": epoch_s,
    }


def shares(turns: list[Turn]) -> float:
    """Median over turns of the share that was waited."""
    return round(median(waited / whole for waited, whole in turns), 4)


def small_network(rounds: int) -> dict:
    """Waiting of rastogi2025's mlp, whose examples are read into memory once, which counts as waiting here."""
    from benchmarks import reading, small
    from benchmarks.growth import recordings
    from papers.rastogi2025.model import build_mlp
    from papers.rastogi2025.protocol import coded_recipe
    from ser_keras.features.pipeline import Pipeline, step

    clips, recipe = small.CLIPS["train"], coded_recipe({})
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline("filled", None, (step(reading.filled, shape=(30,)),))
        features = store.extract(pipeline, recordings(Path(folder), clips), Path(folder) / "store", jobs=-1)
        train = Examples(((features, np.arange(clips)),), np.arange(clips) % small.N_CLASSES)
        keras.utils.set_random_seed(0)
        model = build_mlp(small.N_CLASSES)
        fitting.adapt(model, train)
        stacked = feeding.Stacked(model.inputs, model.outputs)
        stacked.compile(recipe.optimizer(), recipe.loss, metrics=["accuracy"])
        fit = parted(stacked)

        def trained() -> Turn:
            start = time.perf_counter()
            stacks = feeding.stacks(feeding.Batches(train, small.N_CLASSES, recipe.batch_size, shuffle_seed=0))
            read_s = time.perf_counter() - start
            waited, whole = fit(stacks, epochs=SMALL_EPOCHS, steps_per_epoch=feeding.STACKS, shuffle=False)
            return read_s + waited, read_s + whole

        taken = in_turns({"store": trained}, rounds)
    return {"examples": clips, "epochs": SMALL_EPOCHS, "waiting_share": {"store": shares(taken["store"])}}


def measured(data: Path | None, rounds: int) -> dict:
    """Waiting of each network, by its experiment, large ones first; by what and how busy a machine it was measured."""
    where = provenance()
    found = {f"{paper}/{name}": with_copies(paper, name, variant, data, rounds) for paper, name, variant in EXPERIMENTS}
    found["rastogi2025/mlp"] = small_network(rounds)
    load = five_minute_load()
    return {"commit": where["commit"], "hardware": where["hardware"], "load": load, "networks": found}
