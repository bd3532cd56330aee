r"""Linear functionals of a box, and which of them are nonnegative on every box.

*Cells*: marginal probabilities without each party's last outcome, in which no-signalling and normalisation
hold identically; nonnegative are sums of P(o|s). *Squares*: real means of words; nonnegative are means of
:math:`\sum p^* p`. To both, terms that vanish on every box with the question's zeros may be added.
So is what is left of the objective, :math:`h_g(o, s)`, in integers over one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import lcm, prod
from operator import mul
from typing import Any, TypeAlias

from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.failures import Rejected, Unreadable, Work, product_of_bits
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import flat_pairs, integers, items
from freerand_opt.checker.sources import Point
from freerand_opt.checker.vectors import add, dot, over
from freerand_opt.checker.words import Word, steps_of
from freerand_opt.checker.zeros import Zeros

#: Steps of work of a term of a probability, which is kept.
TERM = 16
#: Steps of work of a product of words, which is kept, without its letters.
PAIR = 48
#: Integers by key, over a unit that is kept beside.
Sum: TypeAlias = dict[Any, int]


class Cells:
    """Functionals of no-signalling boxes, by number of the cell in mixed radix; 0 is the constant.

    Lists of a proof are integers over `grid`, and these again over `unit`.
    """

    one: Any = 0

    def __init__(self, q: Question, grid: int, zeros: Zeros, work: Work) -> None:
        self.q, self.grid, self.zeros, self.work = q, grid, zeros, work
        self.sizes = [1 + n * (d - 1) for n, d in zip(q.settings, q.outcomes, strict=True)]
        self.known: dict[tuple[int, int], Sum] = {}
        self.unit = 1

    def cell(self, s: int, o: int) -> Sum:
        """Return P(o|s) in cells."""
        if (s, o) not in self.known:
            found = {0: 1}
            parts = zip(split(s, self.q.settings), split(o, self.q.outcomes), strict=True)
            for (x, out), size, d in zip(parts, self.sizes, self.q.outcomes, strict=True):
                own = [(1 + x * (d - 1) + out, 1)]
                if out == d - 1:
                    own = [(0, 1), *((1 + x * (d - 1) + k, -1) for k in range(d - 1))]
                self.work.spend(TERM * len(found) * len(own), "cells")
                found = {key * size + k: value * factor for key, value in found.items() for k, factor in own}
            self.known[s, o] = found
        return self.known[s, o]

    def words(self, words: dict[Word, Fraction]) -> dict[Word, Fraction]:
        """Return words in cells: there are none."""
        if words:
            raise Rejected("cells: the question speaks of moments")
        return {}

    def positive(self, raw: Any, where: str) -> Sum:
        """Return a flat list [cell, integer, ..] of P(o|s), cell = s * outcomes + o, integers positive."""
        listed = self.zeros.split(raw, where)
        total: Sum = {}
        count, width = self.q.shape
        for place, value in flat_pairs(listed, where, count * width):
            if value < 0:
                raise Rejected(f"{where}: a multiplier of a probability is negative")
            self._add(total, divmod(place, width), value)
        for s, o, word, value in self.zeros.read(raw, where):
            if word is not None:
                raise Unreadable(f"{where}: a zero has no word where boxes are not quantum")
            self._add(total, (s, o), value)
        return total

    def _add(self, total: Sum, place: tuple[int, int], value: int) -> None:
        cell = self.cell(*place)
        self.work.spend(len(cell), "cells")
        add(total, cell, value)

    def signed(self, raw: Any, where: str) -> Sum:
        """Return a flat list [number of the cell, integer, ..]."""
        return dict(flat_pairs(raw, where, prod(self.sizes)))

    def top(self, f: Sum) -> int:
        """Return a bound on normalised boxes: every cell is in [0, 1]."""
        return f.get(0, 0) + sum(value for key, value in f.items() if key and value > 0)


class Squares:
    """Functionals of quantum boxes, by word and not by its reverse."""

    def __init__(self, q: Question, grid: int, raw: Any, zeros: Zeros, work: Work) -> None:
        self.q, self.grid, self.zeros, self.work = q, grid, zeros, work
        self.algebra = q.algebra
        names = items(raw, "words")
        work.spend(sum(map(steps_of, names)), "words")
        self.listed = [self.algebra.word(name, "words") for name in names]
        if len(set(self.listed)) < len(self.listed):
            raise Unreadable("words: one is listed twice")
        self.one: Any = self.algebra.one
        self.unit = prod(2 for d in q.outcomes if d == 2)
        self.known: dict[tuple[int, int], Sum] = {}
        #: The moments of u* v by places of listed words, which blocks share.
        self.products: dict[tuple[int, int], Word | None] = {}
        self.vanishing: dict[tuple[int, int, str], list[tuple[Word, int]]] = {}

    def cell(self, s: int, o: int) -> Sum:
        """Return P(o|s) in words, over `unit`."""
        if (s, o) not in self.known:
            total: Sum = {}
            for word, value in self._projector(s, o).items():
                moment = self.algebra.moment(word)
                total[moment] = total.get(moment, 0) + value
            self.known[s, o] = total
        return self.known[s, o]

    def _projector(self, s: int, o: int) -> dict[Word, int]:
        """Return P(o|s) in words, over `unit`; charged before it is made, and kept."""
        outcomes = split(o, self.q.outcomes)
        count = prod(1 if d > 2 and x < d - 1 else d for x, d in zip(outcomes, self.q.outcomes, strict=True))
        self.work.spend(TERM * count * len(outcomes) // 2, "words")
        return self.algebra.projector(outcomes, split(s, self.q.settings))[0]

    def words(self, words: dict[Word, Fraction]) -> dict[Word, Fraction]:
        """Return words as they are."""
        return words

    def positive(self, raw: Any, where: str) -> Sum:
        """Return the sum of p* p: blocks [places of words, rows of integers], a row for each of these words.

        Entry j of a row is the word's coefficient in the polynomial p_j; zeros at the end are left out.
        """
        total: Sum = {}
        for block in items(self.zeros.split(raw, where), where):
            places, rows = items(block, where, 2)
            held = [self.listed[k] for k in integers(places, where, 0, len(self.listed) - 1)]
            columns = [integers(row, where, None, None) for row in items(rows, where, len(held))]
            if len(set(held)) < len(held) or any(row and not row[-1] for row in columns):
                raise Unreadable(f"{where}: words differ, and zeros at the end of a row are left out")
            bits = max((x.bit_length() for row in columns for x in row), default=0)
            letters = [PAIR // 2 + 2 * self.algebra.letters(word) for word in held]
            steps = sum(len(row) for row in columns) * len(held) * product_of_bits(bits) // 8
            self.work.spend(steps + len(held) ** 2, "squares")
            for j, row in enumerate(columns):
                for i in range(j + 1):
                    value = sum(map(mul, columns[i], row)) * (self.unit if i == j else 2 * self.unit)
                    pair = places[i], places[j]
                    if value and pair not in self.products:
                        self.work.spend(letters[i] + letters[j], "words")
                        self.products[pair] = self.algebra.product(held[i], held[j])
                    moment = self.products[pair] if value else None
                    if moment is not None:
                        total[moment] = total.get(moment, 0) + value
        for s, o, word, value in self.zeros.read(raw, where):
            if word is not None and type(word) is not str:
                raise Unreadable(f"{where}: a word is a text")
            key = (s, o, "1" if word is None else word)
            if key not in self.vanishing:
                self.vanishing[key] = self._vanishing(*key, where)
            self.work.spend(len(self.vanishing[key]), "zeros")
            for moment, factor in self.vanishing[key]:
                total[moment] = total.get(moment, 0) + value * factor
        return total

    def _vanishing(self, s: int, o: int, word: str, where: str) -> list[tuple[Word, int]]:
        """Return the mean of v Pi in words; lists share such terms."""
        self.work.spend(steps_of(word), "words")
        v, projector = self.algebra.word(word, where), self._projector(s, o)
        self.work.spend((PAIR + 2 * self.algebra.letters(v)) * len(projector), "words")
        pairs = [(self.algebra.product(v, right, turned=False), x) for right, x in projector.items()]
        return [(moment, x) for moment, x in pairs if moment is not None]

    def signed(self, raw: Any, where: str) -> Sum:
        """Return a flat list [place of a word, integer, ..]."""
        total: Sum = {}
        for place, value in flat_pairs(raw, where, len(self.listed)):
            add(total, {self.algebra.moment(self.listed[place]): value * self.unit})
        return total

    def top(self, f: Sum) -> int:
        """Return a bound on normalised boxes: every mean of a word is in [-1, 1]."""
        return f.get(self.one, 0) + sum(abs(value) for key, value in f.items() if key != self.one)


#: What is added to the objective at a joint setting: factors of P(o|s), and of words.
Added: TypeAlias = tuple[dict[int, Fraction], dict[Word, Fraction]]
#: What a label adds, at the settings where it adds anything.
Worth: TypeAlias = Callable[[int], dict[int, Added]]


def gains(order: Cells | Squares, rest: Rest, added: dict[int, Added]) -> tuple[list[Sum], int]:
    """Return h at each setting, for what one label adds, over a multiple of the order's grid."""
    order.work.spend(4 * rest.q.shape[0] * (2 + len(rest.words)), "gains")
    rows = _factors_of(order, rest, added)
    constants = rest.constants.values()
    unit = _unit(order.grid, constants, *_numbers_of(rest, rows, added))
    found = []
    for s, constant in enumerate(constants):
        words = [(1, rest.words), (1, added[s][1] if s in added else {})]
        found.append(_assembled(order, unit, words, constant, [(1, s, rows.get(s, {}))]))
    return found, unit


def mean_gain(order: Cells | Squares, rest: Rest, added: dict[int, Added]) -> tuple[Sum, int]:
    """Return the mean of h over the source's one distribution; settings that are alike are not visited."""
    assert isinstance(rest.q.source, Point)
    share = rest.q.source.values
    rows = _factors_of(order, rest, added)
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
    order: Cells | Squares, rest: Rest, added: dict[int, Added]
) -> dict[int, dict[int, Fraction]]:
    """Return the factors of P(o|s) by setting, the work of words included."""
    rows = {s: dict(factors) for s, factors in rest.cells.items()}
    order.work.spend(4 * (len(rows) + len(added)) * rest.q.shape[1], "gains")
    for s, (cells, words) in added.items():
        order.work.spend(len(words), "gains")
        add(rows.setdefault(s, {}), cells)
    return rows
