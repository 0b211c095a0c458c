"""Two runs are identical bit by bit, or it is told what differs and what was different."""

import math

import numpy as np
import pytest

from peslab.pipeline import compare, marks
from peslab.pipeline.repetition import data_marks, is_time
from peslab.problems import Table, Tables

METRICS = {"val/energy_mae": 0.1, "test/energy_mae": 0.30000000000000004, "seconds/fit": 3.0}
MACHINE = {"processor": "A", "installed": "ab12", "numpy": "2.4"}


def test_equal_metrics_are_identical():
    """However long the second one took."""
    found = compare((METRICS, METRICS | {"seconds/fit": 9.0}), (MACHINE, MACHINE))
    assert found.is_identical
    assert found.same == ("test/energy_mae", "val/energy_mae")
    assert found.changes == ()


def test_the_last_bit_counts():
    """0.1 + 0.2 is not 0.3."""
    found = compare((METRICS, METRICS | {"test/energy_mae": 0.3}), (MACHINE, MACHINE))
    assert not found.is_identical
    assert found.different == {"test/energy_mae": (0.30000000000000004, 0.3)}
    assert found.same == ("val/energy_mae",)


@pytest.mark.parametrize("before", [True, False])
def test_what_only_one_of_them_measured_is_told(before):
    """An infinite error is left out of a store, so a missing one is a difference."""
    less = {"val/energy_mae": 0.1}
    pair = (METRICS, less) if before else (less, METRICS)
    (difference,) = compare(pair, ({}, {})).different.values()
    assert difference == ((0.30000000000000004, None) if before else (None, 0.30000000000000004))


def test_no_number_is_equal_to_itself():
    """NaN twice is the same result; zero and minus zero are not the same bits."""
    assert compare(({"a": math.nan}, {"a": math.nan}), ({}, {})).is_identical
    assert not compare(({"a": 0.0}, {"a": -0.0}), ({}, {})).is_identical


def test_what_changed_around_them_is_told():
    """Facts, and distributions that came, went, or have another version."""
    now = {"processor": "B", "installed": "cd34", "scipy": "1.15"}
    assert compare((METRICS, METRICS), (MACHINE, now)).changes == (
        ("processor", "A", "B"),
        ("numpy", "2.4", "–"),
        ("scipy", "–", "1.15"),
    )


def test_what_one_of_them_did_not_record_is_not_compared():
    """An older run tells less; that is no change."""
    older = {"processor": "A"}
    assert compare((METRICS, METRICS), (older, MACHINE)).changes == ()
    assert compare((METRICS, METRICS), (older, MACHINE | {"processor": "B"})).changes == (
        ("processor", "A", "B"),
    )


@pytest.mark.parametrize(
    "name", ["seconds/fit", "prediction_microseconds", "prediction_microseconds_alone"]
)
def test_times_are_times(name):
    """No clock repeats itself."""
    assert is_time(name)
    assert not is_time("val/energy_mae")


def tables(shift=0.0):
    positions = np.arange(24.0).reshape(3, 4, 2)
    part = Table((positions, np.full(3, 5.0)), np.array([1.0, 2.0, 3.0 + shift]), positions)
    return Tables(part, part, part.rows(slice(0, 2)), sources={})


def test_the_last_bit_of_the_data_is_marked():
    """The same recipe may come out otherwise on another processor."""
    first, again, other = (data_marks(tables(shift)) for shift in (0.0, 0.0, 1e-15))
    assert first == again
    assert set(first) == {"data.train", "data.validation", "data.test"}
    assert [name for name in first if first[name] != other[name]] == [
        "data.train",
        "data.validation",
    ]


def test_marks_are_found_among_tags():
    """Others tell nothing about the data."""
    tags = {"data.train": "ab", "fingerprint.test": "cd", "study": "orders", "database": "x"}
    assert marks(tags) == {"data.train": "ab", "fingerprint.test": "cd"}
