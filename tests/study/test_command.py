"""A command's words, its placeholders, its files; a function's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import PeslabError
from peslab.study.command import (
    filled,
    function_of,
    is_entry,
    located,
    placeholders,
    words,
)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("python train.py --lr {lr}", ("python", "train.py", "--lr", "{lr}")),
        ("run 'two words' \"{a b}\"", ("run", "two words", "{a b}")),
        (("run", "two words"), ("run", "two words")),
        ("run --x=$HOME;ls", ("run", "--x=$HOME;ls")),
    ],
)
def test_words_are_those_of_a_shell_that_does_nothing_else(command, found):
    """Quotes hold words together; no variable, pipe or semicolon means anything."""
    assert words(command) == found


@pytest.mark.parametrize("command", ["", "   ", (), ("", "x"), "run 'open"])
def test_what_is_no_command_is_refused(command):
    """One sentence, at once."""
    with pytest.raises(PeslabError, match=r"^command"):
        words(command)


def test_placeholders_are_found_within_words():
    """Each one once, in their order; doubled braces are braces."""
    assert placeholders(["a", "--x={b.c}", "{d}{b.c}", '{{"json": {e}}}']) == ["b.c", "d", "e"]


@pytest.mark.parametrize("word", ["{a", "a}", "{{a}", "}{"])
def test_a_brace_alone_is_refused(word):
    """Rather than handed to the program by accident."""
    with pytest.raises(PeslabError, match="brace without a partner"):
        placeholders([word])


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_value_remains_one_word_whatever_it_holds(value, other):
    """Blanks, quotes, braces, semicolons: it is one argument, letter by letter."""
    parts = ["run", "--a={a}", "{b}", "{{{a}}}"]
    assert filled(parts, {"a": value, "b": other}) == ["run", f"--a={value}", other, f"{{{value}}}"]


def test_files_are_made_absolute_and_other_words_left_alone(tmp_path):
    """Each replica is started in its own folder, where `train.py` would not be found."""
    for name in ("train.py", "adam"):
        (tmp_path / name).write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("")
    program, *others = located(
        ["sh", "train.py", "adam", "data/x", "data", "{train.py}", "none.py", "3.5"], tmp_path
    )
    assert program.endswith("/sh")
    assert others == [
        *(f"{tmp_path}/train.py", "adam", f"{tmp_path}/data/x"),
        *("data", "{train.py}", "none.py", "3.5"),
    ]


def test_a_program_beside_the_user_is_found(tmp_path, monkeypatch):
    """As a shell finds `./train.sh`."""
    (tmp_path / "train.sh").write_text("#!/bin/sh\n")
    (tmp_path / "train.sh").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert located(["./train.sh"], tmp_path) == (f"{tmp_path}/train.sh",)


def test_a_program_that_is_not_there_is_told(tmp_path):
    """Before the first trial, not by it."""
    with pytest.raises(PeslabError, match="there is no program pyhton: correct its name"):
        located(["pyhton", "x.py"], tmp_path)


@pytest.mark.usefixtures("example_package")
def test_a_function_of_an_installed_package_is_found(tmp_path):
    """By the name of its entry point."""
    function = function_of("entry:parabola")
    assert 0 < function({"degree": 2}, 0, tmp_path)["val/error"] < 0.02


@pytest.mark.usefixtures("example_package")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parabole", r"did you mean parabola\?"),
        ("soft_triangles", "there are parabola"),  # a module, opened for configs
        ("os.system", "there are parabola"),
    ],
)
def test_what_is_no_function_is_told(name, words):
    """Nothing but an entry point of the group is ever called."""
    with pytest.raises(PeslabError, match=words):
        function_of(f"entry:{name}")


def test_entries_are_told_from_commands():
    """A list of words is never one."""
    assert is_entry("entry:x")
    assert not is_entry("python entry:x")
    assert not is_entry(("entry:x",))
    assert not is_entry(None)
