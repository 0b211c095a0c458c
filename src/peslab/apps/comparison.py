"""`peslab report STUDY --compare A B`: a page of two runs."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from peslab.apps.drawing import draw_missing
from peslab.apps.rerun import difference, find_any, is_own_trainers, recorded_config
from peslab.configuration.folders import home
from peslab.pages import as_html
from peslab.pages.comparison_page import Compared, comparison_document
from peslab.study.storage.study import load


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
    (left, one), (right, other) = (_compared(name, overrides) for name in of_trials)
    page = comparison_document(left, right, difference(one, other))
    told = "_".join(name.replace("/", "-") for name in names)
    path = home() / "studies" / study / f"compare_{told}.html"
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(as_html(page), encoding="utf-8")
    partial.replace(path)
    return path


def _compared(name: str, overrides: Sequence[str]) -> tuple[Compared, DictConfig]:
    """What is shown of a run, and its config; of a command's only the values that it was given."""
    run, tracking = find_any(name, overrides)
    if is_own_trainers(run):
        config = OmegaConf.create(dict(run.params))
    else:
        config = recorded_config(run, tracking, overrides)
        draw_missing(run.run_id, name, config, tracking)
    return Compared(name, run.run_id, run.metrics, tracking.figures(home(), run.run_id)), config


def _is_trial(name: str) -> bool:
    return name == "best" or name.isdecimal()
