r"""Bounds on average over W: the source as a list of points with costs.

.. math:: \sum_w P(w)\, d_k(P(\cdot|w)) \le c_k, \qquad d_k \text{ convex}

Every w may be split along the layers of P(s|w), so the points below suffice whatever the devices
(docs/proofs/sources.md): distance: P(s)/P(U) on a set U of settings, 1/P(U) for each pair that U separates;
departure: P(s) on a set K, the rest, which is the cost, at one setting of K; largest: uniform on a set U,
cost 1/|U|; bad: the vertices of the good source for nothing, and each setting alone for 1. Certificates list
them in this order.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Average
from freerand_opt.programs.source_vertices import vertices

#: Joint settings beyond which the points, one or more for each set of settings, are too many.
MOST_SETTINGS = 12


@dataclass(frozen=True)
class CostlyPoint:
    """A distribution of joint settings, and what it costs of each bound."""

    shares: tuple[Fraction, ...]
    costs: tuple[Fraction, ...]


def points(
    source: Average, settings: tuple[int, ...], observed: tuple[Fraction, ...] | None
) -> list[CostlyPoint]:
    """Return the points; raise TooLargeError for more than 12 joint settings (but for bad)."""
    count = 1
    for n in settings:
        count *= n
    share = (Fraction(1, count),) * count if observed is None else observed
    if source.measure == "bad":
        assert source.good is not None
        good = vertices(source.good, settings, observed)
        alone = [tuple(Fraction(s == t) for s in range(count)) for t in range(count)]
        return [CostlyPoint(p, (Fraction(0),)) for p in good] + [
            CostlyPoint(p, (Fraction(1),)) for p in alone
        ]
    if source.measure == "information":  # each setting alone; the bound is not linear
        return [CostlyPoint(tuple(Fraction(s == t) for s in range(count)), ()) for t in range(count)]
    if count > MOST_SETTINGS:
        raise TooLargeError(f"bounds on average over W are taken for at most {MOST_SETTINGS} joint settings")
    found = []
    for bits in range(1, 2**count):
        held = [s for s in range(count) if bits >> s & 1]
        mass = sum((share[s] for s in held), Fraction(0))
        if not mass:
            continue
        if source.measure == "departure":
            for t in held:
                moved = tuple(
                    (share[s] if bits >> s & 1 else 0) + (1 - mass if s == t else Fraction(0))
                    for s in range(count)
                )
                found.append(CostlyPoint(moved, (1 - mass,)))
        elif source.measure == "largest":
            even = Fraction(1, len(held))
            found.append(CostlyPoint(tuple(even * (bits >> s & 1) for s in range(count)), (even,)))
        else:
            costs = tuple((bits >> s ^ bits >> t) % 2 / mass for s, t in source.pairs)
            shares = tuple(share[s] / mass * (bits >> s & 1) for s in range(count))
            found.append(CostlyPoint(shares, costs))
    return found
