r"""Entropies: a lower bound by chords of a convex function, each node a score of one more party.

With rho_v what the adversary holds when the output is v, sigma their sum, K values,

.. math:: F(t) = \sum_v \operatorname{tr} (t \sigma - \rho_v)^+, \qquad
   H = K - 1 - \int_0^1 F(t)\, dt/t \ge b - \sum_k c_k F(t_k) ,

where the chords lie above F since F is convex, F(0) = 0 and F(1) = K - 1 (docs/proofs/entropies.md). What is
bounded from above here is -H, in bits; logarithms are enclosed. Or nodes are those of a quadrature
(quadrature.py), with contractions of the adversary in place of projectors.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.checker.failures import Rejected, TooMuch, Unreadable, Work
from freerand_opt.checker.fold import by_labels, order_of
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.logs import GRID, ln_above
from freerand_opt.checker.numbers import Number, combined, enclose
from freerand_opt.checker.orders import PAIR, TERM, Added, Squares, Worth
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.quadrature import NODE_BITS, UNIT, products, quadrature
from freerand_opt.checker.reading import choice, closed, fraction, items
from freerand_opt.checker.vectors import add
from freerand_opt.checker.words import Letter, Word

#: Steps of work of the logarithms of a node.
LOGS = 500
MOST_SETS = 1 << 12


def by_chords(raw: Any, q: Question, work: Work) -> Fraction:
    """Return what -H is at most, in bits; raise Rejected."""
    # an entropy of outcomes is never negative
    return min(bits_above(by_nodes(raw, q, work)), Fraction(0))


def bits_above(nats: Number) -> Fraction:
    """Return at least so many nats in bits."""
    above = enclose(nats, 128)[1]
    bits = above / (ln_above(Fraction(2)) if above < 0 else -ln_above(Fraction(1, 2)))
    return Fraction(-(-bits.numerator * GRID // bits.denominator), GRID)


def by_nodes(raw: Any, q: Question, work: Work) -> Number:
    """Return what -H is at most, in nats; raise Rejected.

    {"claim": "bound", ("rule": "quadrature"), "nodes": [{"at", "prices", "proof", ("shared")}, ..]}
    """
    closed(raw, "upper", ("claim", "nodes"), ("rule",))
    if q.observed is None:
        raise Rejected("an entropy needs the observed settings: with them F(1) is known")
    nodes = items(raw["nodes"], "nodes")
    work.spend(LOGS * (1 + 2 * len(nodes)), "nodes")
    keys = ("at", "prices", "proof")
    places = [
        _node_place(closed(node, "node", keys, ("shared",))["at"], f"node {k}")
        for k, node in enumerate(nodes)
    ]
    ruled = "rule" in raw and choice(raw["rule"], "rule", ("quadrature",)) == "quadrature"
    if ruled and q.ask.side != "quantum":
        raise Rejected("rule: a quadrature is for quantum side information")
    base, weights = quadrature(places, work) if ruled else chords(places, q.ask.count)
    total: Number = -base
    proved: list[Fraction] = []
    ledger: dict[tuple[int, Word], Fraction] = {}
    for k, (node, place, weight) in enumerate(zip(nodes, places, weights, strict=True)):
        rest = read_prices(node["prices"], q, work, empty=False)
        worth = Worths(q, place, weight, work, ruled=ruled)
        shared = _shared(node, q, ledger, f"node {k}: shared", work) if "shared" in node else {}
        more = with_shared(worth, shared)
        proved.append(by_labels(node["proof"], rest, worth.labels, more))
        total = total + combined(rest.right)
    # each node has a unit of its own, so that sums grow with their number
    work.weigh_sum(x.denominator for x in proved)
    work.spend(LOGS * len(nodes), "nodes")
    total = total + sum(proved, Fraction(0))
    if any(ledger.values()):
        raise Rejected("shared: what nodes hand to each other does not sum to 0")
    return total


def _node_place(raw: Any, where: str) -> Fraction:
    place = fraction(raw, where)
    if not 0 < place < 1 or place.denominator.bit_length() > NODE_BITS:
        raise Unreadable(f"{where}: a fraction between 0 and 1 of at most {NODE_BITS} bits is needed")
    return place


def chords(nodes: list[Fraction], count: int) -> tuple[Fraction, list[Fraction]]:
    """Return b (rounded down) and c_k >= 0 (rounded up) with H >= b - sum of c_k F(t_k), in nats.

    Of two values F(1 - t) = 1 - 2t + F(t), so that nodes up to 1/2 stand for those beyond as well.
    """
    last = Fraction(1, 2) if count == 2 else Fraction(1)
    if nodes != sorted(set(nodes)) or (nodes and nodes[-1] > last):
        raise Unreadable(f"nodes: they ascend, and are at most {last}")
    mirrored = [1 - t for t in reversed(nodes) if t != last] if count == 2 else []
    places = [*nodes, *mirrored]
    if not places or count == 1:
        return Fraction(0), [Fraction(0)] * len(nodes)
    weights = []
    for k, t in enumerate(places):
        after = places[k + 1] if k + 1 < len(places) else Fraction(1)
        weight = after * ln_above(after / t) / (after - t)
        if k:
            before = places[k - 1]
            weight += before * ln_above(before / t) / (t - before)
        weights.append(max(Fraction(-(-weight.numerator * UNIT // weight.denominator), UNIT), Fraction(0)))
    end = places[-1]
    base = -(count - 1) * end * ln_above(end) / (1 - end)
    for k, t in enumerate(mirrored, len(nodes)):
        base -= weights[k] * (2 * t - 1)
        weights[len(places) - 1 - k] += weights[k]
    return base, weights[: len(nodes)]


class Worths:
    """c F(t), or `ruled` c G(t), as a functional of what is observed: what a label adds at a joint setting.

    Quantum side information: one label, in which P_v = (1 + C_v)/2 are projectors of the adversary, one for
    each value v of the output (told the settings: for each joint setting of the output's parties). Classical:
    labels are sets T of values, the bits of a number (told the settings: digits, the first setting the most
    significant), and F(t) is the largest sum over v in T of t P - P(v). Pi_v and P(v) are those of the value
    that is used: with noise, (1 - q) Pi_v + q Pi_(1 - v).
    """

    def __init__(
        self, q: Question, place: Fraction, weight: Fraction, work: Work, *, ruled: bool = False
    ) -> None:
        self.q, self.place, self.weight, self.work, self.ruled = q, place, weight, work, ruled
        self.sizes = tuple(q.settings[p] for p in q.ask.of)
        work.spend(TERM * q.shape[1], "node")
        self.outputs = outputs(q)
        turns = 1
        for size in self.sizes if q.ask.told else ():
            turns *= size
        self.quantum = q.ask.side == "quantum"
        if not self.quantum and q.ask.count * turns > MOST_SETS.bit_length() - 1:
            raise TooMuch(f"there are more than {MOST_SETS} sets of values")
        self.labels = 1 if self.quantum else 1 << (q.ask.count * turns)
        self.turns = turns

    def __call__(self, label: int) -> dict[int, Added]:
        """Return what a label adds at the settings asked for."""
        settings = range(self.q.shape[0]) if self.q.ask.at is None else (self.q.ask.at,)
        return {s: self._at(label, s) for s in settings}

    def _at(self, label: int, s: int) -> Added:
        ask = self.q.ask
        share = self.weight / (self.q.weight(s) if ask.at is not None else 1)
        own = split(s, self.q.settings)
        place = joint([own[p] for p in ask.of], self.sizes) if ask.told else 0
        self.work.spend(ask.count * len(self.outputs), "node")
        if self.quantum:
            return {}, self._words(s, place * ask.count, share)
        chosen = label >> ask.count * (self.turns - 1 - place)
        held = [v for v in range(ask.count) if chosen >> v & 1]
        cells = {
            o: share * (len(held) * self.place - sum((ask.chance(v, value) for v in held), Fraction(0)))
            for o, value in enumerate(self.outputs)
        }
        return {o: x for o, x in cells.items() if x}, {}

    def _words(self, s: int, first: int, share: Fraction) -> dict[Word, Fraction]:
        """Return the sum over v of (t - Pi_v) P_v, or of what a quadrature has, in words, times `share`."""
        q, algebra = self.q, self.q.algebra
        party = len(q.settings)
        found: dict[Word, Fraction] = {}
        for v in range(q.ask.count):
            terms: dict[Word, Fraction] = {algebra.one: Fraction(0)}
            for o, value in enumerate(self.outputs):
                chance = q.ask.chance(v, value)
                if not chance:
                    continue
                self.work.spend(TERM * q.shape[1], "node")
                projector, unit = algebra.projector(split(o, q.outcomes), split(s, q.settings))
                for word, factor in projector.items():
                    terms[word] = terms.get(word, Fraction(0)) + chance * Fraction(factor, unit)
            # what others measure sums to 1
            terms = {word: term for word, term in terms.items() if term or word == algebra.one}
            for letters, alone, with_projector in self._parts(first + v):
                self.work.spend(PAIR * len(terms), "node")
                number = algebra.number(party, letters)
                assert number is not None
                for word, term in terms.items():
                    key = algebra.moment((*word[:party], number))
                    more = term * with_projector + (alone if word == algebra.one else 0)
                    found[key] = found.get(key, Fraction(0)) + share * more
        return found

    def _parts(self, v: int) -> list[tuple[tuple[Letter, ...], Fraction, Fraction]]:
        """Return words of the adversary's operator of a value, their factors alone and with its projector."""
        if self.ruled:
            return products(self.place, v)
        half = Fraction(1, 2)
        return [((), self.place / 2, -half), (((v, -1),), self.place / 2, -half)]


def with_shared(worth: Worths, shared: dict[int, dict[Word, Fraction]]) -> Worth:
    """Return a node's worth with what it hands to other nodes subtracted."""

    def both(label: int) -> dict[int, Added]:
        added = worth(label)
        for s, handed in shared.items():
            add(added.setdefault(s, ({}, {}))[1], handed, -1)
        return added

    return both


def _shared(
    node: Any, q: Question, ledger: dict[tuple[int, Word], Fraction], where: str, work: Work
) -> dict[int, dict[Word, Fraction]]:
    """Return what a node hands over at each setting, in parties' words, and enter it in the ledger.

    Nodes have operators of the adversary of their own, but parties' moments are the same in all of them.
    """
    order = order_of(node["proof"], q, work)
    if not isinstance(order, Squares) or q.ask.side != "quantum":
        raise Rejected(f"{where}: only words of quantum devices are shared")
    found: dict[int, dict[Word, Fraction]] = {}
    for s, flat in enumerate(items(node["shared"], where, q.shape[0])):
        work.spend(len(items(flat, where)), where)
        for word, value in order.signed(flat, where).items():
            if word[-1]:
                raise Rejected(f"{where}: the adversary's operators are a node's own")
            amount = Fraction(value, order.grid * order.unit)
            found.setdefault(s, {})[word] = amount
            ledger[s, word] = ledger.get((s, word), Fraction(0)) + amount
    return found
