"""Runs that a cluster left as plain files, brought into the store before anybody looks."""

import sys
from collections.abc import Sequence

from peslab.configuration.folders import home


def bring_in(overrides: Sequence[str] = ()) -> None:
    """Import the spooled runs that have ended, if there are any.

    Args:
        overrides: Those of `tracking` say into which store.
    """
    if not (home() / "spool").is_dir():
        return
    from peslab.configuration.build import build, check
    from peslab.configuration.compose import compose, without_hydra
    from peslab.tracking import import_spool

    store = [item for item in overrides if item.startswith("tracking.")]
    tracking = build(check(without_hydra(compose(store)))["tracking"], "tracking")
    if n_runs := import_spool(tracking, home()):
        sys.stderr.write(f"{n_runs} runs came from the spool into the store.\n")
