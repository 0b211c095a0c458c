"""`peslab report STUDY`: the ranking as a table or as JSON, the whole report, two runs compared."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from peslab.apps.spooled import bring_in
from peslab.configuration.folders import home
from peslab.errors import PeslabError, ended

if TYPE_CHECKING:
    from peslab.tracking import Tracking

STORAGE = "study.storage"

EPILOG = """\
A study draws figures of the trials that lead in its end, and exports their networks: `peslab
report STUDY/TRIAL` does so for another one.

--compare takes numbers of trials or `best`, and whatever peslab rerun takes: OTHER_STUDY/3, or a
run id or its beginning."""


def main(arguments: list[str]) -> None:
    """Print the ranking of a study, or write pages about it.

    Raises:
        PeslabError: If there is no such study or run.
    """
    parsed = _parser().parse_intermixed_args(arguments)
    parsed.overrides = _of_tracking(parsed.overrides)
    bring_in(parsed.overrides)
    if "/" in parsed.study and not (
        parsed.json or parsed.html or parsed.compare or parsed.pick is not None
    ):
        _show_run(parsed.study, parsed.overrides)
    elif parsed.compare:
        from peslab.apps.comparison import compare

        _tell("Comparison", compare(parsed.study, parsed.compare, parsed.overrides))
    elif parsed.pick is not None:
        from peslab.apps.picks import picked
        from peslab.apps.present import console

        for part in picked(parsed.study, parsed.pick):
            console.print(part, soft_wrap=True)
    elif parsed.html:
        _tell("Report", write(parsed.study, _tracking(parsed.overrides)))
    elif parsed.json:
        _write_json(parsed.study)
    else:
        show(parsed.study)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "peslab report", description="The ranking of a study.", epilog=EPILOG
    )
    parser.add_argument(
        "study", help="the study's name, as in runs/studies/; or STUDY/TRIAL, one of its runs"
    )
    parser.add_argument("overrides", nargs="*", help="of the stores, e.g. tracking.uri=…")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--json", action="store_true", help="a list of trials, for programs")
    kinds.add_argument("--html", action="store_true", help="figures and tables: report/ anew")
    kinds.add_argument("--compare", nargs=2, metavar="RUN", help="a page of two runs side by side")
    kinds.add_argument(
        "--pick",
        metavar="CONDITION",
        help="the best trial with, e.g., 'prediction_microseconds < 50', as a command to paste",
    )
    return parser


def _of_tracking(overrides: Sequence[str]) -> list[str]:
    """The overrides without `study.storage`, whose password reading the study needs."""
    from omegaconf import OmegaConf

    from peslab.configuration.compose import parse
    from peslab.study.settings import remember

    items = parse(overrides)
    for item in items:
        if item.key_or_group == STORAGE:
            remember(str(OmegaConf.create({"it": item.value()}).it))  # interpolations resolved
    return [str(item.input_line) for item in items if item.key_or_group != STORAGE]


def _write_json(name: str) -> None:
    """The ranking for programs."""
    from peslab.study.results.fresh import fresh_json
    from peslab.study.results.ranking import ranking
    from peslab.study.storage.study import load

    study = load(name, home())
    fresh = fresh_json(study)
    trials = [trial.as_json() | {"fresh": fresh.get(trial.trial)} for trial in ranking(study)]
    sys.stdout.write(json.dumps(trials, indent=1) + "\n")


def show(name: str) -> None:
    """Print a study's table, its baselines, where its results are, and what to do next."""
    from peslab.apps.present import console
    from peslab.study.results.report import renderables
    from peslab.study.storage.study import load

    for part in renderables(load(name, home()), home()):
        console.print(part)


def _show_run(name: str, overrides: Sequence[str]) -> None:
    """Print the errors of a trial, and draw its figures if its study did not."""
    from peslab.apps.drawing import draw_missing
    from peslab.apps.present import own_trainers_run, single_run
    from peslab.apps.rerun import find_any, is_own_trainers, recorded_config

    run, tracking = find_any(name, overrides)
    folder = home() / "studies" / run.tags["study"] / run.tags["trial"]
    if is_own_trainers(run):
        own_trainers_run(run.metrics, folder)
        return
    config = recorded_config(run, tracking, overrides)
    draw_missing(run.run_id, name, config, tracking)
    single_run(run.run_id, run.metrics, folder, home())


def conclude(name: str, tracking: "Tracking | None") -> None:
    """Write the report of a study whose trials are done, unless it is there already.

    While other workers are at it nothing is written but that they are: the last one will.
    """
    from peslab.apps.present import others_line
    from peslab.study.results.searched import n_running
    from peslab.study.results.table import trials_frame
    from peslab.study.storage.study import load

    study = load(name, home())
    table = _folder(name) / "ranking.csv"
    frame = trials_frame(study)
    if running := n_running(study):
        others_line(name, running)
        return
    if tracking is None or not len(frame):
        return
    if not table.is_file() or table.read_text(encoding="utf-8") != frame.write_csv():
        write(name, tracking)
    _tell("Report", _folder(name) / "report.html")


def check_success(name: str) -> None:
    """Refuse to call a study done of whose trials not one is complete.

    Raises:
        PeslabError: With the reason of the last one.
    """
    from optuna.trial import TrialState

    from peslab.study.results.ranking import REASON
    from peslab.study.results.searched import finished_trials, n_running
    from peslab.study.storage.study import load

    study = load(name, home())
    trials = finished_trials(study)
    is_done = trials and not n_running(study)
    if is_done and all(trial.state != TrialState.COMPLETE for trial in trials):
        raise PeslabError(
            f"None of the {len(trials)} trials of the study '{name}' came to its end, the last one "
            f"for this: {ended(str(trials[-1].user_attrs.get(REASON)))} Mend that, and start "
            f"another study (study.name=…), or add trials (study.extend_by={len(trials)})."
        )


def write(name: str, tracking: "Tracking") -> Path:
    """Write the report of a study into its folder, log it to the study's run, and say where it is.

    Args:
        name: Of the study.
        tracking: The store of its runs.

    Raises:
        PeslabError: If there is no such study, or the store cannot be reached.
    """
    from peslab.apps.present import console
    from peslab.apps.records import recorded
    from peslab.pages import write_whole
    from peslab.pages.study_page import study_files
    from peslab.study.storage.study import load
    from peslab.tracking import study_log

    study = load(name, home())
    with console.status("drawing the report"):
        write_whole(_folder(name), study_files(study, recorded(study, home(), tracking)))
        log = None if tracking.spool else study_log(tracking, home(), name)
        if log is not None:
            log.folder(_folder(name))
    return _folder(name) / "report.html"


def _folder(name: str) -> Path:
    return home() / "studies" / name / "report"


def _tell(what: str, path: Path) -> None:
    from rich.markup import escape

    from peslab.apps.present import console

    console.print(f"{what}: {escape(str(path))}", soft_wrap=True)


def _tracking(overrides: Sequence[str]) -> "Tracking":
    """The store that today's config names."""
    from peslab.configuration.build import build, check
    from peslab.configuration.compose import compose, without_hydra

    tracking: Tracking = build(check(without_hydra(compose(overrides)))["tracking"], "tracking")
    return tracking
