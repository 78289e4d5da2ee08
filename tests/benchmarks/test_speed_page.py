"""docs/speed.md and docs/training-speed.md say what was measured, and nothing else."""

import cProfile

import pytest

from benchmarks import growth, write
from ser_keras.features.store import extract


def test_figures_on_the_pages_are_those_that_are_stored():
    for path, made in write.pages().items():
        text = path.read_text(encoding="utf-8")
        assert write.page(text, made) == text


def calls(function, *given, **named):
    """How many calls one call comes to: what it takes, on a clock that no other program moves."""
    profile = cProfile.Profile()
    profile.runcall(function, *given, **named)
    return sum(one.callcount for one in profile.getstats())


def test_growth_is_no_faster_than_the_number_of_clips(tmp_path):
    """Ten times the clips take no more than half as much again as ten times the calls, at first and once stored."""
    found = {}
    for clips in (100, 1000):
        folder = tmp_path / str(clips)
        folder.mkdir()
        made = growth.recordings(folder, clips)
        for way in ("first", "again"):
            found[way, clips] = calls(extract, growth.PIPELINE, made, folder / "store", jobs=1)
    for way in ("first", "again"):
        assert found[way, 1000] < 1.5 * 10 * found[way, 100], way
    assert found["again", 1000] < found["first", 1000] / 10


def test_row_tells_rates_ratios_and_workers():
    one = {
        "clips_a_second": {"reference": 50.0, "core": 80.4, "floor": 100.0},
        "times_the_reference": 1.6,
        "of_the_floor": 0.8,
        "two_workers": {"times_one": 1.7, "machine_times_one": 1.75, "both_at_work": 0.97},
    }
    rows = write.extraction_lines({"pipelines": {"p": one}})
    assert rows[2:] == ["| p | 50 | 80 | 100 | 1.60 | 0.80 | 1.70 | 1.75 | 97% |"]


def test_second_measurement_of_few_clips_gives_the_same_store(tmp_path):
    found = []
    for name in "ab":
        (tmp_path / name).mkdir()
        found.append(growth.measured(40, tmp_path / name, jobs=1))
    assert found[0]["clips"] == 40
    assert found[0]["store_mb"] == found[1]["store_mb"] > 0
    growth.draw(found, tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text(encoding="utf-8")
    assert drawn.count("measured") == 1  # one legend
    assert [title for _, title, _ in growth.CURVES if title not in drawn] == []


@pytest.mark.parametrize("shape", [(3,), (4, 5)])
def test_store_that_is_read_again_is_measured(shape):
    from benchmarks.reading import reopened

    found = reopened(shape, 70, rounds=1)
    assert found["clips"] == 70
    assert found["open_s"] > 0
    assert found["memory_gb_s"] > 0


def test_row_of_trainings_side_by_side_tells_both_ratios_and_that_without_the_start():
    one = {"epochs": 25, "times_one": {"processor": 0.8, "clock": 1.25}, "running": 1.75}
    hardware = {"cores": 2, "cpu": "AMD", "memory_gib": 8}
    lines = write.side_by_side_lines({"subjects": {"4 folds": one}, "hardware": hardware, "load": 0.3, "start_s": 5.04})
    assert lines[2] == "| 4 folds | 25 | 0.80 × | 1.25 × | 1.75 × |"
    assert lines[-1].endswith("takes 5.0 s.")


@pytest.mark.slow
def test_seeds_and_folds_of_a_network_are_measured_both_ways():
    from benchmarks import side_by_side

    subject = side_by_side.Subject(("sankaran2023", "ann"), 40, 80, 1, 1, "speaker-independent")
    found = side_by_side.measured(subject, 1, 0.0)
    assert (found["trainings"], found["epochs"]) == (4, 1)
    assert set(found["times_one"]) == {"processor", "clock"}
    assert min(*found["times_one"].values(), *found["clock_s"].values(), found["running"]) > 0
