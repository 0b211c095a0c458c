"""What a number depended on beside its config: code, libraries, machine."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Protocol

from peslab.tracking.checkout import commit, fingerprint, shortened, uncommitted

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

INSTRUCTIONS = ("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")
"""Sets of vector instructions: sums round differently in registers of another width."""

ENVIRONMENT, INSTALLED = "environment.yaml", "installed.txt"
"""Artifacts that tell what a run's numbers depend on beside its config."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class TextLog(Protocol):
    """Something that keeps texts, as a run does."""

    def text(self, text: str, artifact: str) -> None:
        """Keep a text under a name."""


def record_environment(log: TextLog, home: Path, others: Mapping[str, str]) -> None:
    """Log what a run's numbers depend on beside its config.

    Args:
        log: The run.
        home: The folder of results.
        others: Facts beside those of code, libraries and machine, such as the seeds.
    """
    facts = {**provenance(home), **others}
    quoted = {name: json.dumps(fact, ensure_ascii=False) for name, fact in facts.items()}
    log.text("".join(f"{name}: {fact}\n" for name, fact in quoted.items()), ENVIRONMENT)
    log.text(installed(), INSTALLED)
    if difference := uncommitted(home):
        log.text(shortened(difference), "uncommitted.diff")


def provenance(home: Path | None = None) -> dict[str, str]:
    """Versions, hardware, threads and commit, as flat text.

    The commit is that of the checkout which peslab is imported from; `uncommitted changes` is `no`,
    or the fingerprint of the difference. Installed from a wheel there is neither.

    Args:
        home: The folder of results, which is no part of the code.
    """
    facts = {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        **_hardware(),
        **{library: _version(library) for library in LIBRARIES},
        "installed": hashlib.sha256(installed().encode()).hexdigest()[:16],
    }
    if found := commit():
        facts["commit"] = found
        difference = uncommitted(home)
        facts["uncommitted changes"] = fingerprint(difference) if difference else "no"
    return facts


@cache
def installed() -> str:
    """Every installed distribution as `name==version`, one a line, sorted."""
    found = {f"{each.name}=={each.version}" for each in distributions() if each.name}
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))


def versions(lines: str) -> dict[str, str]:
    """The versions in a list that `installed` made, by name."""
    pairs = (line.partition("==") for line in lines.splitlines())
    return {name: number for name, _, number in pairs}


def _hardware() -> dict[str, str]:
    described = _described()
    facts = {
        "processor": described.get("model name") or platform.processor() or platform.machine(),
        "instructions": _instructions(described),
        "cores": str(_usable_cores()),
        **{name: value for name in THREADS if (value := os.environ.get(name))},
    }
    if torch := sys.modules.get("torch"):  # a trainer of somebody else's may do without
        facts["threads"] = str(torch.get_num_threads())
        facts["GPU"] = (
            f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
            if torch.cuda.is_available()
            else "none"
        )
    return facts


def _instructions(described: Mapping[str, str]) -> str:
    has = set((described.get("flags") or described.get("Features") or "").split())
    return " ".join(name for name in INSTRUCTIONS if name in has) or "unknown"


@cache
def _described() -> dict[str, str]:
    """What Linux says of the first core."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return {}
    first = info.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
