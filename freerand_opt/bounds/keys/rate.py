r"""Rates of keys: an output's entropy less what error correction tells of it.

.. math:: r \ge H(\tilde A|x, E) - H(\tilde A|B, xy), \qquad H(A|B) \le h(Q)

(Devetak and Winter, quant-ph/0306078), both sides certified; with noise A~ is A flipped (arXiv:2005.13015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.checker.entropies import entropy_above
from freerand_opt.checker.logs import ln_above
from freerand_opt.checker.numbers import Number, enclose, sign
from freerand_opt.errors import InputError
from freerand_opt.model.problem import joint
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import number
from freerand_opt.model.tables.text import shown
from freerand_opt.numbers.kernel import kernel_number

#: ln 2 from below and from above.
LN2, LN2_ABOVE = -ln_above(Fraction(1, 2)), ln_above(Fraction(2))
BITS = 160


@dataclass(frozen=True)
class KeyRate:
    """Bits of key for each round, at least: an entropy less what error correction tells of the output.

    `cost` is at least H(A|B), or h(Q), Q the probability that the other party's outcome differs. `most` is
    what explicit strategies leave of the rate: no proof shows more (None: none were found, or not asked).
    """

    entropy: Fraction
    cost: Fraction
    most: Fraction | None = None

    @property
    def lower(self) -> Fraction:
        """Return the certified rate, negative where no key is left."""
        return self.entropy - self.cost


def key_rate(entropy: Result | Fraction, error: Any = None, *, noise: Any = 0) -> KeyRate:
    """Return the rate of keys H(A|x, E) - H(A|B), certified.

    `entropy` is an answer, or bits of a `Tradeoff`. `error` is Q in [0, 1/2], before the output is flipped:
    h(Q) is subtracted; or a Question (left out: an answer's own): H(A|B) is subtracted, of the behaviour that
    it observes at the settings asked about. The noise of a question counts. Raise InputError if there is no
    lower end, no behaviour, or an average was asked.
    """
    asked = error if isinstance(error, Question) else None
    if isinstance(entropy, Result):
        if entropy.quantity != ENTROPY:
            raise InputError("entropy", f"this is an answer about {entropy.quantity}; an entropy is needed")
        asked, noise = asked or entropy.question, entropy.question.ask.noise or noise
    found = entropy.bracket.lower if isinstance(entropy, Result) else entropy
    if found is None:
        raise InputError("entropy", "it has no lower end")
    if error is not None and not isinstance(error, Question):
        least, cost = binary_entropy(error, noise=noise)
    elif asked is None:
        raise InputError("error", "is missing; bits alone do not say what the other party sees")
    else:
        least, cost = error_correction(asked)
    above = entropy.bracket.upper if isinstance(entropy, Result) else None
    most = None if above is None else enclose(kernel_number(above), BITS)[1] - least
    return KeyRate(enclose(kernel_number(found), BITS)[0], cost, most)


def binary_entropy(error: Any, *, noise: Any = 0) -> tuple[Fraction, Fraction]:
    """Return h of an error that is flipped with a probability, in bits, from below and from above.

    Raise InputError outside [0, 1/2].
    """
    read = number(rational=False)
    q, flips = kernel_number(read.read(error, "error")), number(0, Fraction(1, 2)).read(noise, "noise")
    if sign(q) < 0 or sign(q - Fraction(1, 2)) > 0:
        raise InputError("error", f"{shown(error)}: a probability in [0, 1/2] is needed")
    q = q * (1 - 2 * Fraction(flips)) + Fraction(flips)
    return _entropy_below([q, 1 - q]) / LN2_ABOVE, entropy_above([q, 1 - q]) / LN2


def error_correction(question: Question) -> tuple[Fraction, Fraction]:
    r"""Return :math:`H(\tilde A B) - H(B)` in bits from both sides, of what is observed where it is asked."""
    problem = question.problem()
    ask, rows = problem.ask, question.observed.rows(question.scenario)
    row = None if rows is None or ask.at is None else rows(ask.at)
    if not ask.side or row is None:
        raise InputError("error", "is missing; else an entropy at fixed settings and a behaviour are needed")
    others = [p for p in range(len(problem.settings)) if p not in ask.of]
    sizes = [problem.outcomes[p] for p in others]
    both: dict[tuple[int, int], Number] = {}
    theirs: dict[int, Number] = {}
    for outcome, value, chance in zip(problem.joint_outcomes, problem.outputs(), row, strict=True):
        seen, p = joint([outcome[k] for k in others], sizes), kernel_number(chance)
        theirs[seen] = theirs.get(seen, Fraction(0)) + p
        for used in range(ask.count):
            if passed := ask.chance(used, value):
                both[used, seen] = both.get((used, seen), Fraction(0)) + p * passed
    below = (_entropy_below(both.values()) - entropy_above(theirs.values())) / LN2_ABOVE
    above = (entropy_above(both.values()) - _entropy_below(theirs.values())) / LN2
    return max(below, Fraction(0)), max(above, Fraction(0))


def _entropy_below(chances: Iterable[Number]) -> Fraction:
    """Return at most the sum of -p ln p, concave in p: the less at the ends of what encloses p."""
    ends = ([min(max(x, Fraction(0)), Fraction(1)) for x in enclose(p, BITS)] for p in chances)
    return sum((min(-x * ln_above(x) if x else Fraction(0) for x in both) for both in ends), Fraction(0))


def positive_up_to(
    rate: Callable[[Fraction], Any], first: Any, last: Any, *, width: Any = "1/100000"
) -> tuple[Fraction, Fraction]:
    """Return (a, b) at most `width` apart: the certified rate is positive at a, and is not at b.

    `rate` maps a fraction to a `KeyRate` or a number of bits; it is halved between `first`, where it must be
    positive, and `last`, where it must not, on either side. What is certified is that a key is left at a.
    """
    ends = [number().read(x, "between") for x in (first, last)]
    a, b, least = (Fraction(str(x)) for x in (*ends, number(above=Fraction(0)).read(width, "width")))
    if not _bits(rate(a)) > 0 >= _bits(rate(b)):
        raise InputError("between", "the rate is positive at the first end and not at the second")
    while abs(b - a) > least:
        middle = ((a + b) / 2).limit_denominator(4 * int(1 / least))
        a, b = (middle, b) if _bits(rate(middle)) > 0 else (a, middle)
    return a, b


def _bits(rate: Any) -> Any:
    return rate.lower if isinstance(rate, KeyRate) else rate
