r"""Two parties independent given w, the largest probability of a joint setting bounded.

.. math:: P(xy|w) = P_A(x|w)\, P_B(y|w) \le c

With m the larger of c and the largest P_A(x|w), B's are at most m' = c/m. Where floor(1/m) and floor(1/m') do
not change, extreme P_A have floor(1/m) entries m and one that is left over; their products are linear in
(m, m', m m'), and m m' = c. On a part [a, b] the points (m, c/m) lie in the triangle of the ends and the
crossing of the tangents there, (2 a b/(a + b), 2 c/(a + b)). So *cuts* that a proof lists give a polytope of
distributions around the source (docs/proofs/products.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb
from typing import Any

from freerand_opt.checker.failures import TooMuch, Unreadable, Work
from freerand_opt.checker.reading import fraction, items

MOST_POINTS = 1 << 17
MOST_SETTINGS_SHARED = 16
#: The denominator of a cut has at most so many bits.
CUT_BITS = 64


@dataclass(frozen=True)
class Shared:
    """The parties' numbers of settings, c, and points of a polytope around the source, if cuts are given."""

    sizes: tuple[int, int]
    bound: Fraction
    points: tuple[tuple[Fraction, ...], ...] = ()

    @property
    def c(self) -> Fraction:
        """Return the bound, at most 1."""
        return min(self.bound, Fraction(1))


@dataclass(frozen=True)
class Stretch:
    """m in [low, high], on which A has `first` entries m, B has `second` entries c/m."""

    low: Fraction
    high: Fraction
    first: int
    second: int


def pieces(source: Shared) -> list[Stretch]:
    """Return the pieces of m, ascending; a single m if there is nothing to share."""
    first, second = source.sizes
    low, high = max(Fraction(1, first), source.c), min(Fraction(1), source.c * second)
    breaks = {Fraction(1, k) for k in range(1, first + 1)} | {source.c * k for k in range(1, second + 1)}
    ends = [low, *sorted(m for m in breaks if low < m < high), high]
    return [
        Stretch(a, b, min(int(2 / (a + b)), first), min(int((a + b) / (2 * source.c)), second))
        for a, b in pairwise(ends)
    ]


def corners(source: Shared, piece: Stretch, m: Fraction, n: Fraction) -> Iterator[tuple[Fraction, ...]]:
    """Yield the extreme products at m and m' = n, with c in place of m m'."""
    for a in _fullest(source.sizes[0], piece.first):
        for b in _fullest(source.sizes[1], piece.second):
            yield tuple(p * q + p * s * n + r * q * m + r * s * source.c for p, r in a for q, s in b)


def _fullest(size: int, full: int) -> Iterator[list[tuple[int, int]]]:
    """Yield (p, r) of the entries p + r m: `full` of them are m, one of the others 1 - full m."""
    for chosen in combinations(range(size), full):
        for rest in [x for x in range(size) if x not in chosen] or [-1]:
            yield [(0, 1) if x in chosen else (1, -full) if x == rest else (0, 0) for x in range(size)]


def nodes(source: Shared, cuts: Sequence[Fraction]) -> list[tuple[Stretch, list[Fraction]]]:
    """Return each piece with its ends and the cuts between them."""
    return [
        (piece, [piece.low, *(m for m in cuts if piece.low < m < piece.high), piece.high])
        for piece in pieces(source)
    ]


def enclosed(source: Shared, raw: Any, work: Work) -> Shared:
    """Return the source with the points of a polytope around it, from ascending cuts of m."""
    where = "prices: cuts"
    cuts = [fraction(x, where, 0) for x in items(raw, where)]
    if max(source.sizes) > MOST_SETTINGS_SHARED:
        raise TooMuch(f"{where}: a party has more than {MOST_SETTINGS_SHARED} settings")
    work.spend(4 * MOST_SETTINGS_SHARED * (len(cuts) + 1), where)
    if any(x.denominator.bit_length() > CUT_BITS for x in cuts):
        raise Unreadable(f"{where}: a denominator has more than {CUT_BITS} bits")
    listed = nodes(source, cuts)
    if cuts and any(a >= b for a, b in pairwise([listed[0][0].low, *cuts, listed[-1][0].high])):
        raise Unreadable(f"{where}: they ascend, between the least and the largest m")
    found: dict[tuple[Fraction, ...], None] = {}
    for piece, own in listed:
        each = 1
        for size, full in zip(source.sizes, (piece.first, piece.second), strict=True):
            each *= comb(size, full) * max(size - full, 1)
        if (len(own) + 1) * each > MOST_POINTS:
            raise TooMuch(f"{where}: more than {MOST_POINTS} points")
        # an entry is nine operations on fractions, and is kept
        work.spend(8 * (len(own) + 1) * each * source.sizes[0] * source.sizes[1], where)
        crossings = [(2 * a * b / (a + b), 2 * source.c / (a + b)) for a, b in pairwise(own)]
        for m, n in [(own[0], source.c / own[0]), *crossings, (own[-1], source.c / own[-1])]:
            found.update(dict.fromkeys(corners(source, piece, m, n)))
    return replace(source, points=tuple(found))
