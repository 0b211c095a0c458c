"""A laboratory for machine-learned potential energy surfaces."""

__version__ = "0.1.0"
