"""Descriptors of configurations, with Jacobians, and how inputs are scaled."""

from peslab.features.descriptor import Descriptor
from peslab.features.proximity import ProximityEigenvalues
from peslab.features.scaling import LinearMap, Scaling, Standardize, Unscaled

__all__ = [
    "Descriptor",
    "LinearMap",
    "ProximityEigenvalues",
    "Scaling",
    "Standardize",
    "Unscaled",
]
