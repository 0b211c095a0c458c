"""A study without networks ends with a report too."""

import pytest
from study_of_a_bowl import DEFAULTS, bowl

from peslab.apps.report import conclude
from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.storage.study import work_on
from peslab.study.sweeper import work
from peslab.tracking import Tracking

SPOOLED = Tracking(uri=None, experiment="peslab", spool=True)


@pytest.fixture
def report(home):
    return home / "studies" / "bowl" / "report"


def test_a_worker_that_is_not_the_last_leaves_the_report_to_others(settings, home, report):
    """It would be drawn anew with every worker that ends."""
    with work_on(settings, home, {}, {}, About()) as study:
        one, other = study.claim(), study.claim()
        study.optuna_study.tell(one, 0.5)
        conclude("bowl", SPOOLED)
        assert not report.exists()
        study.optuna_study.tell(other, 0.4)
        conclude("bowl", SPOOLED)
        assert report.is_dir()


def test_a_study_in_which_all_failed_has_a_report(settings, home, report, capsys):
    """With the reason of each; there is no best to paste."""

    def fails(_number, _overrides):
        raise PeslabError("it <diverged>.")

    with pytest.raises(PeslabError):  # after so many failures in a row a worker stops
        work(settings, home, fails, defaults=DEFAULTS, recipe={}, about=About())
    conclude("bowl", SPOOLED)
    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.count("it &lt;diverged&gt;.") >= 1
    assert "The best, to paste" not in page
    assert str(report / "report.html") in capsys.readouterr().out


def test_where_runs_are_spooled_the_store_is_left_alone(settings, home, report):
    """On a cluster nobody but the importer opens it; another trial makes the report anew."""
    work(settings, home, bowl, defaults=DEFAULTS, recipe={}, about=About())
    conclude("bowl", SPOOLED)
    before = (report / "ranking.csv").read_text(encoding="utf-8")
    assert not (home / "mlflow.db").exists()
    with work_on(settings, home, {}, {}, About()) as study:
        study.optuna_study.tell(study.space.ask(study.optuna_study), 0.01)
    conclude("bowl", SPOOLED)
    after = (report / "ranking.csv").read_text(encoding="utf-8")
    assert after.count("\n") == before.count("\n") + 1


def test_a_study_without_a_trial_has_no_report(settings, home, report):
    """There is nothing to show."""
    with work_on(settings, home, {}, {}, About()):
        pass
    conclude("bowl", SPOOLED)
    assert not report.exists()
