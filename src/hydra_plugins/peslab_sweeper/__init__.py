"""Hydra's door to a study. Hydra imports this at each start, so nothing heavy stands here."""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class PeslabSweeperConfig:
    """hydra/sweeper=peslab: has no settings of its own, a study stands in conf/study."""

    _target_: str = "hydra_plugins.peslab_sweeper.PeslabSweeper"


ConfigStore.instance().store(
    group="hydra/sweeper", name="peslab", node=PeslabSweeperConfig, provider="peslab"
)


class PeslabSweeper(Sweeper):
    """Runs a study's trials one after the other in this process, as a worker of the study."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what a job needs, and make the launcher."""
        from hydra.core.plugins import Plugins

        self._config = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:  # noqa: ANN401  # Hydra's signature
        """Work on the study that the config names."""
        from peslab.apps.study import run_study

        def run_trial(number: int, overrides: list[str]) -> Any:  # noqa: ANN401  # the task's own
            (job,) = self._launcher.launch([overrides], initial_job_idx=number)
            result = job._return_value  # noqa: SLF001  # the public one also writes to stderr
            if isinstance(result, Exception):
                raise result
            return result

        run_study(self._config, arguments, run_trial)
