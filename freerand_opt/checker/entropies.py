r"""What an attack shows of an entropy: an upper bound of H(output|settings, E, W), in bits.

Given w the adversary of a pure box holds no more than w, and of a mixed one the system E that purifies it:

.. math:: H = \sum_v S(\rho_v) - S(\sigma), \qquad S(\rho) = -\operatorname{tr} \rho \ln \rho
   \le -\sum_j q_j \ln q_j ,

where q_j are the means of rho in any orthogonal basis, and sigma is diagonal. What she holds at the settings
of one w is added up over w.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.checker.devices import Box, Ket, Quantum, inner, orthogonal
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.logs import GRID, ln_above
from freerand_opt.checker.numbers import Number, enclose
from freerand_opt.checker.reading import items
from freerand_opt.checker.vectors import Vector


class Purified(Quantum):
    r"""The mean of orthogonal states `v_i`; the adversary has a dimension for each, and `eve` are her bases.

    When the output is v she holds
    :math:`(\rho_v)_{ij} = \langle v_j | \Pi_v | v_i \rangle / \textstyle\sum_i |v_i|^2`.
    """

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


#: The least p' below.
LEAST = Fraction(1, 1 << 96)
#: Steps of work of a logarithm.
LOG = 300


def entropy_reached(
    q: Question, masses: Sequence[Vector[Fraction]], boxes: Sequence[Box], work: Work
) -> Fraction:
    """Return at least what is left of the output's entropy, in bits."""
    if q.observed is None:
        raise Rejected("attack: an entropy needs the observed settings")
    values, settings = outputs(q), range(q.shape[0]) if q.ask.at is None else (q.ask.at,)
    total = Fraction(0)
    for own, box in zip(masses, boxes, strict=True):
        seen = [s for s in settings if own[s]]
        # told the settings she knows each of them, else what she holds is a mean over all
        groups = [seen] if q.ask.at is None and not q.ask.told else [[s] for s in seen]
        for group in groups:
            weight = sum((own[s] for s in group), Fraction(0))
            shares = {s: own[s] / weight for s in group}
            if isinstance(box, Purified) and q.ask.side == "quantum":
                total += weight * left_over(box, shares, values, work)
                work.weigh(total.denominator)
                continue
            chances: dict[int, Number] = {}
            for s, share in shares.items():
                for o, chance in box.at(s).items():
                    for v, passed in q.ask.uses(values[o]):
                        chances[v] = chances.get(v, Fraction(0)) + chance * (share * passed)
            work.weigh_sum(x.denominator for x in chances.values() if isinstance(x, Fraction))
            work.spend(LOG * len(chances), "entropy")
            total += weight * entropy_above(chances.values())
            work.weigh(total.denominator)
    if q.ask.at is not None:
        total /= q.weight(q.ask.at)
    bits = total / -ln_above(Fraction(1, 2))
    return Fraction(-(-bits.numerator * GRID // bits.denominator), GRID)


def left_over(box: Purified, shares: dict[int, Fraction], values: Sequence[int], work: Work) -> Fraction:
    """Return at least the output's entropy given the purifying system, in nats, over settings."""
    found = [[[share * x for x in row] for row in box.held(s, values)] for s, share in shares.items()]
    held = [[sum(own, Fraction(0)) for own in zip(*rows, strict=True)] for rows in zip(*found, strict=True)]
    work.weigh_sum(x.denominator for own in held for x in own)
    work.spend(LOG * (len(box.weights) + sum(map(len, held))), "entropy")
    # the entropy of sigma from below: -p ln p is an upper bound's negative at 1/p
    sigma = sum((p * -ln_above(p) for p in box.weights), Fraction(0))
    return max(sum(map(entropy_above, held), Fraction(0)) - sigma, Fraction(0))


def entropy_above(chances: Iterable[Number]) -> Fraction:
    """Return at least the sum of -p ln p <= -p ln p' + p' - p, 0 <= p <= 1, with fractions p' near p."""
    total = Fraction(0)
    for p in chances:
        low, high = enclose(p, 128)
        if high > 0:
            near = min(max(Fraction(round(high * GRID), GRID), LEAST), Fraction(1))
            total += high * ln_above(1 / near) + max(near - max(low, Fraction(0)), Fraction(0))
    return total
