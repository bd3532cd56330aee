r"""Boxes that suffice, as numbers q(c|z), and what a factor is worth on them.

.. math:: V(z) = \sum_c q(c|z)\, q(c_{of}|z)^{1/k}\, F(c, z)

(without the power for tests) for integers F, rounded up on the grid 2^-BITS.

Two parties: each setting of each has a *status*, an outcome or "random"; V(z) depends on the two statuses
at z alone. No-signalling with two outcomes: random pairs are perfectly correlated or anticorrelated, each
sign being free (Jones, Masanes, quant-ph/0506182), so the better sign is taken at each z. Two settings and
more outcomes: boxes on k outcomes of each setting that are correlated through a cycle of length k (Barrett
et al., quant-ph/0404097, section IV).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, permutations, product
from math import factorial, prod

from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.experiment_checker.powers import ONE, ceil_div, root_up
from freerand_opt.experiment_checker.scenario import Shape

Row = tuple[Fraction, ...]
Box = tuple[Row, ...]
HALF, ZERO, SURE = Fraction(1, 2), Fraction(0), Fraction(1)
#: Most boxes that are listed one by one.
MOST_LISTED = 1 << 17


@dataclass(frozen=True)
class Statuses:
    """Two parties: by the statuses of both settings, the rows q(.|z) of which the best is taken."""

    counts: tuple[int, int]
    rows: tuple[tuple[tuple[Row, ...], ...], ...]


@dataclass(frozen=True)
class Worth:
    """What one factor is worth on rows q(.|z): `power` k, None for a test; `of` the parties it certifies."""

    shape: Shape
    factor: tuple[int, ...]
    power: int | None
    of: tuple[int, ...]

    def value(self, z: int, row: Row) -> int:
        """Return V(z) 2^BITS for one row, rounded up."""
        size = self.shape.count[1]
        own = self.factor[z * size : (z + 1) * size]
        if self.power is None:
            return _up(sum((q * f for q, f in zip(row, own, strict=True)), ZERO))
        seen: dict[tuple[int, ...], Fraction] = {}
        for part, q in zip(self._parts, row, strict=True):
            seen[part] = seen.get(part, ZERO) + q
        total = 0
        for part, q, f in zip(self._parts, row, own, strict=True):
            if q and f:
                total += ceil_div(q.numerator * root_up(seen[part], self.power) * f, q.denominator)
        return total

    @cached_property
    def _parts(self) -> tuple[tuple[int, ...], ...]:
        return self.shape.parts(self.of)


def _up(x: Fraction) -> int:
    return ceil_div(x.numerator * ONE, x.denominator)


def statuses(shape: Shape, devices: str, work: Work) -> Statuses | None:
    """Return the statuses of two parties' devices, None where boxes must be listed."""
    if len(shape.settings) != 2:
        return None
    first, second = shape.outcomes
    work.spend(shape.count[1] ** 2 * (1 + shape.count[0]), "statuses")
    if devices == "local":
        return Statuses((first, second), _sure(first, second))
    if devices == "no-signalling" and shape.outcomes == (2, 2):
        return Statuses((3, 3), _random())
    return None


def _sure(first: int, second: int) -> tuple[tuple[tuple[Row, ...], ...], ...]:
    cells = first * second
    return tuple(
        tuple((tuple(Fraction(int(c == a * second + b)) for c in range(cells)),) for b in range(second))
        for a in range(first)
    )


def _random() -> tuple[tuple[tuple[Row, ...], ...], ...]:
    """Rows of two outcomes each; status 2 is "random"."""
    marginal = ((SURE, ZERO), (ZERO, SURE), (HALF, HALF))
    found = []
    for i in range(3):
        line: list[tuple[Row, ...]] = []
        for j in range(3):
            row = tuple(a * b for a in marginal[i] for b in marginal[j])
            both = i == 2 and j == 2
            line.append(((HALF, ZERO, ZERO, HALF), (ZERO, HALF, HALF, ZERO)) if both else (row,))
        found.append(tuple(line))
    return tuple(found)


def listed(shape: Shape, devices: str, work: Work) -> list[Box]:
    """Return all boxes that suffice; raise Unreadable where they are not known."""
    if devices == "local":
        many = prod(d**n for d, n in zip(shape.outcomes, shape.settings, strict=True))
        _few(many, work, shape)
        return list(_deterministic(shape))
    if devices == "no-signalling" and shape.settings == (2, 2):
        low, high = sorted(shape.outcomes)
        _few(low**2 * high**2 * factorial(low) ** 2 * factorial(high) ** 2, work, shape)
        return [*_deterministic(shape), *_correlated(shape)]
    if devices == "quantum":
        raise Unreadable("certificate: quantum devices are given by cuts")
    raise Unreadable(
        "certificate: the extreme no-signalling boxes are known for two parties with two outcomes, or "
        "with two "
        "settings"
    )


def _few(many: int, work: Work, shape: Shape) -> None:
    if many > MOST_LISTED:
        raise Unreadable(f"certificate: more than {MOST_LISTED} boxes")
    work.spend(many * prod(shape.count), "list of boxes")


def _deterministic(shape: Shape) -> Iterator[Box]:
    size = shape.count[1]
    rows = [tuple(Fraction(int(c == o)) for c in range(size)) for o in range(size)]
    own = [product(range(d), repeat=n) for d, n in zip(shape.outcomes, shape.settings, strict=True)]
    for plan in product(*map(list, own)):
        index = []
        for place in shape.places:
            o = 0
            for strategy, x, d in zip(plan, place, shape.outcomes, strict=True):
                o = o * d + strategy[x]
            index.append(o)
        yield tuple(rows[o] for o in index)


def _correlated(shape: Shape) -> Iterator[Box]:
    """Boxes with b - a = x y modulo k in labels that each setting gives to k of its outcomes."""
    seen = set()
    first, second = shape.outcomes
    for k in range(2, min(first, second) + 1):
        choices = [
            [order for chosen in combinations(range(d), k) for order in permutations(chosen)]
            for d in (first, second)
        ]
        heads = [order for order in choices[0] if order[0] == min(order)]  # labels up to a common shift
        for a0, a1, b0, b1 in product(heads, choices[0], choices[1], choices[1]):
            box = []
            for a, b, shift in ((a0, b0, 0), (a0, b1, 0), (a1, b0, 0), (a1, b1, 1)):
                row = [ZERO] * (first * second)
                for i in range(k):
                    row[a[i] * second + b[(i + shift) % k]] = Fraction(1, k)
                box.append(tuple(row))
            held = tuple(box)
            if held not in seen:
                seen.add(held)
                yield held


def worths(shape: Shape, found: Statuses, worth: Worth) -> list[list[list[int]]]:
    """Return the best V(z) by joint setting and by the statuses of A and of B."""
    return [
        [[max(worth.value(z, row) for row in rows) for rows in line] for line in found.rows]
        for z in range(shape.count[0])
    ]
