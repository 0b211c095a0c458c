"""From words to objects: conf/ composed by Hydra, checked key by key, built."""

from peslab.configuration.build import build, check
from peslab.configuration.compose import compose, explain
from peslab.configuration.folders import conf_folder, home

__all__ = ["build", "check", "compose", "conf_folder", "explain", "home"]
