"""Numbers of two parties and Hardy's ladder; what they mean stands on the page docs/proofs/two-parties.md."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.conjecture.checker.intervals import Interval, interval, root
from freerand_opt.claims.conjecture.checker.reading import Arguments, Ends, require
from freerand_opt.claims.conjecture.checker.trees import best

PAGE = "docs/proofs/two-parties.md"
HALF = Fraction(1, 2)
#: Digits, in bits, after the point.
BITS = 120


def amplitude(last: int, s: Fraction) -> Interval:
    """Return h of the state s^2 |00> - |11> and two vectors (1, +-s^(2K+1)): the squared overlap."""
    n, d = s.numerator, s.denominator
    k = 4 * last + 2
    x, y = n**k, d**k  # s^2 - s^k over sqrt(1 + s^4) (1 + s^k)
    above = (n**2 * y - x * d**2) ** 2
    below = (n**4 + d**4) * (x + y) ** 2
    low = (above << BITS) // below
    return Interval(Fraction(low, 1 << BITS), Fraction(low + 1, 1 << BITS))


def _state(value: Fraction) -> Fraction:
    require(0 < value < 1 and value.denominator < 1 << 64, "a state's parameter is in (0, 1)")
    return value


def ladder_top(a: Arguments) -> Ends:
    """Bound the maximum by h at b, b t, b/t: log h is concave in log s.

    Beyond b on either side log h stays below the line through b and the point on the other side.
    """
    last = a.whole("K", 1, 1023)
    (state,), (step,) = a.numbers("state", 1), a.numbers("step", 1)
    require(HALF <= step < 1 and step.denominator < 1 << 64, "the step is from 1/2 up to 1")
    middle, left, right = (amplitude(last, _state(x)) for x in (state, state * step, state / step))
    require(middle.low >= left.high and middle.low >= right.high, "the maximum is not between the points")
    return middle.low, middle.high**2 / min(left.low, right.low)


def single_shot(a: Arguments) -> Ends:
    """Add up 1/2 - h and K p^r."""
    last, r = a.whole("K", 1, 1023), a.whole("r", 1, 400)
    h = amplitude(last, _state(a.rational("s", 0, 1)))
    p, _ = a.bit()
    require(2**r > last, "no string is left for the last setting")
    missed = (last * p.numerator**r << BITS) // p.denominator**r + 1
    return None, HALF - h.low + Fraction(missed, 1 << BITS)


def selecting_constant(a: Arguments) -> Ends:
    """Square the larger root y of y^2 = 1 + c y: (c^2 + 2 + c sqrt(c^2 + 4))/2."""
    p, _ = a.bit()
    square = root(p, 2, 4 * BITS)
    # c = eps sqrt 2/(sqrt p (1 - sqrt p)) rises with eps and, for fixed eps, c^2 is enclosed
    below = square * (1 - square)
    c = (p - HALF) * root(Fraction(2), 2, 4 * BITS) * below.inverse()
    inner = c * c + 4
    outer = Interval(root(inner.low, 2, 4 * BITS).low, root(inner.high, 2, 4 * BITS).high)
    value = (c * c + 2 + c * outer) * HALF
    return value, value


def _leaves(last: int) -> list[tuple[int, int]]:
    """Return the settings of all strings of bits in turn, A's first, the most significant first."""
    bits = max(2 * (last.bit_length()), 2)
    found = []
    for string in range(2**bits):
        pair = [0, 0]
        for k in range(bits):
            pair[k % 2] = 2 * pair[k % 2] + (string >> bits - 1 - k & 1)
        found.append((min(pair[0], last), min(pair[1], last)))
    return found


def ladder_noise(a: Arguments) -> Ends:
    """Find V h + (1 - V)/4 (1 - sum of ratios) positive at one end and negative at the other.

    A ratio is right if the largest P(K,K|w) P(e) - ratio P(e|w) P(K,K) of a source is 0.
    """
    last, s, v = a.whole("K", 1, 7), _state(a.rational("s", 0, 1)), a.rational("V", 0, 1)
    require(last in (1, 2, 3, 7), "the last setting is 1, 2, 3 or 7")
    places = [(0, 0)] + [pair for k in range(1, last + 1) for pair in ((k, k - 1), (k - 1, k))]
    ends, given, leaves = a.numbers("ends", 2), a.table("ratios", 2, len(places)), _leaves(last)
    h, goal = amplitude(last, s), (last, last)
    for end, row, wanted in zip(ends, given, (1, -1), strict=True):
        require(0 <= end < HALF, "an end is from 0 up to 1/2")
        heavy, light = end.denominator + 2 * end.numerator, end.denominator - 2 * end.numerator
        for e, ratio in zip(places, row, strict=True):
            here, there = leaves.count(e), leaves.count(goal)
            gain, loss = here * ratio.denominator, there * ratio.numerator
            worths = [gain * (x == goal) - loss * (x == e) for x in leaves]
            require(best(worths, heavy, light) == 0, f"{ratio} is not the largest ratio at {e}")
        value = v * h + (1 - v) / 4 * (1 - sum(row, Fraction(0)))
        require(interval(value).sign() == wanted, f"no sign {wanted} at {end}")
    return ends[0], ends[1]
