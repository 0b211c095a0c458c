"""The figures of runs that were not drawn when they ended."""

from omegaconf import DictConfig

from peslab.apps import present
from peslab.configuration.folders import home
from peslab.learning import TrainedModel
from peslab.pipeline import plan
from peslab.pipeline.pictures import LAST, LOSSES, Curves, draw, kept_losses
from peslab.pipeline.run import NETWORK
from peslab.pipeline.surrogate import DescribedModel
from peslab.problems.contract import Prediction
from peslab.tracking import Tracking, reopened


def draw_missing(run_id: str, name: str, config: DictConfig, tracking: Tracking) -> None:
    """Draw the figures of a run and export its network, unless that was done.

    Args:
        run_id: MLflow's id of it.
        name: What to call it meanwhile.
        config: Its composed config, interpolations alive.
        tracking: The store.

    Raises:
        PeslabError: If its network or its losses are not there, or the data cannot be made.
    """
    if LAST in tracking.figures(home(), run_id):
        return
    planned = plan(config)
    model = TrainedModel.load(tracking.artifact(home(), run_id, NETWORK))
    history = Curves(
        kept_losses(tracking.artifact(home(), run_id, LOSSES)),
        are_settings=planned.optimizer.replicas_differ,
    )
    surrogate = DescribedModel(planned.features, model)
    with present.watching(name) as watcher:
        watcher.part("data")
        tables = planned.problem.tables(home() / "databases", watcher.made)
        watcher.part("figures")
        predicted = Prediction.of(tables.test, surrogate)
        probes = planned.problem.probes(surrogate, tables, predicted)
        example = planned.features(*tables.train.rows(slice(2)).inputs)
        with reopened(tracking, home(), run_id) as log:
            log.network(model, example)
            draw(log, planned.problem.task.unit, history, predicted, tables.test, probes)
