"""What a machine cannot hold is told in one sentence, before or after it was tried."""

import os

import pytest
import torch
from omegaconf import OmegaConf

from peslab.configuration.compose import compose, without_hydra
from peslab.errors import OUT_OF_MEMORY, PeslabError
from peslab.pipeline import plan
from peslab.pipeline.memory import memory_told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network.width", 10**9),
        ("network.width", 1e300),
        ("network.widths", [10**6, 10**6]),
        ("network.depth", 10**9),
        ("replicas", 10**10),
        ("database.size", 10**11),
        ("database.test_size", 10**11),
        ("lattice.n_particles", 10**9),
        ("lattice.dimension", 10**9),
        ("database.test_n_particles", 10**9),
    ],
)
def test_what_no_machine_holds_is_refused_at_once(key, value):
    """The sentence names the key to lower, and how much memory there is."""
    config = without_hydra(compose([]))
    OmegaConf.update(config, key, value)
    with pytest.raises(PeslabError, match="GB of memory, and this machine has") as caught:
        plan(config)
    assert key in str(caught.value)


def test_what_fits_is_not_refused():
    """Estimates are from below: a network of a hundred million weights is anybody's choice."""
    planned = plan(without_hydra(compose(["network.width=10000", "network.depth=2"])))
    assert planned.network.width == 10000


def test_a_small_machine_refuses_earlier(monkeypatch):
    """What counts is the memory that is there."""
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 1000}.__getitem__)
    with pytest.raises(PeslabError, match="this machine has 1e-06"):
        plan(without_hydra(compose([])))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
    ],
)
def test_memory_that_runs_out_fails_a_trial_and_not_its_worker(error):
    """All three are mistakes that a user can mend, by one sentence."""
    with pytest.raises(PeslabError) as caught, memory_told():
        raise error
    assert str(caught.value) == OUT_OF_MEMORY


def test_other_errors_of_pytorch_stay_what_they_are():
    """They are mistakes of ours."""
    with pytest.raises(RuntimeError, match="shapes"), memory_told():
        raise RuntimeError("shapes do not match")
