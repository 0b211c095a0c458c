"""Kernels are compiled by other processes, and nothing but time depends on it."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from peslab import meanwhile
from peslab.features import (
    PowerSums,
    ProximityEigenvalues,
    RelativeDistances,
    SineMatrixEigenvalues,
    SortedDistances,
    SymmetryFunctions,
)
from peslab.meanwhile import compiled_meanwhile
from peslab.toymodel import LennardJones, ModifiedLennardJones

SHIPPED = [
    PowerSums(orders=[-2], cutoff=2.5, powers=[2]),
    ProximityEigenvalues(orders=(-2, -3), cutoff=(2.0, 3.5), with_cell_width=True),
    RelativeDistances(images="nearest"),
    SineMatrixEigenvalues(orders=[-1]),
    SortedDistances(images="none"),
    SymmetryFunctions(cutoff=2.5, n_radial=2, etas=[0.05], zetas=[1]),
]

POTENTIAL = ModifiedLennardJones()

NEWCOMER = """
from peslab.features import PowerSums
from peslab.kernels.compilation import compiled_anew
from peslab.meanwhile import compiled_meanwhile
from peslab.toymodel import Lattice, ModifiedLennardJones

potential = ModifiedLennardJones()
starts = Lattice(2, 1, 5.0).sample(2, seed=0)
sums = PowerSums(orders=[-2], cutoff=2.5, powers=[2])
with compiled_meanwhile(sums, potential, 2, 1, 5.0):
    pass
potential.energy_and_forces(starts, 5.0)
sums.with_jacobian(starts, 5.0)
print(*compiled_anew())
"""


class Own(PowerSums):
    """Of another package."""


class Process:
    """Notes how it was started, and whether it was waited for or ended."""

    def __init__(self, command=None, **options):
        self.command, self.options, self.done = command, options, []

    def wait(self):
        self.done.append("waited")

    def kill(self):
        self.done.append("ended")


@pytest.fixture
def started(monkeypatch):
    """The processes that were started by one that had to compile."""
    processes = []

    def start(*arguments, **options):
        processes.append(Process(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr(meanwhile, "compiled_anew", lambda: {"sample_positions"})
    monkeypatch.setattr(meanwhile, "_given", set())
    monkeypatch.setattr(subprocess, "Popen", start)
    return processes


def test_what_the_others_have_compiled_is_found_on_the_disk(tmp_path):
    """This process compiles what comes before, but no kernel of energies and the descriptor."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", NEWCOMER]
    for compiled in ("sample_positions", ""):  # the second time nothing is left to compile
        assert subprocess.check_output(command, env=environment, text=True).strip() == compiled


@pytest.mark.parametrize("descriptor", SHIPPED, ids=lambda each: type(each).__name__)
def test_every_descriptor_is_told_to_another_process(descriptor, started, monkeypatch):
    """With its parameters, as text; the other one makes the same and describes with it."""
    with compiled_meanwhile(descriptor, POTENTIAL, 3, 2, 5.0):
        _, process = started
        assert [each.done for each in started] == [[], []]
    assert [each.done[0] for each in started] == ["waited", "waited"]
    made = []
    kind = type(descriptor)
    monkeypatch.setattr(kind, "__call__", lambda self, *arguments: made.append((self, *arguments)))
    meanwhile.main(process.command[-1])
    ((same, positions, width),) = made
    assert (same, positions.shape, width) == (descriptor, (2, 3, 2), 5.0)
    assert json.loads(process.command[-1])[1] == json.loads(json.dumps(asdict(descriptor)))


@pytest.mark.parametrize(
    ("potential", "sums_a_block"),
    [
        (POTENTIAL, False),
        (ModifiedLennardJones(counting="published", depth=1), True),
        (ModifiedLennardJones(counting="published"), False),
        (LennardJones(depth=3), False),
    ],
)
def test_the_kernel_that_sums_is_that_of_the_counting(
    potential, sums_a_block, started, monkeypatch
):
    """Whatever the interaction is, and however deep its sum."""
    with compiled_meanwhile(SHIPPED[0], potential, 3, 2, 5.0):
        pass
    summed = []
    monkeypatch.setattr(
        ModifiedLennardJones, "energy_and_forces", lambda self, *_: summed.append(self)
    )
    meanwhile.main(started[0].command[-1])
    (same,) = summed
    assert (same.sums_a_block, same.counting) == (sums_a_block, potential.counting)


def test_the_folder_of_the_command_is_no_place_to_import_from(started, tmp_path, monkeypatch):
    """A file of the user's that is called as one of Python's would be run."""
    with compiled_meanwhile(SHIPPED[0], POTENTIAL, 2, 1, 5.0):
        command = started[0].command
    (tmp_path / "json.py").write_text("raise SystemExit('mine was imported')")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert command[:-1] == [sys.executable, "-P", "-m", "peslab.meanwhile"]
    subprocess.run(command, check=True)


def test_other_packages_descriptors_are_compiled_when_they_are_called(started):
    """Whatever they need to be made may be no text."""
    with compiled_meanwhile(Own([-2], 2.5, powers=[2]), POTENTIAL, 2, 1, 5.0):
        (of_energies,) = started
    assert "Own" not in of_energies.command[-1]


def test_nothing_is_compiled_by_others_twice(started):
    """A study warms up for each of its trials."""
    for orders, n_started in (([-2], 2), ([-2], 2), ([-3], 3)):
        with compiled_meanwhile(PowerSums(orders, 2.5, powers=[2]), POTENTIAL, 2, 1, 5.0):
            assert len(started) == n_started


def test_nothing_is_started_where_all_was_kept(started, monkeypatch):
    """Starting a process takes longer than loading kernels."""
    monkeypatch.setattr(meanwhile, "compiled_anew", set)
    with compiled_meanwhile(SHIPPED[0], POTENTIAL, 2, 1, 5.0):
        assert started == []


def test_an_error_ends_the_other_processes(started):
    """And comes through."""
    with pytest.raises(ZeroDivisionError), compiled_meanwhile(SHIPPED[0], POTENTIAL, 2, 1, 5.0):
        raise ZeroDivisionError
    assert [each.done for each in started] == [["ended", "waited"]] * 2


def test_a_machine_that_starts_no_process_compiles_alone(started, monkeypatch):
    """Nobody needs the help."""

    def refuse(*_, **__):
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with compiled_meanwhile(SHIPPED[0], POTENTIAL, 2, 1, 5.0):
        assert started == []
