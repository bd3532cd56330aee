r"""Exact solution of square sparse systems with integers of any size.

Equations with one unknown are solved and put into the others, and unknowns that stand in one equation alone
are left for the end; of most bases of linear programs nothing else remains. What remains is solved by exact
elimination if it is small. If not, a floating-point factorisation solves for a correction, the residual is
computed in integers and scaled up, and so on; then a common denominator is guessed by continued fractions
and M p = d r is verified in integers (Wan 2006; Gleixner, Steffy, Wolter, arXiv:1506.08764). Floats see each
row divided by a power of 2.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import mul
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.checker.vectors import over
from freerand_opt.conic.echelon import Echelon

#: A fraction of Python or flint, the same in all of a system.
Ratio: TypeAlias = Any
#: Solutions that need more bits than this are given up, and corrections that do not shrink.
MAX_BITS = 40_000
MAX_STALLS = 4
#: Bits of a correction that are trusted.
TRUSTED = 36
#: Systems of so many equations are solved in Python's fractions sooner than flint is loaded.
FEW = 128
#: What remains of a system is eliminated exactly up to this size.
MOST_DENSE = 120
#: The same in fractions of Python.
LITTLE = 16


def solve_system(
    equations: Sequence[Sequence[tuple[int, Fraction]]], right: Sequence[Fraction]
) -> list[Fraction] | None:
    """Return x with sum of value * x[place] over an equation = its right side.

    Return None if none was verified.
    """
    known: dict[int, Ratio] = {}
    ratio = _fraction if len(equations) <= FEW else _flint()
    distinct = {id(x): x for line in equations for _, x in line}  # most entries are the same few objects
    made = {key: ratio(x) for key, x in distinct.items()}
    rows = [{place: made[id(x)] for place, x in line if x} for line in equations]
    if not all(rows):
        return None
    wanted = [ratio(x) for x in right]
    last = _peeled(rows, wanted, known)
    if last is None:
        return None
    held = dict.fromkeys([*(row for row, _ in last), *(k for k, line in enumerate(rows) if not line)])
    rest = [k for k in range(len(rows)) if k not in held]
    if rest and not _remaining([rows[k] for k in rest], [wanted[k] for k in rest], known, ratio):
        return None
    for row, place in reversed(last):
        total = wanted[row]
        for other, x in rows[row].items():
            if other != place:
                total -= x * known[other]
        known[place] = total / rows[row][place]
    return [_fraction(known[k]) for k in range(len(rows))]


def _flint() -> Callable[[Ratio], Ratio]:
    from flint import fmpq

    return lambda x: fmpq(x.numerator, x.denominator) if type(x) is Fraction else x


def _fraction(x: Ratio) -> Fraction:
    return x if type(x) is Fraction else Fraction(int(x.p), int(x.q))


def _peeled(
    rows: list[dict[int, Ratio]], wanted: list[Ratio], known: dict[int, Ratio]
) -> list[tuple[int, int]] | None:
    """Solve equations with one unknown, and empty them; return those (row, place) to solve at the end.

    A row that is returned stays as it is, and its unknown is in none of the rows before. None: singular.
    """
    columns: list[set[int]] = [set() for _ in rows]
    for k, line in enumerate(rows):
        for place in line:
            columns[place].add(k)
    single = [k for k, line in enumerate(rows) if len(line) == 1]
    while single:
        k = single.pop()
        if not rows[k]:
            return None  # it was left without an unknown
        ((place, x),) = rows[k].items()
        value = known[place] = wanted[k] / x
        for other in columns[place]:
            y = rows[other].pop(place)
            if other != k:
                wanted[other] -= y * value
                if len(rows[other]) == 1:
                    single.append(other)
                elif not rows[other]:
                    return None
        columns[place] = set()
    last: list[tuple[int, int]] = []
    alone = [place for place, own in enumerate(columns) if len(own) == 1]
    while alone:
        place = alone.pop()
        if not columns[place]:
            return None  # in no equation any more
        (k,) = columns[place]
        last.append((k, place))
        for other in rows[k]:
            columns[other].discard(k)
            if len(columns[other]) == 1:
                alone.append(other)
    return last


def _remaining(
    rows: list[dict[int, Ratio]],
    wanted: list[Ratio],
    known: dict[int, Ratio],
    ratio: Callable[[Ratio], Ratio],
) -> bool:
    """Solve what remains; return whether it could be."""
    names = sorted({place for line in rows for place in line})
    if len(names) != len(rows):
        return False
    if len(rows) <= LITTLE and isinstance(wanted[0], Fraction):
        held: Echelon[int, int] = Echelon(int)
        for line, x in zip(rows, wanted, strict=True):
            held.add({**line, -1: x} if x else line)
        if set(held.rows) != set(names):  # singular
            return False
        held.reduce()
        known.update((name, held.rows[name].get(-1, Fraction(0))) for name in names)
        return True
    place = {name: k for k, name in enumerate(names)}
    if len(rows) <= MOST_DENSE:
        from flint import fmpq_mat

        exact = _flint()
        matrix = fmpq_mat(len(rows), len(rows))
        for k, line in enumerate(rows):
            for name, x in line.items():
                matrix[k, place[name]] = exact(x)
        try:
            found: Any = matrix.solve(fmpq_mat(len(rows), 1, [exact(x) for x in wanted]))
        except ZeroDivisionError:  # singular
            return False
        known.update((name, ratio(found[k, 0])) for name, k in place.items())
        return True
    distinct = {id(x): x for line in rows for x in line.values()}
    made = {key: _fraction(x) for key, x in distinct.items()}
    equations = [[(place[name], made[id(x)]) for name, x in line.items()] for line in rows]
    solved = _refined(equations, [_fraction(x) for x in wanted])
    if solved is None:
        return False
    known.update((name, ratio(solved[k])) for name, k in place.items())
    return True


def _refined(
    equations: Sequence[Sequence[tuple[int, Fraction]]], right: Sequence[Fraction]
) -> list[Fraction] | None:
    """Return x by a factorisation in floats and refinement; None if none was verified."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    size = len(equations)
    indptr, places, values = [0], [], []
    wanted = []
    for line, value in zip(equations, right, strict=True):
        scale = math.lcm(value.denominator, *(x.denominator for _, x in line))
        places += [place for place, _ in line]
        values += [over(x, scale) for _, x in line]
        wanted.append(over(value, scale))
        indptr.append(len(places))
    shifts = [max(0, max(x.bit_length() for x in values[a:b]) - 10) for a, b in itertools.pairwise(indptr)]
    rows = np.repeat(np.arange(size), np.diff(indptr))
    floats = np.array([x / (1 << shifts[row]) for row, x in zip(rows.tolist(), values, strict=True)])
    try:
        factor = splu(csc_array((floats, (rows, np.array(places))), shape=(size, size)))
    except RuntimeError:  # singular
        return None

    def times(x: list[int]) -> list[int]:
        products = list(map(mul, values, map(x.__getitem__, places)))
        return [sum(products[a:b]) for a, b in itertools.pairwise(indptr)]

    residual, total, bits = list(wanted), [0] * size, 0
    attempt, passes, stalls, smallest = 1, 0, 0, math.inf
    while bits <= MAX_BITS and stalls <= MAX_STALLS:
        passes += 1
        step = _correction(factor.solve, residual, np.array(shifts))
        if step is None:
            return None
        digits, gained, exponent = step
        if exponent - bits < smallest:
            smallest = exponent - bits
        else:
            stalls += 1
        bits += gained
        image = times(digits)
        residual = [(r << gained) - m for r, m in zip(residual, image, strict=True)]
        total = [(t << gained) + d for t, d in zip(total, digits, strict=True)]
        if not any(residual):
            return [Fraction(t, 1 << bits) for t in total]
        if passes == attempt:
            attempt += max(1, attempt // 2)
            found = _reconstruct(total, bits)
            if found is not None:
                numerators, denominator = found
                if times(numerators) == [denominator * w for w in wanted]:
                    return [Fraction(n, denominator) for n in numerators]
    return None


def _correction(
    solve: Callable[[np.ndarray], np.ndarray], residual: list[int], shifts: np.ndarray
) -> tuple[list[int], int, int] | None:
    """Return integers d and bits B with d close to 2^B times the solution, and its binary exponent.

    `residual` over 2^shifts is the right side.
    """
    # floats end at 2^1023: 80 bits of what is longer are kept
    cuts = [max(value.bit_length() - 80, 0) for value in residual]
    values = np.array([float(value >> cut) for value, cut in zip(residual, cuts, strict=True)])
    exponents = np.array(cuts) - shifts
    shift = max(int((np.frexp(values)[1] + exponents).max(initial=0)) - 600, 0)
    approximate = solve(np.ldexp(values, exponents - shift))
    if not np.all(np.isfinite(approximate)):
        return None
    top = float(np.abs(approximate).max())
    exponent = math.frexp(top)[1] if top else 0
    gained = max(TRUSTED - exponent - shift, 1)
    digits = [int(value) << shift for value in np.rint(np.ldexp(approximate, gained)).tolist()]
    return digits, gained, exponent + shift


def _reconstruct(total: list[int], bits: int) -> tuple[list[int], int] | None:
    """Guess numerators over one common denominator for the numbers total / 2^bits."""
    one = 1 << bits
    half, noise = bits // 2, max(8, bits // 8)
    denominator = 1
    for value in total:
        scaled = (value * denominator) % one
        factor = _denominator(scaled, one, 1 << max(bits - noise - half, 1), 1 << half)
        if factor is None:
            return None
        denominator *= factor
        if denominator.bit_length() > half:
            return None
    return [(value * denominator + (one >> 1)) >> bits for value in total], denominator


def _denominator(numerator: int, one: int, tolerance: int, largest: int) -> int | None:
    """Return the smallest q <= largest with q * numerator / one within tolerance / one of an integer."""
    p, r = one, numerator
    q_old, q = 0, 1
    while True:
        if r <= tolerance or (one - r <= tolerance and q == 1):
            return q
        step = p // r
        p, r = r, p - step * r
        q_old, q = q, step * q + q_old
        if q > largest:
            return None
