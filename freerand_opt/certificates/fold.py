"""The fold over a source as the kernel makes it, from the squares that a program's multipliers are.

What a comparison's residual has of moments that are not free is turned into terms <v Pi> of the question's
zeros; what is left is rounding, which the kernel adds as a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from freerand_opt.checker.failures import Work
from freerand_opt.checker.fold import Fold
from freerand_opt.checker.gains import Worth, gains, mean_gain
from freerand_opt.checker.guesses import Guesses as KernelGuesses
from freerand_opt.checker.orders import Squares, Sum, add, scaled
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.question import read_question
from freerand_opt.checker.sources import Bits, Limits, Point, Product, Rows, Source
from freerand_opt.checker.support import contracted, folded_party
from freerand_opt.checker.zeros import Zeros
from freerand_opt.conic.affine import to_fraction
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.source_cone import Facet


class Maker(Fold):
    """The kernel's fold, in which lists are completed by terms of zeros."""

    def __init__(
        self,
        made: MomentProgram,
        prices: dict[str, Any],
        words: list[str],
        blocks: Mapping[tuple[int, Facet], list[Any]],
        unit: int,
        *,
        empty: bool,
    ) -> None:
        q = read_question(question_form(made.problem), Work(10**12))
        work = Work(10**12)
        order = Squares(q, words, Zeros(q, work), work)
        self.rest = read_prices(prices, q, work, empty=empty)
        self.algebra = order.algebra
        super().__init__(order, unit**2, self.rest.averages, work)
        self.made, self.q, self.blocks, self.words = made, q, blocks, words
        #: (column of the carrier, functional) of a source's equality, by label and row
        self.equal: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}
        self.guesses = KernelGuesses(q, empty=empty)
        self.lifts: dict[Any, dict[tuple[int, int, int, str], Fraction]] = {}

    def label(self, label: int, more: Worth | None = None) -> Any:
        """Return the proof of one label; `more` is what it adds to the objective, if no guess."""
        worth = more or self.guesses.gained
        if isinstance(self.q.source, Point):
            (held,), unit = scaled([mean_gain(self.order, self.q, self.rest, worth(label))], self.grid)
            return {"last": self._last((label, ("last", 0)), held, unit)}
        listed = gains(self.order, self.q, self.rest, worth(label))
        names = self.made.cone.names
        if all(name[0] == "last" for name in names):
            return self._by_vertices(label, listed, len(names))
        return self._by_source(label, self.q.source, listed, ())

    def _by_source(self, label: int, source: Source, gains: list[dict[Any, Fraction]], prefix: Facet) -> Any:
        if isinstance(source, Product):
            return self._by_product(label, source, gains)
        if isinstance(source, Point):
            (held,), unit = scaled([self._mean(source.values.values(), gains)], self.grid)
            return {"last": self._last((label, (*prefix, "last", 0)), held, unit)}
        if isinstance(source, Bits):
            return self._by_bits(label, source, gains, prefix)
        if isinstance(source, Limits):
            return self._by_limits(label, source, gains, prefix)
        assert isinstance(source, Rows)
        return self._by_rows(label, source, gains, prefix)

    def _by_vertices(self, label: int, gains: list[dict[Any, Fraction]], count: int) -> Any:
        masses: list[list[Fraction]] = [[Fraction(0)] * len(gains) for _ in range(count)]
        for s, v, value in self.made.cone.masses.entries():
            masses[v][s] = value
        lists = []
        for v, point in enumerate(masses):
            (held,), unit = scaled([self._mean(point, gains)], self.grid)
            lists.append(self._last((label, ("last", v)), held, unit))
        return {"vertices": lists}

    def _last(self, key: tuple[int, Facet], held: Sum, unit: int) -> Any:
        own = self.blocks.get(key, [])
        total = dict(held)
        add(total, self._positive(own, unit, "squares"))
        return self._with_zeros(own, total, unit)

    def _pair(self, label: int, facet: Facet, left: Sum, right: Sum, unit: int) -> tuple[list[Any], Sum, Sum]:
        """Return the lists of G+ and G-, left <= right + G+ - G-, and both as the kernel reads them."""
        up, down = (self.blocks.get((label, (*facet, side)), []) for side in (0, 1))
        gap = dict(left)
        for more, factor in (
            (right, -1),
            (self._positive(up, unit, "squares"), -1),
            (self._positive(down, unit, "squares"), 1),
        ):
            add(gap, more, factor)
        pair = [self._with_zeros(up, {key: -value for key, value in gap.items()}, unit), down]
        plus, minus = self._between(left, right, pair, unit, "squares")
        return pair, plus, minus

    def _by_bits(self, label: int, source: Bits, gains: list[dict[Any, Fraction]], prefix: Facet) -> Any:
        level, unit = scaled([gains[s] for s in source.leaves], self.grid)
        nodes: list[Any] = []
        for low, high in reversed(source.ranges):
            scale = low.denominator * high.denominator
            above = []
            for left, right in zip(level[::2], level[1::2], strict=True):
                pair, plus, minus = self._pair(label, (*prefix, "node", len(nodes)), left, right, unit)
                nodes.append(pair)
                v = {key: value * scale for key, value in right.items()}
                add(v, plus, int(high * scale))
                add(v, minus, -int(low * scale))
                above.append(v)
            level, unit = above, unit * scale
        return {"nodes": nodes, "last": self._last((label, (*prefix, "last", 0)), level[0], unit)}

    def _by_limits(self, label: int, source: Limits, gains: list[dict[Any, Fraction]], prefix: Facet) -> Any:
        sums, unit = scaled(gains, self.grid)
        copies = 1 + max((int(n[1]) for n in self.made.cone.names if n[0] == "product"), default=0)
        row = int(prefix[1]) * (self.made.cone.equalities.shape[0] // copies) if prefix else 0
        flat = self._flat(label, row)
        level = self._signed(flat, unit, "squares")
        scale = 1
        for end in (*source.upper.values(), *source.lower.values()):
            scale *= (end * scale).denominator
        v, pairs = {key: value * scale for key, value in level.items()}, []
        for s, h in enumerate(sums):
            pair, plus, minus = self._pair(label, (*prefix, "setting", s), h, level, unit)
            pairs.append(pair)
            add(v, plus, int(source.upper[s] * scale))
            add(v, minus, -int(source.lower[s] * scale))
        last = self._last((label, (*prefix, "last", 0)), v, unit * scale)
        return {"level": flat, "settings": pairs, "last": last}

    def _flat(self, label: int, row: int) -> list[int]:
        """Return the multiplier of a source's equality as a flat list [place of a word, integer]."""
        place, names = {name: k for k, name in enumerate(self.words)}, free_words(self.made)
        pairs = sorted(
            (place[names[k]], round(value * self.grid)) for k, value in self.equal.get((label, row), [])
        )
        return [x for pair in pairs if pair[1] for x in pair]

    def _by_rows(self, label: int, source: Rows, gains: list[dict[Any, Fraction]], prefix: Facet) -> Any:
        sums, unit = scaled(gains, self.grid)
        lists, held, count = [], [], 0
        for k, equal in enumerate(source.equal):
            own = self._flat(label, count) if equal else self.blocks.get((label, (*prefix, "row", k)), [])
            lists.append(own)
            held.append((self._signed if equal else self._positive)(own, unit, "squares"))
            count += equal
        slacks = []
        for s, h in enumerate(sums):
            total = {key: Fraction(value) for key, value in h.items()}
            for row, g in zip(source.rows, held, strict=True):
                for key, value in g.items() if row.get(s) else ():
                    total[key] = total.get(key, Fraction(0)) + row[s] * value
            (whole,), more = scaled([total], 1)
            slacks.append(self._last((label, (*prefix, "slack", s)), whole, unit * more))
        return {"rows": lists, "settings": slacks}

    def _by_product(self, label: int, source: Product, gains: list[dict[Any, Fraction]]) -> Any:
        last, others = folded_party(source, self.work)
        keys, found = {key for f in gains for key in f}, []
        for k, own in enumerate(product(*others)):
            inner: list[dict[Any, Fraction]] = [{} for _ in range(source.sizes[last])]
            for key in keys:
                values = [f.get(key, Fraction(0)) for f in gains]
                for f, value in zip(inner, contracted(source.sizes, last, own, values), strict=True):
                    f[key] = value
            found.append(self._by_source(label, source.parts[last], inner, ("product", k)))
        return {"products": found}

    def _with_zeros(self, own: list[Any], total: Sum, unit: int) -> Any:
        """Return a list with terms of zeros that take from `total` its moments that are not free."""
        terms: dict[tuple[int, int, int, str], Fraction] = {}
        for key, value in total.items() if self.made.moments.space.face is not None else ():
            if value:
                share = Fraction(-value, unit * self.order.unit)
                for place, factor in self._lift(key).items():
                    terms[place] = terms.get(place, Fraction(0)) + share * factor
        listed = [
            [k, s, o, word, whole]
            for (k, s, o, word), value in sorted(terms.items())
            if (whole := round(value * self.grid))
        ]
        return {"terms": own, "zeros": listed} if listed else own

    def _lift(self, key: Any) -> dict[tuple[int, int, int, str], Fraction]:
        """Return the terms <v Pi> whose sum makes a moment that is not free one of free moments."""
        held, matrix = self.made.moments.space.face, self.made.moments.matrix
        if key not in self.lifts and held is not None:
            own = self.lifts[key] = {}
            place = matrix.named_position(f"<{self.algebra.name(key)}>")
            for (word, z), factor in held.terms(-1 if place is None else place).items():
                zero = held.zeros[z]
                term = (zero.test, zero.setting, zero.outcome, _spelt(word, self.made.problem))
                own[term] = to_fraction(factor)
        return self.lifts[key]


def free_words(made: MomentProgram) -> list[str]:
    """Return the names of the columns' moments."""
    matrix, held = made.moments.matrix, made.moments.space.face
    places = range(matrix.moments) if held is None else held.free
    return [matrix.labels[m].strip("<>") for m in places]


def _spelt(word: Sequence[Sequence[int]], problem: Problem) -> str:
    """Return a word of letters (a party's operators, counted from 1) by names."""
    names = []
    for p, (letters, d) in enumerate(zip(word, problem.outcomes, strict=True)):
        for letter in letters:
            x, o = divmod(letter - 1, d - 1)
            names.append(f"{chr(ord('A') + p)}{x}" if d == 2 else f"{chr(ord('A') + p)}[{o}|{x}]")
    return " ".join(names) or "1"
