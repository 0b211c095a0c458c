"""What the README tells to type works as printed."""

import re
import shlex

import pytest
from omegaconf import OmegaConf

from peslab.apps.generate import combinations
from peslab.apps.main import COMMANDS
from peslab.study.search.space import parse_space

README = "README.md"


def blocks(repository, language):
    text = (repository / README).read_text(encoding="utf-8")
    every = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [block for its_language, block in every if its_language == language]


def alone(repository):
    """The Python blocks that need no study; the other is run on one in test_confirmed_study."""
    return [block for block in blocks(repository, "python") if "peslab.trials(" not in block]


def commands(repository):
    """Every line of a shell block that begins with `peslab`."""
    lines = "\n".join(blocks(repository, "")).splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("peslab ")]


@pytest.fixture
def files(tmp_path, monkeypatch, home, peslab, repository):
    """The files that the commands name, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").symlink_to(repository / "tests")
    small = ("database.size=440", "database.test_size=440", "relaxation.epochs=5")
    assert peslab("generate", *small).status == 0
    made, *_ = (home / "databases").glob("*.parquet")
    made.rename(home / "databases" / "0123456789abcdef.parquet")
    assert peslab("convert", "runs/databases/0123456789abcdef.parquet", "dft.db").status == 0


def test_files_are_converted_as_told(repository, peslab, files):
    """One command after the other, each with the files of those before it."""
    conversions = [command for command in commands(repository) if command[0] == "convert"]
    assert len(conversions) >= 2
    for command in conversions:
        answer = peslab(*command)
        assert (answer.status, answer.err) == (0, ""), command


def test_every_train_command_composes(repository, peslab, files):
    """Each is validated to the last key; what they do is tested elsewhere."""
    for target in ("toy.extxyz", "dft.parquet"):
        assert peslab("convert", "dft.db", target).status == 0
    trains = [command for command in commands(repository) if command[0] == "train"]
    assert len(trains) >= 6
    for command in trains:  # a study that others start from is not there
        alone = [word for word in command if not word.startswith("study.start_from=")]
        answer = peslab(*alone, "debug=compose")
        assert (answer.status, answer.err) == (0, ""), command


def test_every_command_is_there(repository):
    """No command of the README was renamed away, and none is missing in it."""
    text = (repository / README).read_text(encoding="utf-8")
    named = {command[0] for command in commands(repository)} | set(
        re.findall(r"`peslab (\w+)", text)
    )
    assert named == set(COMMANDS)


def test_the_python_blocks_run(repository):
    """The use from Python, a potential of one's own in ten lines, and a descriptor."""
    found = alone(repository)
    assert len(found) == 3
    made = []
    for block in found:
        names = {"__name__": "readme"}
        exec(compile(block, README, "exec"), names)  # noqa: S102
        made.append(names)
    for names in made[:2]:
        assert names["forces"].shape == (len(names["energies"]), 4, 2)
    assert made[2]["inputs"].shape == (10, 3)


def test_the_own_potential_obeys_newton(repository):
    """Its slopes are those of its values, so that forces are those of its energy."""
    names = {"__name__": "readme"}
    exec(compile(alone(repository)[1], README, "exec"), names)  # noqa: S102
    np, potential = names["np"], names["potential"]
    positions, step = np.random.default_rng(0).uniform(0, 5, (1, 4, 2)), 1e-6
    _, forces = potential.energy_and_forces(positions, 5.0)
    there, back = positions.copy(), positions.copy()
    there[0, 2, 1] += step
    back[0, 2, 1] -= step
    rise = potential.energy_per_particle(there, 5.0) - potential.energy_per_particle(back, 5.0)
    assert forces[0, 2, 1] == pytest.approx(-4 * rise[0] / (2 * step), rel=1e-6)
    assert forces.sum(axis=1) == pytest.approx(0.0, abs=1e-12)


def test_pictures_and_links_are_there(repository):
    """Every file that the README shows or names exists."""
    text = (repository / README).read_text(encoding="utf-8")
    files = re.findall(r"\]\(([^)#:]+)\)", text)
    assert "docs/parity.png" in files
    assert [file for file in files if not (repository / file).is_file()] == []


def test_the_plain_pip_lines_install_what_make_does(repository):
    """Without make the same environment results."""
    text = (repository / README).read_text(encoding="utf-8")
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    assert "pip install -c constraints.txt -e '.[test]'" in text
    assert "pip install --quiet -c constraints.txt -e '.[test]'" in makefile
    assert "peslab train -m study=quickstart" in text
    assert "bin/peslab train -m study=quickstart" in makefile


def test_every_command_within_the_text_composes(repository):
    """As those of the table of figures, which draw for seconds."""
    text = (repository / README).read_text(encoding="utf-8")
    inline = [shlex.split(line) for line in re.findall(r"`peslab ([^`…]+=[^`…]+)`", text)]
    real = [words for words in inline if not any(stand_in(word) for word in words)]
    assert len(real) >= 7
    for command, *overrides in real:
        assert command in {"train", "generate", "laws"}
        assert combinations(overrides)


def stand_in(word):
    """Whether a user has a name or a folder of their own in place of this one."""
    return "NAME" in word or "/my/" in word


def test_the_conditional_space_can_be_searched(repository):
    """The lines that are shown are read as they stand."""
    (block,) = blocks(repository, "yaml")
    space = parse_space({"optimizer": "choice(adam, sgd)", **OmegaConf.create(block)})
    assert [key for key, when in space.conditions.items() if when.comparisons] == [
        *("network.widths[1]", "optimizer.momentum"),
    ]
