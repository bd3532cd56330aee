r"""An entropy's lower bound for all scores at once, and rates of keys.

The prices m of a certificate's tests bound H for every behaviour with its observed settings:

.. math:: H \ge f(I) = \frac{a - \sum_k m_k I_k}{\ln 2} \text{ bits},

a and m exact (a min-tradeoff function; docs/proofs/entropies.md, 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.result import Result
from freerand_opt.certificates.number import kernel_number
from freerand_opt.checker.asked import Kept
from freerand_opt.checker.chords import by_nodes
from freerand_opt.checker.entropies import entropy_above
from freerand_opt.checker.failures import Work
from freerand_opt.checker.logs import ln_above
from freerand_opt.checker.numbers import Number, enclose, show, sign
from freerand_opt.checker.question import read_question
from freerand_opt.errors import InputError
from freerand_opt.model.kinds import number
from freerand_opt.model.quantities import ENTROPY

WORK = 10**10


@dataclass(frozen=True)
class Tradeoff:
    """H >= (constant - sum of prices times scores) / ln 2 bits, for every behaviour with these settings.

    `prices` are those of the question's tests, in their order; scores are what the tests compare. `noise` is
    the probability with which the output is flipped.
    """

    constant: Number
    prices: tuple[Fraction, ...]
    noise: Fraction = Fraction(0)

    def at(self, *scores: Any) -> Fraction:
        """Return the bound in bits at scores of the tests; raise InputError for another number of them."""
        if len(scores) != len(self.prices):
            raise InputError(
                "scores", f"{len(scores)} were given, and the question has {len(self.prices)} tests"
            )
        total = self.constant
        for price, score in zip(self.prices, scores, strict=True):
            total = total - _number(score, "scores") * price
        low = enclose(total, 160)[0]
        two = ln_above(Fraction(2)) if low >= 0 else -ln_above(Fraction(1, 2))
        return low / two

    def to_dict(self) -> dict[str, Any]:
        """Return the exact coefficients; the bound is (constant - sum of prices times scores) / ln 2."""
        return {
            "unit": "nats",
            "constant": show(self.constant),
            "prices": [str(price) for price in self.prices],
        }


def tradeoff(result: Result) -> Tradeoff:
    """Return an entropy's lower bound for all scores at once, read from its certificate and checked.

    Raise InputError for an answer without such a bound: another quantity, tests that keep probabilities, or
    a proof that uses outcomes which the tests forbid.
    """
    upper = result.document.get("upper")
    if result.quantity != ENTROPY or result.impossible or upper is None:
        raise InputError("result", "an entropy with a lower end is needed")
    q, work = read_question(result.document["question"], Work(WORK)), Work(WORK)
    if "nodes" not in upper:
        raise InputError(
            "result", "this entropy was bounded by extreme boxes; ask for quantum side information"
        )
    if '"zeros"' in result.certificate or any(isinstance(test, Kept) for test in q.tests):
        raise InputError("result", "tests of scores are needed that forbid no outcome")
    prices = [Fraction(0)] * len(q.tests)
    for node in upper["nodes"]:
        for k, price in enumerate(node["prices"]["tests"]):
            prices[k] += Fraction(price)
    total = -by_nodes(upper, q, work)
    for price, test in zip(prices, q.tests, strict=True):
        assert not isinstance(test, Kept)
        total = total + test.score * price
    return Tradeoff(total, tuple(prices), q.ask.noise)


@dataclass(frozen=True)
class KeyRate:
    """Bits of key for each round, at least: an entropy less what error correction tells of the output.

    `cost` is at least h(Q), Q the probability that the other party's outcome differs from what is used.
    """

    entropy: Fraction
    cost: Fraction

    @property
    def lower(self) -> Fraction:
        """Return the certified rate, negative where no key is left."""
        return self.entropy - self.cost


def key_rate(entropy: Result | Fraction, error: Any, *, noise: Any = 0) -> KeyRate:
    """Return the rate H(A|x, E) - h(error) of keys (Devetak and Winter, quant-ph/0306078), certified.

    `entropy` is an answer, or bits of a `Tradeoff`; error is in [0, 1/2], before the output is flipped: with
    noise q (of an answer that of its question; arXiv:2005.13015) h is taken at error + q - 2 q error.
    """
    q = noise if isinstance(entropy, Fraction) else entropy.question.ask.noise or noise
    found = entropy if isinstance(entropy, Fraction) else entropy.bracket.lower
    if found is None:
        raise InputError("entropy", "it has no lower end")
    return KeyRate(enclose(kernel_number(found), 160)[0], binary_entropy(error, noise=q))


def binary_entropy(error: Any, *, noise: Any = 0) -> Fraction:
    """Return at least h of an error that is flipped with a probability, in bits.

    Raise InputError outside [0, 1/2].
    """
    q, flips = _number(error, "error"), Fraction(number(0, Fraction(1, 2)).read(noise, "noise"))
    if sign(q) < 0 or sign(q - Fraction(1, 2)) > 0:
        raise InputError("error", "a probability of at most 1/2 is needed")
    q = q * (1 - 2 * flips) + flips
    return entropy_above([q, 1 - q]) / -ln_above(Fraction(1, 2))


def _number(raw: Any, where: str) -> Number:
    return kernel_number(number(rational=False).read(raw, where))


def positive_up_to(rate: Any, low: Any, high: Any, *, width: Any = "1/100000") -> tuple[Fraction, Fraction]:
    """Return (a, b), b - a at most `width`: the certified rate is positive at a, and is not at b.

    `rate` maps a fraction to a `KeyRate` or a number of bits; it is halved between `low` and `high`, where it
    must be positive and not positive. What is certified is that a key is left at a.
    """
    ends = [number().read(x, "between") for x in (low, high)]
    a, b, least = (Fraction(str(x)) for x in (*ends, number(above=Fraction(0)).read(width, "width")))
    if not _bits(rate(a)) > 0 >= _bits(rate(b)):
        raise InputError("between", "the rate is positive at the first end and not at the second")
    while b - a > least:
        middle = ((a + b) / 2).limit_denominator(4 * int(1 / least))
        a, b = (middle, b) if _bits(rate(middle)) > 0 else (a, middle)
    return a, b


def _bits(rate: Any) -> Any:
    return rate.lower if isinstance(rate, KeyRate) else rate
