"""From multipliers of a program over moments to sums of squares, and to terms that vanish with the question's zeros.

The fold is made as the kernel makes it, so that each comparison's residual is known: what it has of moments that are
not free is turned into terms <v Pi> of the zeros; what is left is rounding, which the kernel adds as a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from freerand_opt.certificates.proofs import prices_of
from freerand_opt.certificates.question import question_form
from freerand_opt.checker.failures import Work
from freerand_opt.checker.fold import Fold
from freerand_opt.checker.guesses import Guesses as KernelGuesses
from freerand_opt.checker.orders import Squares, Sum, add, gain, scaled
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.question import read_question
from freerand_opt.checker.sources import Bits, Point
from freerand_opt.checker.zeros import Zeros
from freerand_opt.conic.affine import to_fraction
from freerand_opt.conic.solution import Dual
from freerand_opt.model.problem import Problem
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.source_cone import Facet

#: Entries of polynomials are integers over 2^BITS, or over what the multipliers have.
BITS = 64


def squares_form(made: MomentProgram, dual: Dual, rational: Mapping[int, Any], claim: str) -> dict[str, Any]:
    """Return the upper end of a certificate from exact multipliers."""
    z = [dual.values.get(row, Fraction(0)) for row in range(made.program.linear)]
    prices = prices_of(made.program.names, z, made.problem, rational)
    words = list(made.moments.matrix.word_labels())
    unit = 2 ** max([BITS, *(factor.bits for factor in dual.factors)])
    maker = _Maker(made, prices, words, _blocks(made, dual, z, unit), unit, empty=claim == "none")
    labels = [maker.label(label) for label in range(made.moments.carriers)]
    proof = {"way": "squares", "unit": unit, "words": words, "labels": labels}
    return {"claim": claim, "prices": prices, "proof": trimmed(proof)}


def trimmed(proof: dict[str, Any]) -> dict[str, Any]:
    """Return a proof that lists the words it uses."""
    used: dict[int, int] = {}

    def places(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: places(x) for key, x in value.items()}
        if isinstance(value, list) and len(value) == 2 and _is_block(value):
            return [[used.setdefault(k, len(used)) for k in value[0]], value[1]]
        return [places(x) for x in value] if isinstance(value, list) else value

    labels = places(proof["labels"])
    words = [proof["words"][k] for k in used]
    return {**proof, "words": words, "labels": labels}


def _is_block(value: list[Any]) -> bool:
    first, second = value
    return (
        isinstance(first, list)
        and bool(first)
        and all(isinstance(x, int) for x in first)
        and isinstance(second, list)
        and len(second) == len(first)
        and all(isinstance(x, list) for x in second)
    )


def _blocks(
    made: MomentProgram, dual: Dual, z: Sequence[Fraction], unit: int
) -> dict[tuple[int, Facet], list[Any]]:
    """Return each facet's squares, from the factors of matrices and from nonnegative parts."""
    result: dict[tuple[int, Facet], list[Any]] = {}
    parts, facets = made.moments.space.parts, made.cone.names

    def add(c: int, f: int, words: Sequence[int], rows: Sequence[Sequence[int]]) -> None:
        kept = [(word, list(row)) for word, row in zip(words, rows, strict=True) if row]
        if kept:
            result.setdefault((c, facets[f]), []).append([[w for w, _ in kept], [row for _, row in kept]])

    for name, factor in zip(made.program.blocks, dual.factors, strict=True):
        assert isinstance(name, tuple)
        _, c, f, p = name
        turn = Fraction(unit, 2**factor.bits)
        add(c, f, parts[p].words, [_trimmed([round(x * turn) for x in row]) for row in factor.rows])
    for name, value in zip(made.program.names, z, strict=True):
        if isinstance(name, tuple) and name[0] == "part" and value > 0:
            _, c, f, p = name
            if root := isqrt(int(value * unit * unit)):
                add(c, f, parts[p].words[:1], [[root]])
    return result


def _trimmed(row: list[int]) -> list[int]:
    while row and not row[-1]:
        row.pop()
    return row


class _Maker(Fold):
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
        super().__init__(order, unit**2, work)
        self.made, self.q, self.blocks = made, q, blocks
        self.rest = read_prices(prices, q, work, empty=empty)
        self.guesses = KernelGuesses(q, empty=empty)
        self.lifts = _lifts(made, order)

    def label(self, label: int) -> Any:
        """Return the proof of one label."""
        order, rest = self.order, self.rest
        gains = []
        for s in range(self.q.shape[0]):
            cells = dict(rest.cells.get(s, {}))
            for o, worth in self.guesses.worth(self.guesses.at(label, s), s).items():
                cells[o] = cells.get(o, Fraction(0)) + worth
            f = gain(order, rest.constants[s], cells, s)
            for key, value in order.words(rest.words).items():
                f[key] = f.get(key, Fraction(0)) + value
            gains.append(f)
        names = self.made.cone.names
        if all(name[0] == "last" for name in names):
            return self._by_vertices(label, gains, len(names))
        return self._by_bits(label, gains)

    def _by_vertices(self, label: int, gains: list[dict[Any, Fraction]], count: int) -> Any:
        masses: list[list[Fraction]] = [[Fraction(0)] * len(gains) for _ in range(count)]
        for s, v, value in self.made.cone.masses.entries():
            masses[v][s] = value
        lists = []
        for v, point in enumerate(masses):
            total: dict[Any, Fraction] = {}
            for share, f in zip(point, gains, strict=True):
                for key, value in f.items() if share else ():
                    total[key] = total.get(key, Fraction(0)) + share * value
            (held,), unit = scaled([total], self.grid)
            lists.append(self._last(label, v, held, unit))
        return {"last": lists[0]} if isinstance(self.q.source, Point) else {"vertices": lists}

    def _last(self, label: int, v: int, held: Sum, unit: int) -> Any:
        own = self.blocks.get((label, ("last", v)), [])
        total = dict(held)
        add(total, self._positive(own, unit, "squares"))
        return self._with_zeros(own, total, unit)

    def _by_bits(self, label: int, gains: list[dict[Any, Fraction]]) -> Any:
        source = self.q.source
        assert isinstance(source, Bits)
        level, unit = scaled([gains[s] for s in source.leaves], self.grid)
        nodes: list[Any] = []
        for low, high in reversed(source.ranges):
            scale = low.denominator * high.denominator
            above = []
            for left, right in zip(level[::2], level[1::2], strict=True):
                up, down = (self.blocks.get((label, ("node", len(nodes), side)), []) for side in (0, 1))
                gap = dict(left)
                for more, factor in (
                    (right, -1),
                    (self._positive(up, unit, "squares"), -1),
                    (self._positive(down, unit, "squares"), 1),
                ):
                    add(gap, more, factor)
                pair = [self._with_zeros(up, {key: -value for key, value in gap.items()}, unit), down]
                nodes.append(pair)
                plus, minus = self._between(left, right, pair, unit, "squares")
                v = {key: value * scale for key, value in right.items()}
                add(v, plus, int(high * scale))
                add(v, minus, -int(low * scale))
                above.append(v)
            level, unit = above, unit * scale
        return {"nodes": nodes, "last": self._last(label, 0, level[0], unit)}

    def _with_zeros(self, own: list[Any], total: Sum, unit: int) -> Any:
        """Return a list with terms of zeros that take from `total` what it has of moments that are not free."""
        terms: dict[tuple[int, int, int, str], Fraction] = {}
        for key, trace in self.lifts.items():
            value = total.get(key, 0)
            if value:
                share = Fraction(-value, unit * self.order.unit)
                for place, factor in trace.items():
                    terms[place] = terms.get(place, Fraction(0)) + share * factor
        listed = [
            [k, s, o, word, whole]
            for (k, s, o, word), value in sorted(terms.items())
            if (whole := round(value * self.grid))
        ]
        return {"terms": own, "zeros": listed} if listed else own


def _lifts(made: MomentProgram, order: Squares) -> dict[Any, dict[tuple[int, int, int, str], Fraction]]:
    """Return, for each moment that is not free, of which <v Pi> its difference from the free ones is the sum."""
    held, matrix = made.moments.space.face, made.moments.matrix
    if held is None:
        return {}
    found: dict[Any, dict[tuple[int, int, int, str], Fraction]] = {}
    for m, trace in held.terms.items():
        key = order.algebra.moment(order.algebra.word(matrix.labels[m].strip("<>"), "moment"))
        own: dict[tuple[int, int, int, str], Fraction] = {}
        for (word, place), factor in trace.items():
            zero = held.zeros[place]
            own[zero.test, zero.setting, zero.outcome, _spelt(word, made.problem)] = to_fraction(factor)
        found[key] = own
    return found


def _spelt(word: Sequence[Sequence[int]], problem: Problem) -> str:
    """Return a word of letters (a party's operators, counted from 1) by names."""
    names = []
    for p, (letters, d) in enumerate(zip(word, problem.outcomes, strict=True)):
        for letter in letters:
            x, o = divmod(letter - 1, d - 1)
            names.append(f"{chr(ord('A') + p)}{x}" if d == 2 else f"{chr(ord('A') + p)}[{o}|{x}]")
    return " ".join(names) or "1"
