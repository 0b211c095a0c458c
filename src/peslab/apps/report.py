"""`peslab report STUDY`: the ranking, as a table or as JSON."""

import argparse
import json
import sys

from peslab.apps.spooled import bring_in
from peslab.configuration.folders import home


def main(arguments: list[str]) -> None:
    """Print the ranking of a study.

    Raises:
        PeslabError: If there is no such study.
    """
    parser = argparse.ArgumentParser("peslab report", description="The ranking of a study.")
    parser.add_argument("study", help="the study's name, as in runs/studies/")
    parser.add_argument("--json", action="store_true", help="a list of trials, for programs")
    parsed = parser.parse_args(arguments)
    bring_in()
    if not parsed.json:
        show(parsed.study)
        return
    from peslab.study.ranking import ranking
    from peslab.study.storage import load

    trials = [trial.as_json() for trial in ranking(load(parsed.study, home()))]
    sys.stdout.write(json.dumps(trials, indent=1) + "\n")


def show(name: str) -> None:
    """Print a study's table, its baselines, where its results are, and what to do next."""
    from peslab.apps.present import console
    from peslab.study.report import renderables
    from peslab.study.storage import load

    for part in renderables(load(name, home()), home()):
        console.print(part)
