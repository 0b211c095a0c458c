"""Table 2 of the thesis: acceptance rates over widths and epochs, with frozen and moving images.

A relaxation of 500 epochs holds those of fewer: its first epochs are theirs.

Run: python benchmarks/bench_acceptance.py [CONFIGURATIONS]
"""

import json
import sys
from pathlib import Path

import numpy as np

from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "thesis_values.json"
RATED = 10  # epochs at the end
N_PARTICLES, MAX_DISPLACEMENT = 4, 0.1
IMAGES = ("frozen", "moving")


def accepted_by_epoch(width: float, images: str, longest: int, n: int) -> np.ndarray:
    """Percent of the moves of each configuration in each epoch, shape (n, longest)."""
    starts = Lattice(N_PARTICLES, 2, width).sample(n, seed=0)
    moves = RandomMoves(longest, MAX_DISPLACEMENT, images=images)
    potential = ModifiedLennardJones(counting="published")
    return 100 * moves.relax(potential, starts, width, seed=0).accepted / N_PARTICLES


def measured(table: list[dict[str, float]], images: str, n: int) -> list[tuple[float, float]]:
    """The rate of each entry of the table, and its standard error."""
    longest = max(entry["epochs"] for entry in table)
    widths = {entry["width"] for entry in table}
    every = {width: accepted_by_epoch(width, images, longest, n) for width in widths}
    rates = [
        every[entry["width"]][:, entry["epochs"] - RATED : entry["epochs"]].mean(axis=1)
        for entry in table
    ]
    return [(rate.mean(), rate.std(ddof=1) / np.sqrt(n)) for rate in rates]


def errors_away(entry: dict[str, float], rate: float) -> float:
    return (rate - entry["percent"]) / entry["error"]


def told(entry: dict[str, float], ours: list[tuple[float, float]]) -> str:
    """A line of the table; a star is farther from the thesis than its error."""
    line = f"{entry['width']:>5}  {entry['epochs']:>6}"
    line += f"   {entry['percent']:>5.1f} ± {entry['error']}%"
    for rate, sem in ours:
        star = "*" if abs(errors_away(entry, rate)) > 1 else " "
        line += f"   {rate:>5.1f} ± {sem:.1f}%{star}"
    return line


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    table = json.loads(REFERENCE.read_text(encoding="utf-8"))["acceptance_rates"]
    ours = {images: measured(table, images, n) for images in IMAGES}
    print("width  epochs          thesis" + "".join(f"{images:>16}" for images in IMAGES))
    for entry, *rates in zip(table, *ours.values(), strict=True):
        print(told(entry, rates))
    for images, rates in ours.items():
        away = [errors_away(entry, rate) for entry, (rate, _) in zip(table, rates, strict=True)]
        near, farthest = sum(abs(x) <= 1 for x in away), max(map(abs, away))
        print(
            f"{images}: {near} of {len(away)} within the error of the thesis, "
            f"the farthest {farthest:.1f} errors away, χ² {np.dot(away, away):.0f}"
        )
