r"""Quantities of protocols that test chained correlations with eps-free bits, exact.

N = 2^r settings a side; T is the event that a round's settings are one of the 2N edges; p, q = 1/2 +- eps.
Proofs and conventions: docs/proofs/theorem-2-protocol.md.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from freerand_opt.claims.conjecture.bits import heaviest
from freerand_opt.claims.conjecture.computation import HALF, Ends
from freerand_opt.model.scenarios import chained
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.numbers.exact import Exact, cos_pi, log2, root, sign
from freerand_opt.numbers.rounding import round_down, round_up

#: Digits, in bits, to which the multipliers and the point of the program of exponents are rounded.
ROUNDING = 60


def test_probability(r: int, order: str, bits: str, extreme: str, epsilon: Fraction) -> Fraction:
    """Return the largest or smallest P(T|w) over sources in one time order, by a recursion on r levels.

    Party by party, and interleaved with the least significant bit first, one of the two neighbours is
    left after the free bits: p^(r-1). Interleaved with the most significant bit first (or Gray), a node
    whose prefixes are equal still has both neighbours, a node whose prefixes differ by 1 has one path.
    """
    heavy, light = HALF + epsilon, HALF - epsilon
    if extreme == "smallest":
        heavy, light = light, heavy
    if order != "interleaved" or bits == "least-significant-first":
        return heavy ** (r - 1)
    equal, path = Fraction(1), Fraction(1)
    for _ in range(r - 1):
        # a = 0: b = 0 stays equal, b = 1 is lost; a = 1: b = 1 stays equal, b = 0 is on the one path
        equal, path = heavy * (heavy * equal + light * path) + light * heavy * equal, heavy**2 * path
    # at the root a = 0, b = 1 leads to (a0, b0), so that both halves are as good
    return heavy * equal + light * path


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


def honest_bits(r: int, m: Fraction, protocol: str) -> Exact:
    """Return -log2 of the probability that honest devices pass all tests, exactly.

    `printed`: N^m rounds with uniform settings, each a test with probability 2/N; `repaired`: N^(m-1)
    test rounds, whatever the source. A test fails with probability sin^2(pi/4N).
    """
    error = (1 - cos_pi(Fraction(1, 2 ** (r + 1)))) / 2
    exponent = m * r if protocol == "printed" else (m - 1) * r
    whole, rest = divmod(exponent.numerator, exponent.denominator)
    count = 2**whole * root(Fraction(2**rest), exponent.denominator)
    failing = error * Fraction(2, 2**r) if protocol == "printed" else error
    bits: Exact = -count * log2(1 - failing)
    return bits


# ------------------------------------------------------------------ what cheating devices achieve


def output_bias(r: int, m: Fraction, i: Fraction, analysis: str, epsilon: Fraction) -> tuple[Fraction, int]:
    r"""Return an upper bound on the output's bias together with no abort, for every w, at finite N.

    .. math:: \tfrac12\bigl(I^* + K_n(k) + 2^{-\lfloor k\bar p\rfloor} + 0.607\,p^{\lfloor n/2\rfloor}\bigr)

    n = (m-1) r selection bits, I* = 2 N^-i, k (returned too) the best of the powers of two and their sums of
    two; common-cause model. (m-1) r and i r are integers; raise ValueError else.
    """
    n, drop = (m - 1) * r, i * r
    if n.denominator != 1 or drop.denominator != 1:
        raise ValueError("(m-1) r and i r have to be integers")
    p = HALF + epsilon
    limit = Fraction(2, 2**drop.numerator)
    caught = detection(r, analysis, epsilon) * limit
    fixed = limit + Fraction(607, 1000) * p ** (n.numerator // 2)

    def total(k: int) -> Fraction:
        escaped = Fraction(1, 2 ** min(floor(k * caught), 2000))
        return fixed + weight(n.numerator, k, analysis, epsilon) + escaped

    candidates = (2**j + extra for j in range(n.numerator) for extra in (0, 2**j // 2))
    k = min(candidates, key=total)
    return Fraction(ceil(total(k) * 2**127), 2**128), k


def detection(r: int, analysis: str, epsilon: Fraction) -> Fraction:
    """Return the bound on P(error|T)/I_N of an analysis: (S5)'s, or q^(2r)/p^(r-1)."""
    p, q = HALF + epsilon, HALF - epsilon
    return q ** (2 * r) / (2 ** (r + 1) * p ** (2 * r) if analysis == "printed" else p ** (r - 1))


def weight(n: int, k: int, analysis: str, epsilon: Fraction) -> Fraction:
    """Return the bound on the probability that n selection bits pick one of k rounds: union or exact."""
    if analysis == "majorised":
        return heaviest(n, k, epsilon)
    return k * (HALF + epsilon) ** n


# ------------------------------------------------------------------ the program of exponents


def margin(analysis: str, epsilon: Fraction) -> Ends:
    r"""Return bounds on the largest t with N^-t room in every step, with a point and multipliers.

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
    witness = {"point": [str(x) for x in (m, i, kappa, t)], "prices": [str(x) for x in prices]}
    return Ends(t, dual(prices, heavy, detected), witness)


def dual(prices: list[Fraction], heavy: Exact, detected: Exact) -> Exact:
    """Return the bound of weak duality on t for nonnegative prices of the four rows."""
    honest, secure, seen, hit = prices
    total: Exact = 3 * honest + detected * seen + heavy * hit
    gains: list[tuple[Exact, int, int]] = [
        (-(honest + heavy * hit), 1, 3),
        (secure - seen, 0, 3),
        (seen - hit, 0, 32),
        (1 - honest - secure - seen - hit, -32, 3),
    ]
    for gain, least, most in gains:
        total = total + gain * (most if sign(gain) > 0 else least)
    return total
