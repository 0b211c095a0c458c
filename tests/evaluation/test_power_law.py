"""Power laws are found again in errors that follow one, with honest error bars."""

import numpy as np
import pytest

from peslab.evaluation import PowerLaw, power_law

SIZES = 400.0 * 2.0 ** np.arange(6)


def errors(exponent, scatter=0.0, *, of_sizes=0.0, replicas=3, seed=0):
    """Of networks: scattered by their own seeds, and all of one size by their common data."""
    random = np.random.default_rng(seed)
    noise = scatter * random.normal(size=(len(SIZES), replicas))
    noise += of_sizes * random.normal(size=(len(SIZES), 1))
    return 3.0 * SIZES[:, None] ** -exponent * np.exp(noise)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.5, -0.3])
@pytest.mark.parametrize("replicas", [1, 3])
def test_an_exact_law_is_found(exponent, replicas):
    """Without scatter both numbers are those of the law, and its error is none."""
    law = power_law(SIZES, errors(exponent, replicas=replicas))
    assert law.misfit is None  # rounding is none
    assert law.exponent == pytest.approx(exponent, abs=1e-12)
    assert law.factor == pytest.approx(3.0, rel=1e-10)
    assert law.exponent_sem == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(law(SIZES), errors(exponent)[:, 0], rtol=1e-10)


def test_the_order_of_the_sizes_does_not_matter():
    """A grid may count down."""
    there, back = (power_law(SIZES[::step], errors(0.7, 0.1)[::step]) for step in (1, -1))
    assert there.exponent == pytest.approx(back.exponent, rel=1e-12)
    assert there.exponent_sem == pytest.approx(back.exponent_sem, rel=1e-12)


@pytest.mark.parametrize(("scatter", "of_sizes"), [(0.2, 0.0), (0.02, 0.2), (0.2, 0.2)])
def test_the_standard_error_is_the_scatter_of_the_exponent(scatter, of_sizes):
    """Also where all replicas of a size err alike, as they learn from the same data.

    To take each replica for a point of its own would tell 0.6 of it where data are what differs.
    """
    laws = [power_law(SIZES, errors(0.7, scatter, of_sizes=of_sizes, seed=s)) for s in range(400)]
    found = np.array([law.exponent for law in laws])
    told = np.sqrt(np.mean([law.exponent_sem**2 for law in laws]))
    assert found.mean() == pytest.approx(0.7, abs=4 * found.std() / 20)
    assert 0.9 * found.std() <= told <= 1.4 * found.std()


def test_points_that_lie_on_a_line_by_chance_do_not_hide_the_scatter_of_replicas():
    """Three sizes often do: the scatter of the replicas over √k remains."""
    logs = -0.5 * np.log(SIZES[:3, None]) + np.array([-0.3, 0.0, 0.3])
    law = power_law(SIZES[:3], np.exp(logs))
    along = np.log(SIZES[:3])
    expected = 0.3 / np.sqrt(3) / np.sqrt(((along - along.mean()) ** 2).sum())
    assert law.exponent_sem == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("replicas", [2, 3, 8])
def test_points_on_a_power_law_are_seldom_said_to_be_off(replicas):
    """In one of twenty cases, whatever the scatter; of single networks nothing can be said."""
    laws = [power_law(SIZES, errors(0.7, 0.2, replicas=replicas, seed=s)) for s in range(1000)]
    assert 30 <= sum(law.misfit is not None for law in laws) <= 70
    assert power_law(SIZES, errors(0.7, 0.2, replicas=1)).misfit is None


def test_points_off_a_power_law_are_told_and_in_the_standard_error():
    """An error that levels off: the Birge ratio is told, and the standard error scaled by it."""
    logs = np.log(0.01 + 30.0 / SIZES)[:, None] + 0.02 * np.array([-1.0, 0.0, 1.0])
    law = power_law(SIZES, np.exp(logs))
    x, sem = np.log(SIZES), 0.02 / np.sqrt(3)
    slope, level = np.polyfit(x, logs.mean(axis=1), 1)
    off = (logs.mean(axis=1) - slope * x - level) / sem
    assert law.misfit == pytest.approx(np.sqrt((off**2).sum() / (len(x) - 2)), rel=1e-9)
    assert law.misfit > 3.0
    unscaled = sem / np.sqrt(((x - x.mean()) ** 2).sum())
    assert law.exponent_sem == pytest.approx(law.misfit * unscaled, rel=1e-9)


@pytest.mark.parametrize(
    ("sizes", "wrong"),
    [
        (SIZES[:2], errors(1.0)[:2]),
        (SIZES[[0, 0, 1]], errors(1.0)[:3]),
        (SIZES[:3], np.zeros((3, 2))),
        (SIZES[:3], np.full((3, 2), np.nan)),
        (SIZES[:0], errors(1.0)[:0]),
    ],
)
def test_there_is_no_law_of_two_sizes_nor_of_what_has_no_logarithm(sizes, wrong):
    """Nothing is told rather than something made up."""
    assert power_law(sizes, wrong) is None


@pytest.mark.parametrize(
    ("law", "said"),
    [
        (PowerLaw(1.0, 1.0361, 0.1211), "α = 1.04 ± 0.12"),
        (PowerLaw(1.0, 0.5, 0.0123), "α = 0.500 ± 0.012"),
        (PowerLaw(1.0, -0.25, 3.1), "α = −0.25 ± 3.10"),
        (PowerLaw(1.0, 0.5, 0.0), "α = 0.50 ± 0.00"),
        (PowerLaw(1.0, 0.5, 1e-9), "α = 0.5000 ± 0.0000"),
        (PowerLaw(1.0, 0.5, 0.0123, 3.14), "α = 0.500 ± 0.012, points 3.1 errors off"),
    ],
)
def test_an_exponent_is_told_with_its_error(law, said):
    """To the second digit of the error."""
    assert str(law) == said
