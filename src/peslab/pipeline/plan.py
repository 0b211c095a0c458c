"""A checked config, built: every object that a run needs, and nothing done yet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from omegaconf import DictConfig

from peslab.configuration.build import build, check, resolve
from peslab.configuration.statistics import LATE, check_places
from peslab.errors import PeslabError
from peslab.features import Descriptor, Scaling
from peslab.learning import Loss, MultiLayerPerceptron, Optimizer, Schedule, Settings, Trainer
from peslab.pipeline.memory import check_memory
from peslab.problems import Problem
from peslab.study import Study
from peslab.tracking import Tracking


@dataclass(frozen=True)
class Plan:
    """What one run is made of; its fields are the groups of conf/.

    Attributes:
        values: The resolved config as plain containers, with what the problem pins; what waits for
            statistics of the data stands as it is written.
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

    @property
    def pinned(self) -> dict[str, dict[str, Any]]:
        """Settings that a run records in place of those typed: what lies where, and holds what."""
        return {"problem": self.problem.pinned(), "trainer": self.trainer.pinned()}

    @property
    def settings(self) -> Settings:
        """What is trained and how."""
        return Settings(self.network, self.loss, self.optimizer, self.schedule, self.trainer)


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

    What waits for statistics of the data is built as if these were 1.

    Raises:
        PeslabError: If a key is misspelt, a value impossible, or a class not allowed.
    """
    values = check(config)
    written = resolve(config)
    check_places(written)
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
    check_memory(built["problem"], built["network"], built["trainer"], values["replicas"])
    built["optimizer"].check_replicas(values["replicas"])
    if built["loss"].gradient_weight > 0.0 and not built["features"].has_jacobian:
        raise PeslabError(
            f"{type(built['features']).__name__} has no Jacobian, so gradients cannot be learned: "
            "set loss.gradient_weight=0, or choose other features."
        )
    built["problem"].check(built["features"])
    for group in ("problem", "trainer"):
        written[group] |= built[group].pinned()
    return Plan(
        **built,
        study=study,
        seed=values["seed"],
        replicas=values["replicas"],
        values=written,
    )


def settled(planned: Plan, config: DictConfig, statistics: Mapping[str, float]) -> Plan:
    """A plan whose values do not wait for the data any more.

    Args:
        planned: Of this config.
        config: The composed config.
        statistics: Of the training data.

    Raises:
        PeslabError: If a value that comes out is impossible.
    """
    values = check(config, statistics)
    late = {group: build(values[group], group) for group in LATE}
    values["trainer"] |= late["trainer"].pinned()
    return replace(planned, **late, values=planned.values | {key: values[key] for key in LATE})
