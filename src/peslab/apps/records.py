"""What a study left in its folders and in MLflow, beside what Optuna knows of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, ListConfig, OmegaConf

from peslab.configuration.paste import train_command
from peslab.configuration.recorded import as_typed, config_of, loaded
from peslab.errors import PeslabError
from peslab.pages.study_page import Recorded
from peslab.study.results.ranking import RankedTrial, ranking
from peslab.tracking import Tracking

if TYPE_CHECKING:
    import optuna


def recorded(study: "optuna.Study", home: Path, tracking: Tracking) -> Recorded:
    """Look up the settings of a study, the environment of its best run, and how to train it again.

    Args:
        study: Any; what cannot be found is left out.
        home: The folder of results.
        tracking: The store of its runs.
    """
    trials = ranking(study)
    folder = home / "studies" / study.study_name
    settings: dict[str, str] = {}
    for number in sorted(trial.trial for trial in trials)[-1:]:  # what was typed last counts
        config = _loaded(folder / str(number) / ".hydra" / "config.yaml")
        if isinstance(config, DictConfig) and config.get("study"):
            settings = {key: str(value) for key, value in _plain(config.study).items()}
    best = next((trial for trial in trials if trial.rank == 1), None)
    if best is None:
        return Recorded(settings)
    return Recorded(
        settings, _environment(best, home, tracking), _command(folder / str(best.trial)) or ""
    )


def _command(folder: Path) -> str | None:
    config = _loaded(folder / ".hydra" / "config.yaml")
    overrides = _loaded(folder / ".hydra" / "overrides.yaml")
    if not isinstance(config, DictConfig) or not isinstance(overrides, ListConfig):
        return None
    return train_command(as_typed(overrides), config)


def _environment(best: RankedTrial, home: Path, tracking: Tracking) -> dict[str, str]:
    if best.run_id is None or tracking.spool:
        return {}
    try:
        text = tracking.read_text(home, best.run_id, "environment.yaml")
    except PeslabError:  # a trainer of the user's own need not write one
        return {}
    return {key: str(value) for key, value in _plain(config_of(text, "environment.yaml")).items()}


def _loaded(file: Path) -> object:
    return loaded(file) if file.is_file() else None


def _plain(config: object) -> dict[str, object]:
    found = OmegaConf.to_container(config, resolve=False)
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
