"""Attacks by the boxes of a cycle: as large as 2^20 joint settings, by sums over edges and a flow graph.

{"edges": [[a, b, parity], ..] or the number of a test that lists errors, "flow", "weights": vector, "nodes":
[..], "errors": [place of an edge or null, ..]}, entry w of the last three about one strategy: the box errs
at one edge alone, or (null) is unbiased and errs nowhere. Tests and scores must tell no more than errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question
from freerand_opt.checker.cycle import guessed_party, parity_values, read_edges
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import show
from freerand_opt.checker.points import Flow, merged, read_flow
from freerand_opt.checker.reading import closed, integer, items
from freerand_opt.checker.scale import ALLOWED, Scale
from freerand_opt.checker.vectors import over, vector


def check_chain(raw: Any, q: Question, work: Work) -> Fraction:
    """Return the value that an attack by boxes of a cycle reaches; raise Rejected."""
    closed(raw, "attack", ("edges", "flow", "weights", "nodes", "errors"))
    edges = read_edges(raw["edges"], q)
    flow = read_flow(raw["flow"], q, work)
    if flow is None:
        raise Unreadable("attack: boxes of a cycle come with a flow graph")
    if len(flow.source.leaves) != q.shape[0] or not flow.source.different or q.observed is None:
        raise Rejected("attack: boxes of a cycle need observed settings, one string each")
    chain = Chain(raw, edges, q, flow, Scale(work), work)
    unit = lcm(*(weight.denominator for weight in chain.weights))
    chain.weights = [over(weight, unit) for weight in chain.weights]
    return Fraction(chain.value(unit) * Fraction(1, unit * flow.unit))


class Chain:
    """Boxes that err at one edge alone (`errors`), or at none and are unbiased, with weights and roots."""

    def __init__(
        self, raw: Any, edges: list[tuple[int, int]], q: Question, flow: Flow, scale: Scale, work: Work
    ) -> None:
        self.q, self.flow, self.scale, self.work, self.edges = q, flow, scale, work, dict(edges)
        if q.devices == "quantum":
            raise Rejected("attack: boxes of a cycle are no quantum boxes")
        count, places = len(items(raw["nodes"], "attack: nodes")), sorted(self.edges)
        self.weights: Sequence[Any] = vector(raw["weights"], "attack: weights", count, scale.amount).values()
        self.roots = [flow.root(node, "attack: nodes") for node in raw["nodes"]]
        self.errors = [
            None if place is None else places[integer(place, "attack: errors", 0, len(places) - 1)]
            for place in items(raw["errors"], "attack: errors", count)
        ]
        if q.devices == "local" and None in self.errors:
            raise Rejected("attack: the unbiased box is not local")

    def value(self, total: Any) -> Any:
        """Return the value reached, times `total` of the weights and the flow's unit; raise Rejected."""
        q, flow, work = self.q, self.flow, self.work
        assert q.observed is not None
        leaves, whole = flow.source.finder(work), total * flow.unit
        flow.check(q.observed, merged(zip(self.roots, self.weights, strict=True)), total, work)
        wrong: dict[int, Any] = dict.fromkeys(self.edges, 0)  # P(error, s) times `whole`
        for error, node, weight in zip(self.errors, self.roots, self.weights, strict=True):
            if error is None:
                continue
            for leaf in leaves(error):
                work.spend(2 * len(flow.source.ranges), "attack")
                wrong[error] += flow.mass(node, leaf, weight)
        for k, test in enumerate(q.tests):
            if isinstance(test, Kept):
                raise Rejected("attack: boxes of a cycle show no more than errors")
            gap = self._score(test.functional, wrong, whole) - whole * test.score
            if self.scale.sign(gap) not in ALLOWED[test.relation]:
                raise Rejected(f"attack: test {k}: the score is not {test.relation} {show(test.score)}")
        if q.ask.quantity == "strategy":
            return whole
        if q.ask.score is not None:
            return self._score(q.ask.score, wrong, whole)
        guessed_party(q, list(self.edges.items()))
        if q.ask.at is None and not q.ask.told:
            raise Rejected("attack: one guess for all settings needs boxes written out")
        # twice the worth of a guess: an outcome is known, or fair
        known, fair = (1, 0) if q.ask.quantity == "trace-distance" else (2, 1)
        found: Any = 0
        for error, node, weight in zip(self.errors, self.roots, self.weights, strict=True):
            worth = fair if error is None else known
            for leaf in leaves(q.ask.at) if worth and q.ask.at is not None else ():
                work.spend(2 * len(flow.source.ranges), "attack")
                found += flow.mass(node, leaf, weight) * worth
            if q.ask.at is None:
                found += weight * (worth * flow.unit)
        return found * (Fraction(1, 2) if q.ask.at is None else 1 / (2 * q.weight(q.ask.at)))

    def _score(self, f: Functional, wrong: dict[int, Any], whole: Any) -> Any:
        """Return a score, times `whole`: the value without errors, and what errors add."""
        rows: dict[int, dict[int, Fraction]] = {}
        for (s, o), factor in f.terms.items():
            rows.setdefault(s, {})[o] = factor
        if f.words:
            raise Rejected("attack: boxes of a cycle have no moments")
        assert self.q.observed is not None
        total, one = Fraction(0), Fraction(1)
        added: dict[tuple[int, ...], Any] = {}  # probabilities of errors, by what they are multiplied with
        for s, (right, more) in parity_values(rows, self.edges).items():
            share = self.q.weight(s) if f.on == "conditional" else one
            total += right * self.q.observed[s] / share if right else 0
            if s in self.edges and more:
                place = (*more.as_integer_ratio(), *share.as_integer_ratio())
                added[place] = added.get(place, 0) + wrong[s]
        found = whole * total
        for (a, b, c, d), mass in added.items():
            found = found + mass * Fraction(a * d, b * c)
        return found
