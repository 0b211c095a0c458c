"""A potential in four lines: peslab compiles it, derives its slopes and normalizes it."""

from peslab.toymodel import normalized


@normalized
def SoftTriangles(a, b, c):  # noqa: N802  # it becomes a class
    """A soft core that depends on the product of the sides, attraction by the perimeter."""
    return (a * b * c) ** -3 - (a + b + c) ** -6
