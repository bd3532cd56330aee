r"""Attacks on an interval: a flow graph whose chances are quotients of polynomials, weights over one D.

.. math:: D\, P(w) \ge 0, \quad \sum_w D\, P(w)\, P(s|w) = D\, P(s) \text{ identically}, \quad
   \text{low} \le \text{num}/\text{den} \le \text{high}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question, Test
from freerand_opt.checker.curve_upper import read_span
from freerand_opt.checker.cycle import guessed_party, parity_values, read_edges
from freerand_opt.checker.devices import read_box
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import show, sign
from freerand_opt.checker.polynomials import Polynomial, Span, content, polynomial, value_at
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

    def at(self, x: Fraction) -> Fraction | None:
        """Return the value at x, None outside the interval."""
        return value_at(self.value, x) / value_at(self.unit, x) if self.low <= x <= self.high else None


class MovingFlow:
    """Nodes (height, chance as (factor, num, den), left, right); masses below a node are polynomials.

    At each height masses are multiplied by `scales[height]`, so that they are integer polynomials.
    """

    def __init__(self, raw: Any, source: VaryingSource, span: Span, where: str) -> None:
        closed(raw, where, ("palette", "nodes"))
        assert source.leaves is not None
        self.source, self.span, self.where = source, span, where
        palette = []
        for entry in items(raw["palette"], where):
            num, den = (polynomial(p, where) for p in items(entry, where, 2))
            if not span.positive(den):
                raise Rejected(f"{where}: a denominator is not positive on the interval")
            palette.append((num, den))
        self.nodes: list[tuple[int, int, int | None, int | None]] = []
        used = set()
        for entry in items(raw["nodes"], where):
            span.work.spend(4, where)
            code, left, right = items(entry, where, 3)
            children = [
                None
                if child is None
                else integer(child, f"{where}: a child comes earlier", 0, len(self.nodes) - 1)
                for child in (left, right)
            ]
            heights = {0 if child is None else self.nodes[child][0] for child in children}
            height = 1 + heights.pop()
            if heights or height > len(source.ends):
                raise Rejected(
                    f"{where}: the two children of a node differ in height, or there are too many bits"
                )
            used.add((height, integer(code, where, 0, len(palette) - 1)))
            self.nodes.append((height, code, *children))
        if len({code for _, code in used}) < len(palette) or len(set(palette)) < len(palette):
            raise Unreadable(f"{where}: a palette has no unused and no equal entries")
        for height, code in used:
            num, den = palette[code]
            low, high = source.ends[-height]
            gaps = ((1, num), (-1, low)), ((-1, num), (1, high))
            for (one, _), (other, end) in gaps:
                gap = span.sum((one * source.unit, num), (other, span.times(end, den)))
                if span.sign(gap) not in (0, 1):
                    raise Rejected(f"{where}: a chance leaves the source's range on the interval")
        contents = [(num, den, content(den)) for num, den in palette]
        self.scales = [1] * (len(source.ends) + 1)
        for height, code in used:
            self.scales[height] = lcm(self.scales[height], contents[code][2])
        self.palette = [(num, tuple(c // g for c in den), g) for num, den, g in contents]
        self.scale = prod(self.scales)

    def children(self, k: int | None, mass: Polynomial) -> tuple[tuple[int | None, Polynomial], ...]:
        """Return (child, mass) of the left and the right one."""
        assert k is not None
        height, code, left, right = self.nodes[k]
        num, den, held = self.palette[code]
        scale = self.scales[height]
        span = self.span
        # by Gauss's lemma a polynomial quotient by a primitive one has integer coefficients
        first = span.divided(span.times(mass, span.sum((scale // held, num))), den, self.where)
        return (left, first), (right, span.sum((scale, mass), (-1, first)))

    def mass(self, k: int, weight: Polynomial, leaf: int) -> Polynomial:
        """Return scale * D * P(w) P(leaf|w)."""
        node: int | None = k
        for bit in reversed(range(len(self.source.ends))):
            node, weight = self.children(node, weight)[leaf >> bit & 1]
        return weight

    def check_sums(self, roots: list[tuple[int, Polynomial]], unit: Polynomial, q: Question) -> None:
        """Raise Rejected unless the points' mean is the observed distribution, identically."""
        assert q.observed is not None
        assert self.source.leaves is not None
        leaves, span = self.source.leaves, self.span
        alike = not q.observed.but and len(leaves) == q.shape[0] == len(set(leaves))
        level: dict[Any, tuple[dict[int | None, Polynomial], int]] = {0: (self._merged(roots), 0)}
        for _ in self.source.ends:
            below: dict[Any, tuple[dict[int | None, Polynomial], int]] = {}
            for held, place in level.values():
                pairs = [self.children(node, mass) for node, mass in held.items()]
                for k in (0, 1):
                    child = self._merged(pair[k] for pair in pairs)
                    # below equal combinations all is alike if every string is one setting, all equally likely
                    below[frozenset(child.items()) if alike else 2 * place + k] = child, 2 * place + k
            level = below
        by_setting: dict[int, list[tuple[int, Polynomial]]] = {}
        for held, place in level.values():
            by_setting.setdefault(leaves[place], []).extend((1, p) for p in held.values())
        for s in by_setting if alike else range(q.shape[0]):
            share = q.observed[s]
            found = span.sum(*((share.denominator * f, p) for f, p in by_setting.get(s, [])))
            if found != span.sum((self.scale * share.numerator, unit)):
                raise Rejected(f"{self.where}: setting {s} does not have its observed probability")

    def _merged(self, pairs: Iterable[tuple[int | None, Polynomial]]) -> dict[int | None, Polynomial]:
        found: dict[int | None, list[tuple[int, Polynomial]]] = {}
        for node, mass in pairs:
            found.setdefault(node, []).append((1, mass))
        return {node: self.span.sum(*parts) for node, parts in found.items()}


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
                self.span.work.spend(len(self.guesses.worths) * len(chances), "guesses")
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
        value, common = shown.total(shown.mean(_factors(q.ask.score, q, where)), unit)
    elif q.ask.quantity == "strategy":
        raise Unreadable(f"{where}: a strategy's existence is no curve")
    else:
        value, common = shown.total(shown.leak(), unit)
    return Piece(
        span.low, span.high, span.sum((q.ask.sign, value)), span.sum((common * shown.flow.scale, unit))
    )


def _factors(f: Functional, q: Question, where: str) -> dict[int, dict[int, Fraction]]:
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
    _compare(shown, unit, shown.mean(_factors(test.functional, shown.q, where)), test.relation, score, where)


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
