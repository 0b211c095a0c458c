"""A study starts where another ended."""

import shutil

import pytest
from omegaconf import OmegaConf

from peslab.apps.start import RECORDED, below, started
from peslab.configuration.compose import compose, without_hydra
from peslab.errors import PeslabError
from peslab.study.results.ranking import metrics_of
from peslab.study.storage.study import load

pytestmark = pytest.mark.usefixtures("unrendered")


@pytest.fixture
def own(studied, tmp_path, monkeypatch):
    """A folder of results with a study that may be changed."""
    home = tmp_path / "runs"
    shutil.copytree(studied / "studies", home / "studies")
    monkeypatch.setenv("PESLAB_HOME", str(home))
    return home


def start(*typed):
    return started(compose(typed), typed)


def best(home):
    return min(load("quickstart", home).get_trials(deepcopy=False), key=lambda t: t.value)


FROM = ("study=learning_rate", "study.start_from=quickstart")


def test_the_best_trial_is_the_base(own):
    """Its swept values, and what was typed for its study; what the file sweeps begins there."""
    config = start(*FROM).config
    found = best(own)
    assert config.network.width == found.params["network.width"]
    assert config.optimizer.learning_rate == found.params["optimizer.learning_rate"]
    assert str(list(config.features.orders)).replace(" ", "") == found.params["features.orders"]
    assert (config.debug, config.replicas, config.study.name) == ("fast", 2, "learning_rate")


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("network.width=5", "network.width", 5),
        ("replicas=4", "replicas", 4),
        ("network=linear", "network.depth", 0),
    ],
)
def test_what_is_typed_wins(typed, key, value, own):
    """A value over a value, a group over all values in it."""
    base = start(*FROM, typed)
    assert OmegaConf.select(base.config, key) == value
    assert not [text for text in base.overrides if text.startswith(typed.partition("=")[0])]


def test_a_trial_can_be_named(own):
    """Another than the best."""
    (other,) = [t for t in load("quickstart", own).trials if t.number == 0]
    base = start("study=orders", "study.start_from=quickstart/0")
    assert base.origin == "quickstart/0"
    assert base.config.network.width == other.params["network.width"]


def test_without_it_nothing_changes(own):
    """Neither for a study nor for a run."""
    for typed in (["study=orders"], []):
        assert start(*typed).overrides == ()
        assert without_hydra(start(*typed).config) == without_hydra(compose(typed))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("study=quickstart", "study.start_from=quickstart"), "is this study itself"),
        (("study=orders", "study.start_from=quickest"), "choose from quickstart"),
        (("study=orders", "study.start_from=quickstart/77"), "no finished trial '77'"),
        ((*FROM, "experiment=thesis_network"), "both say where the study starts"),
    ],
)
def test_where_nothing_can_start_is_told(typed, words, own):
    """In one sentence."""
    with pytest.raises(PeslabError, match=words):
        start(*typed)


def test_a_study_of_another_problem_is_refused(own):
    """Its descriptors and networks say nothing of this one."""
    file = own / "studies" / "quickstart" / str(best(own).number) / ".hydra" / "config.yaml"
    config = OmegaConf.load(file)
    config.problem._target_ = "peslab.problems.FilePES"
    OmegaConf.save(config, file)
    with pytest.raises(PeslabError, match="solved another problem"):
        start(*FROM)


def test_a_study_goes_on_from_where_it_started(own, peslab):
    """Its first trial is that best one, bit by bit; a better one found later changes nothing."""
    command = ("train", *FROM, "study.n_trials=1")
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    study, before = load("learning_rate", own), best(own)
    assert study.user_attrs["recipe"][RECORDED] == f"quickstart/{before.number}"
    assert study.trials[0].value == before.value
    first, then = (metrics_of(t)["test/force_mae"] for t in (study.trials[0], before))
    assert first == then
    grown = load("quickstart", own)
    grown.tell(grown.ask().number, 0.0)
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    fresh = peslab(*command, "study.name=third")
    assert (fresh.status, "No command of today gives" in fresh.err) == (2, True)  # no folder


@pytest.mark.parametrize(
    ("base", "keys", "left"),
    [
        (["a.b=1", "c=2"], ["c"], ["a.b=1"]),
        (["a=x", "a.b=1", "ab=3"], ["a"], ["ab=3"]),
        (["a.b=1", "a.bc=2"], ["a.b"], ["a.bc=2"]),
        (["a.b.c=1"], ["a.b"], []),
        (["a=x", "a.b=1"], ["a.b"], ["a=x"]),
        (["a/b=x", "a.b.c=1"], ["a/b"], []),
        (["w=[1,2]"], [], ["w=[1,2]"]),
    ],
)
def test_what_is_above_replaces_what_is_below(base, keys, left):
    """The key itself, a group of it, or a part; names that only begin alike are others."""
    assert list(below(base, keys)) == left
