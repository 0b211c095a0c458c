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
        """Keep what launchers are made of."""
        self._config, self._context, self._task = config, hydra_context, task_function

    def sweep(self, arguments: list[str]) -> None:
        """Work on the study that the config names, here or on a cluster."""
        from peslab.apps.cluster import is_elsewhere, start_workers
        from peslab.apps.study import run_study
        from peslab.configuration.jobs import JobConfigs

        if is_elsewhere(self._config):
            start_workers(self._config, arguments, self._launcher)
            return
        loader = JobConfigs(self._context.config_loader)
        self._context = HydraContext(loader, self._context.callbacks)
        launcher = self._launcher(self._task, self._config)

        def run_trial(number: int, overrides: list[str]) -> Any:  # noqa: ANN401  # the task's own
            (job,) = launcher.launch([overrides], initial_job_idx=number)
            result = job._return_value  # noqa: SLF001  # the public one also writes to stderr
            if isinstance(result, Exception):
                raise result
            return result

        run_study(self._config, arguments, run_trial)

    def _launcher(self, task: TaskFunction, config: DictConfig) -> Any:  # noqa: ANN401  # Hydra's
        """A launcher of jobs that run a task."""
        from hydra.core.plugins import Plugins

        return Plugins.instance().instantiate_launcher(
            hydra_context=self._context, task_function=task, config=config
        )
