r"""Ends on an interval: prices that are polynomials over one, D, and boxes that suffice; and attacks.

With h_g(o, s) = D phi_g(o, s) - y(s) - sum of m_k f_k(o, s), all polynomials in x,

.. math:: \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s) \le r \text{ on the interval} \;\Rightarrow\;
   \text{answer}(x) \le \frac{r + \sum_s y(s) P(s) + \sum_k m_k I_k}{D} .

Attacks are flow graphs whose chances are quotients of polynomials, weights over one D,

.. math:: D\, P(w) \ge 0, \quad \sum_w D\, P(w)\, P(s|w) = D\, P(s) \text{ identically}, \quad
   \text{low} \le \text{num}/\text{den} \le \text{high} ,

or, for limits, masses D P(w) P(s|w) that are polynomials, within the limits times their sum over s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import gcd, lcm, prod
from typing import Any

from freerand_opt.checker.asked import Kept, Question, Test
from freerand_opt.checker.attack import Held, read_box
from freerand_opt.checker.boxes import by_deterministic
from freerand_opt.checker.cycle import Chain, by_cycle, read_edges
from freerand_opt.checker.devices import Box
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import Number, show, sign
from freerand_opt.checker.points import Flow, merged, read_nodes
from freerand_opt.checker.polynomials import OnSpan, Poly, Polynomial, Span, polynomial, value_at
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.reading import closed, fraction, items, tag
from freerand_opt.checker.scale import ALLOWED
from freerand_opt.checker.sources import Bits, Limits
from freerand_opt.checker.varying import Swept, VaryingSource
from freerand_opt.checker.vectors import vector


@dataclass(frozen=True)
class Part:
    """A function on [low, high]: the sum of number * polynomial, over `unit`."""

    low: Fraction
    high: Fraction
    terms: tuple[tuple[Number, Polynomial], ...]
    unit: Polynomial

    def at(self, x: Fraction, work: Work | None = None) -> Number | None:
        """Return the value at x, None outside the interval."""
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


def read_item(raw: Any, q: Question, source: VaryingSource, work: Work, where: str) -> Part:
    """Return an upper end that was checked; raise Rejected."""
    closed(raw, where, ("from", "to", "unit", "rest", "prices", "proof"))
    span = read_span(raw, where, work)
    scale = OnSpan(raw["unit"], span, f"{where}: unit")
    top = Poly(span, polynomial(raw["rest"], f"{where}: rest"))
    proof = raw["proof"]
    way = tag(proof, "way", where, ("deterministic", "cycle"))
    closed(proof, f"{where}: proof", ("way", *(("edges",) if way == "cycle" else ())))
    if way == "cycle" and q.ask.at is None and not q.ask.told and Guesses(q, empty=False).guessed:
        raise Rejected("cycle: a guess that is not told the settings has no curve")
    rest = read_prices(raw["prices"], q, work, empty=False, scale=scale)
    by_boxes = by_cycle if way == "cycle" else by_deterministic
    for p in dict.fromkeys(by_boxes(proof, rest, Swept(source, span))):
        if scale.sign(top - p) not in (0, 1):
            raise Rejected(f"{where}: a box is worth more than 'rest' somewhere on the interval")
    right: dict[Number, Poly] = {}
    for number, m in rest.right:
        right[number] = right.get(number, Poly(span, ())) + m
    terms = [(Fraction(1), top), *right.items()]
    unit = lcm(*(p.unit for _, p in terms))
    whole = tuple((number, span.sum((unit // p.unit, p.p))) for number, p in terms)
    return Part(span.low, span.high, whole, span.sum((unit, scale.one.p)))


@dataclass(frozen=True)
class MovingFlow(Flow):
    """A flow graph whose heads are (numerator, denominator): quotients of masses by it leave no rest."""

    where: str = ""
    known: dict[tuple[int, Poly], tuple[Poly, Poly]] = field(default_factory=dict)

    def halves(self, k: int, mass: Poly) -> tuple[Poly, Poly]:
        """Return what goes left and right of a mass at a node, times the unit of its height."""
        if (k, mass) not in self.known:
            num, den = self.heads[k]
            whole = mass * num
            first = Poly(mass.span, mass.span.divided(whole.p, den, self.where), whole.unit)
            self.known[k, mass] = first, mass * self.units[self.nodes[k].height] - first
        return self.known[k, mass]

    def mass(self, k: int, leaf: int, weight: Poly) -> Poly:
        """Return what goes to a leaf of a mass at node k, over `unit`."""
        node: int | None = k
        for bit in reversed(range(len(self.source.ranges))):
            assert node is not None
            weight = self.halves(node, weight)[leaf >> bit & 1]
            node = self.nodes[node].right if leaf >> bit & 1 else self.nodes[node].left
        return weight


def read_moving(raw: Any, bits: Bits, source: VaryingSource, span: Span, where: str) -> MovingFlow:
    """Return a flow graph whose palette is of pairs [numerator, denominator] of polynomials."""
    closed(raw, where, ("palette", "nodes"))
    palette = []
    for entry in items(raw["palette"], where):
        num, den = (polynomial(p, where) for p in items(entry, where, 2))
        if not span.positive(den):
            raise Rejected(f"{where}: a denominator is not positive on the interval")
        palette.append((num, den))
    nodes, used = read_nodes(raw["nodes"], palette, len(source.ends), span.work, where)
    units = [1] * (len(source.ends) + 1)
    for height, code in used:
        num, den = palette[code]
        low, high = (span.times(end, den) for end in source.ends[-height])
        for gap in (span.sum((source.unit, num), (-1, low)), span.sum((-source.unit, num), (1, high))):
            if span.sign(gap) not in (0, 1):
                raise Rejected(f"{where}: a chance leaves the source's range on the interval")
        units[height] = lcm(units[height], gcd(*den))
    heads = {}
    for height, code in used:
        num, den = palette[code]
        held = gcd(*den)
        # by Gauss's lemma a polynomial quotient by a primitive one has integer coefficients
        part = Poly(span, span.sum((units[height] // held, num)))
        heads[height, palette[code]] = part, tuple(c // held for c in den)
    listed = tuple(heads[node.height, node.chance] for node in nodes)
    return MovingFlow(bits, nodes, tuple(units), listed, prod(units), where)


class _Masses(dict[int, Poly]):
    """The masses of a strategy by setting, found when they are asked for."""

    def __init__(self, flow: MovingFlow, root: int, weight: Poly, places: VaryingSource) -> None:
        self.flow, self.root, self.weight, self.places = flow, root, weight, places

    def __missing__(self, s: int) -> Poly:
        shares = (self.flow.mass(self.root, leaf, self.weight) for leaf in self.places.places(s))
        self[s] = sum(shares, self.weight * 0)
        return self[s]


class _Rational(Box):
    """A box with rational probabilities."""

    def __init__(self, box: Box, where: str) -> None:
        self.box, self.where = box, where

    def at(self, s: int) -> dict[int, Number]:
        """Return the probabilities that are not 0."""
        row = self.box.at(s)
        if not all(isinstance(chance, Fraction) for chance in row.values()):
            raise Rejected(f"{self.where}: boxes on an interval have rational probabilities")
        return row


def read_piece(raw: Any, q: Question, source: VaryingSource, work: Work, where: str) -> Part:
    """Return a lower end that was checked; raise Rejected."""
    edges, limits = type(raw) is dict and "edges" in raw, isinstance(q.source, Limits)
    chain = ("edges", "weights", "nodes", "errors") if edges else ("strategies",)
    closed(raw, where, ("from", "to", "unit", "scores", *(() if limits else ("flow",)), *chain))
    if limits and edges:
        raise Rejected(f"{where}: attacks by the boxes of a cycle are those of bits in one time order")
    if q.ask.quantity == "strategy":
        raise Unreadable(f"{where}: a strategy's existence is no curve")
    if q.ask.score is None and q.ask.at is None and not q.ask.told:
        raise Rejected(f"{where}: a guess that is not told the settings has no curve")
    span = read_span(raw, where, work)
    scale = OnSpan(raw["unit"], span, f"{where}: unit")
    work.spend(q.shape[0] + (len(q.source.leaves) if isinstance(q.source, Bits) else 0), where)
    flow = read_moving(raw["flow"], q.source, source, span, where) if isinstance(q.source, Bits) else None
    scores = items(raw["scores"], f"{where}: scores", len(q.tests))
    pairs = enumerate(zip(q.tests, scores, strict=True))
    q = replace(q, tests=tuple(_rational(test, own, f"{where}: test {k}") for k, (test, own) in pairs))
    if q.ask.score is not None and q.ask.score.words:
        raise Rejected(f"{where}: boxes have no moments")
    if flow is None:
        value = _listed(raw["strategies"], q, source, scale, where)
    elif edges:
        value = Chain(raw, read_edges(raw["edges"], q), q, flow, scale, work).value(scale.one)
    else:
        value = _shown(raw["strategies"], q, flow, source, scale, where)
    value, unit = value + Poly(span, ()), scale.one * (1 if flow is None else flow.unit)
    terms = ((Fraction(q.ask.sign), value.p),)
    return Part(span.low, span.high, terms, span.sum((value.unit, unit.p)))


def _listed(raw: Any, q: Question, source: VaryingSource, scale: OnSpan, where: str) -> Any:
    """Return the value of strategies whose masses are listed by setting; raise Rejected."""
    span, count = scale.span, q.shape[0]
    held, boxes = list[list[Poly]](), list[Box]()
    lines = [(Poly(span, low), Poly(span, high)) for low, high in source.ends]
    for entry in items(raw, where):
        closed(entry, where, ("masses", "box"))
        span.work.spend(8 * count, where)
        masses = vector(entry["masses"], f"{where}: masses", count, scale.amount).values()
        weight = sum(masses, Poly(span, ()))
        for mass, (low, high) in zip(masses, lines, strict=True):
            own = mass * source.unit
            if any(scale.sign(gap) not in (0, 1) for gap in (own - weight * low, weight * high - own)):
                raise Rejected(f"{where}: a mass leaves its limits on the interval")
        held.append(masses)
        boxes.append(_Rational(read_box(entry["box"], q, span.work, where), where))
    assert q.observed is not None
    for s in range(count):
        if sum((masses[s] for masses in held), Poly(span, ())) != scale.one * q.observed[s]:
            raise Rejected(f"{where}: setting {s} does not have its observed probability")
    return _valued(q, held, boxes, scale, where)


def _shown(raw: Any, q: Question, flow: MovingFlow, source: VaryingSource, scale: OnSpan, where: str) -> Any:
    """Return the value of strategies with boxes written out, over the flow's unit; raise Rejected."""
    work, roots, boxes = scale.span.work, [], list[Box]()
    for entry in items(raw, where):
        closed(entry, where, ("weight", "node", "box"))
        roots.append((flow.root(entry["node"], where), scale.amount(entry["weight"], where)))
        boxes.append(_Rational(read_box(entry["box"], q, work, where), where))
    assert q.observed is not None
    flow.check(q.observed, merged(roots), scale.one, work)
    masses = [_Masses(flow, root, weight, source) for root, weight in roots]
    return _valued(q, masses, boxes, scale.times(flow.unit), where)


def _valued(q: Question, masses: Sequence[Any], boxes: list[Box], scale: OnSpan, where: str) -> Any:
    """Return what strategies reach that pass the tests; raise Rejected."""
    held = Held(q, masses, [], boxes, scale.work, scale)
    for k, test in enumerate(q.tests):
        held.test(test, f"{where}: test {k}")
    return held.value()


def _rational(test: Test | Kept, raw: Any, where: str) -> Test | Kept:
    """Return a test with a rational score, one inside in place of an irrational score."""
    if isinstance(test, Kept):
        if raw is not None or not all(isinstance(x, Fraction) for row in test.table.values() for x in row):
            raise Rejected(f"{where}: a kept behaviour is rational on an interval, and has no score")
        return test
    if test.functional.words:
        raise Rejected(f"{where}: boxes have no moments")
    if isinstance(test.score, Fraction):
        if raw is not None:
            raise Unreadable(f"{where}: a rational score comes with an irrational one alone")
        return test
    inside = fraction(raw, f"{where}: score")
    if test.relation == "=" or sign(inside - test.score) not in ALLOWED[test.relation]:
        raise Rejected(f"{where}: the rational score is not inside {test.relation} {show(test.score)}")
    return replace(test, score=inside)
