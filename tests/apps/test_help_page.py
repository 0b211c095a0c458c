"""The help page is read from the files, so it cannot forget one; the plugin costs nothing."""

import subprocess
import sys

import pytest

from peslab.apps import help as help_page
from peslab.apps.main import COMMANDS, _sentence
from peslab.configuration.folders import conf_folder

CONF = conf_folder()
OPTIONS = sorted(
    (path.parent.relative_to(CONF).as_posix(), path.stem)
    for path in [*CONF.glob("*/*.yaml"), *CONF.glob("*/*/*.yaml")]
    if path.stem[0] != "_"
)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_is_listed_under_its_group_with_what_it_is(group, option):
    """The words beside it are the first comment of its file."""
    text = help_page.text()
    block = text.partition(f"\n\n{group}")[2].partition("\n\n")[0]
    (line,) = [line for line in block.splitlines() if line[4:].split(" ")[0] == option]
    about = line[28:].strip()
    assert len(about) > 10
    assert about in (CONF / group / f"{option}.yaml").read_text(encoding="utf-8")


def test_one_option_of_a_group_is_the_default():
    """Marked by a star, as in the root config and the problem's file."""
    starred = [line.split()[1] for line in help_page.text().splitlines() if line[:4] == "  * "]
    assert len(starred) == len(set(starred))
    assert {"mlp", "mae", "adam", "cosine", "square_4", "lattice_pes", "thesis"} <= set(starred)
    assert not {"quickstart", "fast", "linear", "thesis_network"} & set(starred)


def test_parts_of_files_are_not_offered():
    """`study=_base` alone is no study."""
    assert "_base" not in help_page.text()


def test_a_usage_of_ones_own_comes_first():
    """`peslab generate` has other examples, and the same groups."""
    assert help_page.text("mine\n").startswith("mine\n\nGroups")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command, peslab):
    """`--help` is an answer, not a mistake."""
    answer = peslab(command, "--help")
    assert (answer.status, answer.err) == (0, "")
    assert f"peslab {command}" in answer.out


@pytest.mark.parametrize("arguments", [[], ["-h"], ["help"], ["--help"]])
def test_nothing_at_all_is_a_question_too(arguments, peslab):
    """A newcomer types the bare command first; the page is at most 80 columns wide."""
    answer = peslab(*arguments)
    assert answer.status == 0
    assert "Start here:" in answer.out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file", "/x"), "No such file: /x cannot be used"),
        (OSError("disk"), "disk: cannot be used"),
        (ValueError("one sentence."), "one sentence."),
    ],
)
def test_a_disks_error_is_a_sentence(error, said):
    """With the path, where there is one."""
    assert _sentence(error).startswith(said)
    assert "\n" not in _sentence(error)


def in_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_sweeper_is_light_to_import():
    """Hydra imports every plugin at every start, whoever's program it is."""
    heavy = {"optuna", "torch", "mlflow", "pytorch_lightning", "polars", "numba", "numpy"}
    done = in_python(
        "import sys\nimport hydra_plugins.peslab_sweeper\n"
        f"loaded = ({heavy} | {{'peslab'}}) & set(sys.modules)\nassert not loaded, loaded"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_hydra_finds_the_sweeper():
    """By its package's name alone; `hydra/sweeper=peslab` names it."""
    done = in_python(
        "from hydra.core.plugins import Plugins\nfrom hydra.plugins.sweeper import Sweeper\n"
        "names = [plugin.__name__ for plugin in Plugins.instance().discover(Sweeper)]\n"
        "assert 'PeslabSweeper' in names, names\n"
        "from hydra.core.config_store import ConfigStore\n"
        "node = ConfigStore.instance().load('hydra/sweeper/peslab.yaml').node\n"
        "assert node._target_ == 'hydra_plugins.peslab_sweeper.PeslabSweeper'"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["peslab", "peslab.apps.main", "peslab.apps.help"])
def test_our_own_front_door_is_light(module):
    """What every command imports first brings nothing of the laboratory with it."""
    done = in_python(
        f"import sys\nimport {module}\n"
        "loaded = {'torch', 'mlflow', 'optuna', 'hydra', 'numpy', 'rich'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    assert (done.returncode, done.stderr) == (0, "")
