"""`peslab report STUDY --compare A B`: a page of two runs."""

from collections.abc import Sequence
from pathlib import Path

from peslab.apps.drawing import draw_missing
from peslab.apps.rerun import difference, find
from peslab.configuration.build import build, check
from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.folders import home
from peslab.pages import as_html
from peslab.pages.comparison_page import Compared, comparison_document
from peslab.study.storage import load


def compare(study: str, names: Sequence[str], overrides: Sequence[str]) -> Path:
    """Write the page of two runs into the folder of a study.

    Args:
        study: Whose trials are named by their numbers, or `best`.
        names: Of the two; any other run as STUDY/TRIAL, or its id or the beginning of it.
        overrides: Of the store.

    Returns:
        The page.

    Raises:
        PeslabError: If there is no such study or run.
    """
    load(study, home())
    of_trials = [f"{study}/{name}" if _is_trial(name) else name for name in names]
    (first, one), (second, other) = (find(name, overrides) for name in of_trials)
    tracking = build(check(without_hydra(compose(overrides)))["tracking"], "tracking")
    for name, run, config in zip(of_trials, (first, second), (one, other), strict=True):
        draw_missing(run.run_id, name, config, tracking)
    left, right = (
        Compared(name, run.run_id, run.metrics, tracking.figures(home(), run.run_id))
        for name, run in zip(of_trials, (first, second), strict=True)
    )
    page = comparison_document(left, right, difference(one, other))
    told = "_".join(name.replace("/", "-") for name in names)
    path = home() / "studies" / study / f"compare_{told}.html"
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(as_html(page), encoding="utf-8")
    partial.replace(path)
    return path


def _is_trial(name: str) -> bool:
    return name == "best" or name.isdecimal()
