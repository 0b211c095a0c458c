"""What a law found: a number with its unit, where it may lie, a verdict."""

from typing import Literal, NamedTuple

Verdict = Literal["passes", "fails", "does not apply"]


class Finding(NamedTuple):
    """A law that was tried on a potential.

    Attributes:
        law: Its name.
        requirement: What it asks for, in words.
        quantity: What was measured, in words.
        measured: The number; None where the law does not apply.
        unit: Of the number.
        bound: What the number has to stay below, or, where `above`, has to exceed.
        above: Whether the number has to exceed the bound.
        told: What that means, one sentence.
    """

    law: str
    requirement: str
    quantity: str
    measured: float | None
    unit: str
    bound: float
    above: bool
    told: str

    @property
    def verdict(self) -> Verdict:
        """Whether the number lies where it may; NaN does not."""
        if self.measured is None:
            return "does not apply"
        fits = self.measured > self.bound if self.above else self.measured <= self.bound
        return "passes" if fits else "fails"
