"""Runs of dead workers are closed by who takes their trials, and no others."""

import pytest

from peslab.tracking import Tracking, import_spool, spool, track_run

LOCAL = Tracking(uri=None, experiment="peslab")
SPOOLING = Tracking(uri=None, experiment="peslab", spool=True)
ROLE = {"role": "confirmation"}


def begun(tracking, home, trial, *, study="orders", **tags):
    """A run whose worker was killed."""
    about = {"problem": "p", "study": study, "trial": str(trial), **tags}
    run = track_run(tracking, home, f"{study}/{trial}", about)
    log = run.__enter__()  # which nobody leaves
    log.kept = run
    return log.run_id


def ended(tracking, home, trial, **tags):
    """A run that ended well, whose worker may have died before it could tell."""
    about = {"problem": "p", "study": "orders", "trial": str(trial), **tags}
    with track_run(tracking, home, f"orders/{trial}", about) as log:
        return log.run_id


def statuses(tracking, home):
    """How each run ended, by its id."""
    if tracking.spool:
        return {folder.name: spool.status(folder) for folder in spool.spooled(home)}
    client = LOCAL.client(home)
    runs = client.search_runs([LOCAL.experiment_id(client)])
    return {run.info.run_id: run.info.status for run in runs}


@pytest.fixture(autouse=True)
def no_active_run():
    """What MLflow remembers of runs that nobody leaves."""
    import mlflow

    yield
    mlflow.tracking.fluent._active_run_stack.set([])


@pytest.fixture(params=[LOCAL, SPOOLING], ids=["at once", "by the spool"])
def tracking(request):
    return request.param


def test_a_lost_trial_has_no_good_run(tracking, tmp_path):
    """Of this trial of this study: what runs, and what ended well without being heard."""
    done = ended(tracking, tmp_path, 3)
    elsewhere = ended(tracking, tmp_path, 4)
    lost = begun(tracking, tmp_path, 3)
    tracking.close_lost(tmp_path, "orders", 3)
    found = statuses(tracking, tmp_path)
    assert (found[done], found[lost], found[elsewhere]) == ("KILLED", "KILLED", "FINISHED")
    tracking.close_lost(tmp_path, "orders", 3)
    assert statuses(tracking, tmp_path) == found


def test_runs_with_a_role_are_closed_by_their_role(tracking, tmp_path):
    """A confirmation that is done again leaves its trial's run, and one that ended well, alone."""
    trial = ended(tracking, tmp_path, 3)
    before = ended(tracking, tmp_path, 3, **ROLE)
    lost = begun(tracking, tmp_path, 3, **ROLE)
    tracking.close_lost(tmp_path, "orders", 3, ROLE["role"])
    found = statuses(tracking, tmp_path)
    assert (found[trial], found[before], found[lost]) == ("FINISHED", "FINISHED", "KILLED")


def test_a_closed_run_comes_into_the_store_as_such(tmp_path):
    """With what was written of it."""
    begun(SPOOLING, tmp_path, 3)
    SPOOLING.close_lost(tmp_path, "orders", 3)
    assert import_spool(LOCAL, tmp_path) == 1
    assert set(statuses(LOCAL, tmp_path).values()) == {"KILLED"}
