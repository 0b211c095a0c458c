"""When a relaxation ends, how it grows with the cell, and equilibrium at a temperature."""

import numpy as np
import pytest
from numba import njit
from test_random_moves import draw, stream

from peslab.errors import InvalidInputError
from peslab.kernels import random
from peslab.toymodel import Lattice, LennardJones, Metropolis, ModifiedLennardJones, RandomMoves

POTENTIAL = ModifiedLennardJones()
STARTS = Lattice(3, 2, 4.0).sample(150, seed=5)
IMAGES = pytest.mark.parametrize("images", ["moving", "frozen"])


@njit
def uniform(generator):
    """Subroutines are called by compiled functions only."""
    return random.uniform(generator)


# Metropolis


def chi_square(counts, probabilities):
    """Of counts against what is expected of independent draws."""
    expected = counts.sum() * probabilities
    assert expected.min() > 5
    return ((counts - expected) ** 2 / expected).sum()


def boltzmann(potential, width, dimension, temperature, edges):
    """exp(−E/k_B T) of two particles over their distance, by a sum over a grid of relative places.

    The cell is cut so that the distance is that of nearest images.
    """
    cells = {1: 40_000, 2: 500}[dimension]
    places = (np.arange(cells) + 0.5) / cells * width - width / 2
    grid = np.stack(np.meshgrid(*[places] * dimension), axis=-1).reshape(-1, dimension)
    pairs = np.stack([np.zeros_like(grid), grid], axis=1)
    energies = 2 * potential.energy_per_particle(pairs, width)
    weights = np.exp(-(energies - energies.min()) / temperature)
    distances = np.linalg.norm(grid, axis=1)
    return np.histogram(distances, bins=edges, weights=weights)[0] / weights.sum()


EQUILIBRIA = [  # d, w_c, k_B T, longest step, steps, potential
    (1, 4.5, 0.4, 1.0, "along_axes", POTENTIAL),
    (1, 2.3, 1.0, 0.6, "any_direction", POTENTIAL),  # bound to images on both sides
    (2, 4.5, 0.3, 0.9, "along_axes", POTENTIAL),
    (2, 3.2, 0.5, 0.7, "any_direction", POTENTIAL),
    (2, 3.0, 0.4, 0.7, "along_axes", LennardJones(depth=1)),
]


@pytest.mark.parametrize(
    ("dimension", "width", "temperature", "longest", "steps", "potential"), EQUILIBRIA
)
def test_two_particles_in_equilibrium(dimension, width, temperature, longest, steps, potential):
    """Detailed balance: distances of 6,000 pairs are spread as exp(−E/k_B T), E that of the cell.

    χ² of b bins has the mean b − 1 and the deviation √(2(b − 1)): five of them are allowed, and at
    a temperature half as high again it would be far more.
    """
    starts = Lattice(2, dimension, width).sample(6000, seed=1)
    moves = Metropolis(150, longest, steps=steps, temperature=temperature)
    relaxed, *_ = moves.relax(potential, starts, width, seed=2)
    ways = relaxed[:, 1] - relaxed[:, 0]
    distances = np.linalg.norm(ways - width * np.round(ways / width), axis=1)
    shares = np.linspace(0.02, 0.98, 17)
    edges = np.array([0.0, *np.quantile(distances, shares).round(3), width])
    counts = np.histogram(distances, bins=edges)[0]
    allowed = len(counts) - 1 + 5 * np.sqrt(2 * (len(counts) - 1))
    assert chi_square(counts, boltzmann(potential, width, dimension, temperature, edges)) < allowed
    hotter = boltzmann(potential, width, dimension, 1.5 * temperature, edges)
    assert chi_square(counts, hotter) > 2 * allowed


def cooled_as_written(start, width, moves, seed, index):
    """Metropolis's rule with whole energies: a number is drawn only where the energy rises."""
    positions, generator = start.copy(), stream(seed, index)
    step, axes = np.empty(start.shape[1]), tuple(range(start.shape[1]))
    energy = len(start) * POTENTIAL.energy_per_particle(positions, width)[0]
    accepted = np.zeros(moves.epochs, np.int64)
    for epoch in range(moves.epochs):
        for i in range(len(positions)):
            draw(generator, moves.max_displacement, moves.steps == "along_axes", step, axes)
            moved = positions.copy()
            moved[i] = (moved[i] + step) % width
            after = len(start) * POTENTIAL.energy_per_particle(moved, width)[0]
            rise = after - energy
            if rise <= 0.0 or uniform(generator) < np.exp(-rise / moves.temperature):
                positions, energy = moved, after
                accepted[epoch] += 1
    return positions, accepted


@pytest.mark.parametrize("temperature", [1e-12, 0.3, 5.0])
def test_moves_at_a_temperature_are_those_of_the_rule(temperature):
    """Move by move, with the same random numbers, ΔE that of the whole cell and not a particle."""
    moves = Metropolis(10, 0.3, temperature=temperature)
    relaxed, _, accepted = moves.relax(POTENTIAL, STARTS[:20], 4.0, seed=3)
    for k, start in enumerate(STARTS[:20]):
        if np.abs(POTENTIAL.energy_per_particle(start, 4.0)) < 1e3:  # of more, ΔE is rounding
            expected, kept = cooled_as_written(start, 4.0, moves, 3, k)
            np.testing.assert_allclose(relaxed[k], expected, atol=1e-11)
            assert accepted[k].tolist() == kept.tolist()


@IMAGES
def test_without_heat_moves_are_plain_ones(images):
    """Near T = 0 nothing rises; the first particle that moves makes the very step it makes there.

    A refused step takes one more random number, with which the two ways part.
    """
    cold = Metropolis(1, 0.2, images=images, temperature=1e-200)
    plain = RandomMoves(1, 0.2, images=images)
    frozen_out, rated = cold.relax(POTENTIAL, STARTS, 4.0, seed=6)[:2]
    moved, plainly_rated = plain.relax(POTENTIAL, STARTS, 4.0, seed=6)[:2]
    assert np.array_equal(frozen_out[:, 0], moved[:, 0])
    all_kept = (plainly_rated == 1.0) & (rated == 1.0)
    assert 0.02 < all_kept.mean() < 0.5
    assert np.array_equal(frozen_out[all_kept], moved[all_kept])
    if images == "moving":
        before, after = (POTENTIAL.energy_per_particle(p, 4.0) for p in (STARTS, frozen_out))
        assert (after <= before * (1 + 1e-12 * np.sign(before))).all()


@IMAGES
def test_in_the_greatest_heat_everything_moves(images):
    """exp(−ΔE/k_B T) is 1: particles wander all over the cell, as if there were no others."""
    hot = Metropolis(12, 0.5, images=images, temperature=1e300)
    relaxed, rates, accepted = hot.relax(POTENTIAL, STARTS, 4.0, seed=0)
    assert (accepted == 3).all()
    assert (rates == 1.0).all()
    assert np.histogram(relaxed, bins=10, range=(0.0, 4.0))[0] == pytest.approx(90, abs=5 * 90**0.5)


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf, True, "hot", None])
def test_impossible_temperatures_are_named(temperature):
    """Above 0 and finite: `RandomMoves` are what 0 would be."""
    with pytest.raises(InvalidInputError, match="temperature"):
        Metropolis(5, 0.1, temperature=temperature)


# The target acceptance rate


@IMAGES
@pytest.mark.parametrize("target", [0.0, 0.1, 0.2, 0.3])
def test_a_configuration_is_done_where_its_last_ten_epochs_accepted_too_little(images, target):
    """Each stops by itself, where it stands then: as a shorter relaxation of it would end."""
    epochs, n_particles = 45, 3
    endless = RandomMoves(epochs, 0.3, images=images)
    _, _, every = endless.relax(POTENTIAL, STARTS, 4.0, seed=1)
    stopping = RandomMoves(epochs, 0.3, images=images, target_acceptance_rate=target)
    relaxed, rates, accepted = stopping.relax(POTENTIAL, STARTS, 4.0, seed=1)
    sums = np.array([np.convolve(row, np.ones(10), "valid") for row in every])  # of ten epochs
    enough = sums <= target * 10 * n_particles
    lengths = np.where(enough.any(axis=1), 10 + enough.argmax(axis=1), epochs)
    assert len(np.unique(lengths)) > 4
    index = np.arange(epochs)
    expected = np.where(index < lengths[:, None], every, -1)
    assert np.array_equal(accepted, expected)
    for k in range(0, len(STARTS), 10):
        shorter = RandomMoves(int(lengths[k]), 0.3, images=images)
        one = shorter.relax(POTENTIAL, STARTS[k], 4.0, seed=1, first_index=k)
        assert np.array_equal(one.positions[0], relaxed[k])
        assert one.acceptance_rates[0] == rates[k]
    stopped = lengths < epochs
    assert (rates[stopped] <= target).all()
    assert (rates[~stopped & ~enough[:, -1]] > target).all()


def test_no_target_runs_all_epochs():
    """None, and a target of 0 where something is still accepted."""
    accepted = RandomMoves(30, 0.2).relax(POTENTIAL, STARTS, 4.0, seed=0).accepted
    assert accepted.shape == (150, 30)
    assert accepted.min() >= 0
    assert accepted.max() <= 3


@pytest.mark.parametrize("target", [-0.1, 1.0, 1.5, np.nan, "0.2", True, [0.2]])
def test_impossible_targets_are_named(target):
    """A part of the moves, from 0 to below 1."""
    with pytest.raises(InvalidInputError, match="target_acceptance_rate"):
        RandomMoves(5, 0.1, target_acceptance_rate=target)


# What grows with the cell


WIDTHS = np.array([1.7, 2.5, 4.0, 5.0, 7.4, 11.0, 20.0])
WIDE_STARTS = np.random.default_rng(0).uniform(0.0, 1.0, (7, 3, 2)) * WIDTHS[:, None, None]


@IMAGES
@pytest.mark.parametrize("reference", [5.0, 2.5])
def test_epochs_grow_with_the_cell(images, reference):
    """In proportion to the width, rounded: the others of the columns are marked as not run."""
    moves = RandomMoves(7, 0.1, scaled="epochs", reference_width=reference, images=images)
    relaxed, _, accepted = moves.relax(POTENTIAL, WIDE_STARTS, WIDTHS, seed=0)
    run = (accepted != -1).sum(axis=1)
    expected = [round(7 * width / reference) for width in WIDTHS]
    assert run.tolist() == expected
    assert accepted.shape == (7, max(expected))
    for k, epochs in enumerate(expected):
        assert (accepted[k, epochs:] == -1).all()
        plain = RandomMoves(epochs, 0.1, images=images).relax(
            POTENTIAL, WIDE_STARTS[k], WIDTHS[k], seed=0, first_index=k
        )
        assert np.array_equal(plain.positions[0], relaxed[k])


@IMAGES
@pytest.mark.parametrize("reference", [5.0, 2.5])
def test_steps_grow_with_the_cell(images, reference):
    """In proportion to the width: each cell relaxes as it would with its own longest step."""
    moves = RandomMoves(7, 0.1, scaled="max_displacement", reference_width=reference, images=images)
    relaxed, _, accepted = moves.relax(POTENTIAL, WIDE_STARTS, WIDTHS, seed=0)
    assert accepted.shape == (7, 7)
    for k, width in enumerate(WIDTHS):
        plain = RandomMoves(7, 0.1 * (width / reference), images=images).relax(
            POTENTIAL, WIDE_STARTS[k], width, seed=0, first_index=k
        )
        assert np.array_equal(plain.positions[0], relaxed[k])


def test_a_cell_that_is_too_small_for_an_epoch_stays():
    """Scaled down to 0 epochs, nothing is tried and nothing is rated."""
    moves = RandomMoves(2, 0.1, scaled="epochs", reference_width=50.0)
    relaxed, rates, accepted = moves.relax(POTENTIAL, WIDE_STARTS, WIDTHS, seed=0)
    assert np.array_equal(relaxed[:-1], WIDE_STARTS[:-1])
    assert np.isnan(rates[:-1]).all()
    assert accepted[-1].tolist() == [accepted[-1, 0]]
    assert rates[-1] >= 0.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", "diagonal"), ("scaled", "both"), ("images", "fixed"), ("images", None),
        ("steps", ["along_axes"]), ("reference_width", 0.0), ("reference_width", np.nan),
        ("epochs", True), ("epochs", "5"), ("max_displacement", -0.1), ("max_displacement", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [RandomMoves, Metropolis])
def test_choices_that_are_none_are_named(kind, field, value):
    """Every field is checked when the relaxation is written down, not when it runs."""
    settings = {"epochs": 5, "max_displacement": 0.1, field: value}
    if kind is Metropolis:
        settings["temperature"] = 1.0
    with pytest.raises(InvalidInputError, match=field):
        kind(**settings)
