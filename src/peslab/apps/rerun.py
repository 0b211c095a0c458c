"""`peslab rerun RUN [KEY=VALUE …]`: a run again, but for what is overridden."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from omegaconf import DictConfig, OmegaConf

from peslab.apps.spooled import bring_in
from peslab.changes import changes, leaves
from peslab.configuration.build import build, check, resolve
from peslab.configuration.compose import compose, is_group, keys, parse, without_hydra
from peslab.configuration.folders import home
from peslab.configuration.recorded import config_of
from peslab.configuration.secrets import recorded as recorded_form
from peslab.configuration.suggest import did_you_mean
from peslab.damage import told_if_damaged
from peslab.errors import PeslabError
from peslab.passwords import masked_values
from peslab.study.results.ranking import pick
from peslab.study.storage.study import load
from peslab.tracking import RecordedRun, Tracking

if TYPE_CHECKING:
    from peslab.pipeline import Repetition

GLOBAL = ("problem", "study", "experiment", "debug")
"""Groups whose files reach into others: what they set is recorded key by key."""


def main(arguments: list[str]) -> None:
    """Repeat a recorded run with overrides, show what changed in config and metrics.

    Raises:
        PeslabError: If the run is not there, or an override does not fit its config.
    """
    parser = argparse.ArgumentParser("peslab rerun", description="A run again, with overrides.")
    parser.add_argument("run", help="STUDY/best, STUDY/TRIAL, or a run id or its beginning")
    parser.add_argument("overrides", nargs="*", help="as for peslab train, e.g. seed=3")
    parsed = parser.parse_args(arguments)
    from peslab.apps import present
    from peslab.pipeline import Origin, plan, run

    bring_in(parsed.overrides)
    original, recorded = find(parsed.run, parsed.overrides)
    config = override(recorded, parsed.overrides)
    is_repetition = all(text.startswith("tracking.") for text in parsed.overrides)
    planned = plan(config)
    present.difference(difference(recorded, config))
    folder = home() / "reruns" / datetime.now().strftime("%Y-%m-%d_%H-%M-%S_%f")  # noqa: DTZ005
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(recorded_form(config)), encoding="utf-8")
    origin = Origin(
        folder=folder,
        home=home(),
        config=config,
        overrides=parsed.overrides,
        repeats=original.run_id,
    )
    with present.watching(f"rerun of {parsed.run}") as watcher:
        outcome = run(planned, replace(origin, watcher=watcher))
    if (why := unfinished(original, outcome.metrics)) is not None:
        present.nothing_to_compare(why, outcome)
    elif is_repetition:
        present.repetition(repetition(planned.tracking, original, outcome.run_id), outcome)
    else:
        present.comparison(original.metrics, outcome)
    planned.tracking.link(home(), original, outcome.run_id)


def unfinished(original: RecordedRun, measured: Mapping[str, float]) -> str | None:
    """Why a run has none of the metrics that are measured at the end; None where it has them."""
    if "pruned" in original.tags:
        return original.tags["pruned"]
    return None if original.metrics.keys() & measured.keys() else "it did not come to its end."


def repetition(tracking: Tracking, original: RecordedRun, again: str) -> "Repetition":
    """Whether a run repeated another bit by bit, both as the store remembers them."""
    from peslab.pipeline import compare, marks

    runs = (original, tracking.find(home(), run_id=again))
    before, now = ({**tracking.environment(home(), run.run_id), **marks(run.tags)} for run in runs)
    return compare((runs[0].metrics, runs[1].metrics), (before, now))


def find(name: str, overrides: Sequence[str] = ()) -> tuple[RecordedRun, DictConfig]:
    """A recorded run and its composed config, interpolations alive.

    The store is today's, where the run was found: the record has no passwords.

    Args:
        name: STUDY/best, STUDY/TRIAL, or a run id or its beginning.
        overrides: Those of `tracking` say in which store to look.

    Raises:
        PeslabError: If there is no such run, or a command of the user's trained it.
    """
    run, tracking = find_any(name, overrides)
    return run, recorded_config(run, tracking, overrides)


def find_any(name: str, overrides: Sequence[str] = ()) -> tuple[RecordedRun, Tracking]:
    """A recorded run, whoever trained it, and the store where it was found.

    Args:
        name: As of `find`.
        overrides: As of `find`.

    Raises:
        PeslabError: If there is no such run.
    """
    if not name.strip():
        raise PeslabError("No run is named: name STUDY/best, STUDY/TRIAL, or a run id.")
    tracking: Tracking = build(check(_today(overrides))["tracking"], "tracking")
    study, _, trial = name.rpartition("/")
    if study:
        run_id = pick(load(study, home()), trial).run_id
        if run_id is None:  # it failed; what it was is recorded all the same
            run_id = tracking.of_study(home(), study, int(trial)).run_id
    else:
        run_id = name
    return tracking.find(home(), run_id=run_id), tracking


def recorded_config(
    run: RecordedRun, tracking: Tracking, overrides: Sequence[str] = ()
) -> DictConfig:
    """The composed config of a run, interpolations alive, with today's store.

    Raises:
        PeslabError: If a command of the user's trained it, or the record is damaged.
    """
    if is_own_trainers(run):
        from peslab.pipeline.own_trainer import COMMAND

        command = tracking.read_text(home(), run.run_id, COMMAND).splitlines()[0]
        raise PeslabError(
            f"Run {run.run_id[:8]} was trained by a command of yours: peslab does not run it "
            f"again by itself, nor look into it; by hand, in a folder of its own, its first "
            f"replica is: {command}"
        )
    text = tracking.read_text(home(), run.run_id, "config/unresolved.yaml")
    what = f"The config of run {run.run_id[:8]}"
    with told_if_damaged(what):
        config = OmegaConf.create({**config_of(text, what), "study": None})
        experiment = {"experiment": config.tracking.experiment}
    config.tracking = OmegaConf.merge(_today(overrides).tracking, experiment)
    return config


def is_own_trainers(run: RecordedRun) -> bool:
    """Whether a command of the user's trained a run."""
    from peslab.pipeline.own_trainer import NAME

    return run.tags.get("trainer") == NAME


def _today(overrides: Sequence[str]) -> DictConfig:
    return without_hydra(compose([item for item in overrides if item.startswith("tracking.")]))


def override(recorded: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Apply overrides: a value to the recorded config, a group from today's conf/.

    Raises:
        PeslabError: If a key is not in the recorded config.
    """
    config = recorded.copy()
    for item in parse(overrides):
        key = item.key_or_group
        if item.is_sweep_override() or item.is_add() or item.is_delete():
            raise PeslabError(f"'{item.input_line}': a rerun takes KEY=VALUE only, one value each.")
        if key in GLOBAL:
            raise PeslabError(f"{key} cannot be changed in a rerun: override single keys instead.")
        if is_group(key):
            today = without_hydra(compose([str(item.input_line)]))
            config[key] = today._get_node(key)  # noqa: SLF001  # interpolations stay alive
        elif key in keys(config):
            OmegaConf.update(config, key, item.value())
        else:
            raise PeslabError(
                f"{key} is not a setting of this run{did_you_mean(key, keys(config))}"
            )
    return config


def difference(before: DictConfig, after: DictConfig) -> list[str]:
    """The settings that differ, a line for each.

    What refers to another setting in both configs has no line of its own: that one has.
    """
    written = [
        leaves(cast("dict[str, object]", OmegaConf.to_container(config, resolve=False)))
        for config in (before, after)
    ]
    references = tuple(
        key
        for key, text in written[0].items()
        if isinstance(text, str) and "${" in text and written[1].get(key) == text
    )
    resolved = [leaves(masked_values(resolve(config))) for config in (before, after)]
    return changes(*({k: v for k, v in r.items() if not _is_in(k, references)} for r in resolved))


def _is_in(key: str, references: Sequence[str]) -> bool:
    return any(key == each or key.startswith(f"{each}.") for each in references)
