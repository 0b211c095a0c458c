"""How the learning rate changes: what each schedule begins with, passes and ends at."""

import math

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.learning import Constant, Cosine, OneCycle, Plateau, WarmupFlatDecay

PROGRESS = np.linspace(0.0, 1.0, 201)


def factors(schedule):
    return np.array([schedule.factor(progress) for progress in PROGRESS])


def test_a_constant_rate_stays():
    """The thesis's choice."""
    assert (factors(Constant()) == 1.0).all()


def test_the_cosine_ends_at_zero():
    """All of it at first, half in the middle, nothing at the end."""
    found = factors(Cosine())
    assert found == pytest.approx(0.5 + 0.5 * np.cos(math.pi * PROGRESS), abs=1e-15)
    assert (found[0], found[100], found[-1]) == pytest.approx((1.0, 0.5, 0.0))


def test_one_cycle_rises_and_falls_without_a_jump():
    """Up to the whole rate where the warm-up ends, down to zero at the end."""
    found = factors(OneCycle(warm_up=0.2, start=0.04))
    assert found[0] == pytest.approx(0.04)
    assert found.argmax() == 40
    assert (found.max(), found[-1]) == pytest.approx((1.0, 0.0))
    assert (np.diff(found[:41]) > 0).all()
    assert (np.diff(found[40:]) < 0).all()
    assert np.abs(np.diff(found)).max() < 0.05


def test_warm_up_flat_and_decay():
    """A tenth of the way up, half of it flat, the rest down."""
    found = factors(WarmupFlatDecay(warm_up=0.1, decay=0.4))
    assert found[:21] == pytest.approx(np.linspace(0.0, 1.0, 21))
    assert (found[20:121] == 1.0).all()
    assert found[120:] == pytest.approx(np.linspace(1.0, 0.0, 81))


def test_without_warm_up_and_decay_all_is_flat():
    """Nothing is divided by zero."""
    assert (factors(WarmupFlatDecay(warm_up=0.0, decay=0.0)) == 1.0).all()
    assert OneCycle(warm_up=0.0, start=0.5).factor(0.0) == 1.0


def test_a_plateau_lowers_the_rate_after_its_patience():
    """Two epochs without improvement halve it; the next two count anew; improvement resets."""
    schedule = Plateau(reduction=0.5, patience=2)
    errors = [3.0, 2.0, 2.0, 2.5, 2.2, 1.9, 1.9, 1.9, 1.9, 1.9]
    found = [schedule.epoch_factor(errors[:epoch]) for epoch in range(len(errors) + 1)]
    assert found == [1.0] * 4 + [0.5] * 4 + [0.25] * 2 + [0.125]
    assert schedule.factor(0.7) == 1.0


@pytest.mark.parametrize("schedule", [Constant(), Cosine(), OneCycle(0.1, 0.1)])
def test_others_do_not_look_at_errors(schedule):
    """What has been reached changes nothing."""
    assert schedule.epoch_factor([1.0] * 50) == 1.0


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: OneCycle(warm_up=1.0, start=0.1), r"schedule\.warm_up"),
        (lambda: OneCycle(warm_up=0.1, start=-0.1), r"schedule\.start"),
        (lambda: WarmupFlatDecay(warm_up=0.7, decay=0.4), "more than the whole training"),
        (lambda: WarmupFlatDecay(warm_up=math.nan, decay=0.4), r"schedule\.warm_up"),
        (lambda: Plateau(reduction=1.0, patience=3), r"schedule\.reduction.*try 0\.5"),
        (lambda: Plateau(reduction=0.5, patience=0), r"schedule\.patience"),
    ],
)
def test_impossible_settings_are_named(make, key):
    """By the key that a user types."""
    with pytest.raises(InvalidInputError, match=key):
        make()
