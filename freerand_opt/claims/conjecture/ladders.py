r"""Two parties and Hardy's ladder: the numbers of docs/proofs/two-parties.md.

.. math:: h_K(s) = \frac{s^4 (1 - s^{4K})^2}{(1 + s^4)(1 + s^{4K+2})^2}
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from freerand_opt.claims.conjecture.checker.ladders import amplitude
from freerand_opt.claims.conjecture.computation import HALF, Computation, Ends, Epsilon, whole
from freerand_opt.claims.conjecture.roots import Root
from freerand_opt.model.tables.kinds import number

_STATE = number(above=Fraction(0), below=Fraction(1))


class LadderTop(Computation, tag="ladder-top"):
    """The largest h of the ladder over the parameter of its state."""

    K: Annotated[int, whole(1, 1023), "the last setting"]

    def proof(self) -> dict[str, Any]:
        """Return b and t: h at b, b t and b/t, t near 1, bounds the maximum (statement 2)."""
        return {"state": [str(_best(self.K))], "step": [str(1 - Fraction(1, 1 << 27))]}


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


class SelectingConstant(Computation, tag="selecting-constant"):
    """C of the selecting functions that exist: k of L rounds weigh at most (C + 1)(k/L)^P."""

    epsilon: Epsilon


class TwoPartyExponent(Root, tag="two-party-exponent"):
    """Positive iff plain bits select well enough in the protocol with two parties (statement 6)."""

    most = Fraction(499, 1000)


class LadderNoise(Root, tag="ladder-noise-threshold", kw_only=True):
    """The epsilon at which 1 - h + sum of rho_e z_e reaches 1, with white noise (statement 8)."""

    most = Fraction(499, 1000)

    K: Annotated[int, whole(1, 7), "the last setting: 1, 2, 3 or 7"]
    s: Annotated[Fraction, _STATE, "parameter of the honest state"]
    V: Annotated[Fraction, number(above=Fraction(0), below=Fraction(1)), "visibility"]

    def sign(self, epsilon: Fraction) -> int:
        """Return the sign of V h + (1 - V)(1 - sum of rho_e)/4, 0 where it is not seen."""
        noise = (1 - self.V) / 4
        return (self.V * amplitude(self.K, self.s) + noise * (1 - sum(ratios(self.K, epsilon)))).sign() or 0

    def ends(self) -> Ends:
        """Return the root with the ratios at both ends; raise ValueError where there is none."""
        if self.K not in (1, 2, 3, 7):
            raise ValueError(f"K = {self.K} has no coding here; 1, 2, 3, 7 have")
        found = super().ends()
        both = [end for end in (found.lower, found.upper) if end is not None]
        shown = [[str(x) for x in ratios(self.K, end)] for end in both]
        return Ends(found.lower, found.upper, {"ends": [str(x) for x in both], "ratios": shown})


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
