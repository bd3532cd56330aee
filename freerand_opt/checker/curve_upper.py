r"""Upper ends on an interval: prices that are polynomials over one, D, and boxes that suffice.

With h_g(o, s) = D phi_g(o, s) - y(s) - sum of m_k f_k(o, s), all polynomials in x,

.. math:: \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s) \le r \text{ on the interval} \;\Rightarrow\;
   \text{answer}(x) \le \frac{r + \sum_s y(s) P(s) + \sum_k m_k I_k}{D} .
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question, joint, split
from freerand_opt.checker.cycle import guessed_party, parity_values, read_edges
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import Number
from freerand_opt.checker.polynomials import Polynomial, Span, polynomial, value_at
from freerand_opt.checker.reading import choice, closed, fraction, items
from freerand_opt.checker.varying import Climb, VaryingSource, over_limits
from freerand_opt.checker.vectors import Vector, vector

#: A functional of P(o|s) by setting and outcome.
ByOutcome = dict[int, dict[int, Fraction]]


@dataclass(frozen=True)
class Item:
    """answer(x) <= sum of number * polynomial over `unit`, for x in [low, high]."""

    low: Fraction
    high: Fraction
    terms: tuple[tuple[Number, Polynomial], ...]
    unit: Polynomial

    def at(self, x: Fraction, work: Work | None = None) -> Number | None:
        """Return the bound at x, None outside the interval."""
        if not self.low <= x <= self.high:
            return None
        total: Number = Fraction(0)
        below = 1 / value_at(self.unit, x, work)
        for number, p in self.terms:
            total = total + number * (value_at(p, x, work) * below)
        return total


def read_span(raw: Any, where: str, work: Work) -> Span:
    """Return the interval from `from` to `to`."""
    low, high = (fraction(raw[key], f"{where}: {key}") for key in ("from", "to"))
    if low >= high:
        raise Unreadable(f"{where}: 'from' is less than 'to'")
    return Span(low, high, work)


def read_item(raw: Any, q: Question, source: VaryingSource, work: Work, where: str) -> Item:
    """Return an upper end that was checked; raise Rejected."""
    closed(raw, where, ("from", "to", "unit", "rest", "prices", "proof"))
    span = read_span(raw, where, work)
    unit, rest = polynomial(raw["unit"], f"{where}: unit"), polynomial(raw["rest"], f"{where}: rest")
    if not span.positive(unit):
        raise Rejected(f"{where}: the common denominator is not positive on the interval")
    priced = _Priced(raw["prices"], q, unit, span, where)
    ways = ("deterministic", "cycle")
    way = choice(raw["proof"].get("way") if type(raw["proof"]) is dict else None, f"{where}: way", ways)
    made = _deterministic(raw["proof"], priced) if way == "deterministic" else _cycle(raw["proof"], priced)
    climb = Climb(source, span) if source.leaves is not None else None
    for base, changes in made:
        if climb is None:
            kept: list[Polynomial] = []
            for change in changes:
                kept += over_limits(source, span, [change.get(s, p) for s, p in enumerate(base)])
            scale = source.unit
        else:
            assert source.leaves is not None
            kept = list(climb.all([base[s] for s in source.leaves])) if {} in changes else []
            if {} not in changes:
                climb.all([base[s] for s in source.leaves])
            for change in changes:
                at = {leaf: p for s, p in change.items() for leaf in source.places(s)}
                kept += climb.changed(at)
            scale = climb.unit
        for p in dict.fromkeys(kept):
            if span.sign(span.sum((priced.scale * scale, rest), (-1, p))) not in (0, 1):
                raise Rejected(f"{where}: a box is worth more than 'rest' somewhere on the interval")
    return Item(span.low, span.high, ((Fraction(1), rest), *priced.right), unit)


class _Priced:
    """h by parts, times `scale`: what each price is multiplied by, with numbers of the question."""

    def __init__(self, raw: Any, q: Question, unit: Polynomial, span: Span, where: str) -> None:
        self.q, self.span, self.unit, self.where = q, span, unit, where
        closed(raw, f"{where}: prices", ("settings", "tests"))
        assert q.observed is not None
        count = q.shape[0]
        span.work.spend(4 * count, where)
        self.y: Vector[Polynomial] = vector(raw["settings"], f"{where}: settings", count, polynomial)
        self.right: list[tuple[Number, Polynomial]] = [(q.observed[s], self.y[s]) for s in range(count)]
        #: (functional, what it is multiplied by)
        self.parts: list[tuple[ByOutcome, Polynomial]] = []
        listed = items(raw["tests"], f"{where}: tests", len(q.tests))
        for k, (price, test) in enumerate(zip(listed, q.tests, strict=True)):
            if isinstance(test, Kept):
                self._kept(price, test, f"{where}: test {k}")
                continue
            m = polynomial(price, f"{where}: test {k}")
            self._signed(m, test.relation, f"{where}: test {k}")
            self.parts.append((self._divided(test.functional), span.sum((-1, m))))
            self.right.append((test.score, m))
        self.right = _gathered(self.right, span)
        if q.ask.score is not None:
            signed = span.sum((q.ask.sign, unit))
            self.parts.append((self._divided(q.ask.score), signed))
        self.guesses = Guesses(q, empty=False)
        span.work.spend(len(self.guesses.worths) * len(self.guesses.outputs), "guesses")
        worths = [
            x
            for s in ([q.ask.at] if q.ask.at is not None else [])
            for guess in range(len(self.guesses.worths))
            for x in self.guesses.worth(guess, s).values()
        ] or [x for row in self.guesses.worths for x in row]
        factors = [x for own, _ in self.parts for row in own.values() for x in row.values()]
        span.work.spend(4 * len(factors) + 4 * len(worths), where)
        self.scale = 2 * lcm(1, *(x.denominator for x in (*worths, *factors)))

    def _signed(self, m: Polynomial, relation: str, where: str) -> None:
        allowed = {"<=": (0, 1), ">=": (0, -1), "=": (0, 1, -1, None)}[relation]
        if self.span.sign(m) not in allowed:
            raise Rejected(f"{where}: the price of a test {relation} has the wrong sign on the interval")

    def _kept(self, raw: Any, test: Kept, where: str) -> None:
        cells = [(s, o) for s in test.table for o in range(self.q.shape[1])]
        prices = vector(raw, where, len(cells), polynomial)
        for k, (s, o) in enumerate(cells):
            m = prices[k]
            sign = self.span.sign(m)
            if sign is None and test.tolerance:
                raise Rejected(f"{where}: with a tolerance a price has one sign on the interval")
            self.parts.append(({s: {o: 1 / self.q.weight(s)}}, self.span.sum((-1, m))))
            self.right.append((test.table[s][o] + test.tolerance * (sign or 0), m))

    def _divided(self, f: Functional) -> ByOutcome:
        if f.words:
            raise Rejected(f"{self.where}: boxes have no moments")
        found: ByOutcome = {}
        for (s, o), factor in f.terms.items():
            found.setdefault(s, {})[o] = factor / self.q.weight(s) if f.on == "conditional" else factor
        return found

    def whole(self, factor: Fraction, p: Polynomial) -> Polynomial:
        """Return a multiple of a polynomial, times `scale`."""
        x = factor * self.scale
        if x.denominator != 1:
            raise Rejected(f"{self.where}: a factor is no multiple of 1/{self.scale}")
        return self.span.sum((x.numerator, p))


def _gathered(right: list[tuple[Number, Polynomial]], span: Span) -> list[tuple[Number, Polynomial]]:
    """Return terms of the right side with each number once."""
    found: dict[Number, list[tuple[int, Polynomial]]] = {}
    for number, p in right:
        found.setdefault(number, []).append((1, p))
    return [(number, span.sum(*parts)) for number, parts in found.items()]


#: h without changes by setting, and the changes that single boxes make.
Boxes = tuple[list[Polynomial], list[dict[int, Polynomial]]]


def _cycle(raw: Any, priced: _Priced) -> Iterator[Boxes]:
    """Yield the boxes that err at one edge alone, and the unbiased one (cycle.py)."""
    q, span = priced.q, priced.span
    closed(raw, f"{priced.where}: proof", ("way", "edges"))
    edges = dict(read_edges(raw["edges"], q))
    if q.ask.at is None and not q.ask.told and priced.guesses.guessed:
        raise Rejected("cycle: a guess that is not told the settings has no curve")
    right = [priced.whole(Fraction(-1), priced.y[s]) for s in range(q.shape[0])]
    more: dict[int, Polynomial] = dict.fromkeys(edges, ())
    for factors, p in priced.parts:
        span.work.spend(4 * len(factors), "cycle")
        for s, (value, added) in parity_values(factors, edges).items():
            right[s] = span.sum((1, right[s]), (1, priced.whole(value, p)))
            if s in edges:
                more[s] = span.sum((1, more[s]), (1, priced.whole(added, p)))
    for s, p in more.items():
        if span.sign(p) not in (0, -1):
            raise Rejected(f"cycle: an error at setting {s} is rewarded")
    worths: tuple[Fraction, ...] = (Fraction(0),)
    if priced.guesses.guessed:
        guessed_party(q, list(edges.items()))
        base = Fraction(1, 2) if q.ask.quantity == "trace-distance" else Fraction(0)
        worths = (1 - base, Fraction(1, 2) - base)
    for place, worth in enumerate(worths):
        values = list(right)
        for s in range(q.shape[0]) if q.ask.at is None else (q.ask.at,):
            share = q.weight(s) if q.ask.at is not None else 1
            values[s] = span.sum((1, values[s]), (1, priced.whole(worth / share, priced.unit)))
        errs = [{s: span.sum((1, values[s]), (1, p))} for s, p in more.items()]
        # errors are never rewarded, so where nothing is guessed the box without errors is the best one
        if q.devices == "local":
            yield values, errs
            return
        yield values, [{}] if place or not priced.guesses.guessed else errs


def _deterministic(raw: Any, priced: _Priced) -> Iterator[Boxes]:
    """Yield all deterministic boxes; told the settings the best guess counts at each."""
    q, span, guesses = priced.q, priced.span, priced.guesses
    closed(raw, f"{priced.where}: proof", ("way",))
    if q.devices != "local":
        raise Rejected("deterministic: only local devices have deterministic boxes")
    count, width = q.shape
    sizes = list(zip(q.settings, q.outcomes, strict=True))
    labels = [range(len(guesses.worths))] if q.ask.told else [[guess] for guess in range(guesses.labels)]
    boxes = 1
    for n, d in sizes:
        boxes *= d**n
    digits = [split(s, q.settings) for s in range(count)]
    for chosen in labels:
        steps = boxes * count + count * (width * (2 + len(chosen)) + len(priced.parts))
        span.work.spend(steps, "deterministic boxes")
        table = []
        for s in range(count):
            start = priced.whole(Fraction(-1), priced.y[s])
            worths = [guesses.worth(guess, s) for guess in chosen]
            best = [max(worth.get(o, Fraction(0)) for worth in worths) for o in range(width)]
            row = [span.sum((1, start), (1, priced.whole(best[o], priced.unit))) for o in range(width)]
            for factors, p in priced.parts:
                for o, factor in factors.get(s, {}).items():
                    row[o] = span.sum((1, row[o]), (1, priced.whole(factor, p)))
            table.append(row)
        for box in product(*(list(product(range(d), repeat=n)) for n, d in sizes)):
            answers = [[own[x] for own, x in zip(box, at, strict=True)] for at in digits]
            yield [row[joint(a, q.outcomes)] for row, a in zip(table, answers, strict=True)], [{}]
