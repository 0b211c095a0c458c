import math

import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.learning import Adam, Constant, Cosine


def weights(value=1.0):
    return [torch.nn.Parameter(torch.full((2, 3), value))]


def test_the_first_step_of_adam_has_the_length_of_the_learning_rate():
    """m/√v is ±1 in the first step, whatever the gradient."""
    parameters = weights()
    optimizer = Adam(learning_rate=0.01, weight_decay=0.0).build(parameters)
    (1e3 * parameters[0]).sum().backward()
    optimizer.step()
    # Adam's ε = 1e-8 beside a gradient of 1e3, and float32.
    torch.testing.assert_close(parameters[0].detach(), torch.full((2, 3), 0.99), rtol=1e-6, atol=0)


def test_weight_decay_is_decoupled_from_the_gradient():
    """Without a gradient to speak of, a step multiplies weights by 1 − η λ."""
    parameters = weights()
    optimizer = Adam(learning_rate=0.1, weight_decay=0.5).build(parameters)
    (0 * parameters[0]).sum().backward()
    optimizer.step()
    torch.testing.assert_close(parameters[0].detach(), torch.full((2, 3), 0.95))


@pytest.mark.parametrize("rate", [0.0, -1e-3, math.nan, math.inf])
def test_learning_rates_lie_above_zero(rate):
    """The sentence names the key and a value to try."""
    with pytest.raises(InvalidInputError, match=r"optimizer\.learning_rate.*try 1e-3"):
        Adam(learning_rate=rate, weight_decay=0.0)


@pytest.mark.parametrize("decay", [-0.1, math.nan, math.inf])
def test_weight_decay_is_not_negative(decay):
    """A negative decay would let the weights grow without end."""
    with pytest.raises(InvalidInputError, match=r"optimizer\.weight_decay"):
        Adam(learning_rate=1e-3, weight_decay=decay)


def rates(schedule, max_epochs):
    optimizer = Adam(learning_rate=0.2, weight_decay=0.0).build(weights())
    scheduler = schedule.build(optimizer, max_epochs)
    found = []
    for _ in range(max_epochs):
        found.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return found, scheduler.get_last_lr()[0]


def test_the_cosine_ends_at_zero():
    """η(t) = η₀ (1 + cos(πt/T)) / 2: all of it at first, half in the middle, nothing at the end."""
    found, after = rates(Cosine(), 10)
    expected = [0.1 * (1 + math.cos(math.pi * epoch / 10)) for epoch in range(10)]
    assert found == pytest.approx(expected, rel=1e-9)
    assert after == pytest.approx(0.0, abs=1e-15)


def test_a_constant_rate_stays():
    """The thesis's choice."""
    found, after = rates(Constant(), 5)
    assert [*found, after] == [0.2] * 6
