"""`peslab laws`: what section 1.2 of the thesis asks of a potential, measured, drawn and logged."""

import hashlib
import json
import math
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from peslab.errors import PeslabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure
    from rich.table import Table

    from peslab.evaluation import Counted, Finding, SixTests
    from peslab.problems import LatticePES
    from peslab.toymodel import Potential
    from peslab.tracking import Tracking

USAGE = """\
peslab laws [--json] [KEY=VALUE …] [GROUP=OPTION …]     the laws of a potential, each with a verdict

  peslab laws                                       the default potential: it passes all
  peslab laws potential.counting=published          equation (9) as printed: label noise
  peslab laws potential=pairs_and_area              equation (8): does not converge
  peslab laws potential=area_and_circumference potential/pair_part=morse

Figures go to laws/ in the folder of results, and with all numbers into MLflow, experiment `laws`.
The exit status is 0 if the potential obeys every law that applies, 1 if it breaks one, 2 after a
mistake. --json prints one object for programs.
"""

EXPERIMENT = "laws"
BROKEN = 1  # the exit status where a law is broken

GROUPS = ("problem", "potential", "lattice", "relaxation", "database", "tracking")
CHOSEN = ("potential", "lattice", "relaxation")  # what findings depend on, beside the seed

RELAXED = 64  # configurations whose label noise is measured: it is known to a tenth
ENERGIES = 25_000  # that laws and figures take, of four particles in 2D
TIMED = 8  # of them, to predict the others
WORTH_TELLING = 2.0  # minutes
RELAXED_TO = 1  # d_s of their relaxation, where sums need a depth: that of section 4.2

ABOUT = {
    "six_tests.png": "the tests of figures 5 to 8",
    "curve.png": "interactions and their slopes, as in figures 1, 18 and 19",
    "lattices.png": "lattices and what is counted in them, as in figures 2 and 3",
}
NAMES = {
    "ModifiedLennardJones": "Modified Lennard-Jones",
    "LennardJones": "Lennard-Jones",
    "AreaTimesPairs": "Area times pairs",
    "AreaAndCircumference": "Area and circumference",
    "PairsAndArea": "Pairs and area",
}
COUNTINGS = {
    "translation_invariant": "each triangle once for each corner",
    "published": "counted as equation (9) is printed",
    "once": "each triangle once",
    "block": "all of a block of cells",
}
PLANE = 2
LONGEST_NAME = 60  # letters of a folder's name
MARKS = {"passes": "[green]✓[/]", "fails": "[red]✗[/]", "does not apply": "[dim]–[/]"}


class Place(NamedTuple):
    """Where results go: the folder of all results, and the name of this one's folder and run."""

    home: Path
    name: str


@dataclass(frozen=True)
class Trial:
    """What was found of one potential.

    Attributes:
        findings: One of each law.
        figures: Their files, in one folder.
        run_id: MLflow's.
        remark: What the potential's depth leaves out, if anything.
    """

    findings: "list[Finding]"
    figures: list[Path]
    run_id: str
    remark: str | None = None

    @property
    def broken(self) -> "list[Finding]":
        """The laws that the potential breaks."""
        return [finding for finding in self.findings if finding.verdict == "fails"]


def main(arguments: list[str]) -> None:
    """Try the laws on the potential of a composed config; exit with status 1 if it breaks one.

    Raises:
        PeslabError: If the config is wrong, sweeps, or the folder cannot be written.
    """
    if {"-h", "--help"} & set(arguments):
        from peslab.apps import help as help_page

        sys.stdout.write(help_page.text(USAGE))
        return
    overrides = [argument for argument in arguments if argument != "--json"]
    trial = tried(overrides)
    if "--json" in arguments:
        sys.stdout.write(json.dumps(as_json(trial), indent=1, ensure_ascii=False) + "\n")
    else:
        show(trial)
    if trial.broken:
        sys.exit(BROKEN)


def tried(overrides: list[str]) -> Trial:
    """Compose, measure, draw, log."""
    from omegaconf import OmegaConf

    from peslab.configuration.build import build, check
    from peslab.configuration.compose import compose, parse, without_hydra
    from peslab.configuration.folders import home

    if any(override.is_sweep_override() for override in parse(overrides)):
        raise PeslabError("peslab laws tries one potential at a time: give one value per key.")
    config = without_hydra(compose(overrides))
    values = check(OmegaConf.masked_copy(config, [*GROUPS, "seed", "replicas"]))
    problem = build(values["problem"], "problem")
    tracking = replace(build(values["tracking"], "tracking"), experiment=EXPERIMENT)
    findings, figures = measured(problem)
    place = Place(home(), folder_name(overrides))
    params = {"seed": values["database"]["seed"], **leaves(values)}
    kept = keep(findings, figures, params, tracking, place)
    return replace(kept, remark=problem.remark())


def measured(problem: "LatticePES") -> "tuple[list[Finding], dict[str, Figure]]":
    """The findings and the figures of a problem's potential on its lattice."""
    from peslab.apps import present
    from peslab.errors import NotFiniteError
    from peslab.evaluation import (
        lattices_figure,
        potential_curve,
        six_tests,
        six_tests_figure,
        try_laws,
    )
    from peslab.problems import subject_of, units_of

    potential, lattice, seed = problem.potential, problem.lattice, problem.database.seed
    subject = subject_of(potential, lattice)
    starts = lattice.sample(RELAXED, seed)
    near = potential if potential.depth is None else replace(potential, depth=RELAXED_TO)
    width, (_, length) = float(lattice.cell_widths[0]), units_of(potential)
    relaxed = problem.relaxation.relax(near, starts, width, seed).positions / length
    with suppress(NotFiniteError):  # which is what laws tell
        tell_if_slow(lambda: subject.energy_and_forces(relaxed[:TIMED], subject.cell_width))
    with present.progress("trying the laws") as progress:
        findings = try_laws(subject, seed, relaxed, progress)
    title = title_of(potential)
    plane = title  # of figures that are drawn in it, whatever the lattice
    if lattice.dimension != PLANE:
        plane += f"\nin two dimensions; the lattice has {lattice.dimension}"
    figures = {"lattices.png": lattices_figure(counted(potential), plane)}
    with suppress(NotFiniteError):  # there are no energies to draw
        tests = six_tests(subject)
        figures = {
            "six_tests.png": six_tests_figure(tests, plane),
            "curve.png": potential_curve(curves_of(problem, tests), title),
            **figures,
        }
    return findings, figures


def title_of(potential: "Potential") -> str:
    """What a potential is called, and how it is counted, in words."""
    name = type(potential).__name__
    counting = COUNTINGS[potential.counting]
    if potential.triplet is None:
        counting = counting.replace("triangle", "pair")
    return f"{NAMES.get(name, name)}, {counting}"


def counted(potential: "Potential") -> "Counted":
    """How often a triangle counts, or a pair of a potential without triangles."""
    from peslab.evaluation import Counted
    from peslab.toymodel.potential import VISITS

    corners = 2 if potential.triplet is None else 3
    visits: tuple[int, ...] = VISITS[potential.counting][corners - 2]
    if potential.counting != "block" or potential.depth is None:
        return Counted(corners, visits[0], visits[-1])
    return Counted(corners, visits[0], visits[-1], block=2 * potential.depth + 1)


def tell_if_slow(some_energies: "Callable[[], object]") -> None:
    """Tell beforehand of minutes and hours, as deep sums over blocks of cells take."""
    from rich.console import Console

    some_energies()  # what is compiled is not timed
    began = perf_counter()
    some_energies()
    minutes = (perf_counter() - began) * ENERGIES / TIMED / 60.0
    if minutes > WORTH_TELLING:
        Console(stderr=True, highlight=False).print(
            f"The laws and their figures will take about {minutes:.0f} minutes: a lower "
            "potential.depth is faster."
        )


def curves_of(problem: "LatticePES", tests: "SixTests") -> "Mapping[str, Any]":
    """The interactions, and those of equation (10) without its linear term (figure 19)."""
    from peslab.evaluation import Curve
    from peslab.problems import units_of
    from peslab.toymodel import ModifiedLennardJones

    potential = problem.potential
    if not isinstance(potential, ModifiedLennardJones):
        return tests.curves
    energy, length = units_of(potential)
    values, slopes = potential.without_linear_term(length * tests.side)
    kinked = Curve(tests.side, values / energy, slopes / (energy / length))
    return {**tests.curves, "without its linear term": kinked}


def folder_name(overrides: "Sequence[str]") -> str:
    """What was overridden, in letters that every file system takes; `default` where nothing was."""
    chosen = sorted(text for text in overrides if not text.startswith("tracking"))
    name = ",".join(chosen).replace("/", ".") or "default"
    readable = "".join(letter if letter.isalnum() or letter in "._-=," else "-" for letter in name)
    if readable == name and len(name) <= LONGEST_NAME:
        return name
    return f"{readable[:LONGEST_NAME]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def keep(
    findings: "list[Finding]",
    figures: "Mapping[str, Figure]",
    params: "Mapping[str, object]",
    tracking: "Tracking",
    place: Place,
) -> Trial:
    """Write the figures and log what was chosen, measured and drawn."""
    from peslab.tracking import record_environment, track_run

    with track_run(tracking, place.home, place.name, {"problem": "laws"}) as log:
        folder = place.home / "laws" / place.name
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            figure.savefig(folder / name)
            log.file(folder / name)
        log.params(params)
        log.metrics(
            {f"law/{f.law.replace(' ', '_').replace(',', '')}": f.measured
             for f in findings if f.measured is not None}
        )  # fmt: skip
        log.metrics({"laws_broken": sum(finding.verdict == "fails" for finding in findings)})
        log.text(json.dumps(laws_as_json(findings), indent=1, ensure_ascii=False), "laws.json")
        record_environment(log, place.home, {})
    return Trial(findings, [folder / name for name in figures], log.run_id)


def leaves(values: "Mapping[str, Any]", groups: "Sequence[str]" = CHOSEN) -> dict[str, object]:
    """The chosen values of groups, dotted, those of nodes within them too."""
    found: dict[str, object] = {}
    for group in groups:
        for key, value in values[group].items():
            if isinstance(value, dict):
                found |= {f"{group}.{k}": v for k, v in leaves(values[group], [key]).items()}
            else:
                found[f"{group}.{key}"] = value
    return found


def laws_as_json(findings: "Sequence[Finding]") -> list[dict[str, object]]:
    """Each finding with its verdict, in plain values."""
    return [
        {**finding._asdict(), "measured": known(finding.measured), "verdict": finding.verdict}
        for finding in findings
    ]


def known(measured: float | None) -> float | None:
    """JSON has no NaN."""
    return None if measured is None or math.isnan(measured) else measured


def as_json(trial: Trial) -> dict[str, object]:
    """What a program may want to know."""
    return {
        "obeys_all": not trial.broken,
        "remark": trial.remark,
        "laws": laws_as_json(trial.findings),
        "figures": [str(file) for file in trial.figures],
        "run_id": trial.run_id,
    }


def show(trial: Trial) -> None:
    """The table, what is broken in words, where the figures are."""
    from rich.tree import Tree

    from peslab.apps.present import console

    console.print(table(trial.findings))
    for finding in trial.broken:
        console.print(f"[red]✗[/] [bold]{finding.law}[/]: {finding.told}")
    if not trial.broken:
        console.print("The potential obeys every law that applies.")
    if trial.remark:
        console.print(trial.remark)
    tree = Tree(f"[bold]{trial.figures[0].parent}[/]")
    for file in trial.figures:
        tree.add(f"{file.name:<14} [dim]{ABOUT[file.name]}[/]")
    console.print(tree)
    console.print(f"In MLflow, experiment {EXPERIMENT}: {trial.run_id[:8]} (peslab ui)")


def table(findings: "Sequence[Finding]") -> "Table":
    """A line for each law: verdict, what was measured, where it may lie."""
    from rich.table import Table

    from peslab.study.results.report import COMPACT

    made = Table(title="The laws of a potential", **COMPACT)
    made.add_column("")
    made.add_column("law", no_wrap=True)
    made.add_column("measured", justify="right", no_wrap=True)
    made.add_column("may be", no_wrap=True)
    made.add_column("unit", no_wrap=True)
    for finding in findings:
        number = "–" if finding.measured is None else short(finding.measured)
        bound = f"{'>' if finding.above else '≤'} {short(finding.bound)}"
        made.add_row(MARKS[finding.verdict], finding.law, number, bound, finding.unit)
    return made


def short(number: float) -> str:
    """Two digits, and large numbers without an exponent as far as they are readable."""
    return f"{number:,.0f}" if 100.0 <= abs(number) < 1e6 else f"{number:.2g}"  # noqa: PLR2004
