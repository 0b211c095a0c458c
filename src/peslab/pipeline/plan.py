"""A checked config, built: every object that a run needs, and nothing done yet."""

from dataclasses import dataclass
from typing import Any, get_type_hints

from omegaconf import DictConfig

from peslab.configuration.build import build, check
from peslab.errors import PeslabError
from peslab.features import Descriptor, Scaling
from peslab.learning import Loss, MultiLayerPerceptron, Optimizer, Schedule, Trainer
from peslab.problems import Problem
from peslab.study import Study
from peslab.tracking import Tracking


@dataclass(frozen=True)
class Plan:
    """What one run is made of; its fields are the groups of conf/.

    Attributes:
        values: The resolved config as plain containers, with what the problem pins.
    """

    problem: Problem
    features: Descriptor
    scaling: Scaling
    network: MultiLayerPerceptron
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    trainer: Trainer
    tracking: Tracking
    study: Study | None
    seed: int
    replicas: int
    values: dict[str, Any]

    @property
    def seeds(self) -> range:
        """The seed of each replica."""
        return range(self.seed, self.seed + self.replicas)


GROUPS = (
    "problem",
    "features",
    "scaling",
    "network",
    "loss",
    "optimizer",
    "schedule",
    "trainer",
    "tracking",
)


def plan(config: DictConfig) -> Plan:
    """Check a composed config and build what it describes.

    Raises:
        PeslabError: If a key is misspelt, a value impossible, or a class not allowed.
    """
    values = check(config)
    study = build(values["study"], "study") if values.get("study") else None
    if not isinstance(study, Study | None):
        raise PeslabError("study._target_ names no Study: choose an option, study=…")
    for group in GROUPS:
        if not values.get(group):
            raise PeslabError(f"{group} is missing: choose an option, {group}=…")
    kinds = get_type_hints(Plan)
    built = {group: build(values[group], group) for group in GROUPS}
    for group, made in built.items():
        if not isinstance(made, kinds[group]):
            raise PeslabError(
                f"{group}._target_ names {type(made).__name__}, which is no "
                f"{kinds[group].__name__}: choose an option, {group}=…"
            )
    if built["loss"].gradient_weight > 0.0 and not built["features"].has_jacobian:
        raise PeslabError(
            f"{type(built['features']).__name__} has no Jacobian, so gradients cannot be learned: "
            "set loss.gradient_weight=0, or choose other features."
        )
    built["problem"].check(built["features"])
    values["problem"] |= built["problem"].pinned()
    return Plan(
        **built,
        study=study,
        seed=values["seed"],
        replicas=values["replicas"],
        values=values,
    )
