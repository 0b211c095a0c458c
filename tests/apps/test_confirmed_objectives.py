"""What leads in any objective is confirmed by that objective, and what cannot be is told."""

import json

import numpy as np
import pytest

from peslab.apps.confirmations import _measured
from peslab.apps.objectives import units_of
from peslab.errors import PeslabError
from peslab.pipeline import Outcome
from peslab.pipeline.run import RowErrors
from peslab.problems.contract import Task
from peslab.study import Study
from peslab.tracking import Tracking

pytestmark = pytest.mark.usefixtures("unrendered")

LOCAL = Tracking(uri=None, experiment="peslab")
STUDY = ("train", "study=learning_rate", "debug=fast", "study.n_trials=1", "study.confirm=1")


def confirmed(home, peslab, objectives):
    """What the study's page says, what programs hear of its best, the metrics on fresh data."""
    answer = peslab(*STUDY, f"study.objectives=[{objectives}]")
    assert (answer.status, answer.err) == (0, "")
    best = json.loads(peslab("report", "learning_rate", "--json").out)[0]
    client = LOCAL.client(home)
    runs = client.search_runs([LOCAL.experiment_id(client)], "tags.role = 'confirmation'")
    return answer.out, best, [run.data.metrics for run in runs]


def test_the_metric_that_ranks_is_measured_on_fresh_data(home, peslab):
    """And not the error of the energy under its name."""
    told, best, (metrics,) = confirmed(home, peslab, "-val/energy_r2")
    fresh = best["fresh"]
    assert (fresh["metric"], fresh["is_maximized"]) == ("test/energy_r2", True)
    assert fresh["error"] == pytest.approx(metrics["test/energy_r2"])
    assert fresh["promised"] == best["metrics"]["val/energy_r2"]
    *_, of_fresh_data = told.partition("a new database, which no trial has seen")
    assert "energy r2 ratio" in of_fresh_data  # the second line of the table's header


def test_times_are_not_confirmed_and_that_is_said(home, peslab):
    """Fresh data tell nothing of them; those that follow decide nothing."""
    told, best, runs = confirmed(home, peslab, "prediction_microseconds,val/energy_mae")
    assert (best["fresh"], runs) == (None, [])
    why = "not trained again: what they lead in, prediction_microseconds, does not depend on the"
    assert why in " ".join(told.split())
    page = (home / "studies" / "learning_rate" / "report" / "report.md").read_text()
    assert why in page.replace("\\", "")


def outcome(metrics):
    rows = {"energy_mae": np.arange(6.0).reshape(2, 3)}
    return Outcome("id", metrics, 0.0, None, RowErrors(rows, "data", 5))


def test_means_over_rows_are_had_row_by_row_and_others_by_the_replica():
    """Differences of the former can be paired; of all replicas together there is one number."""
    replicas = {"replica_0/test/energy_r2": 0.9, "replica_1/test/energy_r2": 0.7}
    of = outcome({"test/energy_r2": 0.8, "ensemble/mae": 3.0} | replicas)
    assert _measured(of, "test/energy_mae").shape == (2, 3)
    assert _measured(of, "test/energy_r2").tolist() == [[0.9], [0.7]]
    assert _measured(of, "ensemble/mae").tolist() == [[3.0]]
    with pytest.raises(PeslabError, match="no drag_lines/roughness"):
        _measured(of, "drag_lines/roughness")


def test_errors_have_the_units_of_what_errs_and_r2_has_none():
    """A part of a variance is a mere number, on the validation and on the test part."""
    task = Task("energy", "eV", "val/energy_mae", "", gradient_unit="eV/Å")
    names = ("-val/energy_r2", "val/energy_rmse", "val/force_mae", "network_parameters")
    settings = Study(
        "units", 1, n_startup_trials=1, seed=0, workers=1, space={"seed": "1,2"}, objectives=names
    )
    found = units_of(settings, task)
    errors = {f"{part}/energy_rmse": "eV" for part in ("val", "test")}
    slopes = {f"{part}/force_mae": "eV/Å" for part in ("val", "test")}
    others = {"test/energy_mae": "eV", "prediction_microseconds": "µs"}
    assert found == errors | slopes | others
