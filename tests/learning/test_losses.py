import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import InvalidInputError
from peslab.learning import Huber, MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError

energies = st.floats(-1e3, 1e3)
LOSSES = [MeanAbsoluteError(), MeanSquaredError(), RootMeanSquaredError(), Huber(0.3)]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)


@given(prediction=energies, target=energies, delta=st.floats(0.01, 10))
def test_losses_equal_their_equations(prediction, target, delta):
    """|Δ|, Δ² and, for Huber, Δ²/2 below δ and δ(|Δ| − δ/2) above; a root of one square is |Δ|."""
    p, t = (torch.tensor([[value]], dtype=torch.float64) for value in (prediction, target))
    error = abs(prediction - target)
    huber = error**2 / 2 if error <= delta else delta * (error - delta / 2)
    assert MeanAbsoluteError()(p, t).item() == pytest.approx(error, rel=1e-12, abs=1e-12)
    assert MeanSquaredError()(p, t).item() == pytest.approx(error**2, rel=1e-12, abs=1e-12)
    assert Huber(delta)(p, t).item() == pytest.approx(huber, rel=1e-9, abs=1e-12)
    # 1e-12 is added to the root, which has no slope at zero.
    assert RootMeanSquaredError()(p, t).item() == pytest.approx(error, rel=1e-9, abs=1e-11)


@every_loss
@pytest.mark.parametrize("shape", [(3, 7), (3, 7, 5)])
def test_a_loss_is_the_mean_of_each_replica(loss, shape):
    """Replicas stay apart, whether energies or all components of gradients are compared."""
    random = torch.Generator().manual_seed(0)
    prediction, target = (torch.randn(shape, generator=random) for _ in range(2))
    losses = loss(prediction, target)
    assert losses.shape == (3,)
    torch.testing.assert_close(losses[1], loss(prediction[1:2], target[1:2])[0])
    of_means = loss.each(prediction, target).flatten(1).mean(1)
    root = isinstance(loss, RootMeanSquaredError)
    torch.testing.assert_close(losses, of_means.sqrt() if root else of_means)


@every_loss
def test_derivatives_of_losses_are_right(loss):
    """Autograd agrees with finite differences away from kinks."""
    prediction = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0.3, 0.4, 1.9]], dtype=torch.float64)
    assert torch.autograd.gradcheck(loss, (prediction, target))


def test_a_root_has_a_slope_where_nothing_errs():
    """A perfect replica is left in peace, not filled with NaN."""
    prediction = torch.ones(1, 4, requires_grad=True)
    RootMeanSquaredError()(prediction, torch.ones(1, 4)).sum().backward()
    assert torch.equal(prediction.grad, torch.zeros(1, 4))


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_huber_needs_an_energy_above_zero(delta):
    """Where the parabola ends is an energy, in E_c."""
    with pytest.raises(InvalidInputError, match=r"loss\.delta.*E_c"):
        Huber(delta)


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("make", [MeanAbsoluteError, lambda **weight: Huber(0.1, **weight)])
def test_the_weight_of_gradients_is_not_negative(make, weight):
    """A negative one would learn to be wrong."""
    with pytest.raises(InvalidInputError, match=r"loss\.gradient_weight.*try 0\.1"):
        make(gradient_weight=weight)
