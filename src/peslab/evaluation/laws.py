"""The laws of a potential: what section 1.2 of the thesis asks for, each measured."""

from collections.abc import Callable

import numpy as np

from peslab.errors import NotFiniteError
from peslab.evaluation.finding import Finding
from peslab.evaluation.physics_laws import (
    converges,
    lone_triangle,
    more_than_pairs,
    repulsion,
)
from peslab.evaluation.smoothness_laws import continuous, differentiable, slopes, smooth_end
from peslab.evaluation.subject import Array, Subject
from peslab.evaluation.symmetry_laws import (
    border,
    permutation,
    positions_only,
    rotations,
    supercell,
    translation,
)

CONFIGURATIONS = 8  # that each law is tried on: a broken one is seen in every second or more
Law = Callable[[Subject], Finding]

FEW = 2  # that are summed deep, which takes longest and is nearly the same for all


def try_laws(
    subject: Subject,
    seed: int,
    relaxed: Array | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Finding]:
    """Try every law on a potential.

    Args:
        subject: The potential on a lattice.
        seed: Draws the configurations.
        relaxed: Configurations of energies that matter, shape (n, N, d), for the label noise; None
            takes random ones that keep apart.
        progress: Told after each law what part of them is tried.

    Returns:
        One finding for each law, always of the same laws in the same order.
    """
    random = np.random.default_rng(seed)
    examples = subject.examples(CONFIGURATIONS, random)
    laws: list[Law] = [
        lambda subject: positions_only(subject, examples, random),
        lambda subject: continuous(subject, examples),
        lambda subject: differentiable(subject, examples),
        lambda subject: slopes(subject, examples),
        smooth_end,
        lambda subject: translation(subject, examples if relaxed is None else relaxed, random),
        lambda subject: border(subject, examples),
        lambda subject: permutation(subject, examples, random),
        lambda subject: rotations(subject, examples),
        lambda subject: supercell(subject, examples),
        more_than_pairs,
        lone_triangle,
        repulsion,
        lambda subject: converges(subject, examples[:FEW]),
    ]
    findings = []
    for law in laws:
        findings.append(found_by(law, subject))
        progress(len(findings) / len(laws))
    return findings


def found_by(law: Law, subject: Subject) -> Finding:
    """What a law finds; of a potential that is not finite, that it fails and where."""
    try:
        return law(subject)
    except NotFiniteError as error:
        return law(subject.flat)._replace(measured=np.nan, told=f"{capitalized(error.place)}.")


def capitalized(sentence: str) -> str:
    """With a capital letter at its start, and the others as they are."""
    return sentence[:1].upper() + sentence[1:]
