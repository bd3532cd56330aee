r"""Hints about protocols that test chained correlations with eps-free bits: what the checker needs.

N = 2^r settings a side; T is the event that a round's settings are one of the 2N edges; p, q = 1/2 +- eps.
Proofs and conventions: docs/proofs/theorem-2-protocol.md.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.conjecture.computation import HALF
from freerand_opt.model.scenarios import chained
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.numbers.exact import Exact, log2, sign
from freerand_opt.numbers.rounding import round_down, round_up

#: Digits, in bits, to which the multipliers and the point of the program of exponents are rounded.
ROUNDING = 60


def detection_ratio(r: int, order: str, bits: str, epsilon: Fraction) -> Fraction:
    """Return the smallest P(e|w)/P(T|w) over edges e and sources: what an error on e alone is detected with.

    On the path to e every bit takes q, which makes e lightest and what is beside the path heaviest.
    """
    scenario = chained(2**r)
    leaves = SanthaVazirani(epsilon, order=order, bits=bits).form(scenario, None).leaves
    p, q = HALF + epsilon, HALF - epsilon
    edges = {scenario.setting_index(edge[:2]) for edge in scenario.edges}
    level = [Fraction(s in edges) for s in leaves]
    places = [k for k, value in enumerate(level) if value]
    levels = [level]
    while len(level) > 1:
        level = [p * max(pair) + q * min(pair) for pair in zip(level[::2], level[1::2], strict=True)]
        levels.append(level)
    best = Fraction(0)
    for place in places:
        total, lightest = Fraction(1), Fraction(1)  # of T below a node on the path, over e's own weight
        for values in levels[:-1]:
            total += p / q * values[place ^ 1] / lightest
            lightest *= q
            place //= 2
        best = max(best, total)
    return 1 / best


def margin(analysis: str, epsilon: Fraction) -> dict[str, list[str]]:
    r"""Return a point and multipliers of the largest t with N^-t room in every step.

    .. math:: m+t\le3,\quad t\le i,\quad -\kappa+i+t\le d,\quad \kappa+(m-1)\log_2p+t\le0,

    d = 2 log2 q - 2 log2 p - 1 as printed, 2 log2 q - log2 p with the exact largest P(T|w);
    1 <= m <= 3, 0 <= i <= 3, 0 <= kappa <= 32, -32 <= t <= 3. Negative: no constants work.
    """
    heavy, light = log2(HALF + epsilon), log2(HALF - epsilon)
    detected = 2 * light - 2 * heavy - 1 if analysis == "printed" else 2 * light - heavy
    # all rows are tight at m = 3 - t, i = t if that is positive, else m = 3 and i = 0
    room = detected - 2 * heavy
    positive = sign(room) > 0
    share: Exact = 1 / (3 - heavy) if positive else HALF
    t = round_down(room * share, ROUNDING)
    m, i = (3 - t, t) if positive else (Fraction(3), Fraction(0))
    kappa = round_up(i + t - detected, ROUNDING)
    t = min(t, round_down(-(kappa + (m - 1) * heavy), ROUNDING))
    first = (-heavy * share, share) if positive else (Fraction(0), Fraction(0))
    prices = [round_up(x, ROUNDING) for x in (*first, share, share)]
    return {"point": [str(x) for x in (m, i, kappa, t)], "prices": [str(x) for x in prices]}
