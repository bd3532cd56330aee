"""Computations whose answer is a number, or bounds on one, which the checker derives from the parameters."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Annotated, Any

from freerand_opt.claims.conjecture import protocol
from freerand_opt.claims.conjecture.checker.document import derived
from freerand_opt.claims.conjecture.computation import (
    ENCODING,
    HALF,
    ORDER,
    Computation,
    Ends,
    Epsilon,
    whole,
)
from freerand_opt.model.tables.kinds import number, word


class TestProbability(Computation, tag="test-probability"):
    """The largest or smallest probability that a round is a test, N = 2^r settings a side."""

    __test__ = False  # pytest does not collect it

    r: Annotated[int, whole(1, 5), "log2 of the number of settings"]
    order: Annotated[str, ORDER, "whose bit comes when"]
    bits: Annotated[str, ENCODING, "how bits are a setting's number"]
    extreme: Annotated[str, word("largest", "smallest"), "which probability"]
    epsilon: Epsilon


class DetectionRatio(Computation, tag="detection-ratio"):
    """The smallest P(e|w)/P(T|w) over edges e and sources: what an error on e alone is detected with."""

    r: Annotated[int, whole(1, 5), "log2 of the number of settings"]
    order: Annotated[str, ORDER, "whose bit comes when"]
    bits: Annotated[str, ENCODING, "how bits are a setting's number"]
    epsilon: Epsilon

    def proof(self) -> dict[str, Any]:
        """Return the ratio, of which the checker shows that it is the smallest."""
        return {"ratio": [str(protocol.detection_ratio(self.r, self.order, self.bits, self.epsilon))]}


class HonestBits(Computation, tag="honest-bits"):
    """-log2 of the probability that honest devices pass all tests."""

    r: Annotated[int, whole(1, 400), "log2 of the number of settings"]
    m: Annotated[Fraction, number(1, 4), "the number of rounds is N^m, or of test rounds N^(m-1)"]
    protocol: Annotated[str, word("printed", "repaired"), "N^m rounds, or N^(m-1) test rounds"]


class OutputBias(Computation, tag="output-bias"):
    """An upper bound on the output's bias together with no abort, at finite N."""

    r: Annotated[int, whole(1, 200), "log2 of the number of settings"]
    m: Annotated[Fraction, number(1, 4), "the number of test rounds is N^(m-1)"]
    i: Annotated[Fraction, number(0, 3), "a round is bad if its chained value exceeds 2 N^-i"]
    analysis: Annotated[str, word("printed", "tests", "majorised"), "which bounds are put together"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bound for the best k, a number of bad rounds: a power of two or a sum of two of them."""
        counts = (2**j + more for j in range(int((self.m - 1) * self.r)) for more in (0, 2**j // 2))
        found = [(derived(self.parameters(), {"k": [str(k)]})[1] or Fraction(1), k) for k in counts]
        upper, k = min(found)
        return Ends(None, Fraction(ceil(upper * 2**128), 2**128), {"k": [str(k)]})


class ExponentMargin(Computation, tag="exponent-margin"):
    """The largest t with N^-t room in every step of the proof of Theorem 2."""

    analysis: Annotated[str, word("printed", "tests"), "how likely an error is noticed"]
    epsilon: Epsilon

    def proof(self) -> dict[str, Any]:
        """Return a point and multipliers of the linear program."""
        return protocol.margin(self.analysis, self.epsilon)


class SelectionBias(Computation, tag="selection-bias"):
    """The bias of one of 2^n fair outcomes that bits pick, leaning on them."""

    n: Annotated[int, whole(0, 4), "number of bits"]
    epsilon: Epsilon


class SelectionSlope(Computation, tag="selection-slope"):
    """The selection bias of many bits over epsilon, as epsilon tends to 0."""

    terms: Annotated[int, whole(0, 12), "terms of the series that are added up"]


class SelectionWeight(Computation, tag="selection-weight"):
    """The largest probability with which n bits pick one of some strings."""

    n: Annotated[int, whole(0, 7), "number of bits"]
    count: Annotated[int, whole(0, 128), "number of strings, at most 2^n"]
    epsilon: Epsilon


class LeastBias(Computation, tag="least-bias"):
    """The smallest bias, over all functions of n bits to one bit, that a source can force."""

    n: Annotated[int, whole(0, 4), "number of bits"]
    epsilon: Epsilon


class FunctionBias(Computation, tag="function-bias"):
    """The bias that a source forces on a function of n bits."""

    function: Annotated[str, word("parity", "majority", "inner-product"), "of all bits, or of two halves"]
    n: Annotated[int, whole(1, 14), "number of bits"]
    epsilon: Epsilon


class IndependentInnerProduct(Computation, tag="independent-inner-product"):
    """The largest bias of x.y mod 2 for two sources of n bits each, independent given w."""

    n: Annotated[int, whole(1, 4), "number of bits of each source"]
    epsilon: Epsilon


class CopiedInnerProduct(Computation, tag="copied-inner-product"):
    """The bias of x.y mod 2 for n copies of the four-term state."""

    one: Annotated[str, word("up", "down"), "the outcome read as 1"]
    n: Annotated[int, whole(1, 64), "number of copies"]
    epsilon: Epsilon


class FourTermState(Computation, tag="four-term-state"):
    """How far a bit of the four-term state is from fair, given the bits before it."""

    order: Annotated[str, word("1 first", "2 first"), "which bit is first"]
    bit: Annotated[int, whole(1, 2), "which bit"]
    epsilon: Epsilon


class Signalling(Computation, tag="signalling"):
    """The largest distance of P(X|A=0) from P(X|A=1) if the setting A is eps-free given X."""

    epsilon: Epsilon

    def proof(self) -> dict[str, Any]:
        """Return the model P(a, x): A and X are bits here, more values do not help."""
        p, q = str((HALF + self.epsilon) / 2), str((HALF - self.epsilon) / 2)
        return {"joint": [[p, q], [q, p]]}


class MarkovStep(Computation, tag="markov-step"):
    """The largest P(D >= level) of a D >= 0 with the mean delta."""

    delta: Annotated[Fraction, number(0, HALF), "the mean"]
    level: Annotated[Fraction, number(Fraction(1, 10**9), HALF), "the level"]


class MissingEdge(Computation, tag="missing-edge"):
    """D - I_N/(2 q_N) at (a, b) = (0, 1) for a model, with q_N over the edges as printed or all."""

    size: Annotated[int, whole(2, 6), "number of settings"]
    weight: Annotated[Fraction, number(Fraction(1, 10**6), HALF), "P(w = 0) at (a0, b0)"]
    edges: Annotated[str, word("printed", "all"), "over which edges the minimum is taken"]

    def proof(self) -> dict[str, Any]:
        """Return the model by w: P(w|ab), fair except at (a0, b0), and the boxes.

        w = 0: X = Y = +1 always; w = 1: unbiased, no error on any edge.
        """
        count, last = self.size**2, self.size - 1
        given = [
            [str(x if s == last else HALF) for s in range(count)] for x in (self.weight, 1 - self.weight)
        ]
        half, equal = str(HALF), ["1", "0", "0", "0"]
        other = [["0", half, half, "0"] if s == last else [half, "0", "0", half] for s in range(count)]
        return {"given": given, "boxes": [[equal] * count, other]}


VALUES: tuple[type[Computation], ...] = (
    TestProbability,
    DetectionRatio,
    HonestBits,
    OutputBias,
    ExponentMargin,
    SelectionBias,
    SelectionSlope,
    SelectionWeight,
    LeastBias,
    FunctionBias,
    IndependentInnerProduct,
    CopiedInnerProduct,
    FourTermState,
    Signalling,
    MarkovStep,
    MissingEdge,
)
