"""Where Hydra's sweeper and a study meet."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from omegaconf import DictConfig

from peslab.apps import present
from peslab.apps.confirmations import Conclusion, retrainer
from peslab.apps.objectives import judged, unit_of
from peslab.apps.own import own_trainer
from peslab.apps.spaces import defaults, merged
from peslab.apps.start import RECORDED, below, started
from peslab.configuration.compose import parse, without_hydra
from peslab.configuration.folders import home
from peslab.errors import PeslabError
from peslab.pipeline import Outcome, Plan, plan
from peslab.pipeline.run import Watcher, chosen_values
from peslab.study import Study
from peslab.study.pruning import report
from peslab.study.settings import SHARED
from peslab.study.shown import label
from peslab.study.space import without_element
from peslab.study.storage import BASELINED
from peslab.study.sweeper import ToldTrial, TrialResult, fellow_workers, work


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
    fixed = [str(item.input_line) for item in parsed if not item.is_sweep_override()]
    if fingerprint := base.problem.pinned().get("fingerprint"):
        fixed.append(f"problem.fingerprint='{fingerprint}'")  # the file may change between trials

    if settings.storage == SHARED:  # MLflow's local store is not for many machines
        fixed.append("tracking.spool=true")

    others = own_trainer(config, settings)
    error, baselined = settings.searched[0].metric, base.problem.task.test_error

    def run_trial(number: int, values: list[str]) -> TrialResult:
        if others:
            return others.run(number, values, home(), tracking)
        swept = [item.key_or_group for item in parse(values)]
        outcome = run_job(number, [*below(start.overrides, swept), *fixed, *values])
        return TrialResult(outcome.objective, outcome.metrics, outcome.run_id)

    typed = [*hydra, *overrides]
    tracking = replace(base.tracking, spool=base.tracking.spool or settings.storage == SHARED)

    def on_trial(told: ToldTrial) -> None:
        present.trial_line(told, error, label(error, baselined))
        if told.result is not None and told.retry_of is not None:
            tracking.tag(home(), told.result.run_id, {"retry_of": str(told.retry_of)})

    def on_interrupted(number: int) -> None:
        tracking.close_lost(home(), settings.name, number)

    conclusion = Conclusion(retrainer(config, base, tracking))
    with fellow_workers(settings.workers - 1, typed, settings.folder(home())):
        n_run = work(
            settings,
            home(),
            run_trial,
            defaults=defaults(config, settings),
            recipe=others.recipe() if others else _recipe(base, settings, start.origin),
            reference="" if others else base.problem.task.reference,
            unit="" if others else unit_of(base.problem.task, error),
            on_trial=on_trial,
            on_interrupted=on_interrupted,
            conclude=(lambda _: None) if others else conclusion,
            about=others.about() if others else {BASELINED: baselined},
        )
    if n_run == 0 and not conclusion.results:
        present.nothing_to_do(settings)


def _recipe(base: Plan, settings: Study, origin: str | None) -> dict[str, str]:
    """What all trials share, as text."""
    values = chosen_values(base.values)
    searched = {without_element(key) for key in settings.space}
    recipe = {
        key: str(value)
        for key, value in values.items()
        if key not in searched and key.partition(".")[0] not in searched
    }
    if settings.objectives != (base.problem.task.objective,):
        recipe["study.objectives"] = ",".join(settings.objectives or ())
    if origin is not None:
        recipe[RECORDED] = origin
    return recipe


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
