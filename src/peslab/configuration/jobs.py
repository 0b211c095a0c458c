"""The configs of a sweep's jobs: those that differ in values alone are composed once."""

import copy
from collections.abc import Sequence

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig

MOST = 16
"""Compositions that are kept, of 0.2 MB each."""


class JobConfigs(ConfigLoaderImpl):
    """Hydra's loader, but that it reads and merges the files of equal choices once.

    To compose takes a tenth of a second, and all but a hundredth of that goes into files, which are
    the same for all trials of a study that chooses no groups.

    Args:
        loader: Hydra's.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        vars(self).update(vars(loader))
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """The config of a job, as Hydra would compose it.

        Args:
            master_config: Of the sweep.
            sweep_overrides: All overrides of the job.
        """
        parsed = OverridesParser.create().parse_overrides(sweep_overrides)
        values = self._values(parsed)
        composed = tuple(str(each.input_line) for each in parsed if each not in values)
        if composed not in self._composed:
            if len(self._composed) == MOST:
                self._composed.clear()
            self._composed[composed] = super().load_sweep_config(master_config, list(composed))
        config = copy.deepcopy(self._composed[composed])
        self._apply_overrides_to_config(values, config)
        ours = [each for each in parsed if not each.is_hydra_override()]
        config.hydra.overrides.task = [each.input_line for each in ours]
        told_by = config.hydra.job.config.override_dirname
        config.hydra.job.override_dirname = get_overrides_dirname(
            ours, list(told_by.exclude_keys), told_by.item_sep, told_by.kv_sep
        )
        return config

    def _values(self, overrides: Sequence[Override]) -> list[Override]:
        """The overrides that set plain values after all that is composed."""
        values: list[Override] = []
        for override in overrides:
            if self.repository.group_exists(override.key_or_group):
                continue  # choices come first, wherever they stand
            values = [*values, override] if _is_plain(override) else []
        return values


def _is_plain(override: Override) -> bool:
    """Whether it can be nothing but the value of a key within a group."""
    return (
        override.type == OverrideType.CHANGE
        and "." in override.key_or_group  # others may be groups of a user's folder
        and override.package is None
        and not override.is_sweep_override()
        and not override.is_hydra_override()
    )
