"""A study as a table, one row a trial."""

from collections.abc import Iterable

import optuna
import polars as pl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from peslab.study.attributes import INTERRUPTED
from peslab.study.results.fresh import fresh_results, verdict
from peslab.study.results.ranking import REASON, RUN_ID, metrics_of, ranking

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.FAIL: "failed",
    TrialState.PRUNED: "pruned",
}

PLAIN: dict[str, pl.DataType] = {
    "trial": pl.Int64(),
    "state": pl.String(),
    "rank": pl.Int64(),
    "front": pl.Boolean(),
    "run_id": pl.String(),
    "reason": pl.String(),
}
"""The columns that every study has before those of its keys and metrics."""

OF_FRESH_DATA: dict[str, pl.DataType] = {
    "fresh_error": pl.Float64(),
    "fresh_error_sem": pl.Float64(),
    "tied": pl.Boolean(),
    "p_value": pl.Float64(),
    "verdict": pl.String(),
}
"""The columns that every study has after them."""


def trials_frame(study: optuna.Study) -> pl.DataFrame:
    """All finished trials of a study, in the order of their numbers.

    Args:
        study: Any; what was interrupted or still runs is left out.

    Returns:
        One row a trial: `trial`, `state` (complete, failed or pruned), `rank` (1 has the lowest
        error on the validation part; null where there is none), `front` (whether none is as good
        in all objectives and better in one), `run_id`, `reason` (why it failed), one column for
        each swept key, one for each metric (all null where a trial has none), and of the leading
        trials `fresh_error`, `fresh_error_sem` (of what the study is ranked by), `tied`, `p_value`
        (of their difference to the best of them, between equals, corrected for the number of
        pairs) and `verdict` (best, tied, worse, unknown or only one confirmed), null until they
        are confirmed. A key is a column of numbers where
        all values of its space are, else of texts; a key or a metric with the name of another
        column has `value/` or `metric/` before it.
    """
    trials = [
        trial
        for trial in study.get_trials(deepcopy=False, states=tuple(STATES))
        if INTERRUPTED not in trial.user_attrs
    ]
    columns = _plain(study, trials)
    spaces = [trial.distributions for trial in trials]
    for key in dict.fromkeys(key for space in spaces for key in space):
        values = [trial.params.get(key) for trial in trials]
        kind = _kind(space[key] for space in spaces if key in space)
        read = {pl.Int64: int, pl.Float64: float, pl.String: str}[kind]
        column = [None if value is None else read(value) for value in values]
        columns[_free(columns, "value", key)] = pl.Series(column, dtype=kind)
    metrics = [metrics_of(trial) for trial in trials]
    for name in dict.fromkeys(name for each in metrics for name in each):
        values = [each.get(name) for each in metrics]
        columns[_free(columns, "metric", name)] = pl.Series(values, dtype=pl.Float64)
    columns |= _of_fresh_data(study, trials)
    return pl.DataFrame(columns)


def _plain(study: optuna.Study, trials: list[FrozenTrial]) -> dict[str, pl.Series]:
    ranked = {each.trial: each for each in ranking(study)}
    rows: list[tuple[object, ...]] = [
        (
            trial.number,
            STATES[trial.state],
            ranked[trial.number].rank,
            ranked[trial.number].front,
            trial.user_attrs.get(RUN_ID),
            trial.user_attrs.get(REASON),
        )
        for trial in trials
    ]
    return pl.DataFrame(rows, schema=PLAIN, orient="row").to_dict()


def _of_fresh_data(study: optuna.Study, trials: list[FrozenTrial]) -> dict[str, pl.Series]:
    results, found = fresh_results(study), verdict(study)
    pairs = found.beside(found.trials[0]) if found is not None and found.trials else {}
    rows: list[tuple[object, ...]] = []
    for trial in trials:
        number, result = trial.number, results.get(trial.number)
        if result is None:
            rows.append((None,) * len(OF_FRESH_DATA))
            continue
        judged = (None, None) if found is None else (found.is_tied(number), found.told(number))
        p_value = pairs.get(number, {}).get("probability")
        rows.append((result.error, result.sem, judged[0], p_value, judged[1]))
    return pl.DataFrame(rows, schema=OF_FRESH_DATA, orient="row").to_dict()


def _kind(spaces: Iterable[BaseDistribution]) -> type[pl.DataType]:
    """Of a column: whole or real numbers where all choices are such, else texts."""
    choices: list[object] = []
    for space in spaces:
        if isinstance(space, CategoricalDistribution):
            choices.extend(map(_number, space.choices))
        else:
            choices.append(0.0 if isinstance(space, FloatDistribution) else 0)
    kinds = {type(choice) for choice in choices}
    if kinds == {int}:
        return pl.Int64
    return pl.Float64 if kinds <= {int, float} else pl.String


def _number(choice: object) -> object:
    """What a choice means in an override, if that is a number; the choice itself if not."""
    if not isinstance(choice, str):
        return choice
    try:
        value = OverridesParser.create().parse_override(f"key={choice}").value()
    except HydraException:
        return choice
    return value if type(value) in {int, float} else choice


def _free(columns: dict[str, pl.Series], kind: str, name: str) -> str:
    taken = name in columns or name in OF_FRESH_DATA
    return f"{kind}/{name}" if taken else name
