"""What a number depended on beside its config: code, libraries, machine."""

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import peslab

LIBRARIES = (
    "peslab",
    "numpy",
    "numba",
    "polars",
    "torch",
    "pytorch-lightning",
    "optuna",
    "mlflow",
    "hydra-core",
)


def provenance() -> dict[str, str]:
    """Versions, processor and commit, as flat text.

    The commit is that of the checkout which peslab is imported from; `uncommitted changes` says
    whether files differ from it. Installed from a wheel there is neither.
    """
    facts = {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": _processor(),
        **{library: _version(library) for library in LIBRARIES},
    }
    commit = _git("rev-parse", "HEAD")
    if commit:
        facts["commit"] = commit
        facts["uncommitted changes"] = "yes" if _git("status", "--porcelain") else "no"
    return facts


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    """What git says of the folder of our modules, or nothing."""
    folder = Path(peslab.__file__).parent
    if not (folder.parents[1] / ".git").exists():
        return ""
    try:
        answer = subprocess.run(  # a fixed command without input
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
