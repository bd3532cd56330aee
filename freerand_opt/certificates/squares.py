r"""Scores of quantum devices proved by sums of squares, averaged over a group (docs/proofs/squares.md).

.. math:: f(y) \le \Bigl\langle f + \sum_k p_k^* p_k \Bigr\rangle
   = c_1 + S_1 + \sum_{o \ne 1} (c_o + S_o)\, y_o \le c_1 + S_1 + \sum_{o \ne 1} |c_o + S_o|

where o runs over orbits of moments, and c, S are the sums over an orbit, with signs, of the
coefficients of f and of the squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz_mat

from freerand_opt.numbers.digits import at_least
from freerand_opt.programs.program import FloatArray, IntArray

#: Bits of the factors after the binary point.
BITS = 48
#: Orbits (0 for the identity) and signs, 0 where the orbit vanishes, of products u_i* u_j of words.
Orbits: TypeAlias = Callable[[IntArray, IntArray], tuple[IntArray, IntArray]]


@dataclass(frozen=True)
class Squares:
    """Polynomials in `words`; a part has places of words, and for each of them a factor a polynomial.

    Factors are integers over 2^`BITS`; `symmetry` are the generators of the group, as texts.
    """

    words: tuple[str, ...]
    parts: tuple[tuple[tuple[int, ...], tuple[tuple[int, ...], ...]], ...]
    symmetry: tuple[str, ...] = ()

    def as_json(self, bound: Fraction) -> dict[str, Any]:
        """Return the proof in the certificate's form."""
        return {
            "bound": str(bound),
            "bits": BITS,
            "words": list(self.words),
            "symmetry": list(self.symmetry),
            "parts": [[list(places), [list(row) for row in rows]] for places, rows in self.parts],
        }


def whole(factors: FloatArray) -> tuple[tuple[int, ...], ...]:
    """Return floats, by word and polynomial, as integers over 2^`BITS`."""
    return tuple(tuple(map(int, row)) for row in np.rint(np.ldexp(factors, BITS)).tolist())


def proved(squares: Squares, goal: Mapping[int, Fraction], orbits: Orbits) -> Fraction:
    """Return the bound that is proved; `goal` has the sums of f's coefficients by orbit.

    Exact, unless it is too long to be written: then a little above.
    """
    share, unit = 4**BITS, lcm(*(value.denominator for value in goal.values()))
    sums = {orbit: int(value * unit) * share for orbit, value in goal.items()}
    for places, rows in squares.parts:
        held = fmpz_mat([list(row) for row in rows])
        square = (held * held.transpose()).tolist()
        j, i = np.tril_indices(len(places))
        words = np.array(places, dtype=np.int64)  # numbers of words
        found, signs = orbits(words[i], words[j])
        weights = (signs * np.where(i == j, 1, 2)).tolist()  # 0, 1, 2 and their negatives
        for a, b, orbit, weight in zip(i.tolist(), j.tolist(), found.tolist(), weights, strict=True):
            if weight:
                sums[orbit] = sums.get(orbit, 0) + weight * unit * int(square[a][b])
    total = sums.pop(0, 0) + sum(map(abs, sums.values()))
    bound = at_least(Fraction(total, share * unit))
    assert isinstance(bound, Fraction)
    return bound
