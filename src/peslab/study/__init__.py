"""Searches by Optuna; nothing else of peslab knows it."""

from peslab.study.search.pruners import Median, SuccessiveHalving, Unpruned
from peslab.study.search.samplers import TPE, GaussianProcess, Grid, QuasiMonteCarlo, Random
from peslab.study.settings import Study

__all__ = [
    "TPE",
    "GaussianProcess",
    "Grid",
    "Median",
    "QuasiMonteCarlo",
    "Random",
    "Study",
    "SuccessiveHalving",
    "Unpruned",
]
