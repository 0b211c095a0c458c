"""One run, as prose."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from omegaconf import DictConfig, OmegaConf

from peslab.configuration.secrets import recorded, recorded_text
from peslab.configuration.statistics import is_open
from peslab.evaluation import prediction_times, skill
from peslab.features import LinearMap, check_features
from peslab.learning import Fit, Samples, TrainedModel, fit, use_threads
from peslab.passwords import masked_values
from peslab.pipeline.memory import memory_told
from peslab.pipeline.pictures import LOSSES, Curves, draw, keep_losses
from peslab.pipeline.plan import Plan, settled
from peslab.pipeline.repetition import data_marks
from peslab.pipeline.replicas import of_probes, of_settings, summary
from peslab.pipeline.statistics import data_statistics, farthest_input, scales
from peslab.pipeline.surrogate import DescribedModel
from peslab.problems.contract import Array, Prediction, Table, Tables
from peslab.problems.once import once
from peslab.tracking import RunRecord, record_environment, track_run
from peslab.tracking.entries import not_finite

NETWORK = "network.pt"
"""The trained replicas, or the best of several settings, in the run's folder and its artifacts."""

ONE_THREAD_BATCH = 4096
"""Below it a second thread costs more than it brings, up to 196 times on busy cores."""

SELECTABLE = (
    *("prediction_microseconds", "prediction_microseconds_single"),
    *("network_parameters", "seconds/fit"),
)
"""Metrics of every run that trials may be selected by, whatever the problem."""


class Watcher(Protocol):
    """Somebody who is told how far a run is."""

    def part(self, name: str) -> None:
        """A part of the run begins: data, features, fit, evaluation, figures, logging."""

    def made(self, done: int, total: int) -> None:
        """So many configurations of a database are made."""

    def epoch(self, epoch: int, max_epochs: int, error: float) -> None:
        """An epoch, counted from 0, ended with this validation error."""


class Unwatched:
    """Nobody watches."""

    def part(self, name: str) -> None:
        """Pass over it."""

    def made(self, done: int, total: int) -> None:
        """Pass over it."""

    def epoch(self, epoch: int, max_epochs: int, error: float) -> None:
        """Pass over it."""


@dataclass(frozen=True)
class Origin:
    """Where a run comes from.

    Attributes:
        folder: Its own folder.
        home: The folder of all results.
        config: The composed config, interpolations alive, for reruns.
        overrides: As typed.
        study: The study or sweep it belongs to, if any.
        trial: Its number in there.
        role: What it is in there, if it is no trial.
        repeats: The run that it repeats, if any.
        objectives: The metrics that the study judges it by; none for the problem's own.
        retry_of: The trial whose interruption it makes good, if any.
        watcher: Who is told how far the run is.
        is_drawn: Tells from its metrics whether its figures are drawn and its network exported at
            once; both take longer than all else but the training, and can be had later.
    """

    folder: Path
    home: Path
    config: DictConfig
    overrides: Sequence[str] = ()
    study: str | None = None
    trial: int | None = None
    role: str | None = None
    repeats: str | None = None
    objectives: Sequence[str] = ()
    retry_of: int | None = None
    watcher: Watcher = field(default_factory=Unwatched)
    is_drawn: Callable[[Mapping[str, float]], bool] = lambda _: True


class RowErrors(NamedTuple):
    """The test part, row by row.

    Attributes:
        errors: For each error that is a mean over rows those of each replica, shape (k, n).
        data: The fingerprint of its inputs and targets.
        n_validation: The rows of the validation part, whose errors scatter as these do.
    """

    errors: dict[str, Array]
    data: str
    n_validation: int


@dataclass(frozen=True)
class Outcome:
    """What a run measured.

    Attributes:
        run_id: Its run in MLflow.
        metrics: As logged at its end.
        objective: The metric that studies minimize.
        folder: Where its files are.
        tested: Where it erred.
    """

    run_id: str
    metrics: dict[str, float]
    objective: float
    folder: Path
    tested: RowErrors


@dataclass
class Stopwatch:
    """Seconds of each part of a run.

    Attributes:
        watcher: Told when a part begins.
    """

    watcher: Watcher
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Add what happens inside to a part."""
        self.watcher.part(part)
        began = time.perf_counter()
        yield
        passed = time.perf_counter() - began
        self.seconds[f"seconds/{part}"] = self.seconds.get(f"seconds/{part}", 0.0) + passed


@memory_told()
def run(plan: Plan, origin: Origin) -> Outcome:
    """Make the data, describe them, train, evaluate, and log everything.

    Raises:
        PeslabError: If the data cannot be made, the training diverges, or memory runs out.
    """
    watch = Stopwatch(origin.watcher)
    use_threads(1 if plan.trainer.batch_size <= ONE_THREAD_BATCH else None)
    name, tags = _name(origin), _tags(plan, origin)
    with track_run(plan.tracking, origin.home, name, tags, origin.study) as log:
        _log_config(log, plan, origin)
        with watch.measure("compilation"):
            plan.problem.warm_up(plan.features)
        with watch.measure("data"):
            tables = plan.problem.tables(origin.home / "databases", origin.watcher.made)
            log.tags(data_marks(tables))
        with watch.measure("features"):
            train, held_out = _samples(plan, tables)
            scaling = plan.scaling.fit(train.inputs)
            plan = _settled(plan, origin, log, data_statistics(tables.train, scaling))
        with watch.measure("fit"):
            fitted = _fit(plan, scaling, train, held_out, log, origin)
        best = fitted.best_replica if plan.optimizer.replicas_differ else None
        surrogate = DescribedModel(plan.features, fitted.model)
        with watch.measure("evaluation"):
            predicted = Prediction.of(tables.test, surrogate)
            metrics = _evaluate(plan, surrogate, tables, train, predicted, best)
            if best is not None:  # the other settings have been tried, and are not what comes out
                surrogate, predicted = surrogate.replica(best), predicted.replica(best)
            probes = list(plan.problem.probes(surrogate, tables, predicted))
            metrics |= of_probes(probes, best)
        with watch.measure("logging"):
            _keep(log, origin.folder, tables, surrogate.model, fitted.history)
        if origin.is_drawn(metrics):
            with watch.measure("figures"):
                log.network(surrogate.model, train.inputs[:2])
                curves = Curves(fitted.history, are_settings=best is not None)
                draw(log, plan.problem.task.unit, curves, predicted, tables.test, probes)
        metrics |= _of_fit(fitted, best) | watch.seconds | {"seconds/fit": fitted.seconds}
        log.metrics(metrics)
        keep_metrics(origin.folder, metrics)
        _judge(log, metrics, origin.objectives or (plan.problem.task.objective,))
    objective, tested = metrics[plan.problem.task.objective], _row_errors(plan, tables, predicted)
    return Outcome(log.run_id, metrics, objective, origin.folder, tested)


def _judge(log: RunRecord, metrics: Mapping[str, float], objectives: Sequence[str]) -> None:
    """A run whose objective is no number has failed."""
    if told := not_finite({name: metrics[name] for name in objectives if name in metrics}):
        log.failed(told)


def _keep(
    log: RunRecord, folder: Path, tables: Tables, model: TrainedModel, history: Mapping[str, Array]
) -> None:
    """What the run learned from and what it became, in its folder and in the store."""
    for role, source in tables.sources.items():
        log.dataset(source.frame, source.path, role, source.fingerprint)
    model.save(folder / NETWORK)
    keep_losses(history, folder / LOSSES)
    for name in (NETWORK, LOSSES):
        log.file(folder / name)


def keep_metrics(folder: Path, metrics: Mapping[str, float]) -> None:
    """Write metrics.json: all of it is there, or nothing."""
    partial = folder / "metrics.json.partial"
    partial.write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    partial.replace(folder / "metrics.json")


def _samples(plan: Plan, tables: Tables) -> tuple[Samples, Samples]:
    """What is trained on and what is held out, described.

    Raises:
        PeslabError: If the descriptor tells nothing of the training part.
    """
    train = _described(plan, tables.train)
    names = plan.features.names(tables.train.inputs[0].shape[1])
    check_features(train.inputs, names)
    held_out = tables.validation
    return train, Samples(plan.features(*held_out.inputs), held_out.targets)


def _row_errors(plan: Plan, tables: Tables, predicted: Prediction) -> RowErrors:
    """What the model says of the test part, row by row."""
    errors = plan.problem.row_errors(tables.test, predicted)
    return RowErrors(errors, tables.test.fingerprint, len(tables.validation))


def _described(plan: Plan, table: Table) -> Samples:
    """The samples of the training part, with their Jacobian where gradients are learned."""
    if plan.loss.gradient_weight == 0.0 or table.gradients is None:
        return Samples(plan.features(*table.inputs), table.targets)
    features, jacobian = plan.features.with_jacobian(*table.inputs)
    return Samples(features, table.targets, jacobian, table.gradients)


def _fit(
    plan: Plan,
    scaling: LinearMap,
    train: Samples,
    held_out: Samples,
    log: RunRecord,
    origin: Origin,
) -> Fit:
    max_epochs = plan.trainer.epochs(len(train.targets))

    def on_epoch(epoch: int, losses: dict[str, float]) -> None:
        log.epoch(epoch, losses)
        origin.watcher.epoch(epoch, max_epochs, losses["val/mae"])

    seeds, folder = plan.seeds, origin.folder
    return fit(plan.settings, scaling, train, held_out, seeds, on_epoch=on_epoch, folder=folder)


def _of_fit(fitted: Fit, best: int | None) -> dict[str, float]:
    """The epochs whose weights were kept, and those in which settings diverged."""
    metrics = summary({"best_epoch": fitted.best_epoch.astype(float)}, best)
    return metrics | {f"replica_{k}/diverged_epoch": float(of) for k, of in fitted.diverged.items()}


def _evaluate(
    plan: Plan,
    surrogate: DescribedModel,
    tables: Tables,
    train: Samples,
    predicted: Prediction,
    best: int | None,
) -> dict[str, float]:
    """All final metrics, given what the model says of the test part."""
    held_out = Prediction.of(tables.validation, surrogate)
    metrics = summary(
        {
            f"{part}/{name}": values
            for part, table, prediction in (
                ("val", tables.validation, held_out),
                ("test", tables.test, predicted),
            )
            for name, values in plan.problem.errors(table, prediction).items()
        },
        best,
    )
    metrics |= {f"baseline/{name}": value for name, value in _baselines(plan, tables, train)}
    error = metrics[plan.problem.task.test_error]
    metrics["skill"] = skill(error, metrics["baseline/constant_mae"])
    metrics["training_rows"] = float(len(tables.train))
    metrics |= _prediction_times(surrogate, tables.test)
    metrics["network_parameters"] = float(surrogate.model.network.n_parameters)
    if best is not None:
        metrics |= of_settings(best, plan.optimizer.learning_rate)
    return metrics


def _baselines(plan: Plan, tables: Tables, train: Samples) -> Iterable[tuple[str, float]]:
    """What a network has to beat, and what its errors are parts of."""

    def measured() -> tuple[tuple[str, float], ...]:
        test = (plan.features(*tables.test.inputs), tables.test.targets)
        found = plan.problem.baselines((train.inputs, train.targets), test)
        found |= farthest_input(plan.scaling.fit(train.inputs), train.inputs, test[0])
        return tuple({**found, **scales(tables.test, plan.problem.task.target)}.items())

    data = (tables.train.fingerprint, tables.test.fingerprint, plan.features, plan.scaling)
    # Beside a Jacobian features may differ in their last bits.
    return once(("baselines", plan.problem, data, train.jacobian is None), measured)


def _prediction_times(surrogate: DescribedModel, table: Table) -> dict[str, float]:
    """Time from positions to energy of one replica, in a batch and alone, on one thread."""
    use_threads(1)
    alone = DescribedModel(surrogate.features, surrogate.model.replica(0))
    return prediction_times(lambda *inputs: alone.predict(*inputs, n_threads=1), *table.inputs)


def _name(origin: Origin) -> str:
    name = f"{origin.study}/{origin.trial}" if origin.study else origin.folder.name
    return f"{name} {origin.role}" if origin.role else name


def _tags(plan: Plan, origin: Origin) -> dict[str, str]:
    tags = {"problem": plan.problem.name, "folder": origin.folder.name}
    if origin.study is not None:
        tags |= {"study": origin.study, "trial": str(origin.trial)}
    if origin.role is not None:
        tags["role"] = origin.role
    if origin.repeats is not None:
        tags["repeats"] = origin.repeats
    if origin.retry_of is not None:
        tags["retry_of"] = str(origin.retry_of)
    return tags


def _log_config(log: RunRecord, plan: Plan, origin: Origin) -> None:
    """The chosen values as params; both forms of the config and the environment as artifacts."""
    pinned = cast("DictConfig", OmegaConf.merge(origin.config, plan.pinned))
    chosen = chosen_values(plan.values)
    log.params({key: value for key, value in chosen.items() if not is_open(value)})
    log.text(OmegaConf.to_yaml(recorded(pinned)), "config/unresolved.yaml")
    log.text(OmegaConf.to_yaml(masked_values(plan.values)), "config/resolved.yaml")
    typed = (f"{recorded_text(each)}\n" for each in origin.overrides)
    log.text("".join(typed), "config/overrides.txt")
    record_environment(log, origin.home, {"seeds": ", ".join(map(str, plan.seeds))})


def _settled(plan: Plan, origin: Origin, log: RunRecord, statistics: Mapping[str, float]) -> Plan:
    """The plan with these statistics of the data where its config asks for them."""
    waiting = [key for key, value in chosen_values(plan.values).items() if is_open(value)]
    if not waiting:
        return plan
    plan = settled(plan, origin.config, statistics)
    chosen = chosen_values(plan.values)
    log.params({key: chosen[key] for key in waiting})
    log.text(OmegaConf.to_yaml(masked_values(plan.values)), "config/resolved.yaml")
    return plan


def chosen_values(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """The leaves of a config, and of each group the class: `loss: Huber`, `loss.delta: 0.01`.

    The problem repeats its groups, and where its file lies is no choice; tracking, study and debug
    choose nothing.
    """
    leaves: dict[str, object] = {}
    for key, value in values.items():
        if not prefix and key in {"tracking", "study", "debug"}:
            continue
        if prefix == "problem." and (isinstance(value, dict) or key in {"_target_", "path"}):
            continue
        if isinstance(value, dict):
            leaves |= chosen_values(value, f"{prefix}{key}.")
        elif key == "_target_":
            leaves[prefix.removesuffix(".")] = str(value).rpartition(".")[2]
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves
