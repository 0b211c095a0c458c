"""A laboratory for machine-learned potential energy surfaces."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = ["__version__", "load", "trials"]

if TYPE_CHECKING:
    from peslab.apps.notebook import load, trials
else:

    def __getattr__(name: str) -> object:
        """Import what notebooks use when they use it, for it brings everything along."""
        if name not in __all__:
            raise AttributeError(f"module 'peslab' has no attribute '{name}'")
        from peslab.apps import notebook

        return getattr(notebook, name)
