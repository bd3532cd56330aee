"""Behaviours and counts that several tests need, written from the formulas of the literature."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import log2, sqrt

from freerand_opt.data import Counts
from freerand_opt.experiments.cuts import chsh_terms, orbit, prove, tsirelson_cuts
from freerand_opt.model import chsh

#: Hensen et al. 2015 (Nature 526, 682): n(ab|xy) of 245 events, by x, y, a, b.
DELFT = (23, 3, 4, 23, 33, 11, 5, 30, 22, 10, 6, 24, 4, 20, 21, 6)
#: Giustina et al. 2015 (PRL 115, 250401), as transcribed; detection = 0, none = 1.
VIENNA = (
    *(141439, 73391, 76224, 875392736, 146831, 67941, 326768, 874976534),
    *(158338, 425067, 58742, 875239860, 8392, 576445, 463985, 874651457),
)
CELLS = list(product((0, 1), repeat=4))


def wins(x: int, y: int, a: int, b: int) -> bool:
    """CHSH: outcomes agree, but at settings (1, 1)."""
    return (a ^ b) == (x & y)


def at_rate(omega: float) -> list[float]:
    """P(ab, xy) with uniform settings, where each setting wins with probability omega."""
    return [(omega if wins(*cell) else 1 - omega) / 8 for cell in CELLS]


def noisy(visibility: float) -> list[float]:
    """The CHSH optimum mixed with white noise."""
    return at_rate((1 + visibility / sqrt(2)) / 2)


def spread_over(won: int, lost: int) -> Counts:
    """Counts with so many wins and losses, spread evenly over cells."""
    values = []
    for k, cell in enumerate(CELLS):
        total, place = (
            (won, sum(wins(*c) for c in CELLS[:k]))
            if wins(*cell)
            else (
                lost,
                sum(not wins(*c) for c in CELLS[:k]),
            )
        )
        values.append(total // 8 + (place < total % 8))
    return Counts(chsh(), tuple(values))


def relative_entropy(x: float, y: float) -> float:
    """Binary relative entropy in bits."""
    return x * log2(x / y) + (1 - x) * log2((1 - x) / (1 - y))


@lru_cache(maxsize=1)
def guess_cuts():
    """S <= 2 sqrt 2, and q(c|z) + weight S(q) <= a for the winning cells: 40 cuts, 224 vertices."""
    found = list(tsirelson_cuts())
    for weight in ("3/10", "1/2", "1/5", "1"):
        terms = {cell: Fraction(weight) * x for cell, x in chsh_terms().items()}
        terms[0, 0] += 1
        found += orbit(prove(terms), keep=chsh_terms())
    return tuple(found)
