r"""What is left of the objective, :math:`h_g(o, s)`, as functionals of the box: integers over one unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from freerand_opt.checker.asked import Question
from freerand_opt.checker.orders import Cells, Squares, Sum
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.sources import Point
from freerand_opt.checker.vectors import add, dot, over
from freerand_opt.checker.words import Word

#: What is added to the objective at a joint setting: factors of P(o|s), and of words.
Added: TypeAlias = tuple[dict[int, Fraction], dict[Word, Fraction]]
#: What a label adds, at the settings where it adds anything.
Worth: TypeAlias = Callable[[int], dict[int, Added]]


def gains(order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]) -> tuple[list[Sum], int]:
    """Return h at each setting, for what one label adds, over a multiple of the order's grid."""
    order.work.spend(4 * q.shape[0] * (2 + len(rest.words)), "gains")
    rows = _factors_of(order, q, rest, added)
    constants = [rest.constants[s] for s in range(q.shape[0])]
    unit = _unit(order.grid, constants, *_numbers_of(rest, rows, added))
    found = []
    for s, constant in enumerate(constants):
        words = [(1, rest.words), (1, added[s][1] if s in added else {})]
        found.append(_assembled(order, unit, words, constant, [(1, s, rows.get(s, {}))]))
    return found, unit


def mean_gain(order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]) -> tuple[Sum, int]:
    """Return the mean of h over the source's one distribution; settings that are alike are not visited."""
    assert isinstance(q.source, Point)
    share = q.source.values
    rows = _factors_of(order, q, rest, added)
    scale = _unit(1, (share[s] for s in {*rows, *added}))
    constant = dot(share, rest.constants) * scale
    unit = _unit(order.grid, [constant], *_numbers_of(rest, rows, added))
    words = [(scale, rest.words), *((over(share[s], scale), own) for s, (_, own) in added.items())]
    shared = [(over(share[s], scale), s, factors) for s, factors in rows.items()]
    return _assembled(order, unit, words, constant, shared), unit * scale


def _numbers_of(
    rest: Rest, rows: dict[int, dict[int, Fraction]], added: dict[int, Added]
) -> Iterator[Iterable[Fraction]]:
    """Yield all factors of words and of probabilities."""
    yield rest.words.values()
    yield from (words.values() for _, words in added.values())
    yield from (row.values() for row in rows.values())


def _unit(grid: int, *held: Iterable[Fraction]) -> int:
    """Return a multiple of `grid` over which all are integers."""
    return lcm(grid, *{x.denominator for own in held for x in own})


def _assembled(
    order: Cells | Squares,
    unit: int,
    words: Iterable[tuple[int, dict[Word, Fraction]]],
    constant: Fraction,
    rows: Iterable[tuple[int, int, dict[int, Fraction]]],
) -> Sum:
    """Return words + constant + sum of weight * factor * P(o|s), by rows (weight, s, {o: factor})."""
    total: Sum = {order.one: over(constant, unit) * order.unit}
    for weight, own in words:
        add(total, {key: weight * over(x, unit) for key, x in order.words(own).items()}, order.unit)
    for weight, s, factors in rows:
        for o, factor in factors.items():
            cell = order.cell(s, o)
            order.work.spend(len(cell), "gains")
            add(total, cell, weight * over(factor, unit))
    return {key: value for key, value in total.items() if value}


def _factors_of(
    order: Cells | Squares, q: Question, rest: Rest, added: dict[int, Added]
) -> dict[int, dict[int, Fraction]]:
    """Return the factors of P(o|s) by setting, the work of words included."""
    rows = {s: dict(factors) for s, factors in rest.cells.items()}
    order.work.spend(4 * (len(rows) + len(added)) * q.shape[1], "gains")
    for s, (cells, words) in added.items():
        order.work.spend(len(words), "gains")
        add(rows.setdefault(s, {}), cells)
    return rows
