"""Whatever stands in a config, the answer is a plan or one sentence; never another error."""

import string
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from peslab.configuration.build import check, resolve
from peslab.configuration.compose import compose, keys, parse, without_hydra
from peslab.configuration.targets import ROOMS, allowed, locate, refuse_foreign_hydra_targets
from peslab.errors import PeslabError
from peslab.pipeline import plan


@cache
def default():
    """The default config, composed once; a test works on a copy."""
    return without_hydra(compose([]))


@cache
def settings_of_a_run():
    """Every key that holds a value rather than a group, the classes' names left out."""
    config = default()
    found = [key for key in keys(config) if not OmegaConf.is_dict(OmegaConf.select(config, key))]
    return sorted(key for key in found if not key.endswith("_target_") and key != "study")


def with_value(key, value):
    config = default().copy()
    OmegaConf.update(config, key, value, merge=False, force_add=True)
    return config


def told(config):
    """The sentence that a config is refused with, or None where it is a run."""
    try:
        plan(config)
    except PeslabError as error:
        sentence = str(error)
        assert "\n" not in sentence
        assert sentence.strip() == sentence
        return sentence
    return None


LETTERS = st.sampled_from(string.ascii_lowercase + "_")


@st.composite
def slips(draw):
    """A known key and the same with one slip of the fingers: a letter left out, added, swapped."""
    key = draw(st.sampled_from(settings_of_a_run()))
    group, dot, name = key.rpartition(".")
    place = draw(st.integers(0, len(name) - 1))
    slip = draw(
        st.sampled_from(
            [
                name[:place] + name[place + 1 :],
                name[:place] + draw(LETTERS) + name[place:],
                name[:place] + draw(LETTERS) + name[place + 1 :],
                name[:place] + name[place : place + 2][::-1] + name[place + 2 :],
                name.upper(),
                f"{name}s",
            ]
        )
    )
    assume(slip and f"{group}{dot}{slip}" not in {*keys(default()), "experiment"})
    return key, f"{group}{dot}{slip}"


@given(slip=slips())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_slip_of_the_fingers_in_a_file_is_told(slip):
    """A misspelt key beside the right one, of any group, is named in the sentence."""
    key, misspelt = slip
    config = with_value(misspelt, OmegaConf.select(default(), key))
    sentence = told(config)
    assert sentence is not None
    assert f"{misspelt} is not a setting" in sentence


@given(slip=slips())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_a_slip_of_the_fingers_on_the_command_line_is_told(slip):
    """The same on the command line, where Hydra looks first."""
    _, misspelt = slip
    with pytest.raises(PeslabError) as caught:
        compose([f"{misspelt}=1"])
    assert misspelt in str(caught.value)
    assert "\n" not in str(caught.value)


WORDS = st.text(string.ascii_letters + string.digits + " _-.,:/äΩ°", max_size=12)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**31), 2**31), st.floats(), WORDS)
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.just("a"), SCALARS, min_size=1)
)


@pytest.mark.parametrize("key", settings_of_a_run())
def test_no_value_of_any_key_is_more_than_a_sentence(key):
    """Numbers, texts, lists and tables of any kind are taken or refused with the key's name."""

    @given(value=VALUES)
    @settings(max_examples=25, deadline=None, derandomize=True)
    def any_value(value):
        sentence = told(with_value(key, value))
        assert sentence is None or key.rpartition(".")[2].rstrip("s") in sentence.replace(" ", "_")

    any_value()


@pytest.mark.parametrize("key", settings_of_a_run())
def test_a_table_in_the_place_of_a_value_is_refused(key):
    """No key of a run holds a table."""
    sentence = told(with_value(key, {"deeper": 1}))
    assert sentence is not None
    assert f"{key}={{'deeper': 1}} does not fit" in sentence


@pytest.mark.parametrize("key", settings_of_a_run())
def test_a_setting_left_out_or_left_open_is_told(key):
    """`???` in the place of any value asks for it; nothing is filled in behind the user's back."""
    with pytest.raises(PeslabError, match="has no value: set it") as caught:
        plan(with_value(key, "???"))
    assert key.rpartition(".")[2] in str(caught.value)


GROUPS = ["features", "scaling", "network", "loss", "optimizer", "schedule", "trainer", "tracking"]
NAMES = st.one_of(
    WORDS,
    st.sampled_from(["os.system", "builtins.exec", "subprocess.Popen", "torch.load", "eval", "."]),
    st.sampled_from(sorted(ROOMS)).flatmap(lambda room: WORDS.map(lambda name: f"{room}.{name}")),
    st.sampled_from(sorted(ROOMS)).map(lambda room: f"{room}.__doc__"),
    st.none(),
    st.integers(),
    st.lists(WORDS, max_size=2),
)


@given(group=st.sampled_from(GROUPS), target=NAMES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_text_in_the_place_of_a_class_is_run(group, target):
    """A target that is not a public class of ours is refused as such, whatever its type."""
    with pytest.raises(PeslabError) as caught:
        check(with_value(f"{group}._target_", target))
    assert str(caught.value).startswith(f"{group}._target_=")
    assert "is not allowed" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_without_a_class_is_told_with_the_choice_to_make(group):
    """Half a group, as a file without its first lines would give, is not guessed at."""
    config = default().copy()
    config[group] = {"something": 1}
    sentence = told(config)
    assert sentence is not None
    assert f"choose an option, {group}=" in sentence


@pytest.mark.parametrize("value", [3, "mlp", [1, 2], True])
@pytest.mark.parametrize("group", ["network", "problem", "study"])
def test_a_value_in_the_place_of_a_group_is_told(group, value):
    """`network: mlp` inside a file is not the same as choosing the option on the command line."""
    sentence = told(with_value(group, value))
    assert sentence is not None
    assert f"name a file of conf/{group}" in sentence


@pytest.mark.parametrize(
    "text",
    ["${nothing}", "${network.nothing}", "${oc.env:PESLAB_NO_SUCH_VARIABLE}", "${no_resolver:1}"],
)
def test_an_interpolation_that_leads_nowhere_is_told(text):
    """What cannot be resolved is named by the key that holds it."""
    with pytest.raises(PeslabError, match=r"network\.width cannot be resolved: set it"):
        resolve(with_value("network.width", text))


def test_an_interpolation_to_another_key_is_that_keys_value():
    """A file may say that one value is another's, and an override of that one reaches it."""
    config = with_value("features.cutoff", "${lattice.cell_width}")
    config.lattice.cell_width = 7.5
    assert plan(config).features.cutoff == 7.5


@given(text=st.text(string.printable.replace("\n", "").replace("\r", ""), max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_as_an_override_is_read_or_told(text):
    """The parser answers with overrides or a sentence that holds what was typed."""
    try:
        parsed = parse([text])
    except PeslabError as error:
        assert text in str(error)  # noqa: PT017  # both answers are right
    else:
        assert len(parsed) == 1


@pytest.mark.parametrize(
    "target",
    [
        "peslab.learning.Adam.__init__",
        "peslab.learning.fit.fit",
        "peslab.learning.networks.nn.Linear",
        "peslab.toymodel.Lattice.sample",
        "peslab.study.sweeper.subprocess.Popen",
        "peslab.toymodelx.Lattice",
        "peslab",
        "peslab.",
        "",
    ],
)
def test_only_the_public_names_of_our_rooms_may_be_named(target):
    """Neither what a class has inside, nor what a module happened to import."""
    assert not allowed(target)
    with pytest.raises(PeslabError, match="is not allowed"):
        locate(target, "network")


@pytest.mark.parametrize("name", ["use_threads", "fit"])
def test_a_public_function_of_ours_is_not_a_class(name):
    """Functions would do something at once where a class only is something."""
    with pytest.raises(PeslabError, match="is not a class to build"):
        locate(f"peslab.learning.{name}", "network")


@pytest.mark.parametrize(
    "node",
    [
        {"callbacks": {"x": {"a": 1}}},
        {"launcher": {"_target_": "os.system"}},
        {"launcher": {"_target_": 3}},
        {"deep": [{"er": [{"_target_": "os.system"}]}]},
        {"job_logging": {"handlers": {"x": {"class": "os.system"}}}},
        {"job_logging": {"formatters": {"x": {"()": "builtins.exec"}}}},
    ],
)
def test_hydras_own_part_names_nothing_foreign(node):
    """However deep it stands, in tables and in lists."""
    with pytest.raises(PeslabError, match="is not allowed"):
        refuse_foreign_hydra_targets(node)


@pytest.mark.parametrize(
    "node",
    [
        {"callbacks": {}, "launcher": {"_target_": "hydra_plugins.x.Launcher"}},
        {"sweeper": {"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}},
        {"job_logging": {"handlers": {"x": {"class": "logging.StreamHandler"}}}},
        {"job_logging": {"formatters": {"x": {"()": "colorlog.ColoredFormatter"}}}},
        {"run": {"dir": "${oc.env:PESLAB_HOME,runs}/single/${now:%Y-%m-%d}"}},
        {"sweep": {"dir": "${oc.env:PESLAB_HOME,runs}/studies/${study.name}"}},
        {"job": {"num": 3, "name": "peslab", "env_set": None}},
    ],
)
def test_hydras_own_part_may_be_what_hydra_ships(node):
    """Launchers, sweepers, logging and folders stay free to choose."""
    refuse_foreign_hydra_targets(node)
