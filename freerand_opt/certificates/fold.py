"""The fold over a source as the kernel makes it, from the squares that a program's multipliers are.

What a comparison's residual has of moments that are not free is turned into terms <v Pi> of the question's
zeros; what is left is rounding, which the kernel adds as a constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from freerand_opt.certificates.proofs import by_source
from freerand_opt.checker.failures import Work
from freerand_opt.checker.fold import Fold
from freerand_opt.checker.orders import Squares, Sum, Worth, gains, mean_gain
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.question import read_question
from freerand_opt.checker.sources import Bits, Point
from freerand_opt.checker.vectors import add
from freerand_opt.checker.vertices import string_vertices
from freerand_opt.checker.words import Relabelling
from freerand_opt.checker.zeros import Zeros
from freerand_opt.conic.affine import to_fraction
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Bits as SourceBits
from freerand_opt.model.problem import Problem
from freerand_opt.programs.branches import Ranges, groups
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
        self.rest = read_prices(prices, q, work, empty=empty)
        q = self.rest.q
        order = Squares(q, unit**2, words, Zeros(q, work), work)
        self.algebra = order.algebra
        super().__init__(order, self.rest.averages)
        self.made, self.q, self.blocks, self.words = made, q, blocks, words
        #: (column of the carrier, functional) of a source's equality, by label and row
        self.equal: dict[tuple[int, int], list[tuple[int, Fraction]]] = {}
        self.lifts: dict[Any, dict[tuple[int, int, int, str], Fraction]] = {}

    def label(self, label: int, more: Worth | None = None) -> Any:
        """Return the proof of one label; `more` is what it adds to the objective, if no guess."""
        worth = more or self.rest.guesses.gained
        source, names = self.q.source, self.made.cone.names
        if all(name[0] == "last" for name in names) and not isinstance(source, Point):
            raw: Any = {"vertices": [self._own(label, ("last", v)) for v in range(len(names))]}
        else:
            raw = self._drawn(label)
        if isinstance(source, Point):
            self.point(*mean_gain(self.order, self.rest, worth(label)), raw, "squares")
        else:
            sums, whole = gains(self.order, self.rest, worth(label))
            if isinstance(source, Bits) and "branches" in raw:
                by_setting = [{key: Fraction(x, whole) for key, x in f.items()} for f in sums]
                self._share(source.ranges, [by_setting[s] for s in source.leaves], raw)
            self.bound(source, sums, whole, raw, "squares")
        return _plain(raw)

    def _own(self, label: int, facet: Facet) -> dict[str, Any]:
        """Return a facet's squares; their zeros are added when the fold comes to them."""
        return {"terms": self.blocks.get((label, facet), []), "zeros": []}

    def _drawn(self, label: int) -> dict[str, Any]:
        """Return the proof over the source without its zeros."""
        own, source = partial(self._own, label), self.made.problem.source
        if isinstance(source, SourceBits) and self.made.cone.names[0][0] == "branch":
            found: dict[str, Any] = _branches(groups(source.ranges), map(own, self.made.cone.names))
            return found
        return by_source(self.made.problem, self.made.cone, own, partial(self._flat, label))

    def _close(self, v: Sum, unit: int, last: Any, where: str, group: Sequence[Relabelling] = ()) -> Fraction:
        total = dict(v)
        add(total, self._positive(last, unit, where))
        last["zeros"] += self._zeros(total, unit)
        return super()._close(v, unit, last, where, group)

    def _between(self, left: Sum, right: Sum, pair: Any, unit: int, where: str) -> tuple[Sum, Sum]:
        plus, minus = (self._positive(own, unit, where) for own in pair)
        gap = {key: -value for key, value in left.items()}
        for more, factor in ((right, 1), (plus, 1), (minus, -1)):
            add(gap, more, factor)
        pair[0]["zeros"] += self._zeros(gap, unit)
        return super()._between(left, right, pair, unit, where)

    def _share(
        self, ranges: Ranges, leaves: Sequence[dict[Any, Fraction]], raw: dict[str, Any]
    ) -> dict[Any, Fraction]:
        """Fill in what subtrees are given: what their first proof shows; return the sum of the first ones."""
        if "vertices" in raw:
            (first, *_) = string_vertices(ranges, self.work)
            total = dict[Any, Fraction]()
            for share, f in zip(first, leaves, strict=True):
                add(total, f, share)
            add(total, self.order.positive(raw["vertices"][0], "squares"), Fraction(1, self.order.grid))
            return total
        sums: list[dict[Any, Fraction]] = []
        points = string_vertices(ranges[: raw["bits"]], self.work)
        for point, pair in zip(points, raw["branches"], strict=True):
            size = len(leaves) // len(point)
            total = dict[Any, Fraction]()
            for v, (mass, proof) in enumerate(zip(point, pair[1], strict=True)):
                below = [{key: mass * x for key, x in leaf.items()} for leaf in leaves[v * size :][:size]]
                own = self._share(ranges[raw["bits"] :], below, proof)
                for key, more in own.items():
                    total[key] = total.get(key, Fraction(0)) + more
                if v < len(point) - 1:
                    pair[0].append(self._listed(own))
            sums.append(total)
        return sums[0]

    def _listed(self, total: dict[Any, Fraction]) -> list[int]:
        """Return a functional as a flat list [place of a word, integer]."""
        assert isinstance(self.order, Squares)
        places: dict[Any, int] = {}
        for place, word in enumerate(self.order.listed):
            places.setdefault(self.algebra.moment(word), place)
        pairs = sorted(
            (places[key], round(x * self.order.grid / self.order.unit))
            for key, x in total.items()
            if key in places
        )
        return [x for pair in pairs if pair[1] for x in pair]

    def _flat(self, label: int, row: int) -> list[int]:
        """Return the multiplier of a source's equality as a flat list [place of a word, integer]."""
        place, names = {name: k for k, name in enumerate(self.words)}, free_words(self.made)
        pairs = sorted(
            (place[names[k]], round(value * self.order.grid)) for k, value in self.equal.get((label, row), [])
        )
        return [x for pair in pairs if pair[1] for x in pair]

    def _zeros(self, total: Sum, unit: int) -> list[Any]:
        """Return the terms of zeros that take from `total` its moments that are not free."""
        terms: dict[tuple[int, int, int, str], Fraction] = {}
        for key, value in total.items() if self.made.moments.space.face is not None else ():
            if value:
                share = Fraction(-value, unit * self.order.unit)
                for place, factor in self._lift(key).items():
                    terms[place] = terms.get(place, Fraction(0)) + share * factor
        return [
            [k, s, o, word, whole]
            for (k, s, o, word), value in sorted(terms.items())
            if (whole := round(value * self.order.grid))
        ]

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


def _branches(listed: Sequence[Sequence[Sequence[Fraction]]], owners: Iterator[dict[str, Any]]) -> Any:
    """Return the proof over groups of bits, before it says what subtrees are given."""
    own, rest = listed[0], listed[1:]
    if not rest:
        return {"vertices": [next(owners) for _ in own]}
    branches = [[[], [_branches(rest, owners) for _ in vertex]] for vertex in own]
    return {"bits": (len(own[0]) - 1).bit_length(), "branches": branches}


def _plain(raw: Any) -> Any:
    """Return a proof in which lists without zeros are lists."""
    if isinstance(raw, dict) and "zeros" in raw:
        return raw if raw["zeros"] else raw["terms"]
    if isinstance(raw, dict):
        return {key: _plain(value) for key, value in raw.items()}
    return [_plain(value) for value in raw] if isinstance(raw, list) else raw


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
