"""What is compared: one experiment of each network that the papers have, and two floors, as values of one form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ser_keras import discovery
from ser_keras.choices import resolved
from ser_keras.experiment import Choice, Choices, Experiment, Variant
from ser_keras.features import functionals
from ser_keras.features.pipeline import Pipeline

SVM, MAJORITY = "egemaps-svm", "majority"
FLOORS: Mapping[str, str] = {
    SVM: "Linear SVM on scaled eGeMAPS functionals",
    MAJORITY: "The class that training heard most",
}


@dataclass(frozen=True)
class Model:
    """One model: a paper's network as its first variant has it, at our choices, or a floor.

    Parameters
    ----------
    name : PAPER/EXPERIMENT, or a key of `FLOORS`
    title : for people
    pipeline : clip → what it is fed; None: it hears nothing
    variant : None for a floor
    declared : what the paper leaves open, and `choices` its values
    """

    name: str
    title: str
    pipeline: Pipeline | None
    variant: Variant | None = None
    declared: tuple[Choice, ...] = ()
    choices: Choices | None = None

    def altered(self, seed: int) -> tuple[Pipeline, ...]:
        """One pipeline for each altered copy of a training clip.

        Copies that the paper makes before it splits are made after it here: the other way they leak.
        """
        if self.variant is None:
            return ()
        makers = (self.variant.copies, self.variant.augmentation)
        return tuple(one for make in makers if make for one in make(self.choices, seed))

    def columns(self) -> tuple[str, ...] | None:
        """Names of the entries of a feature vector that are fed; None: all of them."""
        return self.variant.columns(self.choices) if self.variant and self.variant.columns else None


def selected(targets: Sequence[str]) -> tuple[Model, ...]:
    """The models that targets name, each once, with the floors at the end.

    Parameters
    ----------
    targets : PAPER/EXPERIMENT, PAPER (each of its networks) or a floor; none: all networks of all papers

    Raises
    ------
    PaperError : an unknown paper or experiment
    DependencyError : openSMILE is not installed
    """
    floors = (_svm(), Model(MAJORITY, FLOORS[MAJORITY], None))
    chosen: dict[str, Model] = {}
    for target in targets or discovery.paper_names():
        paper, _, name = target.partition("/")
        if target in FLOORS:
            continue
        found = (_network(paper, discovery.load_experiment(paper, name)),) if name else networks(paper)
        chosen.update((model.name, model) for model in found)
    return (*chosen.values(), *floors)


def networks(paper: str) -> tuple[Model, ...]:
    """One experiment of each network of a paper: of those that have the same layers, in whatever order, the first.

    They are built for that, with Keras.
    """
    found: dict[str, Model] = {}
    for experiment in discovery.load_paper(paper).experiments:
        model = _network(paper, experiment)
        built = model.variant.build(2, model.choices)
        layers = sorted((type(layer).__name__, layer.count_params()) for layer in built.layers)
        found.setdefault(repr(layers), model)
    return tuple(found.values())


def _network(paper: str, experiment: Experiment) -> Model:
    variant = experiment.variants[0]
    declared = experiment.choices + variant.choices
    choices = resolved(declared, {})
    title = f"{experiment.title} ({variant.name})"
    return Model(f"{paper}/{experiment.name}", title, variant.pipeline(choices), variant, declared, choices)


def _svm() -> Model:
    return Model(SVM, FLOORS[SVM], functionals.egemaps_pipeline())
