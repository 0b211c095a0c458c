"""The two folders that every command needs: of the choices, and of the results."""

import os
from pathlib import Path

import peslab
from peslab.errors import PeslabError


def home() -> Path:
    """The folder of all results: PESLAB_HOME, or `runs` in the current folder, as an absolute path.

    Raises:
        PeslabError: If the folder cannot be made or written.
    """
    folder = Path(os.environ.get("PESLAB_HOME") or "runs").expanduser().absolute()
    if set(str(folder)) & set("%?#"):
        raise PeslabError(
            f"The folder of results {folder} has one of the letters %, ? and # in its name, which "
            "mean something else in a database's address: set PESLAB_HOME to another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PeslabError(
            f"The folder of results {folder} cannot be made ({error.strerror}): "
            "set PESLAB_HOME to a folder that can be written."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PeslabError(
            f"The folder of results {folder} cannot be written: "
            "change its permissions or set PESLAB_HOME to another folder."
        )
    return folder


def conf_folder() -> Path:
    """The folder of choices: beside the modules in a wheel, at the top of a checkout."""
    package = Path(peslab.__file__).parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parents[1] / "conf"
