"""Ablations: settings paired with ours by seed and by clip, and words that claim no more than the runs allow."""

import csv
import json

import pytest
from scipy import stats

from ser_keras import discovery
from ser_keras.errors import RunError
from ser_keras.experiment import Choice
from ser_keras.report import ablation, ablation_texts, ablation_write, once
from ser_keras.report.runs import read
from ser_keras.tasks import folder_name

CHOICES = (
    Choice("trim_top_db", 30, "why", (20, None)),
    Choice("epochs", 100, "why", (50,)),
    Choice("l2", 0.0, "why", ()),
)
CLIPS = 107  # test clips of Table 5
PUBLISHED = 0.8318  # Table 3


@pytest.fixture
def add(make_run, tmp_path):
    """A function that puts a run of yadav2022/emodb on disk: so many or such clips wrong, a validation accuracy."""

    def put(seed, wrong, *, validation=0.7, **changes):
        changed = {one.key: changes.pop(one.key) for one in CHOICES if one.key in changes}
        choices = [
            {"key": one.key, "value": changed.get(one.key, one.value), "default": one.value, "reason": "why",
             "alternatives": list(one.alternatives)}
            for one in CHOICES
        ]  # fmt: skip
        place = tmp_path / "yadav2022/emodb/described" / changes.get("protocol", "published")
        ours = place / f"seed-{seed}"
        if ours.exists():
            ours.rename(place / "aside")  # make_run names all folders like this one
        folder = make_run(seed, choices=choices, validation=validation is not None, **changes)
        folder = folder.rename(place / folder_name(seed, changed))
        if (place / "aside").exists():
            (place / "aside").rename(ours)
        wrong = range(wrong) if isinstance(wrong, int) else wrong
        rewrite(folder / "predictions.csv", lambda n, row: {**row, "predicted": "sad" if n in wrong else row["true"]})
        if validation is not None:
            rewrite(folder / "history.csv", lambda n, row: {**row, "val_accuracy": validation if n == 7 else 0.99})
        return folder

    return put


def rewrite(path, change):
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    with path.open("w", encoding="utf-8", newline="") as stream:
        made = csv.DictWriter(stream, list(rows[0]))
        made.writeheader()
        made.writerows(change(number, row) for number, row in enumerate(rows))


@pytest.fixture
def table(tmp_path):
    """A function that gives the ablation that lies on disk."""
    others = {name: one for name, one in discovery.published("yadav2022")["results"].items() if name != "emodb"}

    def compute(seeds=(0, 1, 2), failures=None, protocol="published"):
        runs = ablation.stored(tmp_path / "yadav2022/emodb/described" / protocol, seeds)
        return ablation.table(runs, CHOICES, others, failures)

    return compute


def told(entry):
    return "\n".join(ablation_texts.sentences(entry))


def three(add, base, **settings):
    """Three seeds of ours and of `l2` settings, each with its wrong clips a seed."""
    for seed in range(3):
        add(seed, base[seed])
        for name, wrong in settings.items():
            add(seed, wrong[seed], l2=float(name.removeprefix("l2_")) / 10)


def test_differences_are_paired_by_seed(add, table):
    three(add, (20, 30, 40), l2_1=(22, 33, 44))
    base, setting = table()["settings"]
    assert base["difference"] is None
    assert (setting["choice"], setting["value"], setting["ours"]) == ("l2", 0.1, 0.0)
    found = setting["difference"]["accuracy"]
    expected = stats.ttest_rel([87 - 2, 77 - 3, 67 - 4], [87, 77, 67])
    assert found["mean"] == pytest.approx(-3 / CLIPS)
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["interval"] == pytest.approx([end / CLIPS for end in expected.confidence_interval(0.95)])
    assert setting["difference"]["seeds"] == [0, 1, 2]


def test_seed_that_only_one_of_both_has_is_not_paired(add, table):
    three(add, (20, 30, 40))
    add(1, 33, l2=0.1)
    add(0, 21, l2=0.2)
    add(1, 33, l2=0.2)
    assert "One seed alone, so no test: l2 = 0.1." in told(table())
    setting = table()["settings"][1]
    assert setting["difference"]["seeds"] == [1]
    assert setting["difference"]["accuracy"]["mean"] == pytest.approx(-3 / CLIPS)
    assert setting["difference"]["accuracy"]["interval"] is None


def test_validation_accuracy_is_that_of_the_kept_epoch(add, table):
    add(0, 20, validation=0.61)  # epoch 8, which is kept; 0.99 in all others
    assert table((0,))["settings"][0]["validation_mean"] == pytest.approx(0.61)


def test_validation_accuracy_of_folds_is_their_mean(add):
    folder = add(0, 20)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["training"]["folds"] = [{"best_epoch": 2}, {"best_epoch": 1}]
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    rows = ["1,1,1,0.5,0.1", "1,2,1,0.5,0.4", "2,1,1,0.5,0.6", "2,2,1,0.5,0.9"]
    (folder / "history.csv").write_text("\n".join(["fold,epoch,loss,accuracy,val_accuracy", *rows]), encoding="utf-8")
    assert ablation.validation_accuracy(read(folder)) == pytest.approx((0.4 + 0.6) / 2)


def test_without_validation_part_there_is_no_validation_figure(add, table):
    add(0, 20, validation=None)
    add(0, 22, validation=None, l2=0.1)
    entry = table((0,))
    assert [one["validation_mean"] for one in entry["settings"]] == [None, None]
    assert entry["settings"][1]["difference"]["validation"] is None
    assert ablation_texts.cells(entry["settings"][1])[2] == "none"
    assert "there is no validation part" in told(entry)


def test_same_clips_are_compared_clip_by_clip(add, table):
    add(0, [0, 1, 2, 100])
    add(0, [1, 3], l2=0.1)
    [pair] = table((0,))["settings"][1]["same_clips"]
    # clip 100 is sad, so that it is right in both: ours alone is right on 3, the setting alone on 0 and 2
    assert (pair["clips"], pair["only_base"], pair["only_setting"]) == (CLIPS, 1, 2)
    assert pair["p"] == pair["p_holm"] == pytest.approx(1)  # 2 * (1 + 3) / 8


def test_other_clips_are_not_compared(add, table):
    add(0, 3)
    folder = add(0, 5, l2=0.1)
    rewrite(folder / "predictions.csv", lambda n, row: {**row, "clip": row["clip"] + "x"})
    assert table((0,))["settings"][1]["same_clips"] == []


def test_p_values_pay_for_every_setting_on_disk(add, table):
    three(add, (20, 30, 40), l2_1=(22, 33, 44), l2_2=(25, 36, 46), l2_3=(20, 31, 40))
    entry = table()
    found = [one["difference"]["accuracy"] for one in entry["settings"][1:]]
    assert entry["comparisons"] == 3
    assert entry["clip_comparisons"] == 9
    smallest = min(found, key=lambda one: one["p"])
    assert smallest["p_holm"] == pytest.approx(3 * smallest["p"])


def test_settings_stand_as_declared(add, table):
    add(0, 20)
    for changes in ({"l2": 0.5}, {"epochs": 50}, {"trim_top_db": 45}, {"trim_top_db": None}, {"trim_top_db": 20}):
        add(0, 21, **changes, training={**TRAINING, "epochs_limit": changes.get("epochs", 100)})
    names = [ablation_texts.setting_name(one) for one in table((0,))["settings"]]
    assert names == [
        "ours", "trim_top_db = 20", "trim_top_db = none", "trim_top_db = 45", "epochs = 50", "l2 = 0.5",
    ]  # fmt: skip


TRAINING = {"epochs_limit": 100, "epochs_run": 12, "best_epoch": 8}


FEW = {"emodb": {"clips": 50, "expected": 535, "synthetic": True}}


@pytest.mark.parametrize("other", [{"quick": True}, {"training": {**TRAINING, "epochs_limit": 5}}, {"corpora": FEW}])
def test_runs_of_other_conditions_are_left_out_and_named(add, table, other):
    add(0, 20)
    add(0, 21, trim_top_db=20)
    add(0, 22, l2=0.1, **other)
    entry = table((0,))
    assert [one["choice"] for one in entry["settings"]] == [None, "trim_top_db"]
    assert "Left out: seed-0,l2=0.1: other epochs, clips or speed." in told(entry)


def test_runs_with_two_changed_choices_or_other_seeds_are_no_part(add, table):
    add(0, 20)
    add(0, 21, trim_top_db=20, l2=0.1)
    add(5, 22, l2=0.1)
    assert len(table((0,))["settings"]) == 1


def test_run_that_cant_be_read_stops_the_table(add, table):
    add(0, 20)
    (add(0, 21, l2=0.1) / "predictions.csv").unlink()
    with pytest.raises(RunError, match=r"predictions.csv can't be read"):
        table((0,))


def test_setting_that_cant_be_run_is_a_line_with_its_reason(add, table):
    add(0, 20)
    entry = table((0,), {("l2", 9.0): {0: "the loss is not finite", 1: "the loss is not finite"}})
    assert "l2 = 9.0  0  can't be run (seeds 0, 1): the loss is not finite" in ablation_texts.screen(entry)
    assert "nothing to compare" in told(entry)


def test_setting_whose_interval_lacks_0_moves_the_figure(add, table):
    three(add, (20, 30, 40), l2_1=(30, 41, 50), l2_2=(18, 31, 42))
    lines = told(table())
    assert "l2 = 0.1 moves test accuracy by −9.66 points (−11.00 to −8.32); after Holm p is 0.002: it holds" in lines
    assert "l2 = 0.2 moves" not in lines
    assert "2 settings with one choice changed, compared with ours on seeds 0, 1, 2; 2 tests over seeds" in lines


def test_no_move_is_claimed_where_every_interval_holds_0(add, table):
    three(add, (20, 30, 40), l2_1=(18, 31, 42))
    assert "No setting is shown to move test accuracy" in told(table())
    # differences 2, -1, -2 of 107: deviation 2.0817, half an interval 4.3027 * 2.0817 / sqrt(3) = 5.17 clips
    assert "Moves smaller than about 4.8 points" in told(table())


def test_one_seed_allows_no_claim_about_a_choice(add, table):
    add(0, 20)
    add(0, 60, l2=0.1)
    lines = told(table((0,)))
    assert "One seed allows no test of a choice" in lines
    assert "moves test accuracy" not in lines
    assert (
        "networks differ (exact McNemar, after Holm): l2 = 0.1 (seed 0: of 107 clips 40 right by ours alone, 0" in lines
    )
    assert "takes two seeds or more" in lines


def test_setting_explains_the_published_figure_only_where_ours_doesnt(add, table):
    three(add, (50, 51, 52), l2_1=(17, 18, 19), l2_2=(48, 50, 52))
    lines = told(table())
    assert "not at the published 83.18 %. Settings that expect it, of 2 tried: l2 = 0.1 (" in lines
    assert "its mean is nearer by 30.84 points" in lines
    assert "l2 = 0.2 (" not in lines


def test_setting_that_only_scatters_more_is_said_to(add, table):
    three(add, (40, 41, 42), l2_1=(30, 45, 60))
    assert "but its mean is no nearer, its runs only scatter more" in told(table())


def test_no_setting_is_needed_where_ours_holds_the_published_figure(add, table):
    three(add, (16, 18, 20), l2_1=(50, 51, 52))
    lines = told(table())
    assert (
        "which holds the published 83.18 %: no setting is needed to explain it. With l2 = 0.1 it would not lie" in lines
    )


def test_no_setting_explains_what_none_expects(add, table):
    three(add, (50, 51, 52), l2_1=(60, 61, 62))
    assert "no setting tried explains it" in told(table())


def test_equal_runs_are_judged_by_the_clips_of_one_more(add, table):
    three(add, (50, 50, 50), l2_1=(50, 50, 50), l2_2=(49, 49, 49))
    entry = table()
    for one in entry["settings"]:
        low, high = one["rerun_interval"]
        assert low < one["accuracy_mean"] < high
    lines = told(entry)
    assert "No difference on any seed: l2 = 0.1." in lines
    assert "The same difference on every seed: l2 = 0.2." in lines


@pytest.mark.parametrize(("quick", "why"), [(False, "held to 5 epochs by --epochs"), (True, "quick runs")])
def test_figures_that_are_not_the_papers_explain_nothing(add, table, quick, why):
    training = {**TRAINING, "epochs_limit": 5}
    for seed in range(2):
        add(seed, 17 + seed, quick=quick, training=training)
        add(seed, 50 + seed, quick=quick, training=training, l2=0.1)
    entry = table()
    assert entry["held_epochs"] == 5
    assert f"can't be told: {why}." in told(entry)
    assert ablation_texts.screen(entry).startswith(f"NOT FOR FIGURES: {why}\n")


def test_another_protocol_is_not_held_against_the_published_figure(add, table):
    for seed in range(2):
        add(seed, 17 + seed, protocol="speaker-independent")
        add(seed, 50 + seed, protocol="speaker-independent", l2=0.1)
    lines = told(table(protocol="speaker-independent"))
    assert "the published figure (83.18 %) is another's" in lines


def test_best_setting_is_chosen_by_validation_not_by_test(add, table):
    for seed in range(2):
        add(seed, 30 + seed, validation=0.70)
        add(seed, 40 + seed, validation=0.80, l2=0.1)  # best on validation clips, worst on test clips
        add(seed, 10 + seed, validation=0.60, l2=0.2)
    assert "By validation accuracy the best are l2 = 0.1: 80.00 ± 0.00 %; test accuracy 62.15 ± 0.66 %" in told(table())


def test_nothing_is_chosen_by_watched_test_clips(add, table):
    for seed in range(2):
        for changes in ({}, {"l2": 0.1}):
            folder = add(seed, 30 + seed, **changes)
            record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            record["split"]["watched_test_clips"] = CLIPS
            (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    entry = table()
    assert "the clips that are watched are test clips" in told(entry)
    assert ablation_texts.cells(entry["settings"][1])[2].endswith("(test clips)")


def test_intervals_of_shares_end_at_0_and_100(add, table):
    three(add, (0, 30, 60))
    assert ablation_texts.cells(table()["settings"][0])[-1] == "0.0 to 100.0 %"


def test_files_hold_the_table_and_every_run(add, table, tmp_path):
    three(add, (20, 30, 40), l2_1=(22, 33, 44))
    entry = table(failures={("l2", 9.0): {0: "the loss is not finite"}})
    ablation_write.write_ablation(tmp_path / "ablation", "emodb", entry)
    stored = json.loads((tmp_path / "ablation/emodb.json").read_text(encoding="utf-8"))
    assert stored["settings"] == json.loads(json.dumps(entry["settings"]))
    rows = list(csv.DictReader((tmp_path / "ablation/emodb.csv").open(encoding="utf-8")))
    ours, setting = ([(*named, str(seed)) for seed in range(3)] for named in (("", ""), ("l2", "0.1")))
    assert [(row["choice"], row["value"], row["seed"]) for row in rows] == [*ours, *setting, ("l2", "9.0", "0")]
    assert float(rows[4]["accuracy"]) == pytest.approx((CLIPS - 33) / CLIPS)
    assert (rows[4]["only_base_right"], rows[4]["only_setting_right"]) == ("3", "0")
    assert rows[-1]["failure"] == "the loss is not finite"
    page = (tmp_path / "ablation/emodb.md").read_text(encoding="utf-8")
    assert "| l2 = 0.1 | 3 | 70.00 ± 0.00 % | 69.16 ± 10.28 % |" in page
    assert "![" in page and "(emodb.png)" in page
    assert "l2 = 0.1  " in ablation_texts.screen(entry)
    html = (tmp_path / "ablation/emodb.html").read_text(encoding="utf-8")
    assert "<td>69.16 ± 10.28 %</td>" in html
    assert "the loss is not finite" in html
    assert "http" not in html.replace("http-equiv", "")  # one file, works offline
    for ending in ("svg", "png"):
        before = (tmp_path / f"ablation/emodb.{ending}").read_bytes()
        ablation_write.write_ablation(tmp_path / "again", "emodb", entry)
        assert (tmp_path / f"again/emodb.{ending}").read_bytes() == before


def test_files_of_the_same_table_are_left_as_they_are(add, table, tmp_path):
    three(add, (20, 30, 40), l2_1=(22, 33, 44))
    page = tmp_path / "emodb.html"

    def anew(failures=None):
        before = page.stat().st_ino if page.exists() else None
        once.ablation_files(tmp_path, "emodb", table(failures=failures))
        return page.stat().st_ino != before

    assert anew()
    assert not anew()
    assert anew({("l2", 9.0): {0: "the loss is not finite"}})
    assert not anew({("l2", 9.0): {0: "the loss is not finite"}})
    (tmp_path / "emodb.csv").unlink()
    assert anew({("l2", 9.0): {0: "the loss is not finite"}})
    assert (tmp_path / "emodb.csv").is_file()
