"""Relaxation against another one in NumPy, with other random numbers: the same statistics."""

import numpy as np
import pytest

from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

POTENTIAL = ModifiedLennardJones()
WIDTH, EPOCHS, LONGEST = 5.0, 16, 0.25
LATTICE = Lattice(3, 2, WIDTH)
STARTS = LATTICE.sample(1500, seed=11)


def steps_by_numpy(random, shape, longest, steps):
    """Uniform along each axis, or in any direction with a uniform length."""
    if steps == "along_axes":
        return random.uniform(-longest, longest, shape)
    direction = random.normal(size=shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return direction * random.uniform(0.0, longest, (shape[0], 1))


def relaxed_by_numpy(positions, epochs, longest, seed, steps):
    """All configurations at once: propose, compare whole energies, keep what does not rise."""
    random = np.random.default_rng(seed)
    positions = positions.copy()
    n, n_particles, dimension = positions.shape
    energies = POTENTIAL.energy_per_particle(positions, WIDTH)
    accepted = np.zeros((epochs, n))
    for epoch in range(epochs):
        for i in range(n_particles):
            moved = positions.copy()
            moved[:, i] += steps_by_numpy(random, (n, dimension), longest, steps)
            after = POTENTIAL.energy_per_particle(moved, WIDTH)
            kept = after <= energies
            positions[kept], energies[kept] = moved[kept], after[kept]
            accepted[epoch] += kept
    return positions, accepted[-10:].mean(axis=0) / n_particles


@pytest.fixture(scope="module", params=["along_axes", "any_direction"])
def steps(request):
    return request.param


@pytest.fixture(scope="module")
def by_kernel(steps):
    return RandomMoves(EPOCHS, LONGEST, steps=steps).relax(
        POTENTIAL, STARTS, WIDTH, seed=5, n_threads=1
    )


@pytest.fixture(scope="module")
def by_numpy(steps):
    return relaxed_by_numpy(STARTS, EPOCHS, LONGEST, seed=5, steps=steps)


def agree(one, other):
    """Means of pairs from the same starts agree within five standard errors of their difference.

    Random numbers differ, so one comparison in two million fails by chance; seeds are fixed.
    """
    difference = one - other
    assert abs(difference.mean()) <= 5.0 * difference.std() / np.sqrt(len(difference))


def test_acceptance_rates_have_the_same_mean(by_kernel, by_numpy):
    """As many moves are accepted over the last ten epochs, configuration for configuration."""
    agree(by_kernel[1], by_numpy[1])
    # And as unequal: some lattices are bound and stiff, others still drift freely.
    assert by_kernel[1].std() == pytest.approx(by_numpy[1].std(), rel=0.1)


def test_energies_have_the_same_distribution(by_kernel, by_numpy):
    """Energies fall as far: the mean, and the parts below three depths of the well."""
    one, other = (POTENTIAL.energy_per_particle(r[0], WIDTH) for r in (by_kernel, by_numpy))
    agree(np.minimum(one, 1.0), np.minimum(other, 1.0))  # rare cores would drown all else
    for level in (-1.0, -0.5, 0.0):
        agree((one < level).astype(float), (other < level).astype(float))


def test_particles_travel_as_far(by_kernel, by_numpy):
    """The squares of the ways from start to end have the same mean, and no axis is preferred."""
    ways = []
    for relaxed, *_ in (by_kernel, by_numpy):
        way = relaxed - STARTS
        ways.append(way - WIDTH * np.round(way / WIDTH))
    agree((ways[0] ** 2).sum(axis=(1, 2)), (ways[1] ** 2).sum(axis=(1, 2)))
    along_x, along_y = (ways[0] ** 2).sum(axis=1).T
    agree(along_x, along_y)
    for axis in range(2):  # nor is a direction along it
        agree(ways[0].mean(axis=1)[:, axis], np.zeros(len(STARTS)))


def test_free_particles_take_steps_of_uniform_length():
    """Out of reach of each other every step is taken: its length is uniform, its angle too."""
    far_apart = np.tile([[5.0, 5.0], [25.0, 25.0]], (4000, 1, 1))
    relaxed, rates, _ = RandomMoves(1, 0.5, steps="any_direction").relax(
        POTENTIAL, far_apart, 50.0, seed=0
    )
    assert (rates == 1.0).all()
    steps = (relaxed - far_apart).reshape(-1, 2)
    lengths = np.linalg.norm(steps, axis=1)
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    for values, low, high in ((lengths, 0.0, 0.5), (angles, -np.pi, np.pi)):
        counts = np.histogram(values, bins=10, range=(low, high))[0]
        assert counts.sum() == 8000
        np.testing.assert_allclose(counts, 800, atol=5 * np.sqrt(800))  # five standard errors


def test_free_particles_take_uniform_steps_along_each_axis():
    """As the thesis's program did: a step lies anywhere in a square."""
    far_apart = np.tile([[5.0, 5.0], [25.0, 25.0]], (4000, 1, 1))
    relaxed, rates, _ = RandomMoves(1, 0.5).relax(POTENTIAL, far_apart, 50.0, seed=0)
    assert (rates == 1.0).all()
    steps = (relaxed - far_apart).reshape(-1, 2)
    counts = np.histogram2d(*steps.T, bins=4, range=[[-0.5, 0.5]] * 2)[0]
    assert counts.sum() == 8000
    np.testing.assert_allclose(counts, 500, atol=5 * np.sqrt(500))  # five standard errors


@pytest.mark.parametrize(("epochs", "rated"), [(1, 1), (4, 4), (10, 10), (23, 10)])
def test_rates_are_parts_of_the_rated_moves(epochs, rated):
    """A rate is a whole number of accepted moves over N_p times the epochs that are rated."""
    _, rates, _ = RandomMoves(epochs, 0.3).relax(POTENTIAL, STARTS[:200], WIDTH, seed=3)
    moves = rates * rated * 3
    np.testing.assert_allclose(moves, moves.round(), atol=1e-9)
    assert 0.0 <= rates.min() < rates.max() <= 1.0
    # Were the divisor a multiple of the true one, no odd number of moves would be seen.
    assert (moves.round() % 2 == 1).any()


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
@pytest.mark.parametrize(
    ("lattice", "longest"),
    [(Lattice(4, 2, 5.0), 0.1), (Lattice(3, 1, 2.0), 0.3), (Lattice(2, 3, 1.6), 0.2)],
    ids=str,
)
def test_no_epoch_raises_an_energy(lattice, longest, counting):
    """Epoch after epoch, in all dimensions and in cells below the cutoff, v never rises."""
    potential = ModifiedLennardJones(counting=counting)
    width = lattice.cell_width
    starts = lattice.sample(60, seed=1)
    energies = [potential.energy_per_particle(starts, width)]
    for epochs in (1, 2, 3, 8, 16):
        relaxed, *_ = RandomMoves(epochs, longest).relax(potential, starts, width, seed=9)
        energies.append(potential.energy_per_particle(relaxed, width))
    # The energy difference of one particle and that of whole sums differ by rounding.
    rises = np.diff(energies, axis=0) / (1.0 + np.abs(energies[:-1]))
    assert rises.max() < 1e-9
    assert (energies[-1] < energies[0]).mean() > 0.9


def test_lengths_and_energies_have_no_scale():
    """Doubled lengths and quartered energies make the same moves, bit for bit: 2 is exact."""
    doubled = ModifiedLennardJones(
        cutoff=4.0, characteristic_distance=2.0, characteristic_energy=0.25
    )
    one = RandomMoves(12, 0.2).relax(POTENTIAL, STARTS[:100], WIDTH, seed=4)
    two = RandomMoves(12, 0.4).relax(doubled, 2.0 * STARTS[:100], 2.0 * WIDTH, seed=4)
    assert (two[0] == 2.0 * one[0]).all()
    assert (two[1] == one[1]).all()


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_lone_particle_is_free(dimension, counting):
    """Its images move along, so nothing resists, even to steps longer than the cell is wide."""
    lone = Lattice(1, dimension, 1.5)
    starts = lone.sample(80, seed=2)
    potential = ModifiedLennardJones(counting=counting)
    relaxed, rates, _ = RandomMoves(5, 2.0).relax(potential, starts, 1.5, seed=0)
    assert (rates == 1.0).all()
    assert (relaxed != starts).all()
    assert relaxed.min() >= 0.0
    assert relaxed.max() < 1.5
    np.testing.assert_allclose(
        potential.energy_per_particle(relaxed, 1.5),
        potential.energy_per_particle(starts, 1.5),
        rtol=1e-9,
    )


def test_no_epochs_only_wrap():
    """Epochs 0 leave each particle where it is, as its image in the cell, and rate nothing."""
    outside = STARTS[:20] + WIDTH * np.array([1.0, -2.0])
    relaxed, rates, _ = RandomMoves(0, 0.1).relax(POTENTIAL, outside, WIDTH, seed=0)
    np.testing.assert_allclose(relaxed, STARTS[:20], atol=1e-14 * 15)  # rounding at 15 R_c
    assert np.isnan(rates).all()


def test_images_move_along():
    """Between the images of another a particle ends in the middle, wherever both have drifted to.

    Against images frozen at the start it would find the middle of where the other once was.
    """
    width = 1.9  # below the cutoff: both neighbors of a particle are images of the other one
    starts = Lattice(2, 1, width).sample(200, seed=6)
    relaxed, *_ = RandomMoves(60, 0.1).relax(POTENTIAL, starts, width, seed=0)
    off_the_middle = np.abs(np.abs(relaxed[:, 1] - relaxed[:, 0]) - width / 2)
    assert off_the_middle.max() < 0.01
    drift = relaxed.mean(axis=(1, 2)) - starts.mean(axis=(1, 2))
    assert np.abs(drift).max() > 0.1


@pytest.mark.parametrize("dimension", [2, 3])
def test_relaxed_cells_may_be_moved_as_a_whole(dimension):
    """Particles that relax with their images have one energy, wherever their cell begins."""
    starts = Lattice(2, dimension, 1.9).sample(100, seed=6)
    relaxed, *_ = RandomMoves(30, 0.1).relax(POTENTIAL, starts, 1.9, seed=0)
    energies = POTENTIAL.energy_per_particle(relaxed, 1.9)
    moved = POTENTIAL.energy_per_particle(relaxed - relaxed[:, :1], 1.9)
    np.testing.assert_allclose(moved, energies, rtol=1e-8)  # steep slopes magnify rounding
    assert np.median(energies) < np.median(POTENTIAL.energy_per_particle(starts, 1.9))
