r"""The no-signalling behaviour nearest to a table of numbers, exactly.

.. math:: \min \sum_{s,o} (P(o|s) - f_{so})^2 \quad\text{over no-signalling } P \ge 0

Functions of one party's (setting, outcome) are constants plus functions that sum to 0 over outcomes at each
setting, and these are orthogonal; no-signalling is their tensor product over the parties. So the projection
onto the affine hull takes means, one party after another, and only the signs P >= 0 need multipliers: the
active set of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23), in fractions, which ends
and is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

#: One number for each (joint setting, joint outcome), settings slowest.
Vector = list[Fraction]


class Hull:
    """Projections for one scenario."""

    def __init__(self, settings: Sequence[int], outcomes: Sequence[int]) -> None:
        self.sizes = (tuple(settings), tuple(outcomes))
        self.width, self.count = prod(outcomes), prod(settings)
        self.groups = []
        for p, (n, d) in enumerate(zip(settings, outcomes, strict=True)):
            steps = prod(settings[p + 1 :]) * self.width, prod(outcomes[p + 1 :])
            own = [[x * steps[0] + a * steps[1] for a in range(d)] for x in range(n)]
            rest = [
                place
                for place in range(self.count * self.width)
                if not place // steps[0] % n and not place % self.width // steps[1] % d
            ]
            self.groups.append((own, rest))

    def linear(self, values: Vector) -> Vector:
        """Return the projection onto the span of no-signalling behaviours, of any total."""
        found = list(values)
        for own, rest in self.groups:
            for base in rest:
                lines = [[found[base + step] for step in line] for line in own]
                sums = [sum(line, Fraction(0)) for line in lines]
                whole = sum(sums, Fraction(0)) / (len(own) * len(own[0]))
                for line, steps, total in zip(lines, own, sums, strict=True):
                    for value, step in zip(line, steps, strict=True):
                        found[base + step] = value - total / len(line) + whole
        return found

    def affine(self, values: Vector) -> Vector:
        """Return the projection onto the no-signalling functions that sum to 1 at every setting."""
        found = self.linear(values)
        more = (self.count - sum(found, Fraction(0))) / len(found)
        return [value + more for value in found]

    def pushed(self, place: int) -> Vector:
        """Return how the projection moves with one number, the total kept."""
        unit = [Fraction(0)] * (self.count * self.width)
        unit[place] = Fraction(1)
        mean = Fraction(1, len(unit))
        return [value - mean for value in self.linear(unit)]


def nearest(settings: Sequence[int], outcomes: Sequence[int], values: Sequence[Fraction]) -> Vector:
    """Return the no-signalling behaviour with the least sum of squared differences to `values`."""
    hull = Hull(settings, outcomes)
    start = hull.affine(list(values))
    moves: dict[int, Vector] = {}
    held: dict[int, Fraction] = {}  # multipliers of the cells that are 0
    while True:
        point = _moved(start, moves, held)
        worst = min(range(len(point)), key=lambda place: point[place])
        if point[worst] >= 0:
            return point
        moves.setdefault(worst, hull.pushed(worst))
        held = _entered(start, moves, held, worst)


def _entered(
    start: Vector, moves: dict[int, Vector], held: dict[int, Fraction], new: int
) -> dict[int, Fraction]:
    """Return the multipliers after one more cell is held at 0; those that would turn negative are let go."""
    combined = _solved([[moves[k][place] for k in held] + [moves[new][place]] for place in held])
    shares = dict(zip(held, combined or (), strict=True))
    moved = sum((share * moves[k][new] for k, share in shares.items()), Fraction(0))
    first = Fraction(0)
    if moved == moves[new][new]:  # the cell depends on those held: one of them gives way to it
        first = min(held[k] / share for k, share in shares.items() if share > 0)
        held = {k: x - first * shares[k] for k, x in held.items()}
    held = {**{k: x for k, x in held.items() if x}, new: first}
    while True:
        found = _solved([[moves[k][place] for k in held] + [-start[place]] for place in held])
        wanted = dict(zip(held, found, strict=True))
        blocking = [k for k, value in wanted.items() if value <= 0]
        if not blocking:
            return wanted
        reach = min(held[k] / (held[k] - wanted[k]) for k in blocking)
        held = {k: x + reach * (wanted[k] - x) for k, x in held.items()}
        held = {k: x for k, x in held.items() if x or k not in blocking}


def _moved(start: Vector, moves: dict[int, Vector], held: dict[int, Fraction]) -> Vector:
    point = list(start)
    for place, x in held.items():
        point = [value + x * step for value, step in zip(point, moves[place], strict=True)]
    return point


def _solved(rows: list[list[Fraction]]) -> list[Fraction]:
    """Return the solution of a square system of full rank, the right side last in each row."""
    for column in range(len(rows)):
        pivot = next(k for k in range(column, len(rows)) if rows[k][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for k, row in enumerate(rows):
            if k != column and row[column]:
                rows[k] = [a - row[column] * b for a, b in zip(row, rows[column], strict=True)]
    return [row[-1] for row in rows]
