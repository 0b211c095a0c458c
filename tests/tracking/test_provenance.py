"""A run's environment is told in a form that can be compared."""

from pathlib import Path

import numpy as np

import peslab
from peslab.tracking import provenance


def test_versions_and_machine_are_told():
    """What a number may depend on beside its config."""
    facts = provenance()
    assert facts["numpy"] == np.__version__
    assert facts["peslab"] == peslab.__version__
    assert facts["processor"]


def test_the_commit_is_that_of_our_checkout(tmp_path, monkeypatch):
    """The folder that a command is run in may be somebody else's repository."""
    inside = provenance()
    monkeypatch.chdir(tmp_path)
    assert provenance().get("commit") == inside.get("commit")
    assert set(inside) >= {"python", "platform", "torch"}


def test_a_wheel_has_no_commit(tmp_path, monkeypatch):
    """Installed without a checkout there is nothing to ask git about."""
    monkeypatch.setattr(peslab, "__file__", str(tmp_path / "a" / "peslab" / "__init__.py"))
    Path(peslab.__file__).parent.mkdir(parents=True)
    assert "commit" not in provenance()
