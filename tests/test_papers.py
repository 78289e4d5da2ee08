"""One contract over every installed paper: its declaration is whole, and its models can be built, trained, kept."""

import dataclasses
from collections import UserDict

import keras
import numpy as np
import pandas as pd
import pytest

from ser_keras import discovery, preparation
from ser_keras.choices import changes, resolved
from ser_keras.corpora import folder, manifest
from ser_keras.corpora.table import COLUMNS
from ser_keras.errors import PaperError
from ser_keras.keras_files import load_model
from ser_keras.tasks import PROTOCOLS, PUBLISHED, Task

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


def trained():
    """The variants, of which every backend trains the first of an experiment, each builder's network once.

    The other tests here read declarations, which no backend computes.
    """
    builders = set()
    for one in VARIANTS:
        experiment, variant = one.values
        new = variant == experiment.variants[0] and variant.build not in builders
        builders.add(variant.build)
        yield pytest.param(*one.values, id=one.id, marks=[pytest.mark.backend] if new else [])


TRAINED = list(trained())
STEPS = 6


class Read(UserDict):
    """Choices that note which of them are asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


def all_choices(experiment):
    return experiment.choices + tuple(choice for variant in experiment.variants for choice in variant.choices)


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
    for choice in all_choices(experiment):
        row = next((line for line in readme.splitlines() if line.startswith(f"| `{choice.key}` |")), "")
        number = isinstance(choice.value, int | float) and not isinstance(choice.value, bool)
        value = f"{choice.value:g}" if number else str(choice.value).lower()
        # a choice that experiments or variants set differently has all its values there, with commas
        assert value in [one.strip() for one in row.split("|")[2].split(",")], f"{choice.key} is {value}"


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_declaration_agrees_with_the_published_table(paper, experiment):
    table = printed(paper, experiment)
    assert list(experiment.classes) == table.get("classes", list(experiment.classes))
    assert list(experiment.corpora) == table["corpora"]
    assert set(experiment.corpora) <= set(manifest.corpora())
    assert len(set(experiment.classes)) == len(experiment.classes)


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_printed_supports_add_up(paper, experiment):
    table = printed(paper, experiment)
    if "confusion_counts" in table:
        assert len(table["confusion_counts"]) == len(table["classes"])
        assert all(len(row) == len(table["classes"]) for row in table["confusion_counts"])
    if "confusion_percent" in table:
        assert len(table["confusion_percent"]) == len(table["support"]) == len(table["classes"])
        assert all(len(row) == len(table["classes"]) for row in table["confusion_percent"])
    if "n_test" in table and "support" in table:
        assert sum(table["support"]) == table["n_test"]
    assert "accuracy_percent" in table or "accuracy" in table


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_choices_have_reasons_and_alternatives(paper, experiment):
    for variant in experiment.variants:
        keys = [choice.key for choice in experiment.choices + variant.choices]
        assert len(set(keys)) == len(keys)
    for choice in all_choices(experiment):
        assert len(choice.reason) > 20
        assert choice.alternatives
        assert choice.value not in choice.alternatives
        for value in choice.alternatives:  # every one can be given on the command line
            assert resolved((choice,), {choice.key: str(value)})[choice.key] == value


def complete(experiment, variant):
    """The clip table of the complete corpora, without recordings, as a run of the variant gets it."""
    rows = [row for name in experiment.corpora for row in manifest_rows(name)]
    clips = pd.DataFrame(rows, columns=list(COLUMNS))
    task = Task("paper", {}, {}, experiment, variant, 0)
    copies = variant.copies(resolved(task.choices, {}), 0) if variant.copies else ()
    return preparation.with_copies(preparation.chosen(task, clips), copies)


def manifest_rows(name):
    for entry in manifest.manifest(name).entries:
        labels = entry.labels
        said = f"{name}-{folder.LOADERS[name].text(labels)}"
        speaker = f"{name}-{labels.speaker}"
        yield f"{name}/{entry.file}", name, "", labels.emotion, labels.code, speaker, labels.gender, said, entry.sha256


def parts(split):
    return [getattr(split, part).tolist() for part in preparation.PARTS]


def declared(variant, choices, table=None):
    """All that a variant makes of choices beside its model, as values that can be compared."""
    recipe = dataclasses.asdict(variant.training(choices))
    recipe["optimizer"] = {**variant.training(choices).optimizer().get_config(), "name": None}
    altered = variant.augmentation(choices, 0) if variant.augmentation else ()
    return repr(
        [
            variant.pipeline(choices).description(),
            [pipeline.description() for pipeline in altered],
            [pipeline.description() for pipeline in (variant.copies(choices, 0) if variant.copies else ())],
            variant.columns(choices) if variant.columns else None,
            None if table is None else parts(variant.split(table, 0, choices)),
            recipe,
        ]
    )


def layers(variant, choices):
    """The configuration of each layer of a variant's model for two classes."""
    keras.utils.clear_session()
    return repr([{**layer.get_config(), "name": None} for layer in variant.build(2, choices).layers])


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_every_choice_reaches_the_run(experiment, variant):
    table, choices = complete(experiment, variant), experiment.choices + variant.choices
    ours = resolved(choices, {})
    default, model = declared(variant, ours, table), layers(variant, ours)
    for choice in choices:
        for value in choice.alternatives:
            other = resolved(choices, {choice.key: str(value)})
            differs = declared(variant, other, table) != default or layers(variant, other) != model
            assert differs, f"{choice.key}={value} changes nothing"


@pytest.mark.parametrize(("experiment", "variant"), TRAINED)
def test_model_learns_and_survives_saving(experiment, variant, tmp_path):
    choices = resolved(experiment.choices + variant.choices, {})
    n_classes = len(variant.classes or experiment.classes)
    keras.utils.set_random_seed(0)
    model = variant.build(n_classes, choices)
    assert model.output_shape == (None, n_classes)
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((4, *model.input_shape[1:]), dtype=np.float32)
    targets = np.eye(n_classes, dtype=np.float32)[[0, 1, 2, 0]]
    recipe = variant.training(choices)
    model.compile(recipe.optimizer(), recipe.loss)
    losses = [model.train_on_batch(inputs, targets) for _ in range(STEPS)]  # with dropout, so one may rise
    assert min(losses[1:]) < losses[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), again.predict(inputs, verbose=0))


def saved_kinds(model):
    """Of what kinds a saved network's parts are: all that its loader may refuse."""
    kinds, waiting = set(), [keras.saving.serialize_keras_object(model)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            kinds.add(str([node.get(key) for key in ("module", "class_name", "registered_name")]))
            node = list(node.values())
        waiting += node if isinstance(node, list | tuple) else []
    return frozenset(kinds)


BUILDERS = {param.values[1].build.__code__: param for param in reversed(VARIANTS)}.values()  # each builder once


@pytest.mark.parametrize(("experiment", "variant"), BUILDERS)
def test_network_of_every_alternative_is_loaded_from_its_file(experiment, variant, tmp_path):
    choices = experiment.choices + variant.choices
    ours, seen = Read(resolved(choices, {})), set()
    models = [variant.build(2, ours)]
    models += [
        variant.build(2, resolved(choices, {key: str(value)})) for key, value in changes(choices) if key in ours.asked
    ]
    for model in models:
        if saved_kinds(model) not in seen:  # one of other sizes alone holds nothing new
            model.save(tmp_path / "model.keras")
            assert load_model(tmp_path / "model.keras").count_params() == model.count_params()
            seen.add(saved_kinds(model))


def test_unknown_paper_is_named_with_the_known_ones():
    with pytest.raises(PaperError, match=r"no paper is called 'nobody1999'; installed papers: .*yadav2022"):
        discovery.published("nobody1999")


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_complete_corpora_are_split_into_parts_that_do_not_meet_in_training(experiment, variant):
    table, choices = complete(experiment, variant), resolved(experiment.choices + variant.choices, {})
    task = Task("paper", {}, {}, experiment, variant, 0)
    (split,) = preparation.splits(task, table, choices)
    assert set(table["emotion"]) == set(task.classes)
    assert not set(split.train) & (set(split.validation) | set(split.test))
    for part in preparation.PARTS:
        numbers = getattr(split, part)
        assert (np.diff(numbers) > 0).all(), "sorted, each once"
        assert len(numbers) == 0 or (numbers[0] >= 0 and numbers[-1] < len(table))
    assert set(table["emotion"].iloc[split.train]) == set(table["emotion"].iloc[split.test]) == set(task.classes)
    (again,) = preparation.splits(task, table, choices)
    assert parts(again) == parts(split)


@pytest.mark.parametrize(("paper", "experiment"), EXPERIMENTS)
def test_variants_have_the_two_names_and_say_what_tells_them_apart(paper, experiment):
    names = [variant.name for variant in experiment.variants]
    assert set(names) <= {"described", "coded"}
    assert len(set(names)) == len(names)
    assert len(names) == 1 or all(len(variant.summary) > 20 for variant in experiment.variants)
    assert set(experiment.optional) < set(experiment.corpora)


@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_equal_choices_declare_the_same_run(experiment, variant):
    choices = resolved(experiment.choices + variant.choices, {})
    assert declared(variant, choices) == declared(variant, choices)
    assert layers(variant, choices) == layers(variant, choices)


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != PUBLISHED])
@pytest.mark.parametrize(("experiment", "variant"), VARIANTS)
def test_complete_corpora_have_folds_of_every_protocol(experiment, variant, protocol):
    table, choices = complete(experiment, variant), resolved(experiment.choices + variant.choices, {})
    folds = preparation.splits(Task("paper", {}, {}, experiment, variant, 0, protocol), table, choices)
    speakers, texts = table["speaker"].to_numpy(), table["text"].to_numpy()
    tested = np.concatenate([split.test for split in folds])
    assert len(tested) == len(set(tested)) == len(table)
    for split in folds:
        heard = set(speakers[split.train])
        assert not heard & set(speakers[split.test])
        assert not set(speakers[split.validation]) & set(speakers[split.test])
        assert len(heard) < 3 or not heard & set(speakers[split.validation])
        if protocol == "speaker-text-independent":
            assert not set(texts[split.train]) & set(texts[split.test])
