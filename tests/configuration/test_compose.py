"""Composition: what is typed wrong becomes one sentence, what is dangerous is refused."""

import pytest

from peslab.configuration.compose import compose, keys, parse, without_hydra
from peslab.errors import PeslabError


def test_the_default_config_composes():
    """Without overrides there is a complete run."""
    config = without_hydra(compose([]))
    assert config.problem._target_ == "peslab.problems.LatticePES"
    assert config.study is None
    assert "hydra" not in config


def test_interpolations_stay_alive():
    """An override of the potential reaches the problem, which refers to it."""
    config = compose(["potential.cutoff=1.5"])
    assert config.problem.potential.cutoff == 1.5


def test_a_study_brings_its_sweeper_and_its_folder(monkeypatch):
    """`study=quickstart` alone makes a multirun in the study's own folder."""
    monkeypatch.setenv("PESLAB_HOME", "/somewhere")
    config = compose(["study=quickstart", "study.name=mine"])
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.sweep.dir == "/somewhere/studies/mine"
    assert config.hydra.sweeper._target_ == "hydra_plugins.peslab_sweeper.PeslabSweeper"


def test_sweeps_stay_out_of_the_base():
    """Of a swept group the first option is taken, a swept key keeps its value."""
    config = compose(["network=linear,mlp", "optimizer.learning_rate=1e-3,1e-4"])
    assert config.network.depth == 0
    assert config.optimizer.learning_rate == compose([]).optimizer.learning_rate


def test_keys_name_every_setting_once():
    """The dotted keys of a config are those that an override can name."""
    found = keys(without_hydra(compose([])))
    assert {"seed", "network.width", "features.orders", "problem.potential"} <= set(found)
    assert "problem.potential.cutoff" not in found  # it is potential.cutoff
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("network.widht=3", "did you mean network.width?"),
        ("potential.cuttoff=3", "did you mean potential.cutoff?"),
        ("model=mlp", "did you mean network?"),
        ("data=small", "did you mean database?"),
        ("logger=wandb", "did you mean tracking?"),
        ("network=lenear", "did you mean linear?"),
        ("network=transformer", "choose from linear, mlp"),
        ("loss=mae,msee", "did you mean mse?"),
        ("study=quikstart", "did you mean quickstart?"),
        ("features.orders=[-2", "cannot be read"),
        ("network.width", "cannot be read"),
        ("study=quickstart,orders", "cannot be swept"),
        ("~network.width=7", "cannot be composed"),
    ],
)
def test_a_wrong_override_is_told_in_one_sentence(override, words):
    """The sentence names what was typed and what could have been meant."""
    with pytest.raises(PeslabError, match=r".") as caught:
        compose([override])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_of_a_chosen_study_is_explained():
    """Keys that only a study brings are known when the study is chosen."""
    with pytest.raises(PeslabError, match=r"did you mean study\.n_trials\?"):
        compose(["study=quickstart", "study.n_trails=3"])


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x._target_=os.system",
        "+hydra.callbacks={x: {_target_: os.system}}",
        "hydra.sweeper._target_=os.system",
        "+hydra.launcher={_target_: subprocess.run}",
        "++hydra.launcher._target_=subprocess.run",
        "+hydra.job_logging.handlers.x={class: subprocess.Popen, args: [true]}",
        "+hydra.hydra_logging.formatters={x: {class: os.system}}",
    ],
)
def test_hydra_is_not_told_to_run_foreign_code(override):
    """Callbacks and targets of Hydra would run before anything of ours could look at them."""
    with pytest.raises(PeslabError, match="not allowed"):
        compose([override])


def test_a_callback_in_a_folder_of_configs_is_refused(tmp_path):
    """A file on Hydra's search path cannot bring a callback either."""
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "bad.yaml").write_text(
        "# @package _global_\nhydra:\n  callbacks:\n    x:\n      _target_: numpy.savetxt\n"
    )
    with pytest.raises(PeslabError, match="not allowed"):
        compose([f"hydra.searchpath=[file://{tmp_path}]", "experiment=bad"])


@pytest.mark.parametrize(
    "lines",
    [
        "callbacks:\n    x: '${oc.create:{_target_:numpy.savetxt,fname:pwned,X:[1.0]}}'",
        "callbacks: '${oc.create:{x:{_target_:numpy.savetxt,fname:pwned,X:[1.0]}}}'",
        "launcher: '${oc.create:{_target_:numpy.savetxt,fname:pwned,X:[1.0]}}'",
        "job_logging:\n    handlers:\n      x:\n        (): numpy.savetxt",
        "job_logging:\n    handlers:\n      x:\n        class: numpy.savetxt",
    ],
)
def test_a_file_cannot_make_hydra_run_anything(lines, tmp_path, monkeypatch):
    """Not by an interpolation that makes a node, and not by a class of logging's handlers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "bad.yaml").write_text(f"# @package _global_\nhydra:\n  {lines}\n")
    with pytest.raises(PeslabError, match=r"not allowed|is not a subclass"):
        compose([f"hydra.searchpath=[file://{tmp_path}]", "experiment=bad"])
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("width: 8\ndepth: [1", "mine.yaml, line 2, cannot be read as YAML (expected ',' or ']'"),
        ("width: 8\nwidth: 9\n", "mine.yaml, line 2, cannot be read as YAML (found duplicate key"),
        ("width: !!python/name:os.system\n", "mine.yaml, line 1, cannot be read as YAML (could"),
        ('width: "\x01"', "mine.yaml cannot be read as YAML (special characters"),
        (
            "width: 8  # caf\xe9",
            "mine.yaml is not UTF-8 (unexpected end of data): save it as such.",
        ),
    ],
)
def test_a_file_that_is_no_yaml_is_told_with_its_line(text, words, tmp_path):
    """In one sentence, which has the path to it."""
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "mine.yaml").write_text(text, encoding="latin-1")
    with pytest.raises(PeslabError, match=f"^{tmp_path}/network") as caught:
        compose([f"hydra.searchpath=[file://{tmp_path}]", "network=mine"])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_overrides_are_parsed_in_hydras_grammar():
    """Lists, sweeps and quoted words are what they are in Hydra."""
    listed, swept = parse(["features.orders=[-2,-3]", "network.width=8,16"])
    assert listed.value() == [-2, -3]
    assert swept.is_sweep_override()


@pytest.mark.parametrize("option", ["nan", "2"])
def test_a_number_is_no_option_of_ones_own_folder(tmp_path, option):
    """Hydra reads nan.yaml's name as a number, which is told in a sentence of ours."""
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / f"{option}.yaml").write_text("_target_: mine.Features\n")
    with pytest.raises(PeslabError, match=f"features={option} is a number, not the name of"):
        compose([f"hydra.searchpath=[file://{tmp_path}]", f"features={option}"])
