"""Quantities of protocols that test chained correlations with eps-free bits, N = 2^r settings a side."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from freerand_opt.claims.conjecture.checker.intervals import Interval, cosine, interval, log2, root
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends, require
from freerand_opt.claims.conjecture.checker.trees import best, weights

ORDERS = ("interleaved", "A first", "B first")
ENCODINGS = ("most-significant-first", "least-significant-first", "gray")


def _leaves(a: Arguments, r: int) -> list[int]:
    """Return 1 at the strings of bits, in time, whose pair of settings is one of the 2N edges."""
    order, encoding = a.word("order", *ORDERS), a.word("bits", *ENCODINGS)
    if order == "interleaved":
        places = [(party, k) for k in range(r) for party in (0, 1)]
    else:
        places = [(party, k) for party in ((0, 1) if order == "A first" else (1, 0)) for k in range(r)]
    found = []
    for string in range(4**r):
        own: list[list[int]] = [[0] * r, [0] * r]
        for time, (party, k) in enumerate(places):
            own[party][k] = string >> (2 * r - 1 - time) & 1
        a_setting, b_setting = (_setting(bits, encoding) for bits in own)
        x, y = 2 * a_setting, 2 * b_setting + 1  # as the settings are written in arXiv:1105.3195
        found.append(int(abs(x - y) == 1 or (x, y) == (0, 2 * 2**r - 1)))
    return found


def _setting(bits: list[int], encoding: str) -> int:
    """Return the setting that a party's bits, in time, name."""
    if encoding == "least-significant-first":
        bits = bits[::-1]
    value = last = 0
    for bit in bits:
        last = last ^ bit if encoding == "gray" else bit
        value = 2 * value + last
    return value


def test_probability(a: Arguments) -> Ends:
    """Fold the indicator of a test."""
    (heavy, light), leaves = weights(a), _leaves(a, a.whole("r", 1, 5))
    sign = 1 if a.word("extreme", "largest", "smallest") == "largest" else -1
    most = sign * best([sign * x for x in leaves], heavy, light)
    value = Fraction(most, (heavy + light) ** (len(leaves).bit_length() - 1))
    return value, value


def detection_ratio(a: Arguments) -> Ends:
    """Find that the least P(e|w) - ratio P(T|w) over sources and edges e is 0."""
    (heavy, light), leaves = weights(a), _leaves(a, a.whole("r", 1, 5))
    (ratio,) = a.numbers("ratio", 1)
    top, bottom = ratio.numerator, ratio.denominator
    gains = [
        best([top * x - bottom * (k == edge) for k, x in enumerate(leaves)], heavy, light)
        for edge, held in enumerate(leaves)
        if held
    ]
    require(max(gains) == 0, f"{ratio} is not the smallest ratio")
    return ratio, ratio


def honest_bits(a: Arguments) -> Ends:
    """Multiply the number of rounds by -log2 of passing one."""
    r, m = a.whole("r", 1, 400), a.rational("m", 1, 4)
    uniform = a.word("protocol", "printed", "repaired") == "printed"
    exponent = m * r if uniform else (m - 1) * r
    require(exponent.denominator <= 99, "m r has too large a denominator")
    bits = 2 * int(exponent) + 256
    # sin^2(x) = (1 - cos(2x))/2 with 2x = pi/2N; with uniform bits 2N of N^2 settings are tests
    passing = (cosine(Fraction(1, 2 ** (r + 1)), bits) + 1) * Fraction(1, 2)
    if uniform:
        passing = 1 - (1 - passing) * Fraction(2 * 2**r, 4**r)
    whole, rest = divmod(exponent.numerator, exponent.denominator)
    rounds = root(Fraction(2**rest), exponent.denominator, bits) * 2**whole
    value = -(rounds * log2(passing, bits))
    return value, value


def output_bias(a: Arguments) -> Ends:
    """Add up the four parts of the bound."""
    r, m, i = a.whole("r", 1, 200), a.rational("m", 1, 4), a.rational("i", 0, 3)
    analysis = a.word("analysis", "printed", "tests", "majorised")
    p, q = a.bit()
    n, drop = (m - 1) * r, i * r
    (k,) = a.numbers("k", 1)
    require({n.denominator, drop.denominator, k.denominator} == {1}, "(m-1) r, i r and k are integers")
    require(k >= 1 and n <= 600, "k is positive and n at most 600")
    limit = 2 / Fraction(2) ** int(drop)
    if analysis == "printed":
        seen = limit * q ** (2 * r) / (2 * 2**r * p ** (2 * r))
    else:
        seen = limit * q ** (2 * r) / p ** (r - 1)
    picked = _heaviest(weights(a), int(n), int(k)) if analysis == "majorised" else k * p ** int(n)
    escaped = Fraction(1, 2 ** min(floor(k * seen), 2000))  # (1-x)^k <= exp(-kx) <= 2^-floor(kx)
    return None, (limit + picked + escaped + Fraction(607, 1000) * p ** (int(n) // 2)) / 2


def _heaviest(bit: tuple[int, int], n: int, k: int) -> Fraction:
    """Return the weight of the k heaviest of all strings of n bits: those with the fewest light ones."""
    heavy, light = bit
    total, weight, count = 0, heavy**n, 1  # of a string with so many light ones, and how many there are
    for ones in range(n + 1):
        taken = min(k, count)
        total += taken * weight
        k -= taken
        if k == 0:
            break
        weight = weight // heavy * light
        count = count * (n - ones) // (ones + 1)
    return Fraction(total, (heavy + light) ** n)


def exponent_margin(a: Arguments) -> Ends:
    """Rows m + t <= 3, t - i <= 0, i - k + t <= d, k + (m-1) log2 p + t <= 0; maximise t."""
    analysis = a.word("analysis", "printed", "tests")
    p, q = a.bit()
    heavy, light = log2(p, 256), log2(q, 256)
    d = 2 * light - heavy - ((heavy + 1) if analysis == "printed" else 0)
    m, i, k, t = a.numbers("point", 4)
    box = ((m, 1, 3), (i, 0, 3), (k, 0, 32), (t, -32, 3))
    rows = (interval(3 - m - t), interval(i - t), d - i + k - t, heavy * (1 - m) - k - t)
    require(all(low <= x <= high for x, low, high in box), "the point is outside")
    require(all(row.low >= 0 for row in rows), "the point breaks a row")
    one, two, three, four = prices = a.numbers("prices", 4)
    require(min(prices) >= 0, "a price is negative")
    bound: Interval = 3 * one + three * d + four * heavy
    gains: tuple[tuple[Interval, int, int], ...] = (
        (-one - four * heavy, 1, 3),
        (interval(two - three), 0, 3),
        (interval(three - four), 0, 32),
        (interval(1 - one - two - three - four), -32, 3),
    )
    for gain, low, high in gains:  # the larger of both ends is a bound whatever the sign
        bound = bound + max(gain.high * low, gain.high * high, gain.low * low, gain.low * high)
    return t, bound.high
