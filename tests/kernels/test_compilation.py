"""Kernels are compiled once, when they are first called."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from peslab.kernels import compilation
from peslab.kernels.compilation import (
    NUMBER,
    NUMBERS,
    PAIR,
    TRIPLET,
    is_compiled,
    kernel,
    pair_function,
    triplet_function,
)


def test_threads_that_come_at_once_compile_once(monkeypatch):
    """The first call compiles and the others wait for it; without a call nothing is compiled."""
    compilations = []

    def counted(signature, **options):
        compilations.append(options)
        return lambda function: function

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


def test_decorated_interactions_are_known():
    """An own interaction has the signature that kernels call, and can be called from Python."""

    @pair_function
    def linear(parameters, r):
        return parameters[0] * r, parameters[0]

    @triplet_function
    def perimeter(parameters, a, b, c):
        return parameters[0] * (a + b + c), 1.0, 1.0, 1.0

    assert is_compiled(linear, PAIR)
    assert is_compiled(perimeter, TRIPLET)
    assert not is_compiled(linear, TRIPLET)
    assert not is_compiled(abs, PAIR)
    assert linear(np.array([2.0]), 3.0) == (6.0, 2.0)
    assert perimeter(np.array([1.0]), 1.0, 2.0, 3.0) == (6.0, 1.0, 1.0, 1.0)
