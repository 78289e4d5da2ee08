"""One contract over every installed paper: its declaration is whole, and its models can be built, trained, kept."""

import dataclasses

import keras
import numpy as np
import pytest

from ser_keras import discovery
from ser_keras.choices import resolved
from ser_keras.corpora import manifest
from ser_keras.errors import PaperError

PAPERS = {name: discovery.load_paper(name) for name in discovery.paper_names()}
EXPERIMENTS = [
    pytest.param(name, experiment, id=f"{name}/{experiment.name}")
    for name, paper in PAPERS.items()
    for experiment in paper.experiments
]
VARIANTS = [
    pytest.param(experiment, variant, id=f"{name}/{experiment.name}/{variant.name}")
    for name, paper in PAPERS.items()
    for experiment in paper.experiments
    for variant in experiment.variants
]


def printed(paper, experiment):
    return discovery.published(paper)["results"][experiment.name]


def test_papers_are_discovered():
    assert "yadav2022" in PAPERS


@pytest.mark.parametrize("name", PAPERS)
def test_paper_is_registered_under_its_name_with_every_published_experiment(name):
    assert PAPERS[name].name == discovery.published(name)["paper"] == name
    assert [one.name for one in PAPERS[name].experiments] == list(discovery.published(name)["results"])


@pytest.mark.parametrize("name", PAPERS)
def test_room_has_a_readme_and_a_whole_citation(name):
    assert (discovery.room(name) / "README.md").stat().st_size > 500
    assert all(discovery.published(name)[key] for key in ("title", "authors", "year"))


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_readme_of_the_room_lists_every_choice(paper, experiment):
    readme = (discovery.room(paper) / "README.md").read_text(encoding="utf-8")
    for choice in experiment.choices:
        row = next((line for line in readme.splitlines() if line.startswith(f"| `{choice.key}` |")), "")
        value = f"{choice.value:g}" if isinstance(choice.value, int | float) else str(choice.value).lower()
        assert row.split("|")[2].strip() == value, f"{choice.key} is {value}"


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_declaration_agrees_with_the_published_table(paper, experiment):
    table = printed(paper, experiment)
    assert list(experiment.classes) == table.get("classes", list(experiment.classes))
    assert list(experiment.corpora) == table["corpora"]
    assert set(experiment.corpora) <= set(manifest.corpora())
    assert set(experiment.classes) <= set(manifest.EMOTIONS)
    assert len(set(experiment.classes)) == len(experiment.classes)


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_printed_supports_add_up(paper, experiment):
    table = printed(paper, experiment)
    if "confusion_percent" in table:
        assert len(table["confusion_percent"]) == len(table["support"]) == len(table["classes"])
        assert all(len(row) == len(table["classes"]) for row in table["confusion_percent"])
    if "n_test" in table and "support" in table:
        assert sum(table["support"]) == table["n_test"]
    assert "accuracy_percent" in table or "accuracy" in table


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_choices_have_reasons_and_alternatives(paper, experiment):
    keys = [choice.key for choice in experiment.choices]
    assert len(set(keys)) == len(keys)
    for choice in experiment.choices:
        assert len(choice.reason) > 20
        assert choice.alternatives
        assert choice.value not in choice.alternatives
        for value in choice.alternatives:  # every one can be given on the command line
            assert resolved((choice,), {choice.key: str(value)})[choice.key] == value


def declared(variant, choices, classes):
    """All that a variant makes of choices, as values that can be compared."""
    recipe = dataclasses.asdict(variant.training(choices))
    recipe["optimizer"] = {**variant.training(choices).optimizer().get_config(), "name": None}
    altered = variant.augmentation(choices, 0) if variant.augmentation else ()
    layers = [{**layer.get_config(), "name": None} for layer in variant.build(classes, choices).layers]
    return repr(
        [
            variant.pipeline(choices).description(),
            [pipeline.description() for pipeline in altered],
            variant.scaling(choices) if variant.scaling else None,
            recipe,
            layers,
        ]
    )


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_every_choice_reaches_the_run(experiment, variant):
    keras.utils.clear_session()
    default = declared(variant, resolved(experiment.choices, {}), 2)
    for choice in experiment.choices:
        for value in choice.alternatives:
            keras.utils.clear_session()
            other = declared(variant, resolved(experiment.choices, {choice.key: str(value)}), 2)
            assert other != default, f"{choice.key}={value} changes nothing"


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_model_learns_and_survives_saving(experiment, variant, tmp_path):
    choices = resolved(experiment.choices, {})
    keras.utils.set_random_seed(0)
    model = variant.build(len(experiment.classes), choices)
    assert model.output_shape == (None, len(experiment.classes))
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((4, *model.input_shape[1:]), dtype=np.float32)
    targets = np.eye(len(experiment.classes), dtype=np.float32)[[0, 1, 2, 0]]
    recipe = variant.training(choices)
    model.compile(recipe.optimizer(), recipe.loss)
    before = model.train_on_batch(inputs, targets)
    for _ in range(3):
        after = model.train_on_batch(inputs, targets)
    assert after < before
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), again.predict(inputs, verbose=0))


def test_unknown_paper_is_named_with_the_known_ones():
    with pytest.raises(PaperError, match=r"no paper is called 'nobody1999'; installed papers: .*yadav2022"):
        discovery.published("nobody1999")


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_equal_choices_declare_the_same_run(experiment, variant):
    choices = resolved(experiment.choices, {})
    keras.utils.clear_session()
    first = declared(variant, choices, 2)
    keras.utils.clear_session()
    assert declared(variant, choices, 2) == first
