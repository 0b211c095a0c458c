"""Every key and value of a composed config is checked against the class that it is for."""

import re
import shutil
import sys
import types

import pytest
from omegaconf import OmegaConf

import peslab
from peslab.apps.preflight import preflight
from peslab.configuration.build import build, check
from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.folders import conf_folder
from peslab.configuration.targets import allowed, locate
from peslab.errors import PeslabError
from peslab.features import ProximityEigenvalues


def composed(*overrides):
    return without_hydra(compose(list(overrides)))


def test_the_default_config_is_valid_and_builds():
    """Every group of the default run makes an object of ours."""
    values = check(composed())
    assert build(values["features"], "features") == ProximityEigenvalues(
        tuple(values["features"]["orders"]), values["features"]["cutoff"]
    )
    assert build(values["problem"], "problem").potential.cutoff == 2.0


OPTIONS = [
    f"{group.name}={option.stem}"
    for group in sorted(conf_folder().iterdir())
    if group.is_dir()
    for option in sorted(group.glob("*.yaml"))
    if not option.stem.startswith("_")
]
MANDATORY = {"problem=file": ["problem.path=data.extxyz"]}  # what only the user can know


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_of_every_group_is_valid(option):
    """Nothing in conf/ or experiments/ is misspelt or of a wrong type."""
    check(composed(option, *MANDATORY.get(option, [])))


@pytest.mark.parametrize("option", OPTIONS)
def test_a_typo_inside_any_file_is_noticed(option, tmp_path, monkeypatch):
    """Hydra lets a misspelt key inside a file pass; the classes do not."""
    shutil.copytree(conf_folder(), tmp_path / "conf")
    monkeypatch.setattr(peslab, "__file__", str(tmp_path / "src" / "peslab" / "__init__.py"))
    group, _, name = option.partition("=")
    file = tmp_path / "conf" / group / f"{name}.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    places = [i for i, line in enumerate(lines) if _is_value(line)]
    if places:
        key, colon, value = lines[places[-1]].partition(":")
        lines[places[-1]] = f"{key}_misspelt{colon}{value}"
    else:  # an option without settings: it gets one
        lines.append("misspelt: 1")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(PeslabError, match="misspelt"):
        if group == "study":  # whose keys may be those of several options
            preflight([option])
        check(composed(option, *MANDATORY.get(option, [])))


def _is_value(line):
    key, colon, value = line.partition(":")
    is_ours = key.strip() not in {
        "mode",
        "dir",
        "_target_",
        "defaults",
        "hydra",
        "- override /hydra",
    }
    return (
        bool(colon) and bool(value.strip()) and line[:1] not in "#-" and is_ours and "/" not in key
    )


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("+network.widht=3", "did you mean network.width?"),
        ("+sed=3", "did you mean seed?"),
        ("+scaling.mean=3", "scaling.mean is not a setting"),
        ("network.depth=deep", "network.depth=deep does not fit: input should be a valid integer"),
        ("network.depth=3.5", "network.depth=3.5 does not fit"),
        ("network.activation=relu6", "network.activation=relu6 does not fit"),
        ("features.orders=[-2,x]", "features.orders[1]"),
        ("features.orders=-2", "features.orders=-2 does not fit"),
        ("seed=-1", "seed=-1 is too small"),
        ("replicas=0", "replicas=0 is too small"),
        ("potential=null", "has no"),
        ("network=null", "network"),
        ("trainer.max_epochs=true", "trainer.max_epochs=True does not fit"),
        ("problem.potential=null", "problem.potential=None does not fit"),
    ],
)
def test_a_wrong_value_is_told_with_its_key(override, words):
    """The sentence names the key, the value and what fits."""
    with pytest.raises(PeslabError) as caught:
        check(composed(override))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "override",
    [
        "features.orders=[-1]",
        "features.orders=[]",
        "features.cutoff=0",
        "potential.cutoff=-1",
        "lattice.cell_width=0",
        "lattice.n_particles=0",
        "lattice.dimension=0",
        "relaxation.epochs=-1",
        "database.size=0",
        "database.keep_quantile=1.5",
        "database.validation_fraction=1",
        "database.test_seed=0",
        "network.width=0",
        "network.depth=-1",
        "optimizer.learning_rate=0",
        "trainer.max_epochs=0",
        "trainer.batch_size=0",
        "tracking.uri=ftp://x",
    ],
)
def test_an_impossible_value_is_refused_by_its_class(override):
    """What the type allows and the physics does not is told before any work starts."""
    from peslab.pipeline import plan

    key = override.partition("=")[0]
    with pytest.raises(PeslabError) as caught:
        plan(composed(override))
    assert key.partition(".")[0] in str(caught.value)
    assert key.rpartition(".")[2] in str(caught.value)


def test_whole_numbers_pass_for_real_ones():
    """`features.cutoff=3` is as good as 3.0."""
    assert check(composed("features.cutoff=3"))["features"]["cutoff"] == 3


def test_a_missing_value_is_told_with_its_key():
    """`???` in a file asks for a value."""
    config = composed()
    OmegaConf.update(config, "network.width", "???")
    with pytest.raises(PeslabError, match=r"network\.width has no value"):
        check(config)


@pytest.mark.parametrize(
    "target",
    ["os.system", "torch.load", "peslab.apps.main.main", "peslab.features.np", "builtins.eval"],
)
def test_a_foreign_target_is_refused(target):
    """A config may name public classes of ours, and nothing else."""
    assert not allowed(target)
    with pytest.raises(PeslabError, match="is not allowed"):
        check(composed(f"network._target_={target}"))


def test_an_installed_package_opens_its_module_by_an_entry_point(monkeypatch):
    """What is installed with an entry point of the group `peslab` is trusted."""

    class Point:
        module = "fractions"

    monkeypatch.setattr(
        "peslab.configuration.targets.entry_points",
        lambda group: [Point] if group == "peslab" else [],
    )
    assert locate("fractions.Fraction", "network").__name__ == "Fraction"
    assert not allowed("fractionsx.Fraction")
    with pytest.raises(PeslabError, match="not its package's own"):
        locate("fractions.Decimal", "network")  # imported there from elsewhere
    with pytest.raises(PeslabError, match="cannot be imported"):
        locate("fractions.missing.Fraction", "network")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "schedule._target_=peslab.learning.MeanSquaredError",
            "MeanSquaredError, which is no Schedule",
        ),
        ("loss._target_=peslab.learning.Loss", "not a class to build"),
        ("features._target_=peslab.features.Standardize", "is not a setting"),
        ("loss._target_=peslab.tracking.RunLog", "cannot be built from a config"),
        ("network.depth={_target_: peslab.learning.MeanAbsoluteError}", "is no int"),
        ("problem.potential={_target_: peslab.learning.Cosine}", "Cosine is no Potential"),
    ],
)
def test_an_object_in_the_wrong_room_is_refused(override, words):
    """A class of ours that does not do what its group is for."""
    from peslab.pipeline import plan

    with pytest.raises(PeslabError, match=words):
        plan(composed(override))


@pytest.mark.parametrize(
    ("overrides", "cell_width"),
    [
        (["lattice.cell_width=5"], 5.0),
        (["lattice=square_4_widths"], (1.5, 10.0)),
        (["lattice.cell_width=[2,5.5]", "lattice.n_widths=3"], (2.0, 5.5)),
    ],
)
def test_a_number_or_a_range_fits_where_either_may_stand(overrides, cell_width):
    """A list of YAML is a tuple here too, where the annotation is a union."""
    assert build(check(composed(*overrides))["lattice"], "lattice").cell_width == cell_width


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("wide", "cell_width=wide does not fit: input should be a valid number."),
        ("[2,x]", "cell_width[1]=[2, 'x'] does not fit: input should be a valid number."),
        ("[1,2,3]", "the list should have at most 2 items, not 3"),
        ("null", "cell_width=None does not fit"),
        ("true", "cell_width=True does not fit"),
    ],
)
def test_of_a_union_the_fitting_half_is_told(value, words):
    """Who gave a list is told about lists, who gave a text about numbers."""
    with pytest.raises(PeslabError) as caught:
        check(composed(f"lattice.cell_width={value}"))
    assert words in str(caught.value)


def test_a_place_that_may_be_empty_takes_what_fits():
    """Pairs come from another potential, by name and with its own settings, or from none."""
    from peslab.pipeline import plan
    from peslab.toymodel import Morse

    chosen = composed(
        "potential=area_and_circumference", "potential/pair_part=morse",
        "potential.pair_part.stiffness=50.0", "potential.triplet_weight=0.75",
    )  # fmt: skip
    potential = plan(chosen).problem.potential
    assert potential.pair_part == Morse(stiffness=50.0)
    assert (potential.pair_weight, potential.triplet_weight) == (0.25, 0.75)
    assert plan(composed()).problem.potential.pair_part is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["potential.pair_part={_target_: peslab.learning.Cosine}"], "Cosine is no Potential"),
        (["potential.pair_part=3"], "potential.pair_part"),
        (
            ["potential/pair_part=morse", "potential.pair_part.stifness=3"],
            "did you mean potential.pair_part.stiffness?",
        ),
        (["potential/pair_part=mors"], "did you mean morse?"),
        (["potential/pair_par=morse"], "did you mean potential/pair_part?"),
    ],
)
def test_a_wrong_pair_part_is_refused(overrides, words):
    """What is no potential, and what is only misspelt."""
    from peslab.pipeline import plan

    with pytest.raises(PeslabError, match=re.escape(words)):
        plan(composed(*overrides))


def test_parents_in_another_module_do_not_hide_what_their_fields_are(monkeypatch):
    """A potential of one's own may come from a module that does not import `Potential` itself."""
    from peslab.configuration.build import _parameters

    module = types.ModuleType("elsewhere")
    exec(  # noqa: S102
        "import dataclasses, peslab.toymodel as toy\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class Own(toy.LennardJones):\n    twist: float = 0.0\n",
        module.__dict__,
    )
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    assert set(_parameters(module.Own)) >= {"twist", "pair_part", "well_depth"}
