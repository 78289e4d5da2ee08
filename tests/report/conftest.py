"""Made-up runs on disk, in the form that training writes; their predictions are drawn at random."""

import csv
import json

import numpy as np
import pytest

from ser_keras import discovery

RIGHT = 0.7  # share of test clips that made-up runs get right, about


def choice(key, value, default, alternatives):
    return {"key": key, "value": value, "default": default, "reason": f"why {key}", "alternatives": alternatives}


def record(published, seed, classes, supports, **changes):
    """A run.json of yadav2022/emodb with every key that training writes."""
    speakers = [f"emodb-{number:02}" for number in (3, 8, 9, 10, 11, 12, 13, 14, 15, 16)]
    parts = {"train": {name: 3 * clips for name, clips in supports.items()}}
    parts |= {"validation": dict.fromkeys(supports, 2), "test": supports}
    return {
        "schema": 1,
        "paper": "yadav2022",
        "experiment": "emodb",
        "title": "CRNN on log-mel images of EMO-DB",
        "variant": "described",
        "protocol": "published",
        "seed": seed,
        "quick": False,
        "classes": list(classes),
        "published": published,
        "citation": {"title": "Speech Emotion Recognition using …", "authors": ["O. P. Yadav"], "year": 2022},
        "choices": [
            choice("trim_top_db", 60, 60, [20, 30, None]),
            choice("epochs", 100, 100, [50]),
            choice("monitor", "val_loss", "val_accuracy", ["val_loss"]),
        ],
        "corpora": {
            "emodb": {
                "clips": 535,
                "expected": 535,
                "synthetic": False,
                "manifest_sha256": "a4b8",
                "altered": 0,
                "foreign": 0,
            }
        },
        "set_aside": [],
        "split": {
            "supports": parts,
            "speakers": {"train": speakers, "validation": speakers[:2], "test": speakers},
            "note": "",
        },
        "training": {
            "optimizer": "Adam, learning rate 0.0001",
            "loss": "categorical_crossentropy",
            "batch_size": 16,
            "epochs_limit": 100,
            "monitor": "val_accuracy",
            "patience": 20,
            "validation_share": 0.1,
            "restore_best": True,
            "epochs_run": 12,
            "best_epoch": 8,
            "stopped_early": True,
            "examples": 385,
            "parameters": 825031,
        },
        "pipeline": {
            "name": "yadav2022-log-mel",
            "fingerprint": "9cc0",
            "steps": [{"function": "ser_keras.audio.trimmed", "parameters": {"top_db": 60}}],
            "augmentation": [],
        },
        "provenance": {
            "ser_keras": "0.1.0",
            "commit": None,
            "python": "3.11.7",
            "packages": {"keras": "3.12.0", "numpy": "2.3.0"},
            "backend": "tensorflow",
            "hardware": {"cpu": "Some CPU", "cores": 2, "memory_gib": 24.0, "accelerator": None},
            "platform": "Linux",
        },
        "durations": {"features_s": 12.3, "training_s": 400.1, "prediction_s": 1.2, "total_s": 413.6},
        "started": "2026-11-20T22:00:00+00:00",
        "finished": "2026-11-20T22:07:00+00:00",
        **changes,
    }


def write_predictions(path, run, rng, right):
    speakers, classes = run["split"]["speakers"]["test"], run["classes"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["clip", "speaker", "true", "predicted", *classes])
        number = 0
        for name, clips in run["split"]["supports"]["test"].items():
            for _ in range(clips):
                predicted = name if rng.random() < right else rng.choice(classes)
                shares = rng.dirichlet(np.ones(len(classes))).round(6)
                rows.writerow([f"emodb/{number:04}.wav", speakers[number % len(speakers)], name, predicted, *shares])
                number += 1


def write_history(path, run, rng, validation):
    epochs = run["training"]["epochs_run"]
    falling = np.exp(-np.arange(epochs) / 4)
    columns = {"epoch": np.arange(1, epochs + 1), "loss": 2 * falling, "accuracy": 1 - 0.8 * falling}
    if validation:
        columns |= {"val_loss": 0.6 + falling + 0.1 * rng.random(epochs), "val_accuracy": 0.7 - 0.5 * falling}
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow([*columns, "seconds"])
        rows.writerows([*row, 30.1] for row in zip(*columns.values(), strict=True))


@pytest.fixture
def make_run(tmp_path):
    """A function that writes a finished run below `tmp_path` and gives its folder; keywords change its run.json."""

    def make(seed=0, *, experiment="emodb", published=None, validation=True, right=RIGHT, **changes):
        published = published or discovery.published("yadav2022")["results"][experiment]
        classes = changes.pop("classes", None) or published["classes"]
        supports = dict(zip(classes, published.get("support", [5] * len(classes)), strict=True))
        run = record(published, seed, classes, supports, experiment=experiment, **changes)
        place = (run["paper"], experiment, run["variant"], run["protocol"], f"seed-{seed}")
        folder = tmp_path.joinpath(*place)
        folder.mkdir(parents=True)
        rng = np.random.default_rng(seed)
        write_predictions(folder / "predictions.csv", run, rng, right)
        write_history(folder / "history.csv", run, rng, validation)
        (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def write_split():
    """A function that writes the split.csv of a made-up run: a training clip, and test clips by its speaker or not."""

    def write(folder, leaking=lambda number: False):
        with (folder / "predictions.csv").open(encoding="utf-8", newline="") as stream:
            tested = [row["clip"] for row in csv.DictReader(stream)]
        with (folder / "split.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerows([["clip", "speaker", "part"], ["train.wav", "heard", "train"]])
            for number, clip in enumerate(tested):
                rows.writerow([clip, "heard" if leaking(number) else f"new-{number}", "test"])

    return write
