"""Laws of smoothness: energies without jumps, forces without kicks, and forces that are slopes."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from peslab.evaluation.finding import Finding
from peslab.evaluation.subject import Array, Subject, distances

# Jumps below these are smaller than the errors of the best networks of this toy model: 7e-5 E_c
# for energies, 2e-3 E_c/R_c for their gradients.
ENERGY_JUMP = 1e-4  # E_c
FORCE_JUMP = 1e-3  # E_c/R_c
# Values are rounded, those of hard cores most: of the energy, or the largest force, where a jump is
# looked for. Measured are up to 1e-13, of energies of 1e11 E_c in a cell of 0.5 R_c.
ROUNDING = 1e-11

POINTS = 160  # of a path through the cell: steps of 0.03 R_c at a width of 5 R_c
LOOKED_INTO = 6  # steps of a path, the least smooth ones, and as many that are so for their place
SURROUNDINGS = 5  # steps before and behind one that tell how smooth a path is there
PIECES = 8  # that a step is cut into
CUTS = 9  # leave 1e-8 of a step, along which changes of a smooth surface follow a cubic
CORE = 0.7  # R_c: closer particles are in the hard core, whose slopes would hide what is elsewhere

# R_c, of finite differences: their error falls with the step, but for rounding. The best of each
# component is taken, as a long step may lead over the end of a sum.
STEPS = (1e-5, 1e-6, 1e-7)
SLOPES = 1e-5  # of the largest force: the error of finite differences with the longest step

IntArray = NDArray[np.int64]
Labels = Callable[[Array], tuple[Array, Array]]  # energies and forces along a path
Part = Callable[[Labels], Callable[[Array], Array]]  # one of the two


def paths(subject: Subject, examples: Array) -> Iterator[tuple[Labels, Array]]:
    """Ways through configurations: labels as functions of a coordinate, and where to look.

    One of the closest particles of each configuration goes once through the cell, over its border;
    and in an empty cell one passes between two others, where three lie in a line.
    """
    width = subject.cell_width
    for k, positions in enumerate(examples):
        axis = k % subject.dimension

        def drag(
            along: Array, positions: Array = positions, axis: int = axis
        ) -> tuple[Array, Array]:
            return subject.energy_and_forces(dragged(positions, axis, along), width)

        grid = positions[0, axis] + width * np.linspace(-0.5, 0.5, POINTS)
        to_others = distances(dragged(positions, axis, grid), width)[:, : subject.n_particles - 1]
        apart = to_others.min(axis=-1, initial=width)
        core = min(CORE, float(np.median(apart)))  # of crowded cells half is left
        yield drag, np.where((apart >= core) | beside_a_border(grid, width), grid, np.nan)
    if subject.dimension > 1:
        yield lambda along: between_two(subject, along), np.linspace(-1, 1, POINTS)


def beside_a_border(grid: Array, period: float) -> NDArray[np.bool_]:
    """Which points of a path are the ends of steps over multiples of a period, shape (n,)."""
    over = np.diff(np.floor(grid / period), prepend=np.nan, append=np.nan)
    over = np.where(np.isfinite(over), over, 0.0) != 0.0
    return np.asarray(over[:-1] | over[1:])


def dragged(positions: Array, axis: int, along: Array) -> Array:
    """A configuration (N, d) with its first particle at coordinates (k,) on an axis, (k, N, d)."""
    moved = np.repeat(positions[None], len(along), axis=0)
    moved[:, 0, axis] = along
    return moved


def between_two(subject: Subject, along: Array) -> tuple[Array, Array]:
    """A particle passes in the middle between two others that are 2.6 R_c apart."""
    width, positions = subject.large_width, np.zeros((len(along), 3, subject.dimension))
    positions[:, 0, 0], positions[:, 1, 0] = -1.3, 1.3
    positions[:, 2, 1] = along
    return subject.energy_and_forces(positions + 0.5 * width, width)


def energies_of(labels: Labels) -> Callable[[Array], Array]:
    """The energies alone."""
    return lambda along: labels(along)[0]


def forces_of(labels: Labels) -> Callable[[Array], Array]:
    """The forces alone."""
    return lambda along: labels(along)[1]


class Jump(NamedTuple):
    """Where a function jumps.

    Attributes:
        size: Of the jump, beyond what the slope around it gives.
        value: The largest magnitude of the function's values there.
    """

    size: float
    value: float

    def allowed(self, bound: float) -> float:
        """How far a smooth function may seem to jump there: values are rounded."""
        return bound + ROUNDING * self.value


def largest_jump(
    values: Callable[[Array], Array], grid: Array, period: float, bound: float = 1.0
) -> Jump:
    """How far a function jumps along a path.

    The least smooth steps are cut into pieces, again and again; what is kept is the piece whose
    change fits least to those of the others, which on a smooth path follow a cubic. By the size of
    changes alone a jump would be lost on a slope that is as steep, and the slopes of a hard core
    would pass for jumps: what counts is by how much the last piece departs from that cubic.

    Args:
        values: From coordinates (k,) to values (k, …).
        grid: Coordinates, shape (n,), NaN where nothing is asked.
        period: Steps over its multiples, the borders of cells, are always looked into.
        bound: Of jumps; the jump is the one that lies farthest above what is allowed.

    Returns:
        The largest jump that remains.
    """
    asked = np.isfinite(grid)
    known = values(grid[asked])
    table = np.full((len(grid), *known.shape[1:]), np.nan)
    table[asked] = known
    worst = least_smooth(grid, table, period)
    if not worst.size:
        return Jump(0.0, 0.0)
    ends = np.stack([grid[worst], grid[worst + 1]])
    sides = np.stack([table[worst], table[worst + 1]])
    places = np.arange(len(worst))
    fractions = np.linspace(0.0, 1.0, PIECES + 1)[:, None]
    for _ in range(CUTS):
        points = ends[0] + fractions * (ends[1] - ends[0])
        inner = values(points[1:-1].ravel()).reshape(-1, *sides.shape[1:])
        there = np.concatenate([sides[:1], inner, sides[1:]])
        changes = np.diff(there, axis=0)
        odd = oddness(changes).reshape(PIECES, len(places), -1)
        kept = odd.max(axis=2).argmax(axis=0)
        ends = np.stack([points[kept, places], points[kept + 1, places]])
        sides = np.stack([there[kept, places], there[kept + 1, places]])
    sizes = departures(changes).reshape(PIECES, len(places), -1)[kept, places].max(axis=1)
    largest = np.abs(sides).reshape(2, len(places), -1).max(axis=(0, 2))
    jumps = [Jump(float(size), float(value)) for size, value in zip(sizes, largest, strict=True)]
    return farthest(jumps, bound)


def farthest(jumps: list[Jump], bound: float) -> Jump:
    """The jump that lies farthest above what is allowed; one that is no number before any other."""
    return max(
        jumps, key=lambda jump: float(np.nan_to_num(jump.size / jump.allowed(bound), nan=np.inf))
    )


def off_a_cubic() -> Array:
    """What is left of changes (PIECES, …) once a cubic is fitted, as a matrix."""
    powers, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, PIECES), 4))
    return np.asarray(np.eye(PIECES) - powers @ powers.T)


def oddness(changes: Array) -> Array:
    """How far each change lies off a cubic through all, in its standard deviations: (PIECES, …).

    Of one outlier among changes that follow a cubic it is the largest for that one, always.
    """
    off = off_a_cubic()
    studentized = off / np.sqrt(np.diag(off))[:, None]
    return np.abs(np.tensordot(studentized, changes, axes=1))


def departures(changes: Array) -> Array:
    """How far each change lies off a cubic through the others, shape (PIECES, …)."""
    off = off_a_cubic()
    return np.asarray(np.abs(np.tensordot(off / np.diag(off)[:, None], changes, axes=1)))


def least_smooth(grid: Array, table: Array, period: float) -> IntArray:
    """Which steps of a path to look into.

    Those over a border, those that bend most, and those that bend most for their place: where
    particles are in their cores a path bends so much that jumps elsewhere would not be looked at.
    """
    bends = np.abs(np.diff(table, n=3, axis=0, prepend=table[:1], append=table[-1:]))
    bend = bends.reshape(len(bends), -1).max(axis=1)
    for_its_place = np.zeros_like(bend)
    known = np.isfinite(bend)
    if known.any():
        for_its_place[known] = bend[known] / usual(bend[known])
    border = beside_a_border(grid, period)
    bend[border[:-1] & border[1:]] = np.inf
    steps = np.flatnonzero(np.isfinite(grid[:-1]) & np.isfinite(grid[1:]))
    orders = (np.nan_to_num(bend, posinf=np.inf), for_its_place)
    chosen = [steps[np.argsort(by[steps])[-LOOKED_INTO:]] for by in orders]
    return np.unique(np.concatenate(chosen))


def usual(bends: Array) -> Array:
    """The median of what lies around each, above 0, shape (n,)."""
    around = np.pad(bends, SURROUNDINGS)
    medians = np.median(sliding_window_view(around, 2 * SURROUNDINGS + 1), axis=1)
    return np.asarray(medians + 1e-12 * bends.max() + np.finfo(float).tiny)


def worst_jump(subject: Subject, examples: Array, part: Part, bound: float) -> Jump:
    """The jump of energies, or forces, along all paths that lies farthest above its bound."""
    jumps = [
        largest_jump(part(labels), grid, subject.cell_width, bound)
        for labels, grid in paths(subject, examples)
    ]
    return farthest(jumps, bound)


def continuous(subject: Subject, examples: Array) -> Finding:
    """The energy does not jump."""
    jump = worst_jump(subject, examples, energies_of, ENERGY_JUMP)
    bound = jump.allowed(ENERGY_JUMP)
    return Finding(
        law="continuous",
        requirement="The energy does not jump while a particle moves.",
        quantity="largest jump of the energy along paths through the cell",
        measured=jump.size,
        unit="E_c",
        bound=bound,
        above=False,
        told="No step of a particle is too small to change the energy as little as one likes."
        if jump.size <= bound
        else "The energy jumps, at the border of the cell or where its sums end.",
    )


def differentiable(subject: Subject, examples: Array) -> Finding:
    """The forces do not jump."""
    jump = worst_jump(subject, examples, forces_of, FORCE_JUMP)
    bound = jump.allowed(FORCE_JUMP)
    return Finding(
        law="differentiable",
        requirement="The energy is continuously differentiable: forces do not jump.",
        quantity="largest jump of a force along paths through the cell",
        measured=jump.size,
        unit="E_c/R_c",
        bound=bound,
        above=False,
        told="Particles are never kicked."
        if jump.size <= bound
        else "A force jumps: at the border, where sums end, or where three lie in a line.",
    )


def slopes(subject: Subject, examples: Array) -> Finding:
    """F = −∂(N v)/∂r, against central differences."""
    # Away from the border, which some countings do not allow particles to cross.
    margin = 1e-3 * subject.cell_width
    inside = np.clip(examples, margin, subject.cell_width - margin)
    values, forces = subject.energy_and_forces(inside, subject.cell_width)
    numerical = [gradient_of_cell(subject, inside, step) for step in STEPS]
    measured = float(np.min([np.abs(forces + each) for each in numerical], axis=0).max())
    scale = np.abs(forces).max() + 1.0 + subject.n_particles * np.abs(values).max()
    bound = SLOPES * float(scale)
    return Finding(
        law="forces are slopes",
        requirement="Forces are minus the gradient of the energy of the cell.",
        quantity="largest difference of forces from finite differences of the energy",
        measured=measured,
        unit="E_c/R_c",
        bound=bound,
        above=False,
        told="Forces are those of the energy, so that energy is conserved."
        if measured <= bound
        else "The forces are not those of this energy.",
    )


def gradient_of_cell(subject: Subject, positions: Array, step: float) -> Array:
    """∂(N v)/∂r by central differences, shape (n, N, d)."""
    moves = step * np.eye(positions[0].size).reshape(-1, *positions.shape[1:])
    moved = np.stack([positions[:, None] + moves, positions[:, None] - moves])
    energies, _ = subject.energy_and_forces(
        moved.reshape(-1, *positions.shape[1:]), subject.cell_width
    )
    ahead, behind = energies.reshape(2, *positions.shape)
    return np.asarray(subject.n_particles * (ahead - behind) / (2.0 * step))


def smooth_end(subject: Subject) -> Finding:
    """At the cutoff, or at the depth where sums end, values and slopes have vanished."""
    reach = subject.reach
    inside = 1.0 - 1e-9
    measured = 0.0
    pair, triplet = subject.interactions.pair, subject.interactions.triplet
    if pair is not None:
        value, slope = pair(np.array([inside * reach.distance]))
        measured = max(measured, abs(value[0]), abs(slope[0]))
    if triplet is not None:
        perimeter = inside * reach.perimeter
        short = np.array([perimeter / 3.0, min(1.0, perimeter / 3.0)])
        rest = 0.5 * (perimeter - short)
        values, by_side = triplet(short, rest, rest)
        measured = max(measured, np.abs(values).max(), np.abs(by_side).max())
    where = "cutoff" if reach.depth is None else f"depth {reach.depth}"
    bound = ENERGY_JUMP
    return Finding(
        law="smooth end",
        requirement="Values and slopes have vanished at the cutoff, or where sums end.",
        quantity=f"value, or slope times R_c, of a pair or triangle at the {where}",
        measured=float(measured),
        unit="E_c",
        bound=bound,
        above=False,
        told=f"Nothing is felt of the {where}, where sums end."
        if measured <= bound
        else f"Some pairs or triangles still interact at the {where}, where their sums end.",
    )
