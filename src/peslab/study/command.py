"""Somebody's own trainer as a study calls it: words with placeholders, or an installed function.

python train.py --rate {optimizer.learning_rate} --seed {seed}     a command, without a shell
entry:NAME                                                         an entry point's function

A word like `{key}` takes the value of a swept key or of the config; `{{` and `}}` are braces. The
command is started once for each replica, in a folder of its own, where it writes metrics.json:
`{"val/error": 0.1, …}`, any numbers by any names. A function is called in this process,
`function(values, seed, folder)`, and returns the same as a dict.
"""

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from omegaconf import ListConfig

from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError

GIVEN = {
    "seed": "of this replica: seed + k of replica k",
    "replica": "its number from 0 on",
    "trial": "the number of the trial",
    "folder": "of this replica's own, in which it is started",
    "metrics": "the file that it has to write, metrics.json in that folder",
}
"""Placeholders that every start fills anew."""

ENTRY = "entry:"
GROUP = "peslab"

Function = Callable[[dict[str, Any], int, Path], Mapping[str, Any]]

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


INTERPRETERS = re.compile(r"python[\d.]*|pypy[\d.]*|Rscript|julia|perl|(ba|da|z)?sh")
"""Programs whose first argument, if it is no option, is a file to run."""


def words(command: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a command, which quotes hold together as in a shell.

    Raises:
        PeslabError: If a quote is left open, or there is no word.
    """
    try:
        found = tuple(shlex.split(command) if isinstance(command, str) else command)
    except ValueError as error:
        raise PeslabError(
            f"command={command} cannot be read ({error}): close its quote."
        ) from error
    if not found or not found[0]:
        raise PeslabError("command is empty: name a program, e.g. 'python train.py'.")
    return found


def placeholders(parts: Iterable[str]) -> list[str]:
    """What stands in braces, in the order it stands there.

    Raises:
        PeslabError: If a brace has no partner.
    """
    found = []
    for word in parts:
        for match in _BRACES.finditer(word):
            if match[0] in "{}":
                raise PeslabError(
                    f"command has a brace without a partner in '{word}': write {{{{ and }}}} for "
                    "braces, {key} for a value."
                )
            if match[1] is not None:
                found.append(match[1])
    return list(dict.fromkeys(found))


def filled(parts: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """The words with their placeholders filled in; a value with blanks remains one word."""

    def fill(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else texts[match[1]]

    return [_BRACES.sub(fill, word) for word in parts]


def located(parts: Sequence[str], here: Path) -> tuple[str, ...]:
    """The words, those that name a file made absolute, since each replica is started elsewhere.

    A word without a dot or a slash, such as `adam`, is left alone even where there is such a file.

    Raises:
        PeslabError: If the program is not there, or the script that an interpreter is to run.
    """
    program = parts[0]
    if "{" not in program:
        found = shutil.which(program)
        if found is None:
            raise PeslabError(
                f"command: there is no program {program}: correct its name, or give its whole path."
            )
        program = str(here / found)
    first = parts[1] if len(parts) > 1 else "-"
    is_script = INTERPRETERS.fullmatch(Path(program).name) and not first.startswith("-")
    if is_script and "{" not in first and not (here / first).is_file():
        raise PeslabError(
            f"command: there is no file {first}: correct its name, or give its whole path."
        )
    return (program, *(str(here / w) if _names_file(w, here) else w for w in parts[1:]))


def function_of(command: str) -> Function:
    """The function that `entry:NAME` names: an entry point of an installed package.

    Raises:
        PeslabError: If there is none of this name, or it cannot be imported or called.
    """
    name = command.removeprefix(ENTRY)
    points = {point.name: point for point in entry_points(group=GROUP) if point.attr}
    if name not in points:
        there = did_you_mean(name, points) or (
            f": there are {', '.join(sorted(points))}." if points else ": no package has one."
        )
        raise PeslabError(
            f"command=entry:{name} is no function of the entry points '{GROUP}'{there}"
        )
    try:
        function = points[name].load()
    except (ImportError, AttributeError) as error:
        raise PeslabError(f"command=entry:{name} cannot be imported: {error}.") from error
    if not callable(function):
        raise PeslabError(f"command=entry:{name} is no function: let its entry point name one.")
    return function  # type: ignore[no-any-return]  # its result is checked at each call


def is_entry(command: str | Sequence[str] | None) -> bool:
    """Whether it names a function rather than a program."""
    return isinstance(command, str) and command.startswith(ENTRY)


def _names_file(word: str, here: Path) -> bool:
    return "{" not in word and ("." in word or "/" in word) and (here / word).is_file()


def parsed(override: str) -> tuple[str, tuple[str, Any]]:
    """The key of an override, its value as a word of a command, and as Python has it."""
    item = OverridesParser.create().parse_override(override)
    typed, value = override.partition("=")[2], _unquoted(item.value())
    has_marks = any(mark in typed for mark in "\\'\"")  # of Hydra's grammar, not of the value
    return item.key_or_group, (as_text(value) if has_marks else typed, value)


def _unquoted(value: Any) -> Any:  # noqa: ANN401  # anything that an override can hold
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    return value.text if isinstance(value, QuotedString) else value


def as_text(value: object) -> str:
    """A value as a word of a command."""
    if isinstance(value, list | ListConfig):
        return f"[{','.join(map(as_text, value))}]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)
