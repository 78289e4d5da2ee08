"""The ledger: only comparable runs are kept, and the README's table is what the stored ones give."""

import copy
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from PIL import Image

from ser_keras import results
from ser_keras.errors import RunError
from ser_keras.report import comparable, ledgers, markdown, overview, worth
from ser_keras.report.runs import finished_runs, read

CHECKOUT = Path(__file__).parents[1]
RECORD = {
    "corpora": {"emodb": {"clips": 535, "expected": 535, "synthetic": False}},
    "choices": [
        {"key": "top_db", "value": None, "default": None},
        {"key": "epochs", "value": 60, "default": 60},
    ],
    "quick": False,
    "training": {"epochs_limit": 60},
}


@pytest.fixture
def kept(tmp_path):
    """The ledgers of the runs below `tmp_path`, as `stored` gives them."""

    def kept():
        found = ledgers.of_runs(finished_runs(tmp_path / "runs", "yadav2022"))
        return {("yadav2022", name): ledger for name, ledger in found.items()}

    return kept


def row(kept, name="yadav2022/emodb"):
    [found] = [line for line in ledgers.table(kept) if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_tables_are_what_the_stored_results_give():
    kept = ledgers.stored(CHECKOUT / "results")
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert ledgers.with_table(readme, kept) == readme
    tutorial = (CHECKOUT / ledgers.TUTORIAL).read_text(encoding="utf-8")
    assert ledgers.with_verdict(tutorial, kept) == tutorial
    assert ledgers.document(kept) == (CHECKOUT / "results/README.md").read_text(encoding="utf-8")
    assert (CHECKOUT / "results/figures/overview.png").is_file()


def test_stored_results_are_runs_on_real_recordings_with_their_provenance():
    kept = ledgers.stored(CHECKOUT / "results")
    assert kept
    for (paper, name), ledger in kept.items():
        assert (CHECKOUT / "results" / paper / f"{name}.json").is_file()
        assert not any(entry["quick"] for entry in ledger["entries"])
        for entry in ledger["entries"]:
            for corpus in entry["corpora"].values():
                assert corpus["clips"] >= comparable.WHOLE * corpus["expected"] and not corpus["synthetic"]
                assert len(corpus["manifest_sha256"]) == 64
            for run in entry["runs"]:
                right = sum(line[number] for number, line in enumerate(run["confusion"]))
                assert run["accuracy"] == pytest.approx(right / sum(map(sum, run["confusion"])))
            seeds = [seed for part in entry["provenance"] for seed in part["seeds"]]
            assert sorted(seeds) == sorted(run["seed"] for run in entry["runs"])
            assert all(part["packages"]["keras"] and part["commit"] for part in entry["provenance"])


def test_line_of_an_experiment_is_what_its_entries_give():
    for ledger in ledgers.stored(CHECKOUT / "results").values():
        [line] = overview.lines(ledger["entries"])
        assert json.loads(json.dumps(line)) == ledger["line"]


def test_stored_figures_are_what_their_runs_come_to():
    for ledger in ledgers.stored(CHECKOUT / "results").values():
        for entry in ledger["entries"]:
            found = worth.figures(entry["published"], entry["runs"], entry["protocol"])
            assert {key: entry[key] for key in found} == json.loads(json.dumps(found))


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_stored_plot_is_of_the_stored_figures(ending):
    told = overview.drawing(ledgers.lines(ledgers.stored(CHECKOUT / "results")))["words"]
    path = CHECKOUT / "results" / "figures" / f"overview.{ending}"
    if ending == "png":
        assert Image.open(path).info["Description"] == told
    else:
        [described] = ElementTree.parse(path).iter("{http://purl.org/dc/elements/1.1/}description")
        assert described.text == told


def test_complete_real_run_with_our_choices_is_comparable():
    assert ledgers.belongs(RECORD)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("corpora", "emodb", "clips"), 534),
        (("corpora", "emodb", "synthetic"), True),
        (("quick",), True),
        (("training", "epochs_limit"), 30),
        (("training", "epochs_limit"), 90),
        (("recipe_epochs",), 61),
        (("weights",), "published"),
        (("training", "precision"), "bfloat16"),
        (("missing_corpora",), ["savee"]),
    ],
)
def test_run_that_is_not_the_papers_is_left_out(place, value):
    record = copy.deepcopy(RECORD)
    inner = record
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not ledgers.belongs(record)


def test_table_gives_mean_and_deviation_over_seeds_and_what_was_not_run(small_run, kept):
    small_run(0, 18)
    small_run(1, 16)
    # accuracies 90 and 80 %: mean 85, deviation sqrt(2 · 5²) = 7.07
    assert row(kept())[2].startswith("85.00 ± 7.07 % (2 runs)")
    assert row(kept(), "yadav2022/ravdess")[-2] == "not run"


def test_corpus_that_lacks_under_a_thousandth_is_comparable_and_named_below_the_table(small_run, kept, monkeypatch):
    lacking = copy.deepcopy(RECORD)
    lacking["corpora"] = {"tess": {"clips": 2798, "expected": 2800, "synthetic": False}}
    assert ledgers.belongs(lacking)
    monkeypatch.setattr(comparable, "WHOLE", 0.99)
    small_run(0, 18, clips=534)
    assert list(ledgers.table(kept()))[-1] == "In these runs emodb lacks 1 of 535 clips."


def test_incomplete_corpora_leave_no_ledger(small_run, kept):
    small_run(0, 18, clips=500)
    assert kept() == {}


def test_runs_on_unheard_speakers_have_a_column_and_are_never_averaged_with_the_others(small_run, kept):
    small_run(0, 18)
    small_run(0, 12, protocol="speaker-independent")
    cells = row(kept())
    assert cells[2].startswith("90.00 % (1 run)") and cells[4].startswith("60.00 % (1 run)")


def test_variants_have_a_column_each(small_run, kept):
    small_run(0, 18)
    small_run(0, 10, variant="coded")
    cells = row(kept())
    assert cells[2].startswith("90.00 % (1 run)") and cells[3].startswith("50.00 % (1 run)")


def test_runs_with_changed_choices_are_told_as_tried_and_stand_in_no_mean(small_run, kept):
    small_run(0, 18)
    small_run(0, 10, changed=True)
    assert row(kept())[2].startswith("90.00 % (1 run)")
    told = ledgers.document(kept())
    assert "trim = 2 alone moves described by −40.00 points." in told
    assert "| trim=2 | 0 | 50.00 % |" in told


def test_every_single_run_is_listed(small_run, kept):
    for seed, right in enumerate((18, 16, 11)):
        small_run(seed, right)
    told = [line for line in ledgers.document(kept()).splitlines() if line.startswith("| yadav2022/emodb | described")]
    assert [line.split("|")[6].strip() for line in told] == ["90.00 %", "80.00 %", "55.00 %"]


def test_readme_without_the_markers_is_refused():
    with pytest.raises(RunError, match=r"README\.md lacks the lines"):
        ledgers.with_table("# nothing", {})


@pytest.mark.parametrize("text", ["begin\n", "end\n", "begin\nend\nbegin\n", "begin\nend\nend\n"])
def test_page_that_lacks_a_mark_or_has_one_twice_is_refused(text):
    with pytest.raises(RunError, match=r"p\.md lacks the lines 'begin' and 'end'"):
        markdown.with_block(text, "begin", "end", ["new"], "p.md")


def test_text_around_the_table_is_kept():
    readme = f"before\n{ledgers.BEGIN}\nold\n{ledgers.END}\nafter\n"
    once = ledgers.with_table(readme, {})
    assert once.startswith("before\n") and once.endswith(f"{ledgers.END}\nafter\n")
    assert "old" not in once
    assert ledgers.with_table(once, {}) == once


def test_command_writes_ledgers_tables_and_figure(small_run, tmp_path, monkeypatch):
    small_run(0, 18)
    monkeypatch.chdir(tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(f"# Name\n{ledgers.BEGIN}\n{ledgers.END}\n", encoding="utf-8")
    done = CliRunner().invoke(results.results, ["runs"], standalone_mode=False)
    assert done.exception is None
    assert ledgers.stored()["yadav2022", "emodb"]["line"]["described"]["mean"] == 0.9
    assert "90.00 % (1 run)" in readme.read_text(encoding="utf-8")
    assert (tmp_path / "results/figures/overview.svg").is_file()
    assert (tmp_path / "results/README.md").is_file()


def test_choices_that_were_changed_are_told_one_at_a_time(small_run, kept):
    for seed, right in ((0, 18), (1, 16)):
        small_run(seed, right)
        small_run(seed, right - 4, changed=True)
    told = ledgers.document(kept())
    assert "### yadav2022/emodb (described, published protocol)" in told
    # 18 → 14 and 16 → 12 of 20: 20 points on both seeds
    assert "| trim = 2 | 2 | none | 65.00 ± 7.07 % |" in told
    assert "The same difference on every seed: trim = 2." in told


def test_a_seed_in_two_folders_counts_once_and_the_later_run_stands(small_run):
    first = read(small_run(0, 18, out="first", finished="2026-11-20T10:00:00+00:00"))
    later = read(small_run(0, 12, out="later", finished="2026-11-21T10:00:00+00:00"))
    other = read(small_run(1, 16))
    for order in ([first, later, other], [other, later, first], [later, first, later, other]):
        [entry] = ledgers.of_runs(order)["emodb"]["entries"]
        assert {run["seed"]: run["accuracy"] for run in entry["runs"]} == {0: 0.6, 1: 0.8}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with a README that has room for the table; it is the current one."""
    (tmp_path / "README.md").write_text(f"{ledgers.BEGIN}\n{ledgers.END}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_that_are_left_out_are_named_with_the_reason(small_run, checkout):
    folder = small_run(0, 18, quick=True)
    called = CliRunner().invoke(results.results, [str(checkout / "runs")])
    assert called.stderr.splitlines() == [f"left out: {folder}: quick runs"]
    assert called.exit_code == 0


def test_folder_without_runs_is_an_error_that_names_it(checkout):
    called = CliRunner().invoke(results.results, [str(checkout / "nosuch")])
    assert isinstance(called.exception, RunError)
    assert "nosuch holds no finished run" in str(called.exception)
