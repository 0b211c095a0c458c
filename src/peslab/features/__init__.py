"""Descriptors of configurations, with Jacobians, and how inputs are scaled."""

from peslab.features.descriptor import Descriptor
from peslab.features.distances import RelativeDistances, SortedDistances
from peslab.features.power_sums import PowerSums
from peslab.features.proximity import ProximityEigenvalues
from peslab.features.scaling import (
    LinearMap,
    Scaling,
    Standardize,
    Unscaled,
    Whiten,
    check_features,
)
from peslab.features.sine_matrix import SineMatrixEigenvalues
from peslab.features.symmetry_functions import SymmetryFunctions

__all__ = [
    "Descriptor",
    "LinearMap",
    "PowerSums",
    "ProximityEigenvalues",
    "RelativeDistances",
    "Scaling",
    "SineMatrixEigenvalues",
    "SortedDistances",
    "Standardize",
    "SymmetryFunctions",
    "Unscaled",
    "Whiten",
    "check_features",
]
