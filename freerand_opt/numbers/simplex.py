r"""Small linear programs in fractions: max g.x with x >= 0, sum x = total and rows a.x <= b.

Simplex with Bland's rule in two phases, so it ends and is exact; for sources given by their rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction


def best_point(
    rows: Sequence[tuple[Mapping[int, Fraction], Fraction]], total: Fraction, gains: Sequence[Fraction]
) -> tuple[Fraction, ...] | None:
    """Return the point with the largest gain, or None if no point obeys the rows."""
    count = len(gains)
    zero, one = Fraction(0), Fraction(1)
    everything = dict.fromkeys(range(count), one)
    limits = [*rows, (everything, total), (dict.fromkeys(range(count), -one), -total)]
    # columns: x, one slack for each row, the auxiliary one, the right side
    width = count + len(limits) + 2
    table = []
    for place, (row, limit) in enumerate(limits):
        line = [zero] * width
        for j, factor in row.items():
            line[j] = factor
        line[count + place], line[-2], line[-1] = one, -one, limit
        table.append(line)
    basis = list(range(count, count + len(limits)))
    worst = min(range(len(limits)), key=lambda place: table[place][-1])
    if table[worst][-1] < 0:
        _pivot(table, basis, worst, width - 2)
    _improve(table, basis, [*[zero] * (width - 2), -one])
    if any(basic == width - 2 and line[-1] > 0 for basic, line in zip(basis, table, strict=True)):
        return None
    if width - 2 in basis:
        place = basis.index(width - 2)
        _pivot(table, basis, place, next(j for j in range(width - 2) if table[place][j]))
    for line in table:
        line[-2] = zero
    _improve(table, basis, [*gains, *[zero] * (len(limits) + 1)])
    values = dict(zip(basis, (line[-1] for line in table), strict=True))
    return tuple(values.get(j, zero) for j in range(count))


def _improve(table: list[list[Fraction]], basis: list[int], gains: Sequence[Fraction]) -> None:
    """Pivot until no column improves the gain; every right side is nonnegative and stays so."""
    while True:
        prices = [gains[basic] for basic in basis]
        entering = next(
            (
                j
                for j in range(len(gains))
                if j not in basis
                and gains[j] > sum((p * line[j] for p, line in zip(prices, table, strict=True)), Fraction(0))
            ),
            None,
        )
        if entering is None:
            return
        # the sum of x is fixed and the auxiliary column only falls, so some row is a limit
        leaving = min(
            (place for place, line in enumerate(table) if line[entering] > 0),
            key=lambda place: (table[place][-1] / table[place][entering], basis[place]),
        )
        _pivot(table, basis, leaving, entering)


def _pivot(table: list[list[Fraction]], basis: list[int], place: int, column: int) -> None:
    """Make a column basic in one row."""
    pivot = table[place][column]
    table[place] = own = [value / pivot for value in table[place]]
    for other, line in enumerate(table):
        if other != place and (factor := line[column]):
            table[other] = [a - factor * b if b else a for a, b in zip(line, own, strict=True)]
    basis[place] = column
