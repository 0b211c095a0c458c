"""Answers that follow from the data alone are worked out once, and are nobody else's."""

import pytest

from peslab.problems import once as module
from peslab.problems.once import MOST, once


@pytest.fixture(autouse=True)
def _nothing_known():
    module._known.cache_clear()


def test_a_question_is_answered_once():
    """Equal questions have one answer, others have their own."""
    asked = []
    for size in (3, 4, 3):
        answer = once(("squares", size), lambda size=size: asked.append(size) or size**2)
        assert answer == size**2
    assert asked == [3, 4]


def test_what_cannot_be_hashed_is_answered_each_time():
    """A descriptor of one's own may hold a list: it is as right, and slower."""
    answers = iter((1, 2))
    assert [once(["a list"], lambda: next(answers)) for _ in range(2)] == [1, 2]


def test_an_error_is_no_answer():
    """Whoever asks again may have better luck; an error of its own type is not hidden."""
    with pytest.raises(TypeError, match="not this way"):
        once("how", lambda: _raise(TypeError("not this way")))
    assert once("how", lambda: "that way") == "that way"


def _raise(error):
    raise error


def test_answers_do_not_grow_without_end():
    """The oldest are forgotten."""
    for number in range(MOST + 1):
        once(number, lambda: "first")
    assert once(MOST, lambda: "again") == "first"
    assert once(0, lambda: "again") == "again"
