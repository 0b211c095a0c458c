"""A study whose trials somebody else trains."""

from pathlib import Path

from omegaconf import DictConfig

from peslab.configuration.compose import without_hydra
from peslab.pipeline.own_trainer import OwnTrainer, prepare
from peslab.study import Study


def own_trainer(config: DictConfig, settings: Study) -> OwnTrainer | None:
    """What trains in place of peslab, checked, if something does.

    Args:
        config: Composed for the study, `hydra` node included.
        settings: With the space of the command line.

    Raises:
        PeslabError: If it does not fit the space, or is not there.
    """
    if settings.command is None:
        return None
    return prepare(without_hydra(config), settings, Path.cwd())
