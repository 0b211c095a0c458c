"""Where Hydra's sweeper and a study meet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from peslab.apps import present
from peslab.apps.confirmations import Conclusion
from peslab.apps.objectives import judged, unconfirmed
from peslab.apps.spaces import defaults, merged
from peslab.apps.start import started
from peslab.apps.trainers import Peslab, Trainer, logged, own_trainer
from peslab.configuration.compose import parse, without_hydra
from peslab.configuration.folders import home
from peslab.errors import PeslabError
from peslab.pipeline import Outcome, Plan, plan
from peslab.pipeline.run import Watcher
from peslab.study import Study
from peslab.study.results.shown import label
from peslab.study.search.pruning import report
from peslab.study.settings import SHARED
from peslab.study.storage.study import load
from peslab.study.sweeper import fellow_workers, work


def run_study(
    config: DictConfig, overrides: list[str], run_job: Callable[[int, list[str]], Outcome]
) -> None:
    """Work on the study that a composed config names, with fellow workers if it wants them.

    Args:
        config: Composed by Hydra for the whole sweep, `hydra` node included.
        overrides: As typed. A swept key replaces that key of the study's space, a fixed one takes
            it out of the space.
        run_job: Runs one job with its number and all its overrides.

    Raises:
        PeslabError: If the config has no study, or its space names what does not exist.
    """
    hydra = list(config.hydra.overrides.hydra)
    start = started(config, [*hydra, *overrides])
    config = start.config
    base = plan(without_hydra(config))
    if base.study is None:
        raise PeslabError("hydra/sweeper=peslab needs a study: add study=quickstart, or another.")
    parsed = parse(overrides)
    settings = judged(merged(base.study, parsed, config), base.problem)
    tracking = logged(base.tracking, settings)
    trainer: Trainer = own_trainer(config, settings, tracking) or Peslab(
        settings, start, base, _fixed(base, settings, parsed), tracking, run_job
    )
    error = settings.searched[0].metric
    told_as = label(error, trainer.about().baselined)
    present.few_points_line(settings)
    conclusion = Conclusion(trainer.retrain, unconfirmed(settings))
    join = partial(
        work,
        settings,
        home(),
        trainer.run_trial,
        defaults=defaults(config, settings),
        recipe=trainer.recipe(),
        about=trainer.about(),
        on_trial=partial(present.trial_line, objective=error, told_as=told_as),
        on_interrupted=partial(tracking.close_lost, home(), settings.name),
        conclude=conclusion,
    )
    fellows = fellow_workers(settings.workers - 1, [*hydra, *overrides], settings.folder(home()))
    with fellows as lost:
        n_run = join(on_resumed=partial(present.resumed_line, settings.name))
    if lost:
        for how in lost:
            present.lost_line(how)
        n_run += join()  # what they left when this worker had ended
    if n_run == 0 and not conclusion.results:
        present.nothing_to_do(settings, load(settings.name, home()))


def _fixed(base: Plan, settings: Study, overrides: Sequence[Override]) -> list[str]:
    """Overrides that all trials share."""
    fixed = [str(item.input_line) for item in overrides if not item.is_sweep_override()]
    if fingerprint := base.problem.pinned().get("fingerprint"):
        fixed.append(f"problem.fingerprint='{fingerprint}'")  # the file may change between trials
    if settings.storage == SHARED:  # MLflow's local store is not for many machines
        fixed.append("tracking.spool=true")
    return fixed


@dataclass(frozen=True)
class Reported:
    """A watcher whose trial hears of each epoch too, and may end the run."""

    watcher: Watcher

    def part(self, name: str) -> None:
        """Pass it on."""
        self.watcher.part(name)

    def made(self, done: int, total: int) -> None:
        """Pass it on."""
        self.watcher.made(done, total)

    def epoch(self, epoch: int, max_epochs: int, error: float) -> None:
        """Pass it on, and report it."""
        self.watcher.epoch(epoch, max_epochs, error)
        report(epoch, max_epochs, error)
