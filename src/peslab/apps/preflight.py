"""Everything that can be wrong with a command is found before Hydra runs or writes anything."""

import os
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from peslab.apps import present
from peslab.apps.objectives import judged
from peslab.apps.spaces import check_space, merged
from peslab.apps.start import Start, started
from peslab.apps.trainers import logged, own_trainer
from peslab.configuration.build import resolve
from peslab.configuration.compose import compose, is_group, parse, without_hydra
from peslab.configuration.secrets import hide, hide_in_files
from peslab.errors import PeslabError
from peslab.passwords import masked_values
from peslab.pipeline import Plan, plan
from peslab.problems import Problem
from peslab.study import Study
from peslab.study.settings import remember
from peslab.tracking import Tracking

COMMAND = "study.command="


class Cleared(NamedTuple):
    """What a command will do.

    Attributes:
        composes_only: It was shown, and there is nothing more to do.
        study: The name of the study whose ranking is shown at the end, if any.
        grid: The composed config of a grid, whose runs are shown at the end, if it is one.
        fixed: The keys that were typed with one value, the same for all its runs.
        hidden: Overrides that stand for values with passwords in files of conf/.
        tracking: Where runs are logged.
        problems: All that models learn; of a grid each one, of a study that of its config.
    """

    composes_only: bool
    study: str | None
    grid: DictConfig | None = None
    fixed: tuple[str, ...] = ()
    tracking: Tracking | None = None
    hidden: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def quoted(arguments: list[str]) -> list[str]:
    """The arguments, a command in them in the quotes that Hydra's grammar wants around its braces.

    So that `study.command="python train.py --rate {rate}"` can be typed as it stands.
    """
    return [_quoted(each) if each.startswith(COMMAND) else each for each in arguments]


def _quoted(argument: str) -> str:
    try:
        is_value = not OverridesParser.create().parse_override(argument).is_sweep_override()
    except HydraException:
        is_value = False
    if is_value:
        return argument
    text = argument.removeprefix(COMMAND).replace("'", r"\'")
    return f"{COMMAND}'{text}'"


def without_passwords(arguments: list[str]) -> list[str]:
    """The arguments, each value with a password replaced by one that says where it is.

    Raises:
        PeslabError: If a password cannot be taken out.
    """
    typed = _read(arguments).overrides
    hidden = dict(zip(typed, hide(parse(typed)), strict=True))
    return [hidden.get(argument, argument) for argument in arguments]


def preflight(arguments: list[str]) -> Cleared:
    """Compose and validate as Hydra will.

    Args:
        arguments: Hydra's: overrides and flags.

    Raises:
        PeslabError: If a flag is not for here, or the config is wrong anywhere in its sweep.
    """
    _refuse_flags(flags := _read(arguments))
    start = started(compose(flags.overrides), flags.overrides)
    config = start.config
    ours = without_hydra(config)
    typed = parse(flags.overrides)
    swept = [override for override in typed if override.is_sweep_override()]
    if not ours.study:
        _set_first_values(ours, swept)
        _refuse_both(ours, typed)
    planned = plan(ours)
    study = planned.study
    is_sweep = config.hydra.mode == RunMode.MULTIRUN or (flags.multirun and not config.hydra.mode)
    if swept and not is_sweep:
        raise PeslabError(
            f"{swept[0].input_line} is a sweep: add -m to run all its values, or write a list in "
            "brackets and quotes, '[…]'."
        )
    if study is None:
        variants = _each_value(ours, swept, flags.overrides)
        problems = _check_grid(planned, variants, config, is_sweep=is_sweep)
    else:
        problems = _check_study(study, start, typed, planned, is_sweep=is_sweep)
        judged(study, planned.problem)
    if composes_only := ours.debug == "compose":
        present.composed(ours)
    if flags.resolve and masked_values(values := resolve(ours)) != values:
        raise PeslabError("--resolve would print a password: leave it out.")
    if flags.cfg or flags.info or composes_only:
        return Cleared(composes_only, None)
    hidden = tuple(hide_in_files(ours))
    return Cleared(
        composes_only=False,
        study=study.name if study else None,
        grid=config if is_sweep and study is None else None,
        fixed=_fixed([*flags.overrides, *hidden]),
        hidden=hidden,
        tracking=logged(planned.tracking, study) if study else planned.tracking,
        problems=problems,
    )


def _refuse_both(ours: DictConfig, typed: Sequence[Override]) -> None:
    """Refuse a depth or a width beside widths that make it meaningless, unless they agree."""
    widths = OmegaConf.select(ours, "network.widths")
    if widths is None:
        return
    agree = {"network.depth": [len(widths)], "network.width": widths}
    for override in typed:
        key, swept = override.key_or_group, override.is_sweep_override()
        if key in agree and (swept or any(override.value() != each for each in agree[key])):
            raise PeslabError(
                f"{override.input_line} has no meaning beside network.widths={list(widths)}: leave "
                "one of them out."
            )


def _read(arguments: list[str]) -> Namespace:
    """Hydra's flags and the overrides."""

    def refuse(message: str) -> NoReturn:
        raise PeslabError(f"{message}: see peslab train --help.")

    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]  # it would print a page and exit
    return parser.parse_intermixed_args(arguments)


def _refuse_flags(flags: Namespace) -> None:
    if flags.config_path or flags.config_name or flags.config_dir:
        raise PeslabError(
            "Configs of your own come in with hydra.searchpath=[file:///folder]; "
            "--config-dir, --config-path and --config-name are not used here."
        )
    if flags.experimental_rerun:
        raise PeslabError("--experimental-rerun would load a pickle: use peslab rerun RUN.")


def _check_study(
    study: Study,
    start: Start,
    overrides: Sequence[Override],
    planned: Plan,
    *,
    is_sweep: bool,
) -> tuple[Problem, ...]:
    """A study, with its problem; none where somebody else trains."""
    tracking = planned.tracking
    if not is_sweep or not start.config.hydra.sweeper._target_.endswith(".PeslabSweeper"):
        raise PeslabError(
            "A study runs with its own sweeper: leave hydra/sweeper and hydra.mode alone."
        )
    fixed = [str(item.input_line) for item in overrides if not item.is_sweep_override()]
    settings = merged(study, overrides, start.config)
    remember(settings.storage or "")
    if _database(settings.storage) == _database(tracking.uri) is not None:
        raise PeslabError(
            "study.storage and tracking.uri are one database, and tables of Optuna and of MLflow "
            "have the same names: give each a database of its own, which may be on one server."
        )
    if own_trainer(start.config, settings, tracking) is None:
        _check_folders(start.config)
        _check_place(start.config, settings.name)
        check_space(settings, start.config, fixed, start.overrides)
        if not any(key.startswith(("trainer", "problem")) for key in settings.space):
            _check_batch(planned)
    return () if study.command else (planned.problem,)


def _check_batch(planned: Plan) -> None:
    """Refuse steps of more samples than a file has, before all trials fail at them."""
    if (rows := planned.problem.training_rows) is not None:
        planned.trainer.check_batch_size(rows)


def _database(address: str | None) -> str | None:
    """Where a database is, whoever asks for it and by whatever driver; None if it is none."""
    scheme, _, place = (address or "").partition("://")
    return place.rpartition("@")[2] if scheme.startswith("postgresql") else None


def _check_grid(
    planned: Plan, variants: Iterable[DictConfig], config: DictConfig, *, is_sweep: bool
) -> tuple[Problem, ...]:
    """A run on its own, and with every value of each swept key; the problems of all."""
    plans = [planned, *map(plan, variants)]
    for each in plans:
        _check_batch(each)
    if is_sweep:
        _check_folders(config)
    return tuple(each.problem for each in plans)


def _fixed(overrides: Sequence[str]) -> tuple[str, ...]:
    """The keys that all runs share."""
    return tuple(item.key_or_group for item in parse(overrides) if not item.is_sweep_override())


def _check_folders(config: DictConfig) -> None:
    """The end of a grid or a study reads what its runs wrote, wherever they ran."""
    hydra = cast("dict[str, Any]", OmegaConf.to_container(config.hydra))
    if (hydra["sweep"]["subdir"], hydra["output_subdir"]) != ("${hydra.job.num}", ".hydra"):
        raise PeslabError(
            "Runs lie in numbered folders with their config in .hydra: leave hydra.sweep.subdir "
            "and hydra.output_subdir alone."
        )


def _check_place(config: DictConfig, study: str) -> None:
    """Trials lie in the folder of their study."""
    place = Path(f"{os.environ.get('PESLAB_HOME', 'runs')}/studies/{study}")  # as files write it
    if Path(config.hydra.sweep.dir).absolute() != place.absolute():
        raise PeslabError(
            f"The trials of a study lie in {place}: leave hydra.sweep.dir alone; in a file of your "
            "own it is ${oc.env:PESLAB_HOME,runs}/studies/${study.name}."
        )


def _each_value(
    config: DictConfig, swept: Sequence[Override], overrides: Sequence[str]
) -> Iterator[DictConfig]:
    """The config with each value of each swept key in turn, the others as they are."""
    fixed = [text for text in overrides if text not in {item.input_line for item in swept}]
    for item in swept:
        for text in item.sweep_string_iterator():
            if is_group(item.key_or_group):
                variant = without_hydra(compose([*fixed, f"{item.key_or_group}={text}"]))
                _set_first_values(variant, swept)
            else:
                variant = config.copy()
                _set(variant, item, text)
            yield variant


def _set_first_values(config: DictConfig, swept: Sequence[Override]) -> None:
    """Set the swept keys, which may have no value in their files, to their first values."""
    for item in swept:
        if not item.is_discrete_sweep():
            raise PeslabError(
                f"{item.input_line} has no end of values: a grid takes lists and ranges, "
                "intervals are for a study."
            )
        if not is_group(item.key_or_group):
            _set(config, item, next(item.sweep_string_iterator()))


def _set(config: DictConfig, item: Override, text: str) -> None:
    with open_dict(config):
        value = parse([f"{item.key_or_group}={text}"])[0].value()
        OmegaConf.update(config, item.key_or_group, value)
