"""Kernels are compiled once, when they are first called."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
from filelock import FileLock

from peslab.kernels import compilation
from peslab.kernels.compilation import (
    NUMBER,
    NUMBERS,
    kernel,
    stamp_of_sources,
)


def test_threads_that_come_at_once_compile_once(monkeypatch):
    """The first call compiles and the others wait for it; without a call nothing is compiled."""
    compilations = []

    real = compilation.njit

    def counted(*signature, **options):
        compilations.append(options)
        return real(*signature, **options)

    monkeypatch.setattr(compilation, "njit", counted)

    @kernel(NUMBER(NUMBERS))
    def first(numbers):
        return numbers[0]

    assert compilations == []
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(first, [np.ones(1)] * 20)) == [1.0] * 20
    assert len(compilations) == 1
    assert compilations[0]["nogil"]
    assert compilations[0]["cache"]


def test_processes_that_come_at_once_compile_once(tmp_path, monkeypatch):
    """One holds the lock of the kernel, others wait for it, but not longer than they would take."""

    def double(x):
        return 2 * x

    inside = Event()
    (name,) = _locks_of(tmp_path / "new", double)

    def compile_() -> None:
        with compilation.one_process(str(tmp_path / "new"), double):
            inside.set()

    with ThreadPoolExecutor(1) as pool:
        with FileLock(name):
            waiting = pool.submit(compile_)
            assert not inside.wait(0.2)
        waiting.result()
        monkeypatch.setattr(compilation, "PATIENCE", 0.05)
        with FileLock(name):
            pool.submit(compile_).result()


def _locks_of(folder, function):
    """The files that are made where a function is compiled."""
    with compilation.one_process(str(folder), function):
        return list(folder.iterdir())


def test_a_folder_that_keeps_no_lock_keeps_nobody_from_compiling(tmp_path):
    """The folder of a cache may be read only."""
    (tmp_path / "file").touch()
    with compilation.one_process(str(tmp_path / "file" / "folder"), len):
        assert not (tmp_path / "file" / "folder").exists()


def test_a_changed_subroutine_compiles_its_kernels_again(tmp_path):
    """Numba would notice the kernel's own file only, and run what was compiled before."""
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("2")
    stamp_of_sources.cache_clear()
    before = stamp_of_sources(tmp_path)
    stamp_of_sources.cache_clear()
    assert stamp_of_sources(tmp_path) == before
    (tmp_path / "b.py").write_text("3")
    stamp_of_sources.cache_clear()
    assert stamp_of_sources(tmp_path) != before


def test_what_is_kept_on_disk_bears_the_stamp_of_all_sources(tmp_path):
    """Numba compares it with that of the file it finds; what is found was not compiled anew."""
    module = tmp_path / "stamped.py"
    module.write_text(
        "from peslab.kernels.compilation import NUMBER, kernel\n"
        "@kernel(NUMBER(NUMBER))\n"
        "def double(x):\n"
        "    return 2 * x\n"
    )
    specification = importlib.util.spec_from_file_location("stamped", module)
    stamped = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(stamped)
    assert stamped.double(4.0) == 8.0
    (index,) = (tmp_path / "__pycache__").glob("*.nbi")
    assert compilation.stamp_of_sources().encode() in index.read_bytes()
    assert "double" in compilation.compiled_anew()
    compilation._compiled_anew.discard("double")
    _first = stamped.double  # Numba looks for what stands in no module among what is alive
    specification.loader.exec_module(stamped)
    assert stamped.double(4.0) == 8.0
    assert "double" not in compilation.compiled_anew()
