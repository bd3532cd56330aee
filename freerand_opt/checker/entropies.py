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

from freerand_opt.checker.asked import Question
from freerand_opt.checker.devices import Box
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import outputs
from freerand_opt.checker.logs import GRID, ln_above
from freerand_opt.checker.numbers import Number, enclose
from freerand_opt.checker.purified import Purified
from freerand_opt.checker.vectors import Vector

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
