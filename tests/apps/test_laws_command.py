"""`peslab laws`: a table, a verdict as exit status, figures in a folder, a run in MLflow."""

import json
import time

import numpy as np
import pytest
from matplotlib.figure import Figure

from peslab.apps import laws
from peslab.database import DatabaseSettings
from peslab.problems import LatticePES
from peslab.toymodel import (
    AreaTimesPairs,
    Lattice,
    ModifiedLennardJones,
    Morse,
    RandomMoves,
    normalized,
)
from peslab.tracking import Tracking

DATABASE = DatabaseSettings(
    size=20, seed=0, keep_quantile=0.9, validation_fraction=0.2, test_size=10, test_seed=1
)


def runs(home):
    """The runs of the experiment `laws`."""
    client = Tracking(uri=None, experiment="laws").client(home)
    experiment = client.get_experiment_by_name("laws")
    return client, list(client.search_runs([experiment.experiment_id]))


def test_the_default_potential_obeys_every_law(peslab, home, monkeypatch):
    """Status 0, a tick for each law, and a table that fits into 80 columns."""
    from peslab.apps import present

    monkeypatch.setattr(present.console, "width", 80)
    answer = peslab("laws")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.count("✓") == 14
    assert "✗" not in answer.out
    assert "obeys every law" in answer.out
    (table, _, _) = answer.out.partition("The potential obeys")
    assert max(len(line) for line in table.splitlines()) <= 80
    for law in ("translation", "repulsion", "convergence", "more than pairs"):
        assert law in table


def test_the_published_counting_is_told_and_fails(peslab, home):
    """Status 1, a sentence for each broken law, the label noise in numbers."""
    answer = peslab("laws", "potential.counting=published")
    assert (answer.status, answer.err) == (1, "")
    for law in ("continuous", "differentiable", "translation", "supercell", "crossing the border"):
        assert f"✗ {law}" in answer.out
        assert f"✗ {law}: " in answer.out
    assert "of the relaxed configurations are noisy, by 0." in " ".join(answer.out.split())


def test_figures_and_numbers_are_kept(peslab, home):
    """A folder named by what was overridden, and one finished run with all figures."""
    answer = peslab("laws", "potential.cutoff=1.5", "potential.counting=once")
    assert answer.status == 1
    (folder,) = (home / "laws").iterdir()
    assert folder.name == "potential.counting=once,potential.cutoff=1.5"
    figures = sorted(file.name for file in folder.iterdir())
    assert figures == ["curve.png", "lattices.png", "six_tests.png"]
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in figures)
    client, (run,) = runs(home)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == folder.name
    assert run.data.metrics["laws_broken"] == 5
    assert run.data.metrics["law/translation"] > 0.01
    assert run.data.metrics["law/rotation_reflection"] < 1e-6
    assert run.data.params["potential.counting"] == "once"
    assert run.data.params["lattice.cell_width"] == "5.0"
    kept = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    environment = {"environment.yaml", "installed.txt"}
    assert kept - {"uncommitted.diff"} == {*figures, "laws.json"} | environment
    assert run.info.run_id[:8] in answer.out


def test_json_is_for_programs(peslab, home):
    """One object: every law with its number and verdict, the figures, the run."""
    answer = peslab("laws", "--json", "potential=lennard_jones", "relaxation.epochs=2")
    assert answer.status == 1
    told = json.loads(answer.out)
    assert told["obeys_all"] is False
    assert [law["law"] for law in told["laws"] if law["verdict"] == "fails"] == ["more than pairs"]
    (translation,) = [law for law in told["laws"] if law["law"] == "translation"]
    assert set(translation) >= {"measured", "unit", "bound", "requirement", "quantity", "told"}
    assert all(path.startswith(str(home)) for path in told["figures"])
    _, (run,) = runs(home)
    assert told["run_id"] == run.info.run_id


def test_pairs_of_another_potential_are_tried_and_recorded(peslab, home):
    """Equation (7) with Morse pairs repels; what the pairs were stands in the run's params."""
    answer = peslab(
        "laws", "potential=area_and_circumference", "potential/pair_part=morse",
        "potential.triplet_weight=0.75", "potential.depth=2", "relaxation.epochs=2", "--json",
    )  # fmt: skip
    verdicts = {law["law"]: law["verdict"] for law in json.loads(answer.out)["laws"]}
    assert verdicts["repulsion"] == "passes"
    _, (run,) = runs(home)
    assert run.data.params["potential.pair_part.stiffness"] == "72.0"


@pytest.mark.parametrize(
    ("potential", "title", "counted"),
    [
        (
            ModifiedLennardJones(),
            "Modified Lennard-Jones, each triangle once for each corner",
            (3, 6, 6, None),
        ),
        (
            ModifiedLennardJones(counting="once"),
            "Modified Lennard-Jones, each triangle once",
            (3, 1, 3, None),
        ),
        (Morse(depth=1), "Morse, each pair once for each corner", (2, 2, 2, None)),
        (Morse(counting="once"), "Morse, each pair once", (2, 1, 2, None)),
        (
            AreaTimesPairs(counting="block", depth=1),
            "Area times pairs, all of a block of cells",
            (3, 6, 6, 3),
        ),
    ],
)
def test_figures_tell_in_words_what_they_show(potential, title, counted):
    """Not by the names of classes and options."""
    assert laws.title_of(potential) == title
    assert laws.counted(potential) == counted


@pytest.mark.parametrize("dimension", [2, 3])
def test_pages_tell_that_they_are_of_the_plane(dimension, monkeypatch):
    """The six tests and the lattices are those of figures 2 to 8, whatever the lattice."""
    from peslab import evaluation

    monkeypatch.setattr(evaluation, "try_laws", lambda *_: [])
    problem = LatticePES(
        ModifiedLennardJones(), Lattice(2, dimension, 5.0), RandomMoves(1, 0.1), DATABASE
    )
    _, figures = laws.measured(problem)
    for name in ("six_tests.png", "lattices.png"):
        told = figures[name].get_suptitle().split("\n")[1:]
        assert told == ["in two dimensions; the lattice has 3"] * (dimension - 2)


@normalized
def hollow(a, b, c):
    """A potential of one's own that is no number for some triangles."""
    return (a * b * c) ** -4 - (a + b + c) ** -6 + 0 * np.sqrt(a + b + c - 6.0)


def test_a_potential_that_is_no_number_somewhere_has_verdicts():
    """Laws that meet it fail, with the sides; what cannot be drawn is left out."""
    problem = LatticePES(hollow(cutoff=2.0), Lattice(4, 2, 2.0), RandomMoves(0, 0.1), DATABASE)
    findings, figures = laws.measured(problem)
    assert set(figures) == {"lattices.png"}
    told = {law["law"]: law for law in laws.laws_as_json(findings)}
    assert told["translation"]["verdict"] == "fails"
    assert told["translation"]["measured"] is None
    assert told["translation"]["told"].startswith("Not finite: hollow returns nan at the sides (0.")
    assert told["repulsion"]["told"].endswith("returns nan at sides of 0.5, 0.4717, 0.4717.")
    assert told["lone triangle"]["verdict"] == "passes"
    json.dumps(told, allow_nan=False)


def test_a_cutoff_below_the_minimum_is_told(peslab, home):
    """Three particles are looked at within it, and do feel more than their pairs."""
    answer = peslab("laws", "--json", "potential.cutoff=0.9", "relaxation.epochs=2")
    found = json.loads(answer.out)
    assert found["obeys_all"]
    assert "lies within the equilibrium distance 1: the minimum is cut away" in found["remark"]


@pytest.mark.parametrize(("energy", "distance"), [(1.0, 0.3), (27.2, 100.0)])
def test_laws_and_figures_are_in_units_of_the_potential(energy, distance):
    """Numbers and curves are those of E_c = 1 and R_c = 1, as their units say."""
    found = []
    for e, r in ((1.0, 1.0), (energy, distance)):
        potential = ModifiedLennardJones(
            cutoff=2 * r, characteristic_energy=e, characteristic_distance=r, counting="published"
        )
        problem = LatticePES(potential, Lattice(4, 2, 5 * r), RandomMoves(2, 0.1 * r), DATABASE)
        found.append(laws.measured(problem))
    (findings, figures), (others, same) = found
    for one, other in zip(findings, others, strict=True):
        assert (one.law, one.unit, one.verdict) == (other.law, other.unit, other.verdict)
        if one.bound > 1e-3:  # others measure rounding
            assert other.bound == pytest.approx(one.bound, rel=1e-3)
    translation = [finding.measured for finding in (findings[5], others[5])]
    assert translation[0] == pytest.approx(translation[1], rel=1e-6)
    for axes, other in zip(figures["curve.png"].axes, same["curve.png"].axes, strict=True):
        assert len(axes.lines) == 4
        for line, one in zip(axes.lines[1:], other.lines[1:], strict=True):
            np.testing.assert_allclose(one.get_xydata(), line.get_xydata(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["potential.counting=published,once"], "one potential at a time"),
        (["potential=lenard_jones"], "did you mean lennard_jones?"),
        (["potential.cuttoff=2"], "did you mean potential.cutoff?"),
        (["potential=lennard_jones", "potential.depth=null"], "has no cutoff"),
        (["lattice.n_particles=0"], "n_particles"),
        (["--jsn"], "cannot be read"),
        (["tracking.uri=nowhere"], "not a tracking store"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(arguments, words, peslab, home):
    """Status 2 is for mistakes alone, told before anything is drawn."""
    answer = peslab("laws", *arguments)
    assert answer.status == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert not home.exists()


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "default"),
        (["potential=morse"], "potential=morse"),
        (
            ["potential/pair_part=morse", "lattice=cube_8"],
            "lattice=cube_8,potential.pair_part=morse",
        ),
    ],
)
def test_folders_are_named_by_what_was_overridden(overrides, name):
    """So that figures of several potentials lie side by side."""
    assert laws.folder_name(overrides) == name
    assert laws.folder_name(overrides[::-1]) == name


def test_long_and_strange_names_stay_apart():
    """Letters that no file system takes are replaced, and two names never meet in one folder."""
    names = [
        laws.folder_name([f"potential.pair_part={{_target_: {target}}}"])
        for target in ("a/b", "a\\b")
    ]
    names += [laws.folder_name([f"potential.cutoff={'1' * n}"]) for n in (80, 81)]
    assert len(set(names)) == 4
    for name in names:
        assert len(name) < 80
        assert not set(name) & set("/\\{}: ")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1980.4, "1,980"),
        (0.18273, "0.18"),
        (-21.98, "-22"),
        (3.2e-13, "3.2e-13"),
        (2.7e8, "2.7e+08"),
    ],
)
def test_numbers_are_told_in_two_digits(number, told):
    """And thousands without an exponent."""
    assert laws.short(number) == told


@pytest.mark.parametrize(("seconds", "told"), [(0.0, ""), (0.06, "will take about")])
def test_minutes_are_told_beforehand(seconds, told, capsys):
    """Sums over blocks of 49 cells take 25 minutes, where others take seconds."""
    laws.tell_if_slow(lambda: time.sleep(seconds))
    captured = capsys.readouterr()
    assert told in captured.err
    assert bool(captured.err) == bool(told)
    assert captured.out == ""


def test_what_a_depth_leaves_out_is_told(peslab, home, monkeypatch):
    """Beside the verdicts, in words and for programs."""
    figures = {name: Figure() for name in ("six_tests.png", "curve.png")}
    monkeypatch.setattr(laws, "measured", lambda *_: ([], figures))
    assert "Energies are summed to the depth 3, which leaves out" in peslab(
        "laws", "potential=lennard_jones"
    ).out  # fmt: skip
    told = json.loads(peslab("laws", "--json", "potential=pairs_and_area").out)["remark"]
    assert "the sum does not converge in 2D" in told
    assert json.loads(peslab("laws", "--json").out)["remark"] is None
