"""The counts of appendix B against loops that count one by one."""

from importlib import import_module
from itertools import permutations, product

import numpy as np
import pytest
from explicit_cells import depth_of_cells as depth_in_loops
from explicit_cells import sums

from peslab.errors import InvalidInputError
from peslab.toymodel.cost import (
    depth_of_cells,
    pair_count,
    surrounding_cells,
    triangle_count,
    triangles_within,
)

SHAPES = [
    (n, d, depth)
    for n, d, depth in product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2))
    if n * (2 * depth + 1) ** d <= 110
]


@pytest.mark.parametrize(("n", "d", "depth"), SHAPES)
def test_triangles_and_pairs_are_those_of_the_explicit_sums(n, d, depth):
    """Equation (9) term by term: three kinds of triangles, two of pairs."""
    positions = [[0.1 * i + 0.01 * axis for axis in range(d)] for i in range(n)]
    terms = sums(positions, 1.0, depth, lambda _r: 0.0, lambda _a, _b, _c: 0.0)
    assert triangle_count(n, d, depth) == sum(terms.triangle_terms)
    assert pair_count(n, d, depth) == sum(terms.pair_terms)


@pytest.mark.parametrize(("n", "d", "depth"), [(2, 1, 1), (3, 2, 1), (2, 3, 1), (1, 2, 2)])
def test_ordered_pairs_and_triangles_of_a_list_of_particles(n, d, depth):
    """Pairs and triangles begin in the cell, and a triangle that has left it does not return."""
    cells = [s for s in product(range(-depth, depth + 1), repeat=d) if any(s)]
    particles = [(i, None) for i in range(n)] + [(i, s) for s in cells for i in range(n)]
    pairs = [(a, b) for a, b in permutations(particles, 2) if a[1] is None]
    assert pair_count(n, d, depth) == len(pairs)
    triangles = [
        (a, b, c)
        for a, b, c in permutations(particles, 3)
        if a[1] is None and not (b[1] is not None and c[1] is None)
    ]
    assert triangle_count(n, d, depth) == len(triangles)


def test_the_recipe_of_the_thesis_takes_six_seconds():
    """Four particles in 2D to a depth of 3: 149,016 triangles of 40 µs and 780 pairs of 30 µs."""
    triangles, pairs = triangle_count(4, 2, 3), pair_count(4, 2, 3)
    assert (triangles, pairs) == (149_016, 780)
    assert 40e-6 * triangles + 30e-6 * pairs == pytest.approx(5.98, abs=0.01)


def test_the_leading_powers_are_those_of_equation_12():
    """Deep cells in 2D: twice the depth has 2⁴ times the triangles and 2² times the pairs, twice
    the particles 2³ and 2² times.
    """
    assert triangle_count(4, 2, 2000) / triangle_count(4, 2, 1000) == pytest.approx(16, rel=1e-2)
    assert pair_count(4, 2, 2000) / pair_count(4, 2, 1000) == pytest.approx(4, rel=1e-2)
    assert triangle_count(8, 2, 50) / triangle_count(4, 2, 50) == pytest.approx(8, rel=1e-3)
    assert pair_count(8, 2, 50) / pair_count(4, 2, 50) == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize(("cutoff", "width"), [(2.0, 5.0), (2.0, 3.0), (2.0, 1.5), (3, 1), (1, 9)])
def test_the_depth_of_the_cells(cutoff, width):
    """All triangles of a mean side below the cutoff lie within ⌈3 R_0 / 2 w_c⌉ cells."""
    assert depth_of_cells(cutoff, width) == depth_in_loops(cutoff, width)
    assert (depth_of_cells(cutoff, width) - 1) * width < 1.5 * cutoff


def test_no_cells_around():
    """A depth of 0 leaves the cell alone."""
    assert surrounding_cells(3, 0) == 0
    assert triangle_count(3, 3, 0) == 6
    assert pair_count(3, 3, 0) == 6


@pytest.mark.parametrize("function", [triangle_count, pair_count])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [((0, 2, 1), "n_particles"), ((4, 0, 1), "dimension"), ((4, 2, -1), "depth")],
)
def test_impossible_shapes_are_named(function, arguments, name):
    """No particles, no dimension and negative depths."""
    with pytest.raises(InvalidInputError, match=name):
        function(*arguments)


@pytest.mark.parametrize(
    ("arguments", "name"), [((0.0, 1.0), "cutoff"), ((1.0, -1.0), "cell_width")]
)
def test_impossible_lengths_are_named(arguments, name):
    """Lengths are above 0."""
    with pytest.raises(InvalidInputError, match=name):
        depth_of_cells(*arguments)


def test_figure_11_predicts_from_its_first_point_alone(repository, monkeypatch):
    """One constant is fitted to the smallest sum; the others are told beside what they took."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    bench_cost = import_module("bench_cost")
    took = {2: 3.0, 4: 10.0, 8: 50.0}
    monkeypatch.setattr(bench_cost, "seconds", lambda _, n_particles: took[n_particles])
    lines = bench_cost.curves([(n, 2) for n in took])
    (predicted,) = [line for name, line in lines.items() if name.startswith("predicted")]
    each = 3.0 / triangle_count(2, 2, 2)
    assert predicted == pytest.approx([each * triangle_count(n, 2, 2) for n in took])
    assert bench_cost.ratios(lines) == pytest.approx([10.0 / predicted[1], 50.0 / predicted[2]])


@pytest.mark.parametrize(("n", "d", "width", "distance"), [(4, 2, 1.0, 3.0), (8, 3, 2.52, 3.0)])
def test_triangles_within_a_perimeter_are_as_many_as_are_found(n, d, width, distance):
    """Around particles of random cells, but for their own images, which are not anywhere."""
    random = np.random.default_rng(0)
    shifts = width * np.array(list(product(range(-4, 5), repeat=d)))
    found = []
    for _ in range(10):
        places = random.uniform(0.0, width, (n, d))
        seen = (places + shifts[:, None]).reshape(-1, d) - places[0]
        far = np.linalg.norm(seen, axis=1)
        seen, far = seen[(far > 0.0) & (far < distance)], far[(far > 0.0) & (far < distance)]
        apart = np.linalg.norm(seen[:, None] - seen, axis=-1)
        perimeters = (apart + far + far[:, None])[np.triu_indices(len(seen), 1)]
        found.append((perimeters < 2.0 * distance).sum())
    assert np.mean(found) == pytest.approx(triangles_within(n, d, width, distance), rel=0.3)


@pytest.mark.parametrize("width", [1e-200, 1e-320])
def test_triangles_of_the_smallest_cells_are_infinite(width):
    """As far as floats go; no overflow is raised."""
    assert triangles_within(4, 3, width, 3.0) == np.inf
