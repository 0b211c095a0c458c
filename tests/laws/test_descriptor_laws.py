"""Physical laws of every descriptor: those that it claims hold, and those that it lacks fail."""

from dataclasses import replace

import numpy as np
import pytest
from descriptor_cases import DESCRIPTORS
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from law_cases import cases, finite_differences

from peslab.errors import InvalidInputError
from peslab.features import descriptor as descriptor_module

LAWS = {"translation", "permutation", "rotation", "smoothness", "supercell"}
WIDTH = 5.0
POSITIONS = np.random.default_rng(5).uniform(0.0, WIDTH, (40, 3, 2))


def of(choose):
    """All descriptors that are chosen."""
    chosen = {name: each for name, each in DESCRIPTORS.items() if choose(each)}
    return pytest.mark.parametrize("descriptor", chosen.values(), ids=chosen)


def obeying(law):
    return of(lambda each: law in each.obeys)


def obeying_with_jacobian(law):
    return of(lambda each: law in each.obeys and each.has_jacobian)


every_descriptor = of(lambda _: True)
with_jacobian = of(lambda each: each.has_jacobian)
tried = settings(max_examples=10, deadline=None)
pairs = cases(min_particles=2, dimensions=(1, 2, 3))
in_the_plane = cases(min_particles=2, dimensions=(2,))


def same(one, other, tolerance=1e-9):
    """Features agree to rounding, relative to the largest one."""
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * (1 + np.abs(other).max()))


def drawn_for(descriptor, case):
    """One's own descriptor of positions has names for the plane."""
    assume(type(descriptor).__name__ != "Positions" or case.dimension == 2)
    return case.positions, case.cell_width


def exchanged(descriptor, features, order):
    """Features with the rows of a descriptor per particle in another order."""
    return features[:, order] if descriptor.per_particle else features


@every_descriptor
def test_every_law_is_claimed_or_not(descriptor):
    """There are five laws, and no descriptor obeys one of another name."""
    assert descriptor.obeys <= LAWS


@obeying("translation")
@tried
@given(case=pairs, shift=st.tuples(*[st.floats(-20.0, 20.0)] * 3))
def test_translation(descriptor, case, shift):
    """A descriptor does not see where the cell begins."""
    moved = case.positions + np.array(shift)[: case.dimension]
    same(descriptor(moved, case.cell_width), descriptor(case.positions, case.cell_width))


@obeying("permutation")
@tried
@given(case=pairs, seed=st.integers(0, 1000))
def test_permutation(descriptor, case, seed):
    """A descriptor does not see which particle is which."""
    order = np.random.default_rng(seed).permutation(len(case.positions))
    features = descriptor(case.positions, case.cell_width)
    moved = descriptor(case.positions[order], case.cell_width)
    same(moved, exchanged(descriptor, features, order))


@obeying_with_jacobian("permutation")
@tried
@given(case=pairs, seed=st.integers(0, 1000))
def test_derivatives_are_exchanged_with_particles(descriptor, case, seed):
    """The derivatives of Σ f², which has them where eigenvalues are equal too."""
    order = np.random.default_rng(seed).permutation(len(case.positions))
    slopes = []
    for positions in (case.positions, case.positions[order]):
        features, jacobian = descriptor.with_jacobian(positions, case.cell_width)
        rows = features.reshape(-1), jacobian.reshape(-1, *positions.shape)
        slopes.append(np.tensordot(*rows, axes=1))
    same(slopes[1], slopes[0][order], 1e-8)


@obeying("rotation")
@tried
@given(case=pairs)
def test_rotation_and_reflection(descriptor, case):
    """Neither a quarter turn nor a mirror changes a distance."""
    features = descriptor(case.positions, case.cell_width)
    same(descriptor(-case.positions, case.cell_width), features)
    same(descriptor(case.positions[:, ::-1], case.cell_width), features)
    if case.dimension > 1:
        turn = np.eye(case.dimension)
        turn[:2, :2] = [[0.0, 1.0], [-1.0, 0.0]]
        same(descriptor(case.positions @ turn, case.cell_width), features)


def doubled(positions, width):
    """Two cells along each axis, taken as one."""
    dimension = positions.shape[1]
    corners = np.stack(np.meshgrid(*[[0.0, width]] * dimension), axis=-1).reshape(-1, 1, dimension)
    return (positions + corners).reshape(-1, dimension), 2.0 * width


@obeying("supercell")
@tried
@given(case=pairs)
def test_supercell(descriptor, case):
    """Each place looks the same in a cell and in several that are taken as one."""
    features = descriptor(case.positions, case.cell_width)
    wide = descriptor(*doubled(case.positions, case.cell_width))
    repeated = np.tile(features, (1, 2**case.dimension, 1)) if descriptor.per_particle else features
    same(wide, repeated)


def change(descriptor, law):
    """How much features change on one configuration where a law is broken."""
    positions, width = POSITIONS[0], WIDTH
    features = descriptor(positions, width)[0]
    if law == "smoothness":
        return max(kink(descriptor, *path) for path in PATHS)
    if law == "supercell":
        narrow = positions / 3.0, width / 3.0
        features, wide = descriptor(*narrow)[0], descriptor(*doubled(*narrow))[0]
        if wide.shape[-1] != features.shape[-1]:
            return np.inf
        return np.abs((wide[:3] if descriptor.per_particle else wide) - features).max()
    if law == "permutation":
        back = descriptor(positions[::-1], width)[0]
        return np.abs((back[::-1] if descriptor.per_particle else back) - features).max()
    moved = positions + 0.7 * WIDTH if law == "translation" else positions[:, ::-1]
    return np.abs(descriptor(moved, width)[0] - features).max()


@pytest.mark.parametrize(
    ("name", "law"),
    [
        (name, law)
        for name, descriptor in DESCRIPTORS.items()
        for law in sorted(LAWS - descriptor.obeys)
    ],
)
def test_what_is_lacked_shows(name, law):
    """A law that is not claimed is broken: nobody is told less than is true."""
    assert change(DESCRIPTORS[name], law) > 1e-2


@every_descriptor
@tried
@given(case=pairs, seed=st.integers(0, 1000))
def test_wrapping(descriptor, case, seed):
    """Any image of a particle will do."""
    positions, width = drawn_for(descriptor, case)
    cells = np.random.default_rng(seed).integers(-3, 4, positions.shape)
    same(descriptor(positions + cells * width, width), descriptor(positions, width))


@with_jacobian
@tried
@given(case=pairs)
def test_jacobian(descriptor, case):
    """Derivatives are what central differences are."""
    positions, width = drawn_for(descriptor, case)
    features, jacobian = descriptor.with_jacobian(positions, width)
    scale, step = 1.0 + np.abs(features).max(), 1e-6
    if "smoothness" not in descriptor.obeys:  # no kink may lie within a step
        moves = step * np.eye(positions.size).reshape(-1, *positions.shape)
        bends = descriptor(positions + moves, width) + descriptor(positions - moves, width)
        assume(np.abs(bends - 2.0 * features).max() < 1e3 * step**2 * scale)
    numerical = finite_differences(lambda moved: descriptor(moved, width), positions, step)
    np.testing.assert_allclose(jacobian[0], numerical, rtol=0, atol=1e-5 * scale)


@with_jacobian
def test_features_come_with_and_without_derivatives(descriptor):
    """Both ways to ask give the same features, in shapes that fit their names."""
    features, jacobian = descriptor.with_jacobian(POSITIONS, WIDTH)
    same(features, descriptor(POSITIONS, WIDTH), 1e-12)
    places = (3,) if descriptor.per_particle else ()
    assert features.shape == (40, *places, len(descriptor.names(3)))
    assert jacobian.shape == (*features.shape, 3, 2)


@obeying_with_jacobian("translation")
@tried
@given(case=pairs)
def test_jacobian_sums_to_zero(descriptor, case):
    """Moving all particles together changes nothing, so the derivatives add up to nothing."""
    _, jacobian = descriptor.with_jacobian(case.positions, case.cell_width)
    same(jacobian.sum(axis=-2) + 1.0, 1.0, 1e-10 * (1 + np.abs(jacobian).max()))


@of(lambda each: each.reach > 0.0)
@pytest.mark.parametrize("third", [0.3, 0.9])
def test_smooth_at_the_cutoff(descriptor, third):
    """Two particles that part at the cutoff leave no jump and no kick, with and without a third."""
    cutoff = descriptor.reach
    path = np.zeros((2, 3, 2))
    path[:, 1, 0] = cutoff * np.array([1.0 - 1e-7, 1.0 + 1e-7])
    path[:, 2] = third * cutoff * np.array([0.6, 0.7])
    features, jacobian = descriptor.with_jacobian(path, 3.5 * cutoff)
    same(features[0], features[1], 1e-5 * 1e-7 + 10 * np.abs(jacobian[0] * path[0]).max() * 1e-7)
    same(jacobian[0], jacobian[1], 1e-5)


def straight(start, stop):
    """Where two configurations meet halfway, just before and behind."""
    start, stop = np.array(start), np.array(stop)
    middle, step = 0.5 * (start + stop), 1e-7 * (stop - start)
    return middle - step, middle + step, (stop - start) / np.linalg.norm(stop - start)


HEIGHT = np.sqrt(0.75)
PATHS = [
    (straight([[1, 1], [2, 1], [1.3, 1 + HEIGHT]], [[1, 1], [2, 1], [1.7, 1 + HEIGHT]]), 7.0),
    (straight([[1, 1], [2, 1], [1.5, 1.8]], [[1, 1], [2, 1], [1.5, 0.2 + 2 * HEIGHT]]), 7.0),
    (straight([[1, 1], [3, 3], [4.8, 4.8]], [[1, 1], [3, 3], [5.2, 5.2]]), 6.0),
    (straight([[1, 1], [2, 1.2], [2.9, 2]], [[1, 1], [2, 1.2], [3.1, 2]]), 4.0),
    (straight([[1, 1], [2, 1.2], [3.8, 2]], [[1, 1], [2, 1.2], [4.2, 2]]), 4.0),
]
"""Through an equilateral triangle and equal steps on a diagonal, past half a cell, out of it."""


def kink(descriptor, ends, width):
    """How much features jump, or their slopes along the path."""
    before, behind, direction = ends
    features, jacobian = descriptor.with_jacobian(np.stack([before, behind]), width)
    slopes = (jacobian * direction).sum(axis=(-2, -1))
    jump = np.abs(features[1] - features[0]).max()
    return max(jump, np.abs(slopes[1] - slopes[0]).max())


@obeying_with_jacobian("smoothness")
@pytest.mark.parametrize(
    "path", PATHS, ids=["sides meet", "height", "thirds", "half a cell", "edge"]
)
def test_smoothness(descriptor, path):
    """Neither features nor slopes jump where nothing happens to the energy."""
    assert kink(descriptor, *path) < 1e-4


@every_descriptor
def test_same_bits_whatever_the_threads_and_slices(descriptor, monkeypatch):
    """Threads and slices share out the configurations and nothing else."""

    def ask(n_threads):
        if descriptor.has_jacobian:
            return descriptor.with_jacobian(POSITIONS, WIDTH, n_threads=n_threads)
        return (descriptor(POSITIONS, WIDTH, n_threads=n_threads),)

    monkeypatch.setattr(descriptor_module, "BYTES_PER_THREAD", 1)
    expected, shared = ask(n_threads=1), ask(n_threads=3)
    monkeypatch.setattr(descriptor_module, "SLICE_BYTES", 1)
    for made in (shared, ask(n_threads=1)):
        for array, one in zip(made, expected, strict=True):
            np.testing.assert_array_equal(array, one)


@every_descriptor
def test_a_width_for_each_configuration(descriptor):
    """What a configuration looks like does not depend on those beside it."""
    widths = np.linspace(1.0, 6.0, len(POSITIONS))
    positions = POSITIONS / WIDTH * widths[:, None, None]
    features = descriptor(positions, widths)
    for k in (0, 17, 39):
        np.testing.assert_array_equal(features[k], descriptor(positions[k], widths[k])[0])


@every_descriptor
def test_the_cell_width_is_one_more_feature(descriptor):
    """It stands last, and does not change when particles move."""
    widths = np.linspace(5.0, 6.0, len(POSITIONS))
    without = replace(descriptor, with_cell_width=False)
    with_width = replace(descriptor, with_cell_width=True)
    features = with_width(POSITIONS, widths)
    np.testing.assert_array_equal(features[..., :-1], without(POSITIONS, widths))
    np.testing.assert_array_equal(
        features[..., -1].T, np.broadcast_to(widths, features[..., -1].T.shape)
    )
    assert with_width.names(3) == [*without.names(3), "cell width"]
    if descriptor.has_jacobian:
        _, jacobian = with_width.with_jacobian(POSITIONS, widths)
        _, its_jacobian = without.with_jacobian(POSITIONS, widths)
        own = len(without.names(3))
        axis = jacobian.ndim - 3
        np.testing.assert_array_equal(np.take(jacobian, range(own), axis), its_jacobian)
        assert not np.take(jacobian, own, axis).any()


@every_descriptor
def test_names_tell_features_apart(descriptor):
    """Each feature has a name of its own."""
    for n_particles in (2, 3, 4):
        names = descriptor.names(n_particles)
        assert len(set(names)) == len(names) > 0


@every_descriptor
def test_a_lone_particle(descriptor):
    """A particle alone sees its images, which it takes along; without images it has no distance."""
    if "Distances" in type(descriptor).__name__:
        with pytest.raises(InvalidInputError, match="two particles or more"):
            descriptor([[1.0, 2.0]], 1.2)
        return
    assert np.isfinite(descriptor([[1.0, 2.0]], 1.2)).all()
    if descriptor.has_jacobian and "translation" in descriptor.obeys:
        _, jacobian = descriptor.with_jacobian([[1.0, 2.0]], 1.2)
        same(jacobian + 1.0, 1.0, 1e-12)


@with_jacobian
@pytest.mark.parametrize("width", [0.4, 0.9])
def test_cells_narrower_than_the_cutoff(descriptor, width):
    """Many images of each particle, still as many features and derivatives."""
    features, jacobian = descriptor.with_jacobian(POSITIONS[:2] / WIDTH * width, width)
    assert np.isfinite(features).all()
    assert np.isfinite(jacobian).all()


@every_descriptor
@pytest.mark.parametrize(
    ("positions", "width", "cause"),
    [
        ([[0.0, 0.0], [5.0, 0.0]], 5.0, "same place"),
        ([[0.0, np.nan], [1.0, 0.0]], 5.0, "NaN"),
        ([0.0, 1.0], 5.0, "shape"),
        ([[0.0, 0.0], [1.0, 0.0]], 0.0, "cell_width"),
        ([[0.0, 0.0], [1.0, 0.0]], [5.0, 5.0], "cell_width"),
    ],
)
def test_bad_configurations_are_refused(descriptor, positions, width, cause):
    """The check of positions is the one that energies have."""
    with pytest.raises(InvalidInputError, match=cause):
        descriptor(positions, width)


@of(lambda each: each.reach > 0.0)
def test_cells_of_nearly_no_width_are_refused(descriptor):
    """Better a sentence than a sum that does not end."""
    with pytest.raises(InvalidInputError, match="widen the cell or lower the cutoff"):
        descriptor([[0.0, 0.0], [0.5e-4, 0.0]], 1e-4)


@of(lambda each: not each.has_jacobian)
def test_forces_of_a_descriptor_without_jacobian_are_refused(descriptor):
    """Energies it has; for forces the remedy is told."""
    assert np.isfinite(descriptor(POSITIONS, WIDTH)).all()
    with pytest.raises(InvalidInputError, match=r"has no Jacobian.*describe_with_jacobian"):
        descriptor.with_jacobian(POSITIONS, WIDTH)
