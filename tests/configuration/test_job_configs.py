"""Configs of a study's trials are Hydra's own, however often their files were read."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import OmegaConf

from peslab.configuration.folders import conf_folder
from peslab.configuration.jobs import MOST, JobConfigs

TYPED = ["study=quickstart", "replicas=2", "network.width=8"]
VALUES = ["optimizer.learning_rate=0.01", "features.orders=[-2,-4]", "potential.cutoff=3.0"]
JOBS = {
    "values": VALUES,
    "other values": ["optimizer.learning_rate=0.02", "network.width=16", "features.cutoff=4.5"],
    "a choice first": ["optimizer=sgd", "optimizer.learning_rate=0.1"],
    "a choice last": ["optimizer.learning_rate=0.1", "optimizer=sgd"],
    "a choice within a group": ["potential=area_times_pairs", "network.depth=3"],
    "a recipe": ["experiment=fast", "network.depth=3"],
    "a key at the top": ["network.depth=3", "seed=4", "replicas=1"],
    "a key that is added": ["network.depth=3", "+trainer.new=1", "trainer.new=2"],
    "a key that is taken out": ["~optimizer.weight_decay", "network.depth=3"],
    "a part of a list": ["database.seed=3", "network.widths=[8,16]", "network.widths.0=32"],
    "texts": ["tracking.experiment='a = b, c'", "features.cutoff=${lattice.cell_width}"],
    "Hydra's own": ["hydra.job.chdir=true", "network.depth=3"],
    "a node": ["optimizer={learning_rate: 0.5}", "network.depth=3"],
    "null": ["trainer.patience=null", "network.depth=3"],
}


@pytest.fixture
def loaders():
    """Hydra's loader, ours in its place, and the config of a sweep."""
    with initialize_config_dir(str(conf_folder()), version_base=None, job_name="peslab"):
        hydra = GlobalHydra.instance().config_loader()
        yield hydra, JobConfigs(hydra), hydra.load_configuration("config", TYPED, RunMode.MULTIRUN)


def test_every_job_is_composed_as_hydra_does(loaders):
    """The whole config, Hydra's part too, whatever was composed before it."""
    hydra, ours, sweep = loaders
    for name, overrides in [*JOBS.items(), *reversed(JOBS.items())]:
        expected = hydra.load_sweep_config(sweep, [*TYPED, *overrides])
        found = ours.load_sweep_config(sweep, [*TYPED, *overrides])
        assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(expected), name
        assert OmegaConf.is_struct(found), name
        assert found.hydra.overrides == expected.hydra.overrides, name


def test_files_are_read_once_for_all_values(loaders, monkeypatch):
    """The second trial is a copy of the first, but for what differs."""
    _, ours, sweep = loaders
    first = ours.load_sweep_config(sweep, [*TYPED, *VALUES])
    monkeypatch.setattr(ours, "load_configuration", None)  # would be called to read them again
    second = ours.load_sweep_config(sweep, [*TYPED, "network.depth=7"])
    assert (first.network.depth, second.network.depth) == (2, 7)
    second.optimizer.learning_rate = 7.0
    third = ours.load_sweep_config(sweep, [*TYPED, "network.depth=3"])
    assert third.optimizer.learning_rate != 7.0


def test_a_misspelt_key_is_refused_as_ever(loaders):
    """Hydra's own error, which is turned into our sentence."""
    _, ours, sweep = loaders
    with pytest.raises(ConfigCompositionException, match=r"network\.depht"):
        ours.load_sweep_config(sweep, [*TYPED, "network.depht=3"])


def test_a_group_of_a_users_folder_is_a_choice(tmp_path):
    """Hydra finds it only while it composes; it is not taken for a value."""
    (tmp_path / "own").mkdir()
    for name in ("one", "two"):
        (tmp_path / "own" / f"{name}.yaml").write_text(f"# @package network\nwidth: {len(name)}1\n")
    typed = [f"hydra.searchpath=[file://{tmp_path}]", "+own=one", "study=quickstart"]
    with initialize_config_dir(str(conf_folder()), version_base=None, job_name="peslab"):
        hydra = GlobalHydra.instance().config_loader()
        sweep = hydra.load_configuration("config", typed, RunMode.MULTIRUN)
        job = ["network.depth=3", "+own=one"]
        expected = hydra.load_sweep_config(sweep, job)
        found = JobConfigs(hydra).load_sweep_config(sweep, job)
    assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(expected)
    assert found.network.width == 31


def test_compositions_do_not_grow_without_end(loaders):
    """A study over many choices keeps some of them."""
    _, ours, sweep = loaders
    for seed in range(MOST + 2):
        ours.load_sweep_config(sweep, [*TYPED, f"seed={seed}"])
    assert len(ours._composed) <= MOST
