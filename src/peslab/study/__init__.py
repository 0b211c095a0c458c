"""Searches by Optuna; nothing else of peslab knows it."""

from peslab.study.settings import Study

__all__ = ["Study"]
