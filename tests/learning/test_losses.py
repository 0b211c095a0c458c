import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import InvalidInputError
from peslab.learning import Huber, MeanAbsoluteError, MeanSquaredError

energies = st.floats(-1e3, 1e3)


@given(prediction=energies, target=energies, delta=st.floats(0.01, 10))
def test_losses_equal_their_equations(prediction, target, delta):
    """|Δ|, Δ² and, for Huber, Δ²/2 below δ and δ(|Δ| − δ/2) above."""
    p, t = (torch.tensor([[value]], dtype=torch.float64) for value in (prediction, target))
    error = abs(prediction - target)
    huber = error**2 / 2 if error <= delta else delta * (error - delta / 2)
    assert MeanAbsoluteError()(p, t).item() == pytest.approx(error, rel=1e-12, abs=1e-12)
    assert MeanSquaredError()(p, t).item() == pytest.approx(error**2, rel=1e-12, abs=1e-12)
    assert Huber(delta)(p, t).item() == pytest.approx(huber, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("loss", [MeanAbsoluteError(), MeanSquaredError(), Huber(0.3)])
def test_losses_compare_element_by_element(loss):
    """Replicas stay apart: the loss has the shape of the predictions."""
    prediction, target = torch.randn(3, 7), torch.randn(3, 7)
    losses = loss(prediction, target)
    assert losses.shape == (3, 7)
    assert torch.equal(losses[1, 4], loss(prediction[1:2, 4:5], target[1:2, 4:5])[0, 0])


@pytest.mark.parametrize("loss", [MeanAbsoluteError(), MeanSquaredError(), Huber(0.3)])
def test_derivatives_of_losses_are_right(loss):
    """Autograd agrees with finite differences away from kinks."""
    prediction = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0.3, 0.4, 1.9]], dtype=torch.float64)
    assert torch.autograd.gradcheck(loss, (prediction, target))


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_huber_needs_an_energy_above_zero(delta):
    """Where the parabola ends is an energy, in E_c."""
    with pytest.raises(InvalidInputError, match=r"loss\.delta.*E_c"):
        Huber(delta)
