"""Roots of functions of epsilon that decrease: critical values in the limit of many settings.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless); p, q = 1/2 +- epsilon. That a function decreases,
and what its root means, is written down: `checker/roots.py` names the page of each.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.claims.conjecture.checker.roots import sign
from freerand_opt.claims.conjecture.computation import HALF, Computation, Ends
from freerand_opt.model.tables.kinds import number
from freerand_opt.model.tables.table import fields


class Root(Computation, kw_only=True):
    """The root of a decreasing function, between fractions `width` apart, at most `most`."""

    most: ClassVar = Fraction(1, 4)

    width: Annotated[Fraction, number(Fraction(1, 10**300), Fraction(1, 10)), "how narrow the bracket is"] = (
        Fraction(1, 10**12)
    )

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return f"exact signs of {self.tag()['name']}"

    def sign(self, epsilon: Fraction) -> int:
        """Return the sign of the function, which the checker knows by the computation's name."""
        known = {field.key: getattr(self, field.name) for field in fields(type(self))}
        return sign(self.tag()["name"], epsilon, known)

    def ends(self) -> Ends:
        """Return fractions, `width` apart, between which the function changes its sign.

        Bisection on decimal fractions; raise ValueError without a change of sign.
        """
        lower, upper = Fraction(0), self.most
        if self.sign(lower) <= 0 or self.sign(upper) >= 0:
            raise ValueError(f"{self.tag()['name']} has no change of sign on [0, {self.most}]")
        while upper - lower > self.width:
            step = (upper - lower) / 10
            for _ in range(9):
                found = self.sign(lower + step)
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


class Theorem1(Root, tag="theorem-1-base"):
    """Positive iff the bound of Theorem 1 tends to 0 with N."""


class Averaged(Root, tag="averaged-base"):
    """Positive iff the averaged leakage tends to 0 with N."""


class FreeFixed(Root, tag="free-fixed-base"):
    """Positive iff I_N ((1+2 eps)/(1-2 eps))^(4r) tends to 0: fixed settings, total test, free settings."""


class FreeEdgesFixed(Root, tag="free-edges-fixed-base"):
    """Fixed settings, each edge tested, free observed settings (docs/proofs/theorem-1-readings.md, 5)."""


class FreeEdgesAveraged(Root, tag="free-edges-averaged-base"):
    """Averaged, or local; each edge tested, free observed settings (docs/proofs/theorem-1-readings.md, 4)."""


class HalfEntropy(Root, tag="half-entropy"):
    """Where the binary entropy, in bits, is 1/2; the root is a fraction and no epsilon."""


class AnyEncoding(Root, tag="any-encoding-base", kw_only=True):
    """Positive iff errors on edges are out of reach of local models for every assignment of bit strings.

    t is the root of `HalfEntropy` (docs/proofs/theorem-1-readings.md, statement 6).
    """

    fraction: Annotated[Fraction, number(0, HALF), "the root t of half-entropy"]


class DevicesLikeSources(Root, tag="devices-like-sources-base"):
    """Its root is the threshold printed in arXiv:1601.06455."""


class Theorem2(Exponent, tag="theorem-2-exponent"):
    """The paper's exponent, m = 299/100 and i = 1/100 (arXiv:1105.3195, proof of Theorem 2)."""


class ExactTests(Exponent, tag="exact-tests-exponent"):
    """With the largest P(T|w), of order p^r, in place of 2N p^(2r)."""


class Majorised(Exponent, tag="majorised-exponent"):
    """With the exact weight of k choices of the selection."""


class Selected(Exponent, tag="selected-exponent"):
    """With the best selecting function of more bits."""


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
