r"""No-signalling boxes with perfect GHZ relations, by about M/2 unknowns (structure theorem).

A *string* (a, b, c, e) with a + b + c + e = M stands for all outcomes at all inputs in which a
parties have omega = 1, b have -1, c have i and e have -i, where omega = x (-i)^input. Every
permutation symmetric box with the relations of `sigma` has

.. math:: 2^M P(a,b,c,e) = \mathrm{Re} \sum_d \gamma_d [z^d] (1+z)^a (1-z)^b (1+iz)^c (1-iz)^e
          + f_{c+e} (-1)^{b+c}, \quad \gamma_0 = 1,\ \gamma_M = \sigma,\
          \gamma_{M-d} = \sigma \overline{\gamma_d},

with f_k = 0 at inputs that the relations test, and for objectives at input 0..0 and real sigma one
may take gamma real and f = 0 (docs/proofs/conjecture-1.md, section 2). The sum of all biases at
input 0..0 is M Re gamma_1. All numbers here are exact integers; gamma is scaled to integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import comb
from typing import Protocol, TypeAlias

from flint import fmpz, fmpz_mat, fmpz_poly

String: TypeAlias = tuple[int, int, int, int]


class Perfect(Protocol):
    """What is needed of relations (`relations.Relations`): M parties and sigma = i^power."""

    @property
    def M(self) -> int:
        """Return the number of parties."""

    @property
    def relations(self) -> str:
        """Return their name."""

    @property
    def power(self) -> int:
        """Return t with sigma = i^t."""

    @property
    def real(self) -> bool:
        """Return whether sigma is real."""


def unknowns(relations: Perfect) -> tuple[str, ...]:
    """Return the names of the unknowns: Re gamma_d, and for odd relations the free f_k."""
    m = relations.M
    if relations.relations == "even":
        return tuple(f"gamma_{d}" for d in range(1, (m - 1) // 2 + 1))
    if relations.relations == "opposite":
        return tuple(f"gamma_{d}" for d in range(1, m // 2 + 1))
    gammas = tuple(f"Re gamma_{d}" for d in range(1, m))
    return gammas + tuple(f"f_{k}" for k in range(0, m + 1, 2))


def sizes(relations: Perfect) -> tuple[int, ...]:
    """Return the scale of each unknown at which coefficients and values are of the order of 1."""
    m = relations.M
    gammas = [comb(m - 1, min(d, m - d)) for d in range(1, m)]
    if relations.real:
        return tuple(gammas[: len(unknowns(relations))])
    return (*gammas, *(m for _ in range(0, m + 1, 2)))


def strings(relations: Perfect) -> Iterator[String]:
    """Return the strings that need not have probability 0; one of each conjugate pair if sigma is real."""
    m = relations.M
    for a in range(m + 1):
        for b in range(m - a + 1):
            rest = m - a - b
            for c in range((rest // 2 if relations.real else rest) + 1):
                if (relations.power + 2 * b + c - (rest - c)) % 4 != 2:
                    yield a, b, c, rest - c


def near_edges(relations: Perfect, distance: int) -> list[String]:
    """Return the strings with min(a, b) and min(c, e) at most `distance`.

    Optimal boxes have probability 0 at such strings (seen, not proved): they are where a solver starts.
    """
    return [
        (a, b, c, e) for a, b, c, e in strings(relations) if min(a, b) <= distance and min(c, e) <= distance
    ]


@lru_cache(maxsize=4096)
def _alternating(plus: int, minus: int) -> fmpz_poly:
    """Return (1 + w)^plus (1 - w)^minus."""
    both = min(plus, minus)
    rest = fmpz_poly([1, 1]) ** (plus - both) if plus > both else fmpz_poly([1, -1]) ** (minus - both)
    return fmpz_poly([1, 0, -1]) ** both * rest


def coefficients(string: String) -> tuple[list[int], list[int]]:
    """Return real and imaginary parts of [z^d] (1+z)^a (1-z)^b (1+iz)^c (1-iz)^e for d = 0..M."""
    a, b, c, e = string
    turned = _alternating(c, e)  # in w = iz
    parts = ([0] * (c + e + 1), [0] * (c + e + 1))
    for j in range(c + e + 1):
        parts[j % 2][j] = int(turned[j]) * (1 if j % 4 < 2 else -1)
    straight = _alternating(a, b)
    real, imaginary = (straight * fmpz_poly(part) for part in parts)
    return [int(real[d]) for d in range(sum(string) + 1)], [int(imaginary[d]) for d in range(sum(string) + 1)]


def row(relations: Perfect, string: String) -> list[int]:
    """Return (constant, coefficients of the unknowns) of 2^M P(string), which is at least 0."""
    m, (real, imaginary) = relations.M, coefficients(string)
    if relations.real:
        sigma = 1 - relations.power  # +1 for opposite, -1 for even
        inner = [
            real[d] if 2 * d == m else real[d] + sigma * real[m - d]
            for d in range(1, len(unknowns(relations)) + 1)
        ]
        return [real[0] + sigma * real[m], *inner]
    _, b, c, e = string
    inner = [real[d] - imaginary[m - d] for d in range(1, m)]
    free = [(-1) ** (b + c) if c + e == k else 0 for k in range(0, m + 1, 2)]
    return [real[0] - imaginary[m], *inner, *free]


def correlators(
    relations: Perfect, point: Sequence[fmpz], unit: fmpz
) -> tuple[list[fmpz], list[fmpz], list[fmpz]]:
    """Return unit times (Re gamma_d, Im gamma_d, f_d), d = 0..M, of a point unit * unknowns."""
    m, zero = relations.M, fmpz(0)
    real, imaginary, free = [zero] * (m + 1), [zero] * (m + 1), [zero] * (m + 1)
    real[0] = unit
    if relations.real:
        sigma = 1 - relations.power
        real[m] = sigma * unit
        for d in range(1, len(point) + 1):
            real[d], real[m - d] = point[d - 1], sigma * point[d - 1]
        return real, imaginary, free
    imaginary[m] = unit
    for d in range(1, m):
        real[d] = imaginary[m - d] = point[d - 1]
    for k in range(0, m + 1, 2):
        free[k] = point[m - 1 + k // 2]
    return real, imaginary, free


def probabilities(relations: Perfect, point: Sequence[fmpz], unit: fmpz) -> Iterator[tuple[String, fmpz]]:
    """Return (string, 2^M unit P(string)) of a point unit * unknowns, for all `strings` of the relations.

    For each n = a + b the values are a product of three integer matrices, so M^4 multiplications in all.
    """
    m = relations.M
    real, imaginary, free = correlators(relations, point, unit)
    for n in range(m + 1):
        rest = m - n
        last = rest // 2 if relations.real else rest
        left = fmpz_mat([[_alternating(a, n - a)[j] for j in range(n + 1)] for a in range(n + 1)])
        shifted = fmpz_mat(
            [[_turned(real[j + k], imaginary[j + k], k) for k in range(rest + 1)] for j in range(n + 1)]
        )
        right = fmpz_mat([[_alternating(c, rest - c)[k] for c in range(last + 1)] for k in range(rest + 1)])
        values = left * shifted * right
        for a in range(n + 1):
            for c in range(last + 1):
                string = (a, n - a, c, rest - c)
                value = values[a, c] + free[rest] * (-1) ** (n - a + c)
                if (relations.power + 2 * (n - a) + 2 * c - rest) % 4 == 2:
                    continue  # the relations make it 0
                yield string, value


def _turned(real: fmpz, imaginary: fmpz, power: int) -> fmpz:
    """Return Re(i^power (real + i imaginary))."""
    return (real, -imaginary, -real, imaginary)[power % 4]


def extrapolated(relations: Perfect) -> list[String]:
    """Return the strings at which the optimal box has probability 0, as far as the pattern in M is known.

    One party count modulo 4 after another, on the two edges (M - k, 0, 0, k) and (0, M - k, 0, k). A
    guess: what rests on it is certified. Raise ValueError for odd relations, whose pattern is not known.
    """
    m = relations.M
    if not relations.real:
        raise ValueError("the pattern is known for the relations even and opposite")
    first, least = (1, 5) if relations.relations == "even" else (3, 3)
    other = first if m % 2 else 4 - first
    plus = [(m - k, 0, 0, k) for k in range(least, m + 1) if k % 4 == first]
    minus = [(0, m - k, 0, k) for k in range(1, m + 1) if k % 4 == other and not (k == m and m % 2)]
    return plus + minus
