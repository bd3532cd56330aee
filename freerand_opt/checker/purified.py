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
from freerand_opt.checker.devices import Ket, Quantum, inner, orthogonal
from freerand_opt.checker.failures import Work
from freerand_opt.checker.reading import items


class Purified(Quantum):
    """A mixed state, measurements, and the adversary's bases."""

    keys = ("states", "eve")

    def __init__(self, raw: Any, q: Question, work: Work, where: str) -> None:
        super().__init__(raw, q, work, where)
        sizes = tuple(q.settings[p] for p in q.ask.of) if q.ask.told else (1,)
        size, count = len(self.kets), max(q.ask.count, 1)
        self.bases = [
            [
                orthogonal(items(own, where, size), size, work, f"{where}: the adversary's basis")
                for own in items(bases, where, count)
            ]
            for bases in items(raw["eve"], where, prod(sizes))
        ]

    @property
    def weights(self) -> list[Fraction]:
        """Return the eigenvalues of the mixed state."""
        return [Fraction(norm, sum(self.norms)) for norm in self.norms]

    def held(self, s: int, values: Sequence[int]) -> list[list[Fraction]]:
        """Return for each value the means of rho_v in the adversary's basis, at a joint setting."""
        q = self.q
        own = split(s, q.settings)
        place = joint([own[p] for p in q.ask.of], tuple(q.settings[p] for p in q.ask.of)) if q.ask.told else 0
        found = [[Fraction(0)] * len(self.kets) for _ in range(q.ask.count)]
        cost = 8 * len(self.kets) * (len(self.kets) + max(self.sizes)) * prod(self.sizes)
        self.work.spend(2 * cost if q.ask.noise else cost, "purified box")
        for o, vectors, length in self.contracted(s, q.ask.of):
            for v, chance in q.ask.uses(values[o]):
                for j, b in enumerate(self.bases[place][v]):
                    # sum of b_i^* v_i, what is left of the parties when she finds b
                    re = [_real(b, vectors, k) for k in range(len(vectors[0][0]))]
                    square = sum(x * x + y * y for x, y in re)
                    found[v][j] += chance * Fraction(square, length * sum(self.norms) * inner(b, b)[0])
                    self.work.weigh(found[v][j].denominator)
        return found


def _real(b: Ket, vectors: Sequence[Ket], k: int) -> tuple[int, int]:
    """Return entry k of the sum of b_i^* v_i."""
    re = im = 0
    for (x, y), (c, d) in zip(zip(*b, strict=True), vectors, strict=True):
        re += x * c[k] + y * d[k]
        im += x * d[k] - y * c[k]
    return re, im
