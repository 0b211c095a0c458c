"""The files of conf/ and experiments/ explain themselves, and say what the classes say."""

import inspect
import re
from dataclasses import fields

import numpy as np
import pytest
from omegaconf import OmegaConf

from peslab.apps.spaces import defaults
from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.folders import conf_folder
from peslab.configuration.targets import locate
from peslab.pipeline import plan
from peslab.study.search.space import parse_space, start_point
from peslab.toymodel import ModifiedLennardJones, Potential

CONF = conf_folder()
FILES = sorted(
    str(path.relative_to(CONF)) for path in [*CONF.glob("*/*.yaml"), *CONF.glob("*/*/*.yaml")]
)
CLASSES = [
    name for name in FILES if re.search(r"^_target_:", (CONF / name).read_text(), re.MULTILINE)
]
GLOBAL = [name for name in FILES if "@package _global_" in (CONF / name).read_text()]


def lines(name):
    return (CONF / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", FILES)
def test_every_file_begins_with_what_it_is(name):
    """The help page shows the first comment of a file, which must fit on its line."""
    comments = [line for line in lines(name) if line.startswith("#") and "@package" not in line]
    assert comments, "a sentence that says what the option is"
    sentence = comments[0].removeprefix("# ")
    assert 10 <= len(sentence) <= 120
    assert sentence[0].isupper() or sentence[0].isdigit()


@pytest.mark.parametrize("name", CLASSES)
def test_every_key_of_a_class_is_documented_on_its_line(name):
    """What a key means stands where its value does."""
    keys = [line for line in lines(name) if re.match(r"[a-z]\w*:", line)]
    undocumented = [line for line in keys if not line.partition(" #")[2].strip()]
    assert undocumented == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_parameter_of_a_class_stands_in_its_file(name):
    """Nothing is set behind the user's back: a file names all that its class takes.

    Of another potential only the interaction is taken, not its weights and counting; of pairs
    alone no weight of triangles.
    """
    node = OmegaConf.load(CONF / name)
    target = locate(node["_target_"], name)
    parameters = set(inspect.signature(target).parameters)
    if isinstance(target, type) and issubclass(target, Potential) and target.triplet is None:
        parameters -= {"triplet_weight"}
    if "pair_part" in name:
        parameters -= {field.name for field in fields(Potential)}
    entries = [entry for entry in node.get("defaults", []) if entry != "_self_"]
    keys = {*node, *(group for entry in entries for group in entry)}
    assert keys - {"_target_", "defaults"} == parameters


def test_every_group_is_explained_in_the_table_of_contents():
    """The root config is what a newcomer reads first."""
    entries = {
        match[1]: match[2]
        for line in (CONF / "config.yaml").read_text(encoding="utf-8").splitlines()
        if (match := re.match(r"  - (\w+): \w+ +# (.+)", line))
    }
    brought = {"potential", "lattice", "relaxation", "database"}
    groups = {path.name for path in CONF.iterdir() if path.is_dir()}
    assert set(entries) == groups - brought
    assert all(group in entries["problem"] for group in brought)


@pytest.mark.parametrize("key", ["seed", "replicas"])
def test_the_keys_of_a_run_are_explained_above_their_line(key):
    """Those that are in no group are documented in the root config."""
    text = (CONF / "config.yaml").read_text(encoding="utf-8").splitlines()
    (place,) = [number for number, line in enumerate(text) if line.startswith(f"{key}:")]
    assert text[place - 1].startswith("# ")


def test_the_default_potential_is_the_class_without_arguments():
    """The library and the command speak of the same potential."""
    built = plan(without_hydra(compose([]))).problem.potential
    assert built == ModifiedLennardJones()
    node = OmegaConf.load(CONF / "potential" / "modified_lennard_jones.yaml")
    declared = inspect.signature(ModifiedLennardJones).parameters
    values = {key: value for key, value in node.items() if key not in {"_target_", "defaults"}}
    assert {key: declared[key].default for key in values} == values


@pytest.mark.parametrize("name", CLASSES)
def test_names_of_files_and_groups_can_be_typed(name):
    """No capital, no dash, no blank: an option is an override's value without quotes."""
    assert re.fullmatch(r"[a-z]+/([a-z_]+/)?_?[a-z][a-z0-9_]*\.yaml", name)


STUDIES = [
    name.split("/")[1].removesuffix(".yaml")
    for name in GLOBAL
    if name[:5] == "study" and "own_trainer" not in name  # whose command nobody else knows
]


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_is_called_as_its_file(study):
    """`study=orders` is found again as `peslab report orders`."""
    planned = plan(without_hydra(compose([f"study={study}"])))
    assert planned.study.name == study
    assert planned.study.n_trials >= 12
    assert planned.study.n_startup_trials < planned.study.n_trials


@pytest.mark.parametrize("study", STUDIES)
def test_the_default_config_lies_in_every_study_that_contains_it(study):
    """So that its first trial says what the search has brought."""
    config = compose([f"study={study}"])
    settings = plan(without_hydra(config)).study
    space = parse_space(settings.space)
    start = start_point(space, defaults(config, settings))
    everywhere = {key for key in space.distributions if not space.conditions[key].comparisons}
    assert set(start) >= {key for key in everywhere if "[" not in key}


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_leaves_the_run_as_it_is(study):
    """Choosing a study changes no value of the runs in it."""
    chosen, default = (without_hydra(compose(o)) for o in ([f"study={study}"], []))
    for config in (chosen, default):
        config.study = None
    assert chosen == default


def test_the_quick_step_differs_from_a_run_in_size_alone():
    """`debug=fast` runs the same classes, or it would not say whether a run works."""
    fast, default = (plan(without_hydra(compose(o))) for o in (["debug=fast"], []))
    assert (fast.network, fast.loss, fast.optimizer) == (
        default.network,
        default.loss,
        default.optimizer,
    )
    assert fast.features == default.features
    assert fast.problem.potential == default.problem.potential
    assert fast.problem.database.size < default.problem.database.size
    assert fast.trainer.max_epochs == 1


def test_the_thesis_recipe_is_what_the_thesis_did():
    """Linear network, raw inputs of orders −2 and −3, R_0p = 20, rate 1e-5, counted as printed."""
    thesis = plan(without_hydra(compose(["experiment=thesis_network"])))
    assert type(thesis.scaling).__name__ == "Unscaled"
    assert type(thesis.schedule).__name__ == "Constant"
    assert thesis.network.depth == 0
    assert (list(thesis.features.orders), thesis.features.cutoff) == ([-2, -3], 20.0)
    assert thesis.optimizer.learning_rate == 1e-5
    assert thesis.problem.potential.counting == "published"


def test_an_override_wins_over_a_recipe():
    """A recipe is where one begins, not where one ends."""
    planned = plan(without_hydra(compose(["experiment=thesis_network", "features.cutoff=4"])))
    assert planned.features.cutoff == 4


POTENTIALS = [name for name in CLASSES if name.startswith("potential/") and name.count("/") == 1]


@pytest.mark.parametrize("name", POTENTIALS)
def test_every_potential_can_be_summed_as_it_stands(name):
    """Those without a cutoff say how deep: no option needs another one to be set."""
    potential = plan(without_hydra(compose([f"potential={name[10:-5]}"]))).problem.potential
    energies = potential.energy_per_particle([[0.0, 0.0], [1.0, 0.0]], cell_width=5.0)
    assert np.isfinite(energies).all()


def test_lone_pairs_count_once_in_potentials_of_pairs():
    """Two atoms at the minimum of Lennard-Jones have the energy −ε, as textbooks say."""
    dimer = [[0.0, 0.0], [1.0, 0.0]]
    for name in ("lennard_jones", "morse"):
        potential = plan(without_hydra(compose([f"potential={name}"]))).problem.potential
        assert 2 * potential.energy_per_particle(dimer, 40.0) == pytest.approx(-1.0, abs=1e-6)
