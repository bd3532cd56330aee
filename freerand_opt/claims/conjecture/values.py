"""Computations whose answer is a number, or bounds on one; the checker derives each another way."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from freerand_opt.claims.conjecture import bits as trees
from freerand_opt.claims.conjecture import freeness, protocol
from freerand_opt.claims.conjecture.computation import (
    ENCODING,
    HALF,
    ORDER,
    Computation,
    Ends,
    Epsilon,
    whole,
)
from freerand_opt.model.kinds import number, word
from freerand_opt.numbers.exact import Exact


def _exactly(value: Exact) -> Ends:
    return Ends(value, value)


class TestProbability(Computation, tag="test-probability"):
    """The largest or smallest probability that a round is a test, N = 2^r settings a side."""

    __test__ = False  # pytest does not collect it

    r: Annotated[int, whole(1, 5), "log2 of the number of settings"]
    order: Annotated[str, ORDER, "whose bit comes when"]
    bits: Annotated[str, ENCODING, "how bits are a setting's number"]
    extreme: Annotated[str, word("largest", "smallest"), "which probability"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the probability."""
        return _exactly(protocol.test_probability(self.r, self.order, self.bits, self.extreme, self.epsilon))


class DetectionRatio(Computation, tag="detection-ratio"):
    """The smallest P(e|w)/P(T|w) over edges e and sources: what an error on e alone is detected with."""

    r: Annotated[int, whole(1, 5), "log2 of the number of settings"]
    order: Annotated[str, ORDER, "whose bit comes when"]
    bits: Annotated[str, ENCODING, "how bits are a setting's number"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the ratio."""
        ratio = protocol.detection_ratio(self.r, self.order, self.bits, self.epsilon)
        return Ends(ratio, ratio, {"ratio": [str(ratio)]})


class HonestBits(Computation, tag="honest-bits"):
    """-log2 of the probability that honest devices pass all tests."""

    r: Annotated[int, whole(1, 400), "log2 of the number of settings"]
    m: Annotated[Fraction, number(1, 4), "the number of rounds is N^m, or of test rounds N^(m-1)"]
    protocol: Annotated[str, word("printed", "repaired"), "N^m rounds, or N^(m-1) test rounds"]

    def ends(self) -> Ends:
        """Return the number of bits; raise ValueError if m r has a denominator above 99."""
        return _exactly(protocol.honest_bits(self.r, self.m, self.protocol))


class OutputBias(Computation, tag="output-bias"):
    """An upper bound on the output's bias together with no abort, at finite N."""

    r: Annotated[int, whole(1, 200), "log2 of the number of settings"]
    m: Annotated[Fraction, number(1, 4), "the number of test rounds is N^(m-1)"]
    i: Annotated[Fraction, number(0, 3), "a round is bad if its chained value exceeds 2 N^-i"]
    analysis: Annotated[str, word("printed", "tests", "majorised"), "which bounds are put together"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bound with the number k of bad rounds at which it is taken."""
        upper, k = protocol.output_bias(self.r, self.m, self.i, self.analysis, self.epsilon)
        return Ends(None, upper, {"k": [str(k)]})


class ExponentMargin(Computation, tag="exponent-margin"):
    """The largest t with N^-t room in every step of the proof of Theorem 2."""

    analysis: Annotated[str, word("printed", "tests"), "how likely an error is noticed"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return bounds with a point and multipliers of the linear program."""
        return protocol.margin(self.analysis, self.epsilon)


class SelectionBias(Computation, tag="selection-bias"):
    """The bias of one of 2^n fair outcomes that bits pick, leaning on them."""

    n: Annotated[int, whole(0, 4), "number of bits"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bias."""
        return _exactly(trees.selection_bias(self.n, self.epsilon))


class SelectionSlope(Computation, tag="selection-slope"):
    """The selection bias of many bits over epsilon, as epsilon tends to 0."""

    terms: Annotated[int, whole(0, 12), "terms of the series that are added up"]

    def ends(self) -> Ends:
        """Return bounds."""
        return Ends(*trees.selection_slope(self.terms))


class SelectionWeight(Computation, tag="selection-weight"):
    """The largest probability with which n bits pick one of some strings."""

    n: Annotated[int, whole(0, 7), "number of bits"]
    count: Annotated[int, whole(0, 128), "number of strings, at most 2^n"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the probability."""
        if self.count > 2**self.n:
            raise ValueError(f"{self.n} bits have {2**self.n} strings, not {self.count}")
        return _exactly(trees.heaviest(self.n, self.count, self.epsilon))


class LeastBias(Computation, tag="least-bias"):
    """The smallest bias, over all functions of n bits to one bit, that a source can force."""

    n: Annotated[int, whole(0, 4), "number of bits"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bias."""
        return _exactly(trees.least_bias(self.n, self.epsilon))


class FunctionBias(Computation, tag="function-bias"):
    """The bias that a source forces on a function of n bits."""

    function: Annotated[str, word("parity", "majority", "inner-product"), "of all bits, or of two halves"]
    n: Annotated[int, whole(1, 14), "number of bits"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bias."""
        return _exactly(trees.function_bias(self.function, self.n, self.epsilon))


class IndependentInnerProduct(Computation, tag="independent-inner-product"):
    """The largest bias of x.y mod 2 for two sources of n bits each, independent given w."""

    n: Annotated[int, whole(1, 4), "number of bits of each source"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bias."""
        return _exactly(trees.independent_inner_product(self.n, self.epsilon))


class CopiedInnerProduct(Computation, tag="copied-inner-product"):
    """The bias of x.y mod 2 for n copies of the four-term state."""

    one: Annotated[str, word("up", "down"), "the outcome read as 1"]
    n: Annotated[int, whole(1, 64), "number of copies"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the bias."""
        return _exactly(trees.copied_inner_product(self.one, self.n, self.epsilon))


class FourTermState(Computation, tag="four-term-state"):
    """How far a bit of the four-term state is from fair, given the bits before it."""

    order: Annotated[str, word("1 first", "2 first"), "which bit is first"]
    bit: Annotated[int, whole(1, 2), "which bit"]
    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the deviation."""
        return _exactly(freeness.four_term_state(self.order, self.bit, self.epsilon))


class Signalling(Computation, tag="signalling"):
    """The largest distance of P(X|A=0) from P(X|A=1) if the setting A is eps-free given X."""

    epsilon: Epsilon

    def ends(self) -> Ends:
        """Return the distance with a model."""
        return freeness.signalling(self.epsilon)


class MarkovStep(Computation, tag="markov-step"):
    """The largest P(D >= level) of a D >= 0 with the mean delta."""

    delta: Annotated[Fraction, number(0, HALF), "the mean"]
    level: Annotated[Fraction, number(Fraction(1, 10**9), HALF), "the level"]

    def ends(self) -> Ends:
        """Return the probability."""
        return _exactly(freeness.markov(self.delta, self.level))


class MissingEdge(Computation, tag="missing-edge"):
    """D - I_N/(2 q_N) at (a, b) = (0, 1) for a model, with q_N over the edges as printed or all."""

    size: Annotated[int, whole(2, 6), "number of settings"]
    weight: Annotated[Fraction, number(Fraction(1, 10**6), HALF), "P(w = 0) at (a0, b0)"]
    edges: Annotated[str, word("printed", "all"), "over which edges the minimum is taken"]

    def ends(self) -> Ends:
        """Return the difference with the model."""
        return freeness.missing_edge(self.size, self.weight, self.edges)


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
