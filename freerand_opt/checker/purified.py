r"""A mixed state whose purifying system the adversary holds.

{"kind": "purified", "dimensions", "states": [orthogonal v_i], "measurements", "eve": bases}; the state is sum
of |v_i><v_i| over the sum of their squared lengths, her system has one dimension for each v_i, and
when the output is v she holds

.. math:: (\rho_v)_{ij} = \langle v_j | \Pi_v | v_i \rangle / \textstyle\sum_i |v_i|^2 .

`eve` lists an orthogonal basis for each value of the output (told the settings, for each joint setting of the
output's parties, such lists).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.checker.devices import Box, Ket, Quantum, inner, read_ket
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.numbers import Number
from freerand_opt.checker.reading import closed, items
from freerand_opt.checker.words import Word

MOST_STATES = 64


class Purified(Box):
    """A mixed state, measurements, and the adversary's bases."""

    def __init__(self, raw: Any, q: Question, work: Work, where: str) -> None:
        closed(raw, where, ("kind", "dimensions", "states", "measurements", "eve"))
        self.q, self.work = q, work
        states = items(raw["states"], where)
        if not 1 <= len(states) <= MOST_STATES:
            raise Rejected(f"{where}: 1 to {MOST_STATES} states are mixed")
        # Quantum reads each state, with its measurements
        self.parts = [
            Quantum(
                {
                    "kind": "quantum",
                    "dimensions": raw["dimensions"],
                    "state": state,
                    "measurements": raw["measurements"],
                },
                q,
                work,
                where,
            )
            for state in states
        ]
        work.spend(len(states) ** 2 * prod(self.parts[0].sizes), where)
        for k, part in enumerate(self.parts):
            if any(any(inner(part.state, other.state)) for other in self.parts[:k]):
                raise Rejected(f"{where}: the states that are mixed are not orthogonal")
        self.norm = sum(part.norm for part in self.parts)
        self.weights = [Fraction(part.norm, self.norm) for part in self.parts]
        sizes = tuple(q.settings[p] for p in q.ask.of) if q.ask.told else (1,)
        count = max(q.ask.count, 1)
        self.bases = [
            [self._basis(own, where) for own in items(bases, where, count)]
            for bases in items(raw["eve"], where, prod(sizes))
        ]

    def _basis(self, raw: Any, where: str) -> list[Ket]:
        size = len(self.parts)
        found: list[Ket] = []
        for entries in items(raw, where, size):
            v = read_ket(entries, size, where)
            self.work.spend(size * (len(found) + 1), where)
            if not inner(v, v)[0] or any(any(inner(v, u)) for u in found):
                raise Rejected(f"{where}: vectors of the adversary's basis are 0 or not orthogonal")
            found.append(v)
        return found

    def at(self, s: int) -> dict[int, Number]:
        """Return the probabilities, a mean over the states that are mixed."""
        found: dict[int, Number] = {}
        for share, part in zip(self.weights, self.parts, strict=True):
            for o, chance in part.at(s).items():
                found[o] = found.get(o, Fraction(0)) + chance * share
        return found

    def mean(self, word: Word) -> Number:
        """Return the real mean of a word."""
        total: Number = Fraction(0)
        for share, part in zip(self.weights, self.parts, strict=True):
            total = total + part.mean(word) * share
        return total

    def held(self, s: int, values: Sequence[int]) -> list[list[Fraction]]:
        """Return for each value the means of rho_v in the adversary's basis, at a joint setting."""
        q, first = self.q, self.parts[0]
        own = split(s, q.settings)
        place = joint([own[p] for p in q.ask.of], tuple(q.settings[p] for p in q.ask.of)) if q.ask.told else 0
        found = [[Fraction(0)] * len(self.parts) for _ in range(q.ask.count)]
        kets = [part.state for part in self.parts]
        cost = 8 * len(kets) * (len(kets) + max(first.sizes)) * prod(first.sizes)
        self.work.spend(2 * cost if q.ask.noise else cost, "purified box")
        for o, vectors, length in first.contracted(kets, s, q.ask.of):
            for v, chance in q.ask.uses(values[o]):
                for j, b in enumerate(self.bases[place][v]):
                    # sum of b_i^* v_i, what is left of the parties when she finds b
                    re = [_real(b, vectors, k) for k in range(len(vectors[0][0]))]
                    square = sum(x * x + y * y for x, y in re)
                    found[v][j] += chance * Fraction(square, length * self.norm * inner(b, b)[0])
                    self.work.weigh(found[v][j].denominator)
        return found


def _real(b: Ket, vectors: Sequence[Ket], k: int) -> tuple[int, int]:
    """Return entry k of the sum of b_i^* v_i."""
    re = im = 0
    for (x, y), (c, d) in zip(zip(*b, strict=True), vectors, strict=True):
        re += x * c[k] + y * d[k]
        im += x * d[k] - y * c[k]
    return re, im
