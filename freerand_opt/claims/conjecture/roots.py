"""Roots of functions of epsilon that decrease: critical values in the limit of many settings.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless); p, q = 1/2 +- epsilon. That a function decreases,
and what its root means, is written down: `checker/roots.py` names the page of each.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.claims.conjecture.computation import HALF, Computation, Ends
from freerand_opt.model.kinds import number
from freerand_opt.numbers.exact import Exact, log2, power, sign


class Root(Computation, kw_only=True):
    """The root of a decreasing function, between fractions `width` apart, at most `most`."""

    most: ClassVar = Fraction(1, 4)

    width: Annotated[Fraction, number(Fraction(1, 10**300), Fraction(1, 10)), "how narrow the bracket is"] = (
        Fraction(1, 10**12)
    )

    def at(self, epsilon: Fraction) -> Exact:
        """Return the function's value."""
        raise NotImplementedError

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return f"exact signs of {self.tag()['name']}"

    def ends(self) -> Ends:
        """Return fractions, `width` apart, between which the function changes its sign.

        Bisection with exact signs on decimal fractions; raise ValueError without a change of sign.
        """
        lower, upper = Fraction(0), self.most
        if sign(self.at(lower)) <= 0 or sign(self.at(upper)) >= 0:
            raise ValueError(f"{self.tag()['name']} has no change of sign on [0, {self.most}]")
        while upper - lower > self.width:
            step = (upper - lower) / 10
            for _ in range(9):
                found = sign(self.at(lower + step))
                if found == 0:
                    return Ends(lower + step - self.width / 2, lower + step + self.width / 2)
                if found < 0:
                    upper = lower + step
                    break
                lower += step
        return Ends(lower, upper)


class Exponent(Root, kw_only=True):
    """An exponent of N with M = N^m rounds, or N^(m-1) test rounds; a round is bad above 2 N^-i.

    Where it is positive the output's bias tends to 0 (docs/proofs/theorem-2-protocol.md).
    """

    m: Annotated[Fraction, number(1, 4), "the number of rounds is N^m"]
    i: Annotated[Fraction, number(0, 3), "a round is bad if its chained value exceeds 2 N^-i"]


def _logs(epsilon: Fraction) -> tuple[Exact, Exact]:
    """Return log2 p and log2 q."""
    return log2(HALF + epsilon), log2(HALF - epsilon)


class Theorem1(Root, tag="theorem-1-base"):
    """Positive iff the bound of Theorem 1 tends to 0 with N."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 2 (1-2 eps)^2 - (1+2 eps)^2."""
        return 2 * (1 - 2 * epsilon) ** 2 - (1 + 2 * epsilon) ** 2


class Averaged(Root, tag="averaged-base"):
    """Positive iff the averaged leakage tends to 0 with N."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 2 (1-2 eps)^2 - 1."""
        return 2 * power(1 - 2 * epsilon, 2) - 1


class FreeFixed(Root, tag="free-fixed-base"):
    """Positive iff I_N ((1+2 eps)/(1-2 eps))^(4r) tends to 0: fixed settings, total test, free settings."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 2 (1-2 eps)^4 - (1+2 eps)^4."""
        return 2 * (1 - 2 * epsilon) ** 4 - (1 + 2 * epsilon) ** 4


class FreeEdgesFixed(Root, tag="free-edges-fixed-base"):
    """Fixed settings, each edge tested, free observed settings (docs/proofs/theorem-1-readings.md, 5)."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 4 q^4 - p^3."""
        return 4 * (HALF - epsilon) ** 4 - (HALF + epsilon) ** 3


class FreeEdgesAveraged(Root, tag="free-edges-averaged-base"):
    """Averaged, or local; each edge tested, free observed settings (docs/proofs/theorem-1-readings.md, 4)."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 4 q^2 - p."""
        return 4 * (HALF - epsilon) ** 2 - (HALF + epsilon)


class HalfEntropy(Root, tag="half-entropy"):
    """Where the binary entropy, in bits, is 1/2; the root is a fraction and no epsilon."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 1/2 - h(t)."""
        if epsilon == 0:
            return HALF
        return HALF + epsilon * log2(epsilon) + (1 - epsilon) * log2(1 - epsilon)


class AnyEncoding(Root, tag="any-encoding-base", kw_only=True):
    """Positive iff errors on edges are out of reach of local models for every assignment of bit strings.

    t is the root of `HalfEntropy` (docs/proofs/theorem-1-readings.md, statement 6).
    """

    fraction: Annotated[Fraction, number(0, HALF), "the root t of half-entropy"]

    def at(self, epsilon: Fraction) -> Exact:
        """Return 1 - 2 (1 - t) log2((1+2 eps)/(1-2 eps))."""
        return 1 - 2 * (1 - self.fraction) * log2((1 + 2 * epsilon) / (1 - 2 * epsilon))


class DevicesLikeSources(Root, tag="devices-like-sources-base"):
    """Its root is the threshold printed in arXiv:1601.06455."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return 2 (1-2 eps)^12 - (1+2 eps)^12."""
        return 2 * (1 - 2 * epsilon) ** 12 - (1 + 2 * epsilon) ** 12


class Theorem2(Exponent, tag="theorem-2-exponent"):
    """The paper's exponent, m = 299/100 and i = 1/100 (arXiv:1105.3195, proof of Theorem 2)."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return -(m+1) log2 p + 2 log2 q - (1+i)."""
        heavy, light = _logs(epsilon)
        return -(self.m + 1) * heavy + 2 * light - (1 + self.i)


class ExactTests(Exponent, tag="exact-tests-exponent"):
    """With the largest P(T|w), of order p^r, in place of 2N p^(2r)."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return -m log2 p + 2 log2 q - i."""
        heavy, light = _logs(epsilon)
        return -self.m * heavy + 2 * light - self.i


class Majorised(Exponent, tag="majorised-exponent"):
    """With the exact weight of k choices of the selection."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return (m-1) h(q) - (i - 2 log2 q + log2 p)."""
        heavy, light = _logs(epsilon)
        mean = (HALF + epsilon) * heavy + (HALF - epsilon) * light
        return -(self.m - 1) * mean - self.i + 2 * light - heavy


class Selected(Exponent, tag="selected-exponent"):
    """With the best selecting function of more bits."""

    def at(self, epsilon: Fraction) -> Exact:
        """Return (m-1) - (i - 2 log2 q + log2 p)."""
        heavy, light = _logs(epsilon)
        return self.m - 1 - self.i + 2 * light - heavy


ROOTS: tuple[type[Root], ...] = (
    Theorem1,
    Averaged,
    FreeFixed,
    FreeEdgesFixed,
    FreeEdgesAveraged,
    HalfEntropy,
    AnyEncoding,
    DevicesLikeSources,
    Theorem2,
    ExactTests,
    Majorised,
    Selected,
)
