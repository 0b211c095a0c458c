"""Laws of symmetry: what may be done to a configuration without changing its energy."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np

from peslab.evaluation.finding import Finding
from peslab.evaluation.subject import Array, Subject

ROUNDING = 1e-9  # of the largest energy or force: sums in another order differ in their last digits

TRANSLATIONS = 32  # of each relaxed configuration: the scatter of energies is known to 1/8

# Half of the step that takes a particle over the border, in cell widths: the energy of a smooth
# surface does not change by it, as the whole configuration moves.
OVER_THE_BORDER = 1e-9


def change(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    """The largest difference of energies, or of forces times R_c, in units of energy."""
    energies = np.abs(one[0] - other[0]).max()
    return float(max(energies, np.abs(one[1] - other[1]).max()))


def rounding(labels: tuple[Array, Array]) -> float:
    """How far equal energies and forces may lie apart."""
    largest = max(np.abs(labels[0]).max(), np.abs(labels[1]).max())
    return float(ROUNDING * (1.0 + largest))


def positions_only(subject: Subject, examples: Array, random: np.random.Generator) -> Finding:
    """Any image of a particle will do, in any company, as often as one asks."""
    width = subject.cell_width
    labels = subject.energy_and_forces(examples, width)
    images = examples + width * random.integers(-3, 4, examples.shape)
    elsewhere = subject.energy_and_forces(images[::-1], width)
    by_images = change(labels, (elsewhere[0][::-1], elsewhere[1][::-1]))
    again = change(labels, subject.energy_and_forces(examples, width))
    measured, bound = max(by_images, again), rounding(labels)
    if measured <= bound:
        told = "Any image of a particle stands for all of them."
    elif again <= bound:
        told = "The energy or the forces depend on which image of a particle is taken."
    else:
        told = "The same positions, asked for a second time, have another energy or other forces."
    return Finding(
        law="positions only",
        requirement="The energy depends on the positions of the particles alone, images included.",
        quantity="change of energy, or of forces times R_c, by taking images",
        measured=measured,
        unit="E_c",
        bound=bound,
        above=False,
        told=told,
    )


def translation(subject: Subject, relaxed: Array, random: np.random.Generator) -> Finding:
    """The label noise: how far the energy of one configuration scatters while it is moved.

    Of a configuration it is the mean absolute error of the best prediction that does not change
    then, their median; of all the median of those that scatter, for a few that have collapsed, with
    energies of −1e5 E_c, would rule a mean.
    """
    n, width = len(relaxed), subject.cell_width
    shifts = random.uniform(0.0, width, (n, TRANSLATIONS, 1, subject.dimension))
    moved = (relaxed[:, None] + shifts).reshape(-1, *relaxed.shape[1:])
    energies = subject.energy_and_forces(moved, width)[0].reshape(n, TRANSLATIONS)
    scatter = np.abs(energies - np.median(energies, axis=1, keepdims=True)).mean(axis=1)
    bound = ROUNDING * (1.0 + float(np.abs(energies).max()))
    noisy = scatter[scatter > bound]
    noise = float(np.median(noisy)) if len(noisy) else float(scatter.max())
    return Finding(
        law="translation",
        requirement="Moving all particles together changes nothing.",
        quantity="median of the mean changes that the energies of relaxed configurations show "
        "when they are moved, of those that change",
        measured=noise,
        unit="E_c",
        bound=bound,
        above=False,
        told="The origin of the cell is nowhere."
        if noise <= bound
        else f"Labels of {len(noisy) / n:.0%} of the relaxed configurations are noisy, by "
        f"{noise:.2g} E_c (their median): networks with invariant inputs cannot learn that.",
    )


def border(subject: Subject, examples: Array) -> Finding:
    """Particles cross the border of the cell one at a time, while all move together."""
    width, (n, n_particles, dimension) = subject.cell_width, examples.shape
    sides = np.empty((2, n, n_particles, dimension, n_particles, dimension))
    sides[:] = examples[None, :, None, None]
    for side, particle, axis in product((0, 1), range(n_particles), range(dimension)):
        step = (2 * side - 1) * OVER_THE_BORDER * width
        sides[side, :, particle, axis, :, axis] += step - examples[:, particle, axis, None]
    labels = subject.energy_and_forces(sides.reshape(-1, n_particles, dimension), width)
    before, after = labels[0].reshape(2, -1)
    jump = float(np.abs(after - before).max())
    bound = rounding(labels)
    return Finding(
        law="crossing the border",
        requirement="A particle that leaves the cell, and enters it opposite, changes nothing.",
        quantity="largest jump of the energy as a particle crosses the border",
        measured=jump,
        unit="E_c",
        bound=bound,
        above=False,
        told="Pairs and triangles weigh the same, whichever cells their corners lie in."
        if jump <= bound
        else "Pairs or triangles weigh otherwise when their corners lie in several cells.",
    )


def permutation(subject: Subject, examples: Array, random: np.random.Generator) -> Finding:
    """Particles have no names."""
    order = random.permutation(examples.shape[1])
    if len(order) > 1 and (order == np.arange(len(order))).all():
        order = order[::-1]
    energies, forces = subject.energy_and_forces(examples, subject.cell_width)
    swapped = subject.energy_and_forces(examples[:, order], subject.cell_width)
    measured, bound = change(swapped, (energies, forces[:, order])), rounding((energies, forces))
    if subject.n_particles == 1:
        told = "There is one particle."
    elif measured <= bound:
        told = "Particles have no names."
    else:
        told = "The energy or the forces depend on the order of the particles."
    return Finding(
        law="permutation",
        requirement="Exchanging particles exchanges their forces and keeps the energy.",
        quantity="change of energy, or of forces times R_c, by exchanging particles",
        measured=measured if subject.n_particles > 1 else None,
        unit="E_c",
        bound=bound,
        above=False,
        told=told,
    )


def rotations(subject: Subject, examples: Array) -> Finding:
    """The mirrors and quarter turns that generate the symmetries of a square or a cube."""
    width = subject.cell_width
    energies, forces = subject.energy_and_forces(examples, width)
    measured = max(
        change(
            subject.energy_and_forces(examples @ turn.T, width),
            (energies, forces @ turn.T),
        )
        for turn in mirrors_and_turns(subject.dimension)
    )
    bound = rounding((energies, forces))
    return Finding(
        law="rotation, reflection",
        requirement="Mirrors and quarter turns of the lattice turn the forces, keep the energy.",
        quantity="change of energy, or of forces times R_c, by mirrors and turns",
        measured=measured,
        unit="E_c",
        bound=bound,
        above=False,
        told="No axis and no handedness is singled out."
        if measured <= bound
        else "The energy or the forces depend on how the lattice is turned or mirrored.",
    )


def mirrors_and_turns(dimension: int) -> Iterator[Array]:
    """Matrices (d, d): a mirror for each axis, a quarter turn for each pair of axes."""
    for axis in range(dimension):
        mirror = np.eye(dimension)
        mirror[axis, axis] = -1.0
        yield mirror
    for first, second in combinations(range(dimension), 2):
        turn = np.eye(dimension)
        turn[[first, second]] = turn[[second, first]]
        turn[first] *= -1.0
        yield turn


def supercell(subject: Subject, examples: Array) -> Finding:
    """2ᵈ cells side by side are one cell of twice the width.

    Sums that end at a depth are compared at the same absolute distance: depth 2 in the cell, depth
    1 in the supercell.
    """
    width, dimension = subject.cell_width, subject.dimension
    cells = width * np.array(list(product((0.0, 1.0), repeat=dimension)))
    large = (examples[:, None] + cells[:, None]).reshape(len(examples), -1, dimension)
    if subject.reach.depth is None:
        small_energies = subject.energy_and_forces(examples, width)[0]
        large_energies = subject.energy_and_forces(large, 2.0 * width)[0]
    else:
        small_energies = subject.energy_at_depth(examples, width, 2)
        large_energies = subject.energy_at_depth(large, 2.0 * width, 1)
    difference = float(np.abs(large_energies - small_energies).max())
    bound = ROUNDING * (1.0 + float(np.abs(small_energies).max()))
    return Finding(
        law="supercell",
        requirement="Cells taken together have the energy per particle of one of them.",
        quantity="change of the energy per particle in a supercell",
        measured=difference,
        unit="E_c",
        bound=bound,
        above=False,
        told="The energy is extensive: twice the crystal, twice the energy."
        if difference <= bound
        else "The energy of a crystal depends on the cell that it is described by.",
    )
