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
    parser.add_argument(
        "--pick",
        metavar="CONDITION",
        help="the best trial with, e.g., 'prediction_microseconds < 50', as a command to paste",
    )
    parsed = parser.parse_args(arguments)
    bring_in()
    if parsed.pick is not None:
        from peslab.apps.picks import picked
        from peslab.apps.present import console

        for part in picked(parsed.study, parsed.pick):
            console.print(part, soft_wrap=True)
        return
    if not parsed.json:
        show(parsed.study)
        return
    from peslab.study.fresh import fresh_json
    from peslab.study.ranking import ranking
    from peslab.study.storage import load

    study = load(parsed.study, home())
    fresh = fresh_json(study)
    trials = [trial.as_json() | {"fresh": fresh.get(trial.trial)} for trial in ranking(study)]
    sys.stdout.write(json.dumps(trials, indent=1) + "\n")


def show(name: str) -> None:
    """Print a study's table, its baselines, where its results are, and what to do next."""
    from peslab.apps.present import console
    from peslab.study.report import renderables
    from peslab.study.storage import load

    for part in renderables(load(name, home()), home()):
        console.print(part)
