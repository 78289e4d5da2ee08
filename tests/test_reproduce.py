"""The main command as a user calls it: listing, one whole run on synthetic recordings, and its one-line errors."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ser_keras import reproduce, side_by_side
from ser_keras.corpora import table
from ser_keras.errors import PaperError
from ser_keras.report import write
from ser_keras.tasks import Settings


def call(*arguments, cwd, module="ser_keras.reproduce", **environment):
    kept = {key: value for key, value in os.environ.items() if key != "SER_KERAS_DATA"}
    kept["XDG_CACHE_HOME"] = str(cwd / "home")  # no corpora of this machine's user
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**kept, **environment},
    )


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """One quick run of one experiment on synthetic EMO-DB: the folder it ran in, and what it printed."""
    folder = tmp_path_factory.mktemp("synthetic")
    done = call("yadav2022/emodb", "--corpora", "synthetic", "--quick", "--epochs", 2, "--out", "runs", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_list_names_papers_experiments_figures_and_what_is_on_disk(tmp_path):
    done = call(cwd=tmp_path)
    assert done.returncode == 0
    assert "yadav2022" in done.stdout
    for experiment, percent in (("ravdess", 79.86), ("ravdess-augmented", 85.76), ("emodb", 83.18)):
        line = next(line for line in done.stdout.splitlines() if f"yadav2022/{experiment} " in line)
        assert f"{percent} %" in line
        assert "missing" in line


def test_first_and_last_line_say_that_the_recordings_are_synthetic(synthetic):
    lines = synthetic[1].stdout.splitlines()
    assert lines[0] == lines[-1] == reproduce.SYNTHETIC_LINE


def test_report_says_that_the_recordings_are_synthetic_and_the_run_quick(synthetic):
    report = synthetic[0] / "runs/yadav2022/report"
    for name in ("index.html", "report.md"):
        text = (report / name).read_text(encoding="utf-8").lower()
        assert "synthetic recordings" in text
        assert "not comparable with the paper" in text


def test_report_json_has_the_documented_form(synthetic):
    report = json.loads((synthetic[0] / "runs/yadav2022/report/report.json").read_text(encoding="utf-8"))
    assert report["paper"] == "yadav2022"
    (experiment,) = report["experiments"]
    assert (experiment["name"], experiment["variant"], experiment["protocol"]) == ("emodb", "described", "published")
    assert experiment["corpora"]["emodb"]["synthetic"] is True
    assert experiment["corpora"]["emodb"]["expected"] == 535
    assert experiment["published"]["accuracy"] == pytest.approx(0.8318)
    assert experiment["published"]["n_test"] == 107
    (run,) = experiment["runs"]
    table = pd.read_csv(synthetic[0] / "runs/yadav2022/emodb/described/published/seed-0/predictions.csv")
    assert run["accuracy"] == pytest.approx((table["true"] == table["predicted"]).mean())
    assert (run["seed"], run["n_test"]) == (0, len(table))
    assert sum(map(sum, run["confusion"])) == len(table)
    assert experiment["choices"]["trim_top_db"]["value"] == 30
    assert experiment["accuracy_mean"] == pytest.approx(run["accuracy"])


def test_result_line_gives_accuracy_beside_the_published_one(synthetic):
    line = next(
        line for line in synthetic[1].stdout.splitlines() if line.startswith("yadav2022/emodb described seed 0")
    )
    report = json.loads((synthetic[0] / "runs/yadav2022/report/report.json").read_text(encoding="utf-8"))
    assert f"accuracy {100 * report['experiments'][0]['accuracy_mean']:.2f} %" in line
    assert "published 83.18 %" in line


def test_second_call_trains_nothing_and_other_settings_are_refused(synthetic):
    folder = synthetic[0]
    record = folder / "runs/yadav2022/emodb/described/published/seed-0/run.json"
    before = record.stat().st_mtime_ns
    again = call("yadav2022/emodb", "--corpora", "synthetic", "--quick", "--epochs", 2, cwd=folder)
    assert again.returncode == 0, again.stderr
    assert record.stat().st_mtime_ns == before
    other = call("yadav2022/emodb", "--corpora", "synthetic", "--quick", "--epochs", 1, cwd=folder)
    assert other.returncode == 3
    assert "holds a finished run with other settings (training)" in other.stderr
    assert record.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nobody1999"], 3, "no paper is called 'nobody1999'; installed papers: "),
        (["yadav2022/iemocap"], 3, "yadav2022 has no experiment 'iemocap'; experiments: ravdess, "),
        (["yadav2022/emodb", "--data", "nowhere"], 3, "nowhere"),
        (["yadav2022/emodb"], 3, "python -m ser_keras.corpora fetch emodb"),
        (
            ["yadav2022/emodb", "--choose", "volume=3"],
            3,
            "'volume' is a choice of none of these experiments; theirs are ",
        ),
        (
            ["rastogi2025/mlp", "--choose", "volume=3"],
            3,
            "'volume' is a choice of none of these experiments; they have no",
        ),
        (["yadav2022/emodb", "--choose", "volume"], 3, "--choose takes KEY=VALUE"),
        (["yadav2022/emodb", "--seeds", "many"], 2, "neither a number of seeds"),
        (["yadav2022/emodb", "--epochs", "0"], 2, "0 is not in the range"),
        (["--nonsense"], 2, "No such option"),
        (["yadav2022/emodb", "--variant", "meant"], 2, "'meant' is not one of 'described', 'coded', 'both'"),
    ],
)
def test_wrong_call_is_one_clear_line(arguments, code, says, tmp_path):
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if code == 3:
        assert len(done.stderr.strip().splitlines()) == 1


def test_missing_recordings_are_told_before_keras_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SER_KERAS_DATA", raising=False)
    asked = "from ser_keras.reproduce import reproduce; reproduce.main(['kanoun2024/crnn'], standalone_mode=False)"
    code = f"import sys\ntry:\n    {asked}\nexcept Exception as error:\n    print(error, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert "python -m ser_keras.corpora fetch" in done.stdout
    assert done.stdout.strip().endswith("False")


def test_wrong_value_of_a_choice_is_told_before_anything_is_trained(synthetic):
    folder, _ = synthetic
    done = call(
        "yadav2022/emodb", "--corpora", "synthetic", "--quick", "--choose", "l2=loud", "--out", "new", cwd=folder
    )
    assert done.returncode == 3
    assert "choice l2 can't be 'loud'" in done.stderr.strip().splitlines()[-1]
    assert not (folder / "new" / "yadav2022").exists()


def test_variant_that_is_not_there_is_told_and_the_other_run(synthetic):
    arguments = ["yadav2022/emodb", "--corpora", "synthetic", "--quick", "--epochs", 2, "--variant", "coded"]
    done = call(*arguments, cwd=synthetic[0])
    assert done.returncode == 0, done.stderr
    assert "note: yadav2022/emodb has no variant coded: what the text describes is run" in done.stderr
    assert "yadav2022/emodb described seed 0: " in done.stdout


def test_weights_of_authors_who_published_none_are_refused(synthetic):
    done = call("yadav2022/emodb", "--corpora", "synthetic", "--quick", "--weights", "published", cwd=synthetic[0])
    assert done.returncode == 3
    assert (
        done.stderr.strip().splitlines()[-1].endswith("published no weights that are known here: leave out --weights")
    )


def test_debug_shows_the_traceback(tmp_path):
    assert "Traceback" in call("nobody1999", "--debug", cwd=tmp_path).stderr


def test_console_script_has_the_commands_as_subcommands(tmp_path):
    done = call("--help", cwd=tmp_path, module="ser_keras")
    assert done.returncode == 0
    for name in ("reproduce", "corpora", "audit", "report"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize(
    ("text", "numbers"), [("1", (0,)), ("3", (0, 1, 2)), ("0,5,7", (0, 5, 7)), ("4,", (4,)), ("5,0,5", (5, 0))]
)
def test_seeds_are_a_number_or_a_list(text, numbers):
    assert reproduce.seeds(text) == numbers


def test_corpora_are_looked_through_once_for_all_seeds_and_each_missing_one_is_told_once(tmp_path, monkeypatch):
    data = reproduce.synthetic_data(["tess"], tmp_path, 1, 1)
    asked, given = [], []
    real = table.load
    monkeypatch.setattr(table, "load", lambda names, *rest, **named: asked.append(names) or real(names, *rest, **named))

    def each(function, calls, processes, ahead):
        given.extend(calls)
        yield from [None] * len(calls)

    monkeypatch.setattr(side_by_side, "each", each)
    monkeypatch.setattr(reproduce, "result_line", lambda *given: "")
    monkeypatch.setattr(write, "write_report", lambda *given: None)
    pairs = [("sankaran2023", "ann"), ("yadav2022", "emodb")]
    missing = reproduce._run_all(pairs, None, "published", (0, 1, 2), data, Settings(tmp_path), 1)
    assert asked.count(("tess",)) == 1
    assert [task.seed for task, *_ in given] == [0, 1, 2]
    assert len(missing) == 1 and missing[0].startswith("EMO-DB: none of its 535 clips is in")


def test_targets_are_papers_experiments_or_all():
    everything = reproduce.selected(("all",))
    assert set(reproduce.selected(("yadav2022",))) <= set(everything)
    assert reproduce.selected(("yadav2022/emodb", "yadav2022/emodb")) == [("yadav2022", "emodb")]
    with pytest.raises(PaperError, match="no paper is called"):
        reproduce.selected(("nobody1999/emodb",))


def experiment_with(*names):
    variants = tuple(SimpleNamespace(name=name) for name in names)
    return SimpleNamespace(name="one", variants=variants)


@pytest.mark.parametrize(
    ("wanted", "names", "chosen"),
    [
        (None, ("coded", "described"), ["coded"]),
        ("both", ("coded", "described"), ["coded", "described"]),
        ("described", ("coded", "described"), ["described"]),
        ("coded", ("described",), ["described"]),  # the only way there is
        ("both", ("described",), ["described"]),
    ],
)
def test_first_variant_is_run_unless_another_or_both_are_asked_for(wanted, names, chosen):
    assert [one.name for one in reproduce.variants_of(experiment_with(*names), wanted)] == chosen


@pytest.fixture(scope="module")
def published_weights(tmp_path_factory):
    """Files of the published form for rastogi2025's mlp, of a network that says "sad" whatever it hears."""
    import keras

    from papers.rastogi2025.model import build_mlp

    folder = tmp_path_factory.mktemp("theirs")
    (folder / "rastogi2025").mkdir()
    inputs = x = keras.Input((30,))
    for layer in build_mlp(6).layers[2:]:
        x = layer(x)
    theirs = keras.Model(inputs, x)
    *others, _ = theirs.get_weights()
    theirs.set_weights([*[np.zeros_like(weight) for weight in others], np.eye(6)[4]])
    theirs.save(folder / "rastogi2025/emotion_recognition_model.h5")
    scaler = {"mean": [0.0] * 30, "scale": [1.0] * 30}
    (folder / "rastogi2025/scaler.json").write_text(json.dumps(scaler))
    return folder


def test_published_weights_are_evaluated_on_the_published_split(published_weights, tmp_path):
    options = ["--corpora", "synthetic", "--quick", "--weights", "published", "--weights-folder", published_weights]
    done = call("rastogi2025/mlp", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs/rastogi2025/mlp/coded/published/seed-0,weights=published"
    table = pd.read_csv(folder / "predictions.csv")
    assert set(table["predicted"]) == {"sad"}
    assert "Nothing was trained" in (tmp_path / "runs/rastogi2025/report/report.md").read_text(encoding="utf-8")
    again = call("rastogi2025/mlp", *options[:3], "--weights", "published", cwd=tmp_path)
    assert again.returncode == 0  # finished, so that its files are not asked for again


def test_published_weights_that_are_not_there_are_named(tmp_path):
    options = ["--corpora", "synthetic", "--quick", "--weights", "published", "--weights-folder", "nowhere"]
    done = call("rastogi2025/mlp", *options, cwd=tmp_path)
    assert done.returncode == 3
    assert "nowhere/rastogi2025/emotion_recognition_model.h5 is not there" in done.stderr.splitlines()[-1]


@pytest.mark.real_data
@pytest.mark.slow
def test_salian2021_runs_without_savee_and_says_so(real_corpora, tmp_path):
    links = tmp_path / "data"
    for name, files in (("ravdess", "Actor_01/*.wav"), ("tess", "*/*_back_*.wav")):
        for path in (real_corpora / name).glob(files):
            link = links / name / path.parent.name / path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    done = call("salian2021", "--data", links, "--quick", "--epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = (tmp_path / "runs/salian2021/report/report.md").read_text(encoding="utf-8")
    assert "savee is not there: the experiment was run without it." in report
    assert "have their twin in the training part" in report
    assert "are used for validation too" in report


@pytest.mark.real_data
@pytest.mark.slow
def test_real_emodb_goes_from_clips_to_a_report_with_the_printed_supports(real_corpora, tmp_path):
    done = call("yadav2022/emodb", "--data", real_corpora, "--epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "runs/yadav2022/report/report.json").read_text(encoding="utf-8"))
    (experiment,) = report["experiments"]
    corpus = experiment["corpora"]["emodb"]
    assert (corpus["clips"], corpus["expected"], corpus["synthetic"]) == (535, 535, False)
    assert [sum(row) for row in experiment["runs"][0]["confusion"]] == [34, 10, 10, 12, 13, 17, 11]  # Table 5


@pytest.mark.real_data
@pytest.mark.slow
def test_real_ravdess_in_part_is_run_and_counted(real_corpora, tmp_path):
    done = call("yadav2022/ravdess", "--data", real_corpora, "--epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "runs/yadav2022/report/report.json").read_text(encoding="utf-8"))
    corpus = report["experiments"][0]["corpora"]["ravdess"]
    assert 0 < corpus["clips"] < corpus["expected"] == 1440
