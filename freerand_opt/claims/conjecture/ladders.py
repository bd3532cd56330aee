r"""Two parties and Hardy's ladder: the numbers of docs/proofs/two-parties.md.

.. math:: h_K(s) = \frac{s^4 (1 - s^{4K})^2}{(1 + s^4)(1 + s^{4K+2})^2}
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from freerand_opt.claims.conjecture.computation import HALF, Computation, Ends, Epsilon, whole
from freerand_opt.claims.conjecture.roots import Root
from freerand_opt.model.kinds import number
from freerand_opt.numbers.exact import Exact, log2, root

#: Digits, in bits, after the point of what is rounded outward.
ROUNDING = 100
_STATE = number(above=Fraction(0), below=Fraction(1))


def top(last: int, s: Fraction) -> tuple[int, int]:
    """Return h of the ladder with settings 0..last, as numerator and denominator (not reduced)."""
    n, d = s.numerator, s.denominator
    m = 4 * last
    above = (n**2 * d**2 * (d**m - n**m)) ** 2
    return above, (n**4 + d**4) * (d ** (m + 2) + n ** (m + 2)) ** 2


def rounded(pair: tuple[int, int], *, up: bool) -> Fraction:
    """Return a fraction on the grid 2^-ROUNDING, outward."""
    above, below = pair
    return Fraction(-((-above << ROUNDING) // below) if up else (above << ROUNDING) // below, 1 << ROUNDING)


class LadderTop(Computation, tag="ladder-top"):
    """The largest h of the ladder over the parameter of its state."""

    K: Annotated[int, whole(1, 1023), "the last setting"]

    def ends(self) -> Ends:
        """Return bounds from h at b, b t and b/t, t near 1 (statement 2)."""
        state, step = _best(self.K), 1 - Fraction(1, 1 << 24)
        middle = top(self.K, state)
        least = min(rounded(top(self.K, x), up=False) for x in (state * step, state / step))
        upper = rounded(middle, up=True) ** 2 / least
        ends = rounded(middle, up=False), rounded(upper.as_integer_ratio(), up=True)
        return Ends(*ends, {"state": [str(state)], "step": [str(step)]})


def _best(last: int) -> Fraction:
    """Return nearly the best parameter: where s h'(s)/h(s), which falls, changes its sign."""
    low, high = 0.5, 1.0
    for _ in range(60):
        s = (low + high) / 2
        m = 4 * last
        slope = 1 - last * 2 * s**m / (1 - s**m) - s**4 / (1 + s**4)
        slope -= (2 * last + 1) * s ** (m + 2) / (1 + s ** (m + 2))
        low, high = (s, high) if slope > 0 else (low, s)
    return Fraction(round(low * 2**36), 2**36)


class SingleShot(Computation, tag="single-shot-distance"):
    """What W and both settings say of A's outcome, at most; all strings of r bits but K mean setting K."""

    K: Annotated[int, whole(1, 1023), "the last setting"]
    s: Annotated[Fraction, _STATE, "parameter of the honest state"]
    r: Annotated[int, whole(1, 400), "bits of each party"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return 1/2 - h + K p^r; raise ValueError without a string that means K."""
        if 2**self.r <= self.K:
            raise ValueError(f"{self.r} bits have no string beside those of settings 0..{self.K - 1}")
        missed = self.K * (HALF + self.epsilon) ** self.r
        bound = HALF - rounded(top(self.K, self.s), up=False) + missed
        return Ends(None, rounded(bound.as_integer_ratio(), up=True))


class SelectingConstant(Computation, tag="selecting-constant"):
    """C of the selecting functions that exist: k of L rounds weigh at most (C + 1)(k/L)^P."""

    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return ((c + sqrt(c^2 + 4))/2)^2 with c = eps sqrt(2)/(sqrt(p) - p)."""
        p = HALF + self.epsilon
        c = self.epsilon * root(Fraction(2), 2) / (root(p, 2) - p)
        value: Exact = (c * c + c * root(c * c + 4, 2)) / 2 + 1
        return Ends(value, value)


class TwoPartyExponent(Root, tag="two-party-exponent"):
    """Positive iff plain bits select well enough in the protocol with two parties (statement 6)."""

    most = Fraction(499, 1000)

    def at(self, epsilon: Fraction) -> Exact:
        """Return h(q) - 2 log2(p/q) (1 - h(q))."""
        p, q = HALF + epsilon, HALF - epsilon
        entropy = -p * log2(p) - q * log2(q)
        return entropy - 2 * log2(p / q) * (1 - entropy)


class LadderNoise(Root, tag="ladder-noise-threshold", kw_only=True):
    """The epsilon at which 1 - h + sum of rho_e z_e reaches 1, with white noise (statement 8)."""

    most = Fraction(499, 1000)

    K: Annotated[int, whole(1, 7), "the last setting: 1, 2, 3 or 7"]
    s: Annotated[Fraction, _STATE, "parameter of the honest state"]
    V: Annotated[Fraction, number(above=Fraction(0), below=Fraction(1)), "visibility"]

    def at(self, epsilon: Fraction) -> Exact:
        """Return V h + (1 - V)(1 - sum of rho_e)/4."""
        noise = (1 - self.V) / 4
        return self.V * Fraction(*top(self.K, self.s)) + noise * (1 - sum(ratios(self.K, epsilon)))

    def ends(self) -> Ends:
        """Return the root with the ratios at both ends; raise ValueError where there is none."""
        if self.K not in (1, 2, 3, 7):
            raise ValueError(f"K = {self.K} has no coding here; 1, 2, 3, 7 have")
        found = super().ends()
        both = (Fraction(str(found.lower)), Fraction(str(found.upper)))
        shown = [[str(x) for x in ratios(self.K, end)] for end in both]
        return Ends(*both, {"ends": [str(x) for x in both], "ratios": shown})


def zeros(last: int) -> list[tuple[int, int]]:
    """Return the settings of the ladder's zeros."""
    return [(0, 0), *(pair for k in range(1, last + 1) for pair in ((k, k - 1), (k - 1, k)))]


def ratios(last: int, epsilon: Fraction) -> list[Fraction]:
    """Return rho_e of each zero e; bits in turn, A's first, most significant first, fair on average.

    Steps from where the paths to e and to K, K part count p/q each. With the strings 00, 01, 1x of three
    settings the second bits do not matter at K, K: there the steps to e alone count 1/2q each.
    """
    p, q = HALF + epsilon, HALF - epsilon
    if last == 2:
        near, far = p / (2 * q * q), p * p / (2 * q**3)
        known = {(2, 1): near, (1, 2): far}
        return [known.get(e, p * p / (4 * q**4)) for e in zeros(last)]
    bits = (last + 1).bit_length() - 1

    def string(pair: tuple[int, int]) -> list[int]:
        return [x >> k & 1 for k in reversed(range(bits)) for x in pair]

    goal = string((last, last))
    common = [next(k for k, x in enumerate(string(e)) if x != goal[k]) for e in zeros(last)]
    return [(p / q) ** (2 * bits - k) for k in common]


LADDERS: tuple[type[Computation], ...] = (
    LadderTop,
    SingleShot,
    SelectingConstant,
    TwoPartyExponent,
    LadderNoise,
)
