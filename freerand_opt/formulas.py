r"""Closed forms that claims are held against; each is one function of the question, exact.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless); r = log2 N bits choose each setting.
I_N stands for the score of the test.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from freerand_opt.exact import Exact, compare, power, root
from freerand_opt.model.functional import Functional, chained, chsh
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.model.source import SanthaVazirani


def _epsilon(question: Question) -> Fraction:
    return question.source.epsilon if isinstance(question.source, SanthaVazirani) else Fraction(0)


def _bits(question: Question) -> int:
    return sum(size.bit_length() - 1 for size in question.scenario.settings)


def _score(question: Question, functional: Callable[[Scenario], Functional] = chained) -> Exact:
    """Return the score of the one test, which must be about this functional."""
    if len(question.tests) != 1 or question.tests[0].functional != functional(question.scenario):
        raise ValueError(f"the formula needs one test, with the functional {functional.__name__}")
    return question.tests[0].score


def _smaller(x: Exact, y: Exact) -> Exact:
    return x if compare(x, y) <= 0 else y


def lemma_1(question: Question) -> Exact:
    r"""Return I_N/2 ((1+2 eps)/(1-2 eps))^(2r), which bounds the trace distance at any settings.

    Uniform observed settings (arXiv:1105.3195, Lemma 1 and Theorem 1; docs/proofs/chained-leakage.md).
    """
    ratio = (1 + 2 * _epsilon(question)) / (1 - 2 * _epsilon(question))
    return _score(question) / 2 * ratio ** _bits(question)


def chained_leakage(question: Question) -> Exact:
    r"""Return the largest trace distance at fixed settings under the test I_N <= I, exactly.

    With f(t) = min((1+2 eps) t, 2 eps + (1-2 eps) t) and t = min(1, I/(1-2 eps)^(2r)) it is half
    of f applied 2r times to t; equal to `lemma_1` as long as that is at most (1+2 eps)/4
    (docs/proofs/chained-leakage.md).
    """
    epsilon, bits = _epsilon(question), _bits(question)
    t = _smaller(Fraction(1), _score(question) / (1 - 2 * epsilon) ** bits)
    for _ in range(bits):
        t = _smaller((1 + 2 * epsilon) * t, 2 * epsilon + (1 - 2 * epsilon) * t)
    return t / 2


def averaged_leakage(question: Question) -> Exact:
    r"""Return min(1/2, I_N / (2 (1-2 eps)^(2r))), the largest trace distance on average.

    The adversary is told the settings, which are uniform on average (docs/proofs/averaged-lemma.md).
    """
    return _smaller(Fraction(1, 2), _score(question) / 2 / (1 - 2 * _epsilon(question)) ** _bits(question))


def chained_local_score(question: Question) -> Exact:
    """Return (1-2 eps)^(2r), the smallest I_N of local models (docs/proofs/chained-local-model.md)."""
    return (1 - 2 * _epsilon(question)) ** _bits(question)


def chained_local_threshold(question: Question) -> Exact:
    """Return (1 - I_N^(1/2r))/2, from which epsilon on local models reach I_N.

    docs/proofs/chained-local-model.md; arXiv:1105.3195, limitation of chained correlations.
    """
    return (1 - root(_score(question), _bits(question))) / 2


def chsh_local_score(question: Question) -> Exact:
    """Return 4 - 8 (1/2 - eps)^2, the largest CHSH score of local models."""
    return 4 - 8 * (Fraction(1, 2) - _epsilon(question)) ** 2


def chsh_guess(question: Question) -> Exact:
    """Return 3/2 - S/4, the no-signalling guess of one outcome given S >= 2 (arXiv:0911.3427)."""
    return Fraction(3, 2) - _score(question, chsh) / 4


def chained_guess(question: Question) -> Exact:
    """Return (1 + I_N)/2, the no-signalling guess of one outcome given I_N <= 1."""
    return (1 + _score(question)) / 2


def theorem_2_exponent(epsilon: Fraction, m: Fraction, i: Fraction) -> Exact:
    r"""Return the exponent -(m+1) log2(1/2+eps) + 2 log2(1/2-eps) - (1+i) with M = N^m, I* = 2 N^-i.

    m = 299/100 and i = 1/100 are the constants of arXiv:1105.3195, proof of Theorem 2; decreasing
    in eps (docs/proofs/theorem-2-exponent.md).
    """
    from freerand_opt.exact import log2

    return -(m + 1) * log2(Fraction(1, 2) + epsilon) + 2 * log2(Fraction(1, 2) - epsilon) - (1 + i)


def theorem_1_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^2 - (1+2 eps)^2: positive iff the bound of Theorem 1 tends to 0 with N."""
    return 2 * (1 - 2 * epsilon) ** 2 - (1 + 2 * epsilon) ** 2


def averaged_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^2 - 1: positive iff the averaged leakage tends to 0 with N."""
    return 2 * power(1 - 2 * epsilon, 2) - 1


def free_fixed_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^4 - (1+2 eps)^4: positive iff I_N ((1+2 eps)/(1-2 eps))^(4r) tends to 0.

    Fixed settings, total test, free observed settings (docs/proofs/theorem-1-readings.md).
    """
    return 2 * (1 - 2 * epsilon) ** 4 - (1 + 2 * epsilon) ** 4


def free_edges_fixed_base(epsilon: Fraction) -> Exact:
    """Return 4 q^4 - p^3 with q, p = 1/2 -+ eps: fixed settings, each edge tested, free observed settings.

    docs/proofs/theorem-1-readings.md, statement 5.
    """
    return 4 * (Fraction(1, 2) - epsilon) ** 4 - (Fraction(1, 2) + epsilon) ** 3


def free_edges_averaged_base(epsilon: Fraction) -> Exact:
    """Return 4 q^2 - p with q, p = 1/2 -+ eps: averaged, or local; each edge tested, free observed settings.

    docs/proofs/theorem-1-readings.md, statement 4.
    """
    return 4 * (Fraction(1, 2) - epsilon) ** 2 - (Fraction(1, 2) + epsilon)


def half_entropy(fraction: Fraction) -> Exact:
    """Return 1/2 - h(fraction), h the binary entropy in bits; decreasing on [0, 1/2]."""
    from freerand_opt.exact import log2

    if fraction == 0:
        return Fraction(1, 2)
    return Fraction(1, 2) + fraction * log2(fraction) + (1 - fraction) * log2(1 - fraction)


def any_encoding_base(epsilon: Fraction, fraction: Fraction) -> Exact:
    r"""Return 1 - 2 (1 - t) log2((1+2 eps)/(1-2 eps)), t the root of `half_entropy`.

    Positive iff the error rate on edges stays out of reach of local models for every assignment of bit
    strings to settings (docs/proofs/theorem-1-readings.md, statement 6).
    """
    from freerand_opt.exact import log2

    return 1 - 2 * (1 - fraction) * log2((1 + 2 * epsilon) / (1 - 2 * epsilon))


def devices_like_sources_base(epsilon: Fraction) -> Exact:
    """Return 2 (1-2 eps)^12 - (1+2 eps)^12, whose root is the threshold printed in arXiv:1601.06455."""
    return 2 * (1 - 2 * epsilon) ** 12 - (1 + 2 * epsilon) ** 12


NAMED: dict[str, Callable[[Question], Exact]] = {
    "lemma-1": lemma_1,
    "chained-leakage": chained_leakage,
    "averaged-leakage": averaged_leakage,
    "chained-local-score": chained_local_score,
    "chained-local-threshold": chained_local_threshold,
    "chsh-local-score": chsh_local_score,
    "chsh-guess": chsh_guess,
    "chained-guess": chained_guess,
}
