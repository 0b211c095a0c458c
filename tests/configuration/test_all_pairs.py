"""Every two options of conf/ and experiments/ go together, or are told not to.

What `peslab train debug=compose` checks is checked of so many configs that every pair of options of
different groups is in one of them: a hundred instead of the hundred million of the full product.
"""

from itertools import combinations, product

import pytest

from peslab.apps.preflight import preflight
from peslab.configuration.compose import groups
from peslab.configuration.folders import conf_folder
from peslab.errors import PeslabError

NOBODYS = "own_trainer"  # whose command nobody else knows


def options(group):
    """The options of a group."""
    files = sorted((conf_folder() / group).glob("*.yaml"))
    return [file.stem for file in files if file.stem[0] != "_" and file.stem != NOBODYS]


def all_pairs(choices):
    """Few rows, each with one option of each group, in which all pairs of options occur.

    Greedy: a row begins with a pair that is missing, and takes in each further group the option
    with which it has most of the missing pairs.
    """
    names = list(choices)
    missing = dict.fromkeys(  # in an order that is the same in each process of the tests
        frozenset({(a, x), (b, y)})
        for a, b in combinations(names, 2)
        for x, y in product(choices[a], choices[b])
    )
    while missing:
        row = dict(sorted(min(missing, key=sorted)))
        for name in names:
            if name not in row:
                gains = {
                    option: sum(
                        frozenset({(name, option), item}) in missing for item in row.items()
                    )
                    for option in choices[name]
                }
                row[name] = max(gains, key=gains.__getitem__)
        for pair in combinations(row.items(), 2):
            missing.pop(frozenset(pair), None)
        yield row


RUN = {group: options(group) for group in groups() if "/" not in group}
"""The groups of a run on its own, less those that set what others are."""
for name in ("debug", "problem", "experiment", "study"):
    del RUN[name]

WITHOUT_FEATURES = {name: RUN[name] for name in RUN if name not in {"features", "lattice"}}
"""Recipes and studies name features and lattices of their own."""

FAMILIES = (
    RUN,
    WITHOUT_FEATURES | {"experiment": options("experiment")},
    WITHOUT_FEATURES | {name: options(name) for name in ("study", "study/pruner")},
)

ROWS = [row for family in FAMILIES for row in all_pairs(family)]


def composed(*overrides):
    """Whether a command composes, or what is said instead."""
    try:
        return preflight(["debug=compose", *overrides]).composes_only
    except PeslabError as error:
        return str(error)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ",".join(row.values()))
def test_every_two_options_compose(row, home, capsys):
    """Whatever is chosen with whatever else, nothing of conf/ has to be mended for it."""
    assert composed(*(f"{group}={option}" for group, option in row.items())) is True


def test_all_pairs_are_among_the_rows():
    """And in far fewer rows than there are combinations."""
    for choices in FAMILIES:
        rows = [row for row in ROWS if set(row) == set(choices)]
        for a, b in combinations(choices, 2):
            assert {(row[a], row[b]) for row in rows} == set(product(choices[a], choices[b]))
        most = sorted(map(len, choices.values()))[-2:]
        assert most[0] * most[1] <= len(rows) < 2 * most[0] * most[1]


TOLD = ("A grid needs values that end", "The grid has more than", "A Gaussian process needs keys")


@pytest.mark.parametrize("sampler", options("study/sampler"))
@pytest.mark.parametrize("study", options("study"))
def test_every_study_goes_with_every_sampler_or_says_why_not(study, sampler, home, capsys):
    """Some spaces have no grid, and no Gaussian process."""
    answer = composed(f"study={study}", f"study/sampler={sampler}")
    assert answer is True or str(answer).startswith(TOLD), answer


@pytest.mark.parametrize("experiment", options("experiment"))
@pytest.mark.parametrize("study", options("study"))
def test_every_study_searches_in_every_recipe_or_says_why_not(study, experiment, home, capsys):
    """Those of orders and cutoffs need features that have them."""
    answer = composed(f"study={study}", f"experiment={experiment}")
    known = ("study.space: features.orders is not", "study.space: features.cutoff is not")
    assert answer is True or str(answer).startswith(known), answer


@pytest.mark.parametrize("part", options("potential/pair_part"))
@pytest.mark.parametrize("potential", options("potential"))
def test_every_potential_takes_pairs_of_another(potential, part, home, capsys):
    """Or is one of pairs itself."""
    answer = composed(f"potential={potential}", f"potential/pair_part={part}")
    assert answer is True or "pair" in str(answer), answer


@pytest.mark.parametrize("features", options("features"))
@pytest.mark.parametrize("experiment", options("experiment"))
def test_every_recipe_takes_other_features_or_says_what_is_in_the_way(
    experiment, features, home, capsys
):
    """Recipes set values of their own features, which others may not have."""
    answer = composed(f"experiment={experiment}", f"features={features}")
    assert answer is True or "is not a setting" in str(answer), answer


def test_files_take_every_option_of_a_run(home, peslab, capsys):
    """But for what makes data, which they have."""
    assert peslab("generate", "database.size=440", "database.test_size=440").status == 0
    path = f"problem.path={next((home / 'databases').glob('*.parquet'))}"
    makers = {"potential", "lattice", "relaxation", "database"}
    for group in sorted(set(RUN) - makers):
        for option in options(group):
            assert composed("problem=file", path, f"{group}={option}") is True
