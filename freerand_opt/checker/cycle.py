r"""Both ends by the boxes of a cycle: those that err on one edge alone, the unbiased one without errors.

Two parties, two outcomes; `edges` [a, b, parity] form one cycle of at least four different settings,
alternately of the parties, whose parities sum to an odd number. An error is the wrong parity of the two
outcomes. If at each setting

.. math:: h(o, s) = w(s) [x = g(s)] - c(s) - m(s) [o \text{ errs}], \qquad w, m \ge 0,\; m = 0 \text{ off the
edges},

a guess of one party whose settings with w > 0 are on the cycle, then these boxes suffice for no-signalling
and quantum devices; for local devices the unbiased box is not needed (docs/proofs/cycle-boxes.md). A guess
that is not told the settings needs each box's negation too, and one box that is constant for the party.
Attacks by these boxes are summed over edges and a flow graph, up to 2^20 joint settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from freerand_opt.checker.asked import Functional, Kept, Question
from freerand_opt.checker.failures import Rejected, Unreadable, Work
from freerand_opt.checker.numbers import show
from freerand_opt.checker.points import Flow, merged, read_flow
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import closed, integer, items, parities
from freerand_opt.checker.scale import ALLOWED, Scale
from freerand_opt.checker.support import Means
from freerand_opt.checker.varying import Swept
from freerand_opt.checker.vectors import Vector, over, vector


def read_edges(raw: Any, q: Question) -> list[tuple[int, int]]:
    """Return (joint setting, parity) of the edges of one odd cycle, listed or those of a test's errors.

    Raise Unreadable or Rejected.
    """
    if len(q.settings) != 2 or q.outcomes != (2, 2):
        raise Rejected("cycle: two parties with two outcomes each are needed")
    near: dict[tuple[int, int], list[tuple[int, int]]] = {}
    if type(raw) is int:
        test = q.tests[integer(raw, "edges", 0, len(q.tests) - 1)]
        if isinstance(test, Kept) or test.functional.errors is None:
            raise Unreadable("edges: the test named does not list errors")
        found = list(test.functional.errors)
    else:
        found = parities(raw, q.settings, "edges")
    for s, _ in found:
        a, b = divmod(s, q.settings[1])
        near.setdefault((0, a), []).append((1, b))
        near.setdefault((1, b), []).append((0, a))
    visited: list[tuple[int, int]] = []
    here = next(iter(near), (0, 0))
    while here not in visited[:1] and len(visited) <= len(near):
        ahead = [x for x in near.get(here, []) if not visited or x != visited[-1]]
        visited.append(here)
        here = ahead[0] if ahead else here
    if (
        any(len(set(x)) != 2 or len(x) != 2 for x in near.values())
        or len(visited) != len(near)
        or sum(parity for _, parity in found) % 2 == 0
    ):
        raise Rejected("cycle: the edges are not one cycle of odd parity")
    return sorted(found)


def by_cycle(raw: Any, rest: Rest, means: Means | Swept) -> Iterable[Any]:
    """Return the largest means of h over the source, box by box of the cycle."""
    q, one = rest.q, rest.scale.one
    edges = read_edges(raw["edges"], q)
    if rest.words:
        raise Rejected("cycle: the question speaks of moments")
    rest.work.spend(4 * (len(rest.cells) + len(edges)), "cycle")
    right, more = _errors(rest, dict(edges))
    if not rest.guesses.guessed:
        # errors are never rewarded, so that the box without errors is the best one
        return _over_errors(right, more, means) if q.devices == "local" else means.largest(right)
    party = guessed_party(q, edges)
    # a box of the cycle is deterministic, its outcome known: a guess is worth 1; of the unbiased box 1/2
    base = Fraction(1, 2) if q.ask.quantity == "trace-distance" else Fraction(0)
    if q.ask.at is None and not q.ask.told:
        found = _untold(rest, edges, party, right.map(lambda x: x - base), more, means)
    else:
        found = _over_errors(_raised(right, q, one * (1 - base)), more, means)
    if q.devices != "local":
        found += means.largest(_raised(right, q, one * (Fraction(1, 2) - base)))
    return found


def _errors(rest: Rest, edges: dict[int, int]) -> tuple[Vector[Any], dict[int, Any]]:
    """Return h at each setting without error, and what an error at an edge adds (at most 0)."""
    right = Vector(rest.constants.length, rest.constants.default, dict(rest.constants.but))
    more = dict.fromkeys(edges, Fraction(0))
    for s, (value, added) in parity_values(rest.cells, edges).items():
        right.but[s] = right[s] + value
        if rest.scale.sign(added) not in (0, -1):
            raise Rejected(f"cycle: an error at setting {s} is rewarded")
        if s in edges:
            more[s] = added
    return right, more


def parity_values(rows: dict[int, dict[int, Any]], edges: dict[int, int]) -> dict[int, tuple[Any, Any]]:
    """Return, at each setting with factors of P(o|s), the value without error and what an error adds."""
    found, zero = {}, Fraction(0)
    for s, row in rows.items():
        same, other, mixed, both = (row.get(o, zero) for o in range(4))
        if (same, other) != (both, mixed):  # which are the same objects as a rule
            raise Rejected(f"cycle: at setting {s} more than the parity of the outcomes counts")
        values = (same, other)
        if s not in edges and values[0] != values[1]:
            raise Rejected(f"cycle: setting {s} is no edge, and its parity counts")
        parity = edges.get(s, 0)
        found[s] = values[parity], values[1 - parity] - values[parity]
    return found


def guessed_party(q: Question, edges: list[tuple[int, int]]) -> int:
    """Return the party whose outcome is guessed; its settings that count are on the cycle."""
    ask = q.ask
    if len(ask.of) != 1 or sorted(ask.values) != [0, 1] or ask.count != 2:
        raise Rejected("cycle: the guess is of one party's outcome")
    (party,) = ask.of
    on = {s // q.settings[1] if party == 0 else s % q.settings[1] for s, _ in edges}
    needed = set(range(q.settings[party]))
    if ask.at is not None:
        needed = {q.digits(ask.at)[party]}
    if not needed <= on:
        raise Rejected("cycle: the guess is worth something at a setting off the cycle")
    return party


def _raised(right: Vector[Any], q: Question, worth: Any) -> Vector[Any]:
    """Return values with the worth of the guess added: at the setting asked for, or everywhere."""
    if q.ask.at is None:
        return right.map(lambda x: x + worth)
    share = Fraction(1) if q.observed is None else 1 / q.weight(q.ask.at)
    return Vector(right.length, right.default, {**right.but, q.ask.at: right[q.ask.at] + worth * share})


def _over_errors(values: Vector[Any], more: dict[int, Any], means: Means | Swept) -> list[Any]:
    """Return the largest means of the boxes that err at one edge, in the order of the edges."""
    return means.over(values, [(s, values[s] + x) for s, x in more.items()])


def _untold(
    rest: Rest,
    edges: list[tuple[int, int]],
    party: int,
    right: Vector[Any],
    more: dict[int, Any],
    means: Means | Swept,
) -> list[Any]:
    """One guess for all settings: one-error boxes and their negations, [outcome = guess] at each setting."""
    q = rest.q
    boxes = [_outcomes(q, edges, s, party) for s, _ in edges]
    if not any(len(set(box)) == 1 for box in boxes):
        raise Rejected("cycle: no box of the cycle is constant for this party")
    found: list[Any] = []
    for (s, _), box in zip(edges, boxes, strict=True):
        for guess in (0, 1):
            rest.work.spend(4 * right.length, "cycle")
            values = {t: right[t] + (box[q.digits(t)[party]] == guess) for t in range(right.length)}
            values[s] += more[s]
            found += means.largest(Vector(right.length, None, values))
    return found


def _outcomes(q: Question, edges: list[tuple[int, int]], error: int, party: int) -> list[int]:
    """Return a party's outcomes of the box that errs at one edge alone."""
    known: dict[tuple[int, int], int] = {}
    left = [(divmod(s, q.settings[1]), parity) for s, parity in edges if s != error]
    known[0, left[0][0][0]] = 0
    while left:
        rest = []
        for (a, b), parity in left:
            if (0, a) in known:
                known[1, b] = known[0, a] ^ parity
            elif (1, b) in known:
                known[0, a] = known[1, b] ^ parity
            else:
                rest.append(((a, b), parity))
        left = rest
    return [known[party, x] for x in range(q.settings[party])]


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
