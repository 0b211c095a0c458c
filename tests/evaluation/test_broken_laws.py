"""Every law can fail: what obeys all of them is broken in one way at a time."""

from dataclasses import replace

import numpy as np
import pytest

from peslab.errors import NotFiniteError
from peslab.evaluation import Finding, Interactions, Reach, Subject, try_laws
from peslab.evaluation.subject import distances
from peslab.evaluation.symmetry_laws import translation

WIDTH, CUTOFF = 4.0, 1.3  # no triangle of nearest images reaches around the cell


def well(r):
    """A soft repulsive core that ends smoothly: (1 − r²/R²)³ times a constant, and its slope."""
    x = np.maximum(1.0 - (r / CUTOFF) ** 2, 0.0)
    return 30.0 * x**3, -180.0 * r / CUTOFF**2 * x**2


def three(a, b, c):
    """A bond of three: the product of three such ends, negative."""
    ends = np.array([np.maximum(1.0 - (side / CUTOFF) ** 2, 0.0) ** 3 for side in (a, b, c)])
    slopes = [
        -6.0 * s / CUTOFF**2 * np.maximum(1.0 - (s / CUTOFF) ** 2, 0.0) ** 2 for s in (a, b, c)
    ]
    others = [ends[1] * ends[2], ends[0] * ends[2], ends[0] * ends[1]]
    return -8.0 * ends.prod(axis=0), -8.0 * np.array(slopes) * others


def nearest(positions, width):
    """Offsets (n, N, N, d) between nearest images; they are all that interacts."""
    offsets = positions[:, :, None] - positions[:, None]
    return offsets - width * np.round(offsets / width)


def energy_and_forces(positions, width):
    """Pairs and triangles of nearest images, written down independently of any kernel."""
    n, count, dimension = positions.shape
    offsets = nearest(positions, width)
    distance = np.sqrt((offsets**2).sum(axis=-1)) + np.eye(count)
    energies, forces = np.zeros(n), np.zeros((n, count, dimension))
    unit = offsets / distance[..., None]

    def push(i, j, slope):
        forces[:, i] -= slope[:, None] * unit[:, i, j]
        forces[:, j] += slope[:, None] * unit[:, i, j]

    for i in range(count):
        for j in range(i):
            value, slope = well(distance[:, i, j])
            energies += value
            push(i, j, slope)
            for k in range(j):
                corners = ((i, j), (i, k), (j, k))
                value, slopes = three(*(distance[:, p, q] for p, q in corners))
                energies += value
                for (p, q), by_side in zip(corners, slopes, strict=True):
                    push(p, q, by_side)
    return energies / count, forces


GOOD = Subject(
    energy_and_forces=energy_and_forces,
    energy_at_depth=lambda positions, width, _depth: energy_and_forces(positions, width)[0],
    interactions=Interactions(well, three, pair_weight=1.0, triplet_weight=1.0),
    reach=Reach(distance=CUTOFF, perimeter=3 * CUTOFF, depth=None),
    n_particles=4,
    dimension=2,
    cell_width=WIDTH,
)


def broken(subject, seed=0):
    """The laws that fail."""
    return {finding.law for finding in try_laws(subject, seed) if finding.verdict == "fails"}


def told(subject, law):
    """What is told of a law that fails."""
    (finding,) = [finding for finding in try_laws(subject, 0) if finding.law == law]
    assert finding.verdict == "fails"
    return finding.told


def with_extra(extra):
    """The good subject with something added to its energies, and to its forces if it says so."""

    def labels(positions, width):
        energies, forces = energy_and_forces(positions, width)
        added, pushed = extra(positions, width)
        return energies + added, forces + pushed

    return replace(
        GOOD,
        energy_and_forces=labels,
        energy_at_depth=lambda positions, width, _depth: labels(positions, width)[0],
    )


def test_what_is_not_broken_obeys_every_law():
    """Pairs and triangles of nearest images, as far as the cell is wide enough for them."""
    assert broken(GOOD) == set()


@pytest.mark.parametrize("seed", range(4))
def test_other_configurations_obey_them_too(seed):
    """No verdict depends on what is drawn."""
    assert broken(GOOD, seed) == set()


def test_an_energy_that_knows_images_apart():
    """Unwrapped coordinates that enter the energy: images are then different particles."""
    leaning = with_extra(lambda x, _width: (1e-3 * x.sum(axis=(1, 2)), -1e-3 * x.shape[1]))
    assert "which image of a particle is taken" in told(leaning, "positions only")


def test_an_energy_with_a_memory():
    """The same question a second time has another answer."""
    asked = []

    def forgetful(positions, width):
        asked.append(1)
        return 1e-4 * len(asked), 0.0

    assert "for a second time" in told(with_extra(forgetful), "positions only")


def test_a_step_of_the_energy():
    """A jump of 0.01 E_c in the middle of the cell is found, though slopes are far steeper."""
    stepping = with_extra(
        lambda x, width: (0.01 * (x[..., 0] % width > width / 2).sum(axis=1) / x.shape[1], 0.0)
    )
    assert {"continuous", "translation"} <= broken(stepping)


def test_a_kink_of_the_energy():
    """A potential like |x| is continuous, but its force jumps."""

    def roof(x, width):
        place = (x % width) - width / 2
        return 0.05 * np.abs(place).sum(axis=(1, 2)) / x.shape[1], -0.05 * np.sign(place)

    found = broken(with_extra(roof))
    assert "differentiable" in found
    assert "continuous" not in found


@pytest.mark.parametrize("place", [0.31, 0.5, 0.77])
def test_small_steps_and_kinks_are_broken_laws(place):
    """A jump of 1e-3 E_c, and one of a force of 0.005 E_c/R_c: ten and five times their bounds."""

    def step(x, width):
        return 1e-3 * (x[..., 0] % width > place * width).sum(axis=1), 0.0

    def kink(x, width):
        push = np.zeros_like(x)
        push[..., 0] = 0.005 * (x[..., 0] % width > place * width)
        return 0.0, push

    assert "continuous" in broken(with_extra(step))
    assert "differentiable" in broken(with_extra(kink))


@pytest.mark.parametrize("factor", [-1.0, 0.25, 1.001])
def test_forces_of_another_energy(factor):
    """A sign, the gradient per particle instead of per cell, and a mistake of one in a thousand."""

    def labels(positions, width):
        energies, forces = energy_and_forces(positions, width)
        return energies, factor * forces

    assert broken(replace(GOOD, energy_and_forces=labels)) == {"forces are slopes"}


def test_a_cutoff_that_is_felt():
    """Where an interaction is cut before it has vanished, pairs jump apart."""
    early = replace(GOOD, reach=Reach(distance=1.0, perimeter=3 * CUTOFF, depth=None))
    assert broken(early) == {"smooth end"}
    only_triangles = replace(GOOD, reach=Reach(distance=CUTOFF, perimeter=2.1, depth=None))
    assert broken(only_triangles) == {"smooth end"}


def test_a_field_from_outside():
    """Particles that feel the walls of the cell: smooth and periodic, but the origin matters."""

    def field(x, width):
        wave = 2 * np.pi / width
        energy = 0.01 * np.cos(wave * x).sum(axis=(1, 2)) / x.shape[1]
        return energy, 0.01 * wave * np.sin(wave * x)

    assert broken(with_extra(field)) == {"translation", "supercell", "lone triangle"}


def test_a_border_that_is_felt():
    """A particle weighs more in one half of the narrow seam along the border."""
    seam = with_extra(lambda x, width: (0.01 * (x % width < 1e-6).any(axis=(1, 2)), 0.0))
    assert "crossing the border" in broken(seam)


def test_particles_with_names():
    """The first particle repels the second one more than any other."""

    def named(x, width):
        if x.shape[1] < 2:
            return 0.0, 0.0
        value, _ = well(np.sqrt((nearest(x, width)[:, 0, 1] ** 2).sum(axis=-1)))
        return 0.01 * value, 0.0

    assert "the order of the particles" in told(with_extra(named), "permutation")


def test_an_axis_that_is_singled_out():
    """Layers like those of graphite: what lies along x counts otherwise than along y."""

    def layered(x, width):
        wave = 2 * np.pi / width
        phases = wave * nearest(x, width)[..., 0]
        forces = np.zeros_like(x)
        forces[..., 0] = 0.02 * wave * np.sin(phases).sum(axis=2)
        return 0.01 * np.cos(phases).sum(axis=(1, 2)) / x.shape[1], forces

    assert "turned or mirrored" in told(with_extra(layered), "rotation, reflection")
    assert "translation" not in broken(with_extra(layered))


def test_the_energy_of_the_cell_instead_of_per_particle():
    """Then a supercell has four times the energy of the cell."""

    def whole(positions, width):
        energies, forces = energy_and_forces(positions, width)
        return energies * positions.shape[1], forces * positions.shape[1]

    found = broken(replace(GOOD, energy_and_forces=whole))
    assert {"supercell", "lone triangle"} <= found


def test_pairs_alone():
    """Without the bond of three, three particles are three pairs."""

    def pairs(positions, width):
        distance = np.sqrt((nearest(positions, width) ** 2).sum(axis=-1))
        count = positions.shape[1]
        first, second = np.triu_indices(count, 1)
        value, slope = well(distance[:, first, second])
        unit = nearest(positions, width)[:, first, second] / distance[:, first, second, None]
        forces = np.zeros_like(positions)
        for k, (i, j) in enumerate(zip(first, second, strict=True)):
            forces[:, i] -= slope[:, k, None] * unit[:, k]
            forces[:, j] += slope[:, k, None] * unit[:, k]
        return value.sum(axis=1) / count, forces

    lonely = replace(
        GOOD,
        energy_and_forces=pairs,
        energy_at_depth=lambda positions, width, _depth: pairs(positions, width)[0],
        interactions=Interactions(well, None, 1.0, 0.0),
    )
    assert broken(lonely) == {"more than pairs"}


def test_images_far_away_that_are_felt():
    """The energy of three in a large cell is not that of their interactions."""
    assert broken(replace(GOOD, interactions=replace(GOOD.interactions, triplet_weight=1.1))) == {
        "lone triangle"
    }


@pytest.mark.parametrize("core", [0.0, 0.01, -1.0])
def test_particles_that_do_not_repel(core):
    """No core, a weak one, an attractive one: two that are too close have no high energy."""

    def soft(r):
        value, slope = well(r)
        return core * value, core * slope

    weak = replace(GOOD, interactions=replace(GOOD.interactions, pair=soft))
    (finding,) = [finding for finding in try_laws(weak, 0) if finding.law == "repulsion"]
    assert finding.verdict == "fails"
    assert "by themselves" in finding.told


def test_a_third_particle_that_binds_two_in_their_cores():
    """Two that repel each other alone, but not where a third one holds them together."""
    strong = replace(GOOD, interactions=replace(GOOD.interactions, triplet_weight=500.0))
    (finding,) = [finding for finding in try_laws(strong, 0) if finding.law == "repulsion"]
    assert finding.verdict == "fails"
    assert "bound by a third" in finding.told


@pytest.mark.parametrize(
    ("power", "converges"), [(-5.0, True), (-3.0, True), (-1.0, False), (0.0, False), (2.0, False)]
)
def test_sums_without_an_end(power, converges):
    """Layers that fall with their square or faster add up; those of a logarithm do not."""

    def energy(positions, width, depth):
        layers = 0.1 * np.arange(1.0, depth + 1) ** power
        return energy_and_forces(positions, width)[0] + layers.sum()

    endless = replace(GOOD, energy_at_depth=energy)
    assert broken(endless) == (set() if converges else {"convergence"})


def test_what_is_missing_of_a_sum_is_told():
    """Layers of 0.1/k⁵ leave Σ k⁻⁵/10 beyond depth 3, that is 0.0006."""

    def energy(positions, width, depth):
        # Twice the depth in the cell reaches as far as the depth in the supercell.
        far = depth * width / WIDTH
        return (
            energy_and_forces(positions, width)[0] + 0.1 * (np.arange(1.0, far + 1) ** -5.0).sum()
        )

    deep = replace(GOOD, energy_at_depth=energy, reach=Reach(CUTOFF, 3 * CUTOFF, depth=3))
    (finding,) = [finding for finding in try_laws(deep, 0) if finding.law == "convergence"]
    exact = 0.1 * (np.arange(4.0, 2000.0) ** -5.0).sum()
    assert finding.verdict == "passes"
    assert float(finding.told.split()[1]) == pytest.approx(exact, rel=0.4)
    assert "depth 3" in finding.told


def test_laws_of_what_is_not_finite_fail_and_tell_where():
    """Each that meets it, in its own words; the others are tried as ever."""

    def hollow(positions, width):
        if positions.shape[1] == 3:
            raise NotFiniteError("an energy is not finite.", "not finite: nan at 0.4")
        return energy_and_forces(positions, width)

    found = {f.law: f for f in try_laws(replace(GOOD, energy_and_forces=hollow), 0)}
    healthy = {f.law: f for f in try_laws(GOOD, 0)}
    failed = {law for law, finding in found.items() if finding.verdict == "fails"}
    assert failed == {"continuous", "differentiable", "more than pairs", "lone triangle"}
    assert list(found) == list(healthy)
    for law in failed:
        assert found[law].told == "Not finite: nan at 0.4."
        assert np.isnan(found[law].measured)
        assert found[law].requirement == healthy[law].requirement


def test_label_noise_is_that_of_most_configurations():
    """Not of one that has collapsed, and not of those that stay as they are."""
    sizes = np.array([0.0, 0.0, 0.1, 0.2, 1e5])
    relaxed = np.zeros((5, 4, 2)) + sizes[:, None, None]

    def noisy(positions, _width):
        calls = np.arange(len(positions))
        return np.repeat(sizes, 32) * (calls % 2), np.zeros_like(positions)

    finding = translation(replace(GOOD, energy_and_forces=noisy), relaxed, np.random.default_rng(0))
    assert finding.verdict == "fails"
    assert finding.measured == pytest.approx(0.1)
    assert finding.told.startswith("Labels of 60% of the relaxed configurations are noisy, by 0.1")


@pytest.mark.parametrize(
    ("measured", "above", "verdict"),
    [
        (0.9, False, "passes"),
        (1.0, False, "passes"),
        (1.1, False, "fails"),
        (1.1, True, "passes"),
        (1.0, True, "fails"),
        (float("nan"), False, "fails"),
        (float("nan"), True, "fails"),
        (None, False, "does not apply"),
    ],
)
def test_verdicts(measured, above, verdict):
    """On the right side of the bound; what is not a number is on the wrong one."""
    assert Finding("law", "", "", measured, "E_c", 1.0, above, "").verdict == verdict


def test_energies_that_are_no_numbers_break_laws_and_are_told_so():
    """NaN is on neither side of a bound, and no law that fails is told like one that passes."""
    nowhere = with_extra(lambda x, _width: (np.full(len(x), np.nan), np.full_like(x, np.nan)))
    passed = {finding.law: finding.told for finding in try_laws(GOOD, 0)}
    findings = [finding for finding in try_laws(nowhere, 0) if finding.verdict == "fails"]
    assert {"continuous", "permutation", "translation", "lone triangle"} <= {
        finding.law for finding in findings
    }
    for finding in findings:
        assert finding.told != passed[finding.law]


def test_every_finding_explains_itself():
    """One sentence each for what is asked, what was measured and what it means."""
    for finding in try_laws(GOOD, 0):
        for words in (finding.requirement, finding.told):
            assert words[0].isupper()
            assert words.endswith(".")
        assert finding.quantity
        assert finding.unit in {"E_c", "E_c/R_c", "times"}


def test_examples_feel_each_other_across_the_border():
    """One of the closest particles lies in a corner, the other some 0.9 R_c away."""
    examples = GOOD.examples(50, np.random.default_rng(0))
    assert examples.shape == (50, 4, 2)
    assert examples.min() >= 0.0
    assert examples.max() < WIDTH
    np.testing.assert_allclose(examples[:, 0], 0.02 * WIDTH)
    closest = distances(examples, WIDTH)[:, :3].min(axis=1)
    assert np.abs(closest - 0.9).max() < 0.3
    assert np.abs(closest - 0.9).mean() < 0.05
    np.testing.assert_allclose(closest, distances(examples, WIDTH).min(axis=1))
