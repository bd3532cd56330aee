r"""Attacks on an interval: a flow graph whose chances are quotients of polynomials, weights over one D.

.. math:: D\, P(w) \ge 0, \quad \sum_w D\, P(w)\, P(s|w) = D\, P(s) \text{ identically}, \quad
   \text{low} \le \text{num}/\text{den} \le \text{high}
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question, Test
from freerand_opt.checker.box import read_box
from freerand_opt.checker.curve_upper import read_span
from freerand_opt.checker.cycle import guessed_party, parity_values, read_edges
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.moving_flow import MovingFlow
from freerand_opt.checker.numbers import show, sign
from freerand_opt.checker.polynomials import Polynomial, Span, polynomial, value_at
from freerand_opt.checker.reading import closed, fraction, integer, items
from freerand_opt.checker.varying import VaryingSource
from freerand_opt.checker.vectors import vector


@dataclass(frozen=True)
class Piece:
    """answer(x) >= value(x)/unit(x) for x in [low, high]."""

    low: Fraction
    high: Fraction
    value: Polynomial
    unit: Polynomial

    def at(self, x: Fraction, work: Work | None = None) -> Fraction | None:
        """Return the value at x, None outside the interval."""
        if not self.low <= x <= self.high:
            return None
        return value_at(self.value, x, work) / value_at(self.unit, x, work)


class _Shown:
    """What the strategies show: at (w, s) the mean of a functional, as a constant and terms (w, s, value)."""

    def __init__(
        self, raw: Any, q: Question, source: VaryingSource, span: Span, unit: Polynomial, where: str
    ) -> None:
        self.q, self.source, self.span, self.where = q, source, span, where
        self.guesses = Guesses(q, empty=False)
        self.flow = MovingFlow(raw["flow"], source, span, where)
        self.edges = dict(read_edges(raw["edges"], q)) if "edges" in raw else None
        self.errors: list[int | None] = []
        self.boxes: list[Any] = []
        if self.edges is not None:
            if q.devices == "quantum":
                raise Rejected(f"{where}: boxes of a cycle are not those of quantum devices")
            count = len(items(raw["nodes"], where))
            weights = vector(raw["weights"], where, count, polynomial).values()
            roots = list(zip(raw["nodes"], weights, strict=True))
            places = sorted(self.edges)
            for place in items(raw["errors"], where, count):
                if place is None and q.devices == "local":
                    raise Rejected(f"{where}: the unbiased box is not local")
                self.errors.append(
                    None if place is None else places[integer(place, where, 0, len(places) - 1)]
                )
        else:
            roots = []
            for entry in items(raw["strategies"], where):
                closed(entry, where, ("weight", "node", "box"))
                roots.append((entry["node"], polynomial(entry["weight"], where)))
                self.boxes.append(read_box(entry["box"], q, span.work, where))
        self.roots = [(self._root(node), weight) for node, weight in roots]
        if any(span.sign(weight) not in (0, 1) for _, weight in self.roots):
            raise Rejected(f"{where}: a weight is negative somewhere on the interval")
        self.flow.check_sums(self.roots, unit, q)
        self.known: dict[tuple[int, int], Polynomial] = {}

    def _root(self, raw: Any) -> int:
        node = integer(raw, self.where, 0, len(self.flow.nodes) - 1)
        if self.flow.nodes[node][0] != len(self.source.ends):
            raise Rejected(f"{self.where}: the node is no root of the flow graph")
        return node

    def _mass(self, w: int, s: int) -> Polynomial:
        if (w, s) not in self.known:
            node, weight = self.roots[w]
            parts = [(1, self.flow.mass(node, weight, leaf)) for leaf in self.source.places(s)]
            self.known[w, s] = self.span.sum(*parts)
        return self.known[w, s]

    def _chances(self, w: int, s: int) -> dict[int, Fraction]:
        row = self.boxes[w].at(s)
        if not all(isinstance(chance, Fraction) for chance in row.values()):
            raise Rejected(f"{self.where}: boxes on an interval have rational probabilities")
        return dict(row)

    def mean(
        self, factors: dict[int, dict[int, Fraction]]
    ) -> tuple[Fraction, list[tuple[int, int, Fraction]]]:
        """Return a functional of P(o, s) as a constant and terms (w, s, factor of the mass)."""
        if self.edges is None:
            found = []
            for w in range(len(self.roots)):
                for s, row in factors.items():
                    chances = self._chances(w, s)
                    value = sum((row[o] * chance for o, chance in chances.items() if o in row), Fraction(0))
                    found += [(w, s, value)] if value else []
            return Fraction(0), found
        assert self.q.observed is not None
        values = parity_values(factors, self.edges)
        right = sum((value * self.q.observed[s] for s, (value, _) in values.items()), Fraction(0))
        errs = [
            (w, s, values[s][1])
            for w, s in enumerate(self.errors)
            if s is not None and s in values and values[s][1]
        ]
        return right, errs

    def total(
        self, mean: tuple[Fraction, list[tuple[int, int, Fraction]]], unit: Polynomial
    ) -> tuple[Polynomial, int]:
        """Return (p, c) with the mean of a functional p / (c D scale)."""
        right, terms = mean
        common = lcm(right.denominator, *(x.denominator for *_, x in terms))
        parts = [(int(x * common), self._mass(w, s)) for w, s, x in terms]
        parts.append((int(right * common) * self.flow.scale, unit))
        return self.span.sum(*parts), common

    def leak(self) -> tuple[Fraction, list[tuple[int, int, Fraction]]]:
        """Return what guesses gain, a fixed one for each strategy that is not told the settings."""
        q = self.q
        settings = range(q.shape[0]) if q.ask.at is None else (q.ask.at,)
        share = Fraction(1) if q.ask.at is None else q.weight(q.ask.at)
        found: list[tuple[int, int, Fraction]] = []
        if q.ask.at is None and not q.ask.told:
            raise Rejected(f"{self.where}: a guess that is not told the settings has no curve")
        if self.edges is not None:
            guessed_party(q, list(self.edges.items()))
            base = Fraction(1, 2) if q.ask.quantity == "trace-distance" else Fraction(0)
            for w, error in enumerate(self.errors):
                worth = (Fraction(1, 2) if error is None else Fraction(1)) - base
                found += [(w, s, worth / share) for s in settings if worth]
            return Fraction(0), found
        for w in range(len(self.roots)):
            for s in settings:
                chances = self._chances(w, s)
                self.span.work.spend(len(self.guesses.worths) * len(self.guesses.outputs), "guesses")
                gains = [
                    sum((row.get(o, 0) * x for o, x in chances.items()), Fraction(0))
                    for guess in range(len(self.guesses.worths))
                    for row in (self.guesses.worth(guess, s),)
                ]
                found += [(w, s, max(gains))]
        return Fraction(0), found


def read_piece(raw: Any, q: Question, source: VaryingSource, work: Work, where: str) -> Piece:
    """Return a lower end that was checked; raise Rejected."""
    chain = (
        ("edges", "weights", "nodes", "errors") if type(raw) is dict and "edges" in raw else ("strategies",)
    )
    closed(raw, where, ("from", "to", "unit", "scores", "flow", *chain))
    if source.leaves is None:
        raise Rejected(f"{where}: attacks on an interval are those of bits in one time order")
    span = read_span(raw, where, work)
    unit = polynomial(raw["unit"], f"{where}: unit")
    if not span.positive(unit):
        raise Rejected(f"{where}: the common denominator is not positive on the interval")
    shown = _Shown(raw, q, source, span, unit, where)
    scores = items(raw["scores"], f"{where}: scores", len(q.tests))
    for k, (score, test) in enumerate(zip(scores, q.tests, strict=True)):
        _check_test(shown, unit, test, score, f"{where}: test {k}")
    if q.ask.score is not None:
        value, common = shown.total(shown.mean(_shares_of(q.ask.score, q, where)), unit)
    elif q.ask.quantity == "strategy":
        raise Unreadable(f"{where}: a strategy's existence is no curve")
    else:
        value, common = shown.total(shown.leak(), unit)
    return Piece(
        span.low, span.high, span.sum((q.ask.sign, value)), span.sum((common * shown.flow.scale, unit))
    )


def _shares_of(f: Functional, q: Question, where: str) -> dict[int, dict[int, Fraction]]:
    if f.words:
        raise Rejected(f"{where}: boxes have no moments")
    found: dict[int, dict[int, Fraction]] = {}
    for (s, o), factor in f.terms.items():
        found.setdefault(s, {})[o] = factor / q.weight(s) if f.on == "conditional" else factor
    return found


def _check_test(shown: _Shown, unit: Polynomial, test: Test | Kept, raw: Any, where: str) -> None:
    """Raise Rejected unless a test is passed on the whole interval, an irrational one at a score inside."""
    if isinstance(test, Kept):
        if shown.edges is not None or raw is not None:
            raise Rejected(
                f"{where}: a kept behaviour is shown by boxes that are written out, and has no score"
            )
        for s, row in test.table.items():
            for o, wanted in enumerate(row):
                if not isinstance(wanted, Fraction):
                    raise Rejected(f"{where}: a kept behaviour is rational on an interval")
                mean = shown.mean({s: {o: 1 / shown.q.weight(s)}})
                _compare(shown, unit, mean, "<=", wanted + test.tolerance, where)
                _compare(shown, unit, mean, ">=", wanted - test.tolerance, where)
        return
    score = test.score
    if not isinstance(score, Fraction):
        inside = fraction(raw, f"{where}: score")
        side = {"<=": 1, ">=": -1}.get(test.relation)
        if side is None or sign(score - inside) * side < 0:
            raise Rejected(f"{where}: the rational score is not inside {test.relation} {show(score)}")
        score = inside
    elif raw is not None:
        raise Unreadable(f"{where}: a rational score comes with an irrational one alone")
    _compare(
        shown, unit, shown.mean(_shares_of(test.functional, shown.q, where)), test.relation, score, where
    )


def _compare(
    shown: _Shown,
    unit: Polynomial,
    mean: tuple[Fraction, list[tuple[int, int, Fraction]]],
    relation: str,
    score: Fraction,
    where: str,
) -> None:
    p, common = shown.total(mean, unit)
    both = lcm(common, score.denominator)
    right = int(score * both) * shown.flow.scale
    gap = shown.span.sum((both // common, p), (-right, unit))
    if shown.span.sign(gap) not in {"<=": (0, -1), ">=": (0, 1), "=": (0,)}[relation]:
        raise Rejected(f"{where}: the score is not {relation} {show(score)} on the whole interval")
