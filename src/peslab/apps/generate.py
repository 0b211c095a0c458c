"""`peslab generate`: the database of a config, without training."""

import sys
import time

from peslab.errors import PeslabError

USAGE = """\
peslab generate [KEY=VALUE …] [GROUP=OPTION …]      the databases of a config, and their statistics

  peslab generate                                   25,000 configurations, and 20,000 to test on
  peslab generate lattice=cube_8 database.size=5000

Runs of the same recipe find them by their fingerprint and do not make them again.
"""


def main(arguments: list[str]) -> None:
    """Generate or find the databases of a composed config and print their statistics.

    Raises:
        PeslabError: If the config is wrong, sweeps, or the folder cannot be written.
    """
    if {"-h", "--help"} & set(arguments):
        from peslab.apps import help as help_page

        sys.stdout.write(help_page.text(USAGE))
        return
    from peslab.apps.present import console, database_table
    from peslab.configuration.build import build, check
    from peslab.configuration.compose import compose, parse, without_hydra
    from peslab.configuration.folders import home

    if any(override.is_sweep_override() for override in parse(arguments)):
        raise PeslabError("peslab generate makes one database at a time: give one value per key.")
    values = check(without_hydra(compose(arguments)))
    problem = build(values["problem"], "problem")
    began = time.perf_counter()
    tables = problem.tables(home() / "databases")
    seconds = time.perf_counter() - began
    console.print(database_table(tables.sources, problem.task.unit))
    for role, source in tables.sources.items():
        console.print(f"{role}: {source.path}", soft_wrap=True)
    console.print(f"read or made in {seconds:.2f} s")
