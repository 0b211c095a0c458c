"""Physical laws that every descriptor obeys."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from law_cases import cases, finite_differences

from peslab.features import ProximityEigenvalues

DESCRIPTORS = {
    "thesis": ProximityEigenvalues(orders=[-2, -3], cutoff=20.0),
    "near": ProximityEigenvalues(orders=[-2, -4, -6], cutoff=3.0),
    "odd": ProximityEigenvalues(orders=[-5, -3], cutoff=1.5),
}
every_descriptor = pytest.mark.parametrize("descriptor", DESCRIPTORS.values(), ids=DESCRIPTORS)
tried = settings(max_examples=15, deadline=None)


def same(one, other):
    """Eigenvalues agree to rounding, relative to the largest one."""
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * (1 + np.abs(other).max()))


@every_descriptor
@tried
@given(case=cases(), shift=st.tuples(*[st.floats(-20.0, 20.0)] * 3))
def test_translation(descriptor, case, shift):
    """A descriptor does not see where the cell begins."""
    moved = case.positions + np.array(shift)[: case.dimension]
    same(descriptor(moved, case.cell_width), descriptor(case.positions, case.cell_width))


@every_descriptor
@tried
@given(case=cases(min_particles=2), seed=st.integers(0, 1000))
def test_permutation(descriptor, case, seed):
    """A descriptor does not see which particle is which; its derivatives move with them."""
    order = np.random.default_rng(seed).permutation(len(case.positions))
    features, jacobian = descriptor.with_jacobian(case.positions, case.cell_width)
    exchanged, its_jacobian = descriptor.with_jacobian(case.positions[order], case.cell_width)
    same(exchanged, features)
    # Summed over the eigenvalues of an order: those of equal ones alone have no meaning.
    n_orders = len(descriptor.orders)
    sums = [
        j.reshape(n_orders, len(order), -1).sum(axis=1)
        for j in (its_jacobian[0], jacobian[0][:, order])
    ]
    np.testing.assert_allclose(*sums, atol=1e-8 * (1 + np.abs(jacobian).max()))


@every_descriptor
@tried
@given(case=cases(), seed=st.integers(0, 1000))
def test_wrapping(descriptor, case, seed):
    """Any image of a particle will do."""
    cells = np.random.default_rng(seed).integers(-3, 4, case.positions.shape)
    moved = case.positions + cells * case.cell_width
    same(descriptor(moved, case.cell_width), descriptor(case.positions, case.cell_width))


@every_descriptor
@tried
@given(case=cases())
def test_rotation_and_reflection(descriptor, case):
    """Neither a quarter turn nor a mirror changes a distance."""
    turn = np.eye(case.dimension)
    turn[:2, :2] = [[0.0, 1.0], [-1.0, 0.0]]
    features = descriptor(case.positions, case.cell_width)
    same(descriptor(case.positions @ turn, case.cell_width), features)
    same(descriptor(-case.positions, case.cell_width), features)
    same(descriptor(case.positions[:, ::-1], case.cell_width), features)


@every_descriptor
@tried
@given(case=cases(), length=st.floats(0.2, 5.0))
def test_scaling(descriptor, case, length):
    """Eigenvalues have no unit: stretching everything, R_0p included, leaves them."""
    stretched = ProximityEigenvalues(list(descriptor.orders), descriptor.cutoff * length)
    same(
        stretched(case.positions * length, case.cell_width * length),
        descriptor(case.positions, case.cell_width),
    )


@every_descriptor
@tried
@given(case=cases(min_particles=2))
def test_jacobian(descriptor, case):
    """dλ = vᵀ dP v, against central differences."""
    features, jacobian = descriptor.with_jacobian(case.positions, case.cell_width)
    scale = 1.0 + np.abs(features).max()
    # Where two eigenvalues nearly meet, their slopes turn within a step of the differences.
    gaps = np.diff(features.reshape(len(descriptor.orders), -1), axis=1)
    assume(gaps.min() > 1e-3 * scale)
    numerical = finite_differences(
        lambda positions: descriptor(positions, case.cell_width), case.positions, step=1e-6
    )
    np.testing.assert_allclose(jacobian[0], numerical, rtol=0, atol=1e-5 * scale)


@every_descriptor
@tried
@given(case=cases(min_particles=2))
def test_jacobian_sums_to_zero(descriptor, case):
    """Moving all particles together changes nothing, so the derivatives add up to nothing."""
    _, jacobian = descriptor.with_jacobian(case.positions, case.cell_width)
    np.testing.assert_allclose(jacobian.sum(axis=2), 0.0, atol=1e-10 * (1 + np.abs(jacobian).max()))


@every_descriptor
def test_smooth_at_the_cutoff(descriptor):
    """Two particles that part at R_0p leave no jump and no kick in the eigenvalues."""
    width = 2.5 * descriptor.cutoff
    pair = [[0.0, 0.0], [descriptor.cutoff * (1.0 - 1e-7), 0.0]]
    features, jacobian = descriptor.with_jacobian(pair, width)
    assert np.abs(features).max() < 1e-12  # of second order in the distance from R_0p
    assert np.abs(jacobian).max() < 1e-5  # of first order


@every_descriptor
def test_symmetric_configurations(descriptor):
    """A square lattice has equal eigenvalues; their sum still has the derivative of the trace."""
    square = np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]])
    features, jacobian = descriptor.with_jacobian(square, 2.0)
    assert np.isfinite(features).all()
    per_order = jacobian.reshape(len(descriptor.orders), 4, 4, 2)
    # The diagonal of P does not depend on the positions, so neither does its trace.
    np.testing.assert_allclose(
        per_order.sum(axis=1), 0.0, atol=1e-10 * (1 + np.abs(jacobian).max())
    )
