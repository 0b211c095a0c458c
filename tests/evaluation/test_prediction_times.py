"""How long predictions take, by a clock that is known."""

import numpy as np
import pytest

from peslab.evaluation import prediction_times, timing


def test_many_and_one_are_timed(monkeypatch):
    """A call of 1 ms and 2 µs for each configuration, on a clock that it sets itself."""
    clock = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])

    def predict(positions, widths):
        assert len(positions) == len(widths)
        clock[0] += 1e-3 + 2e-6 * len(positions)

    found = prediction_times(predict, np.zeros((5000, 4, 2)), np.ones(5000))
    assert found == {
        "prediction_microseconds": pytest.approx(3.0),
        "prediction_microseconds_single": pytest.approx(1002.0),
    }


def test_the_fastest_call_counts(monkeypatch):
    """The first one is slow, as first ones are."""
    clock, calls = [0.0], [0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])

    def predict(positions):
        calls[0] += 1
        clock[0] += 1.0 if calls[0] == 1 else 1e-6 * len(positions)

    found = prediction_times(predict, np.zeros((10, 1, 1)))
    assert found["prediction_microseconds"] == pytest.approx(1.0)
    assert found["prediction_microseconds_single"] == pytest.approx(1.0, rel=1e-3)
    assert calls[0] == timing.BATCHES + timing.SINGLES


def test_one_row_is_enough():
    """Both times are then of the same call."""
    found = prediction_times(lambda x: x.sum(), np.zeros((1, 2, 2)))
    assert all(value > 0.0 for value in found.values())
