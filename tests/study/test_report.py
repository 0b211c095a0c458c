"""The page that a study ends with."""

import io

import pytest
from rich.console import Console
from study_of_a_bowl import DEFAULTS, bowl

from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.results.report import renderables
from peslab.study.storage.study import load, work_on
from peslab.study.sweeper import work


def page(home):
    console = Console(width=160, file=io.StringIO())
    for part in renderables(load("bowl", home), home):
        console.print(part)
    return console.file.getvalue()


@pytest.fixture
def told(settings, tmp_path):
    def fails(number, overrides):
        if number == 2:
            raise PeslabError("the loss is not finite.")
        return bowl(number, overrides)

    work(
        settings,
        tmp_path,
        fails,
        defaults=DEFAULTS,
        recipe={},
        about=About("thesis: 0.47 E_c", baselined="test/energy_mae"),
    )
    return page(tmp_path)


def test_the_page_shows_every_trial_and_what_it_is_compared_with(told):
    """Ranks, values, baselines, skill, the reference, and failed trials as such."""
    assert "ranked by the validation part, shown on the test part" in told
    assert "failed" in told
    assert "the loss is not finite." in told
    assert "least squares on the same inputs" in told
    assert "thesis: 0.47 E_c" in told
    assert told.count("[-2") >= 6


def test_the_page_says_where_the_results_are_and_what_to_do_next(told, tmp_path):
    """A newcomer can copy the last line."""
    assert str(tmp_path) in told
    assert "studies/bowl/" in told
    assert "peslab rerun bowl/best trainer.max_epochs=200" in told


def test_a_study_without_a_finished_trial_says_so(settings, tmp_path):
    """There is no table of nothing."""
    with work_on(settings, tmp_path, {}, {}, About()):
        pass
    assert "no finished trial yet" in page(tmp_path)
