"""Searches by Optuna; nothing else of peslab knows it."""

from peslab.study.samplers import TPE, GaussianProcess, Grid, QuasiMonteCarlo, Random
from peslab.study.settings import Study

__all__ = ["TPE", "GaussianProcess", "Grid", "QuasiMonteCarlo", "Random", "Study"]
