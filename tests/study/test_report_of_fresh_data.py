"""What a study's page says of its leading trials on fresh data."""

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console
from test_report_in_80_columns import METRICS_OF_A_TRIAL, VALUES, study_of

from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict, fresh_json
from peslab.study.results.report import curse, promise, ratio_told, renderables, ties

TOLD = "a new database, which no trial has seen"


def pair(first, second, difference, probability):
    return {
        "first": first,
        "second": second,
        "difference": difference,
        "sem": 0.0001,
        "probability": probability,
    }


PAIRS = [pair(1, 0, -0.0002, 0.3), pair(1, 2, -0.0012, 0.004), pair(0, 2, -0.001, 0.01)]
JUDGED = Verdict([1, 0, 2], [1, 0], None, PAIRS)
RESULTS = [
    FreshResult(
        0, 0.0013, 0.0001, [0.0012, 0.0014], 0.0012, "data", TOLD, "a", promised_sem=0.0001
    ),
    FreshResult(1, 0.0011, 0.0001, [0.0010, 0.0012], 0.00121, "data", TOLD, "b"),
    FreshResult(2, 0.0023, 0.0001, [0.0022, 0.0024], 0.00122, "data", TOLD, "c"),
]


def confirmed(results=RESULTS, judged=JUDGED):
    study = study_of(*((0.0012 + number / 1e5, METRICS_OF_A_TRIAL, VALUES) for number in range(4)))
    for result in results:
        study.set_user_attr(f"{FRESH}{result.trial}", vars(result))
    if judged is not None:
        study.set_user_attr(VERDICT, vars(judged))
    return study


def page(study, width=80):
    console = Console(width=width, file=io.StringIO(), highlight=False)
    for part in renderables(study, "/home/user/runs"):
        console.print(part)
    return console.file.getvalue()


def rows(told):
    """The rows of the table of fresh errors, by the trial."""
    lines = told.partition("which no trial has seen")[2].partition("Trials")[0].splitlines()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines if "± 0.000" in line}


def test_each_leading_trial_has_its_row():
    """The lowest first: promise, error, their ratio, what it is above the best, and its verdict."""
    told = rows(page(confirmed()))
    assert list(told) == ["1", "0", "2"]
    assert told["1"].startswith("0.00121 0.00110 ± 0.00010 0.91 ± 0.08 tied")
    assert told["0"] == "0.00120 0.00130 ± 0.00010 1.08 ± 0.12 0.00020 ± 0.00010 0.3 tied"
    assert told["2"].endswith("0.00120 ± 0.00010 0.004 worse")


def test_the_page_is_80_columns_wide():
    """With the longest numbers, and of trials with three digits."""
    told = page(confirmed())
    assert max(map(len, told.splitlines())) <= 80
    assert "…" not in told.partition("Next:")[0]


def test_ties_and_the_winners_curse_are_sentences():
    """The winner is the one that validation chose, whoever is best on fresh data."""
    told = " ".join(page(confirmed()).split())
    assert "Trials 0 and 1 are tied for best" in told
    assert "Trial 0: validation promised 0.00120, trained again it has 0.00130 ± 0.00010" in told
    assert "0.00010 ± 0.00014 more, 1.08 ± 0.12 times as much; no winner's curse is seen" in told


def test_a_promise_that_is_broken_by_more_than_chance_is_the_winners_curse():
    """By more than two standard errors; who does better than promised is not cursed."""
    cursed = [replace(RESULTS[0], error=0.0015), *RESULTS[1:]]
    told = " ".join(page(confirmed(cursed)).split())
    assert "0.00030 ± 0.00014 more, 1.25 ± 0.13 times as much; the winner's curse." in told
    lucky = [replace(RESULTS[0], error=0.0008), *RESULTS[1:]]
    told = " ".join(page(confirmed(lucky)).split())
    assert "0.000400 ± 0.000141 less, 0.67 ± 0.10 times as much; no winner's curse" in told


def test_the_promise_scatters_too():
    """What is much for the error alone may be little for the difference of both."""
    wild = replace(RESULTS[0], error=0.0015, promised_sem=0.0005)
    assert wild.sem_above_promise == pytest.approx(math.hypot(0.0001, 0.0005))
    assert "no winner's curse is seen" in curse(wild)


@pytest.mark.parametrize("unknown", [{"sem": None}, {"promised_sem": None}])
def test_without_a_known_scatter_there_is_a_number_and_no_verdict(unknown):
    """One replica, or a program whose test data are other data than those it was chosen by."""
    told = curse(replace(RESULTS[0], error=0.0015, **unknown))
    assert told.partition("\n")[2].startswith("0.00030 more, 1.25")
    assert told.endswith("times as much.")


def test_a_study_that_was_not_confirmed_says_nothing_of_it():
    """As those of earlier versions, and those that are not finished."""
    told = page(confirmed(results=[], judged=None))
    assert "fresh" not in told
    assert "tied" not in told
    assert fresh_json(confirmed(results=[], judged=None)) == {}


def test_a_trial_that_failed_again_is_told_as_it_is():
    """Words in brackets are no markup."""
    failed = FreshResult(0, reason="the loss of [bold]replica 1[/bold] became NaN.")
    judged = Verdict([1, 2], [1], None, PAIRS[1:2])
    told = " ".join(page(confirmed([failed, *RESULTS[1:]], judged)).split())
    assert "Trial 0 failed when it was trained again: the loss of [bold]replica 1[/bold]" in told
    assert "Trial 1 is the best: the others are really worse" in told


def test_where_all_failed_there_is_no_table():
    """And no best."""
    failed = [FreshResult(number, reason="no.") for number in range(3)]
    told = page(confirmed(failed, Verdict([], [], None, [])))
    assert "None of the leading trials could be trained again." in told
    assert "tested on" not in told


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (JUDGED, "Trials 0 and 1 are tied for best"),
        (Verdict([3, 7, 9], [9, 3, 7], None, []), "Trials 3, 7 and 9 are tied for best"),
        (Verdict([3, 7], [3], None, []), "Trial 3 is the best"),
        (Verdict([3], [3], None, []), "nobody to compare it with"),
        (Verdict([], None, "it is a time", []), "were not trained again: it is a time."),
        (
            Verdict([3, 4], None, "with one replica each", []),
            "which differences are real: with one",
        ),
    ],
)
def test_who_is_best_is_a_sentence(judged, words):
    """In the order of their numbers, or why nobody knows."""
    assert words in ties(judged)


def test_one_alone_is_neither_tied_nor_the_best():
    """With nobody to compare it with, nothing is marked, and columns of pairs are left out."""
    alone = Verdict([0], [0], None, [])
    assert alone.is_tied(0) is None
    told = page(confirmed(RESULTS[:1], alone)).partition("which no trial has seen")[2]
    table = told.partition("Only trial 0")[0]
    assert "tied" not in told
    assert table.count("only one confirmed") == 1
    assert not {"best", "worse"} & set(table.split())
    assert max(map(len, told.splitlines())) <= 80


def test_one_replica_has_no_error_of_its_error():
    """Neither in the sentence nor in the table."""
    alone = [FreshResult(k, 0.0013, None, [0.0013], 0.0012, "d", TOLD, "a") for k in (0, 1)]
    assert promise(alone[0]).endswith("trained again it has 0.00130")
    told = page(confirmed(alone, Verdict([0, 1], None, "with one replica each", [])))
    table = told.partition("which no trial has seen")[2].partition("Nobody")[0]
    assert "±" not in table


def test_what_is_maximized_has_no_ratio():
    """Of R² near zero it would say nothing."""
    good = replace(RESULTS[0], is_maximized=True, error=0.98, promised=0.99)
    assert (good.ratio, ratio_told(good)) == (None, "–")
    assert "times as much" not in curse(good)
    assert replace(RESULTS[0], promised=0.0).ratio is None
    assert RESULTS[1].ratio == (pytest.approx(110 / 121), pytest.approx(10 / 121))
    both = math.hypot(1.0, 13 / 12) / 12
    assert RESULTS[0].ratio == (pytest.approx(13 / 12), pytest.approx(both))


def test_what_validation_did_not_measure_it_did_not_promise():
    """Drags are of other configurations."""
    assert "0: the study promised 0.0012" in promise(replace(RESULTS[0], metric="drag/roughness"))
    assert "0: validation promised" in promise(replace(RESULTS[0], metric="test/energy_r2"))


def test_a_huge_value_is_told_by_its_power_of_ten():
    """And not with its three hundred digits."""
    huge = replace(RESULTS[0], error=1e300, sem=2e299)
    assert promise(huge).endswith("trained again it has 1e+300 ± 2e+299")
    assert len(curse(huge)) < 200
    assert max(map(len, page(confirmed([huge, *RESULTS[1:]])).splitlines())) <= 80


def test_where_validation_promises_nothing_there_is_no_ratio():
    """The test part is of another kind."""
    other = [FreshResult(0, 0.0013, 0.0001, [0.0012, 0.0014], None, "d", TOLD, "a")]
    told = page(confirmed(other, Verdict([0], [0], None, [])))
    assert "promised 0" not in told
    assert "curse" not in told
    assert "–" in told


def test_programs_get_the_same():
    """Results, ties and all pairs of each trial."""
    told = fresh_json(confirmed())
    assert set(told) == {0, 1, 2}
    assert (told[0]["tied"], told[2]["tied"]) == (True, False)
    assert told[0]["error"] == 0.0013
    assert told[0]["above_promise"] == pytest.approx(0.0001)
    assert [len(told[k]["pairs"]) for k in (0, 1, 2)] == [2, 2, 2]
