r"""Closed forms of chained correlations; CHSH is the chain of two settings.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless); r = log2 N bits choose each setting, and I_N is
the score of the test.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.reading import bits, epsilon, imperfect, score
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, compare, cos_pi, log2, root, sqrt


def smaller(x: Exact, y: Exact) -> Exact:
    """Return the smaller number."""
    return x if compare(x, y) <= 0 else y


def lemma_1(question: Question) -> Exact:
    r"""Return I_N/2 ((1+2 eps)/(1-2 eps))^(2r), which bounds the trace distance at any settings.

    Uniform observed settings (arXiv:1105.3195, Lemma 1 and Theorem 1; docs/proofs/chained-leakage.md).
    """
    ratio = (1 + 2 * epsilon(question)) / (1 - 2 * epsilon(question))
    return _chained(question) / 2 * ratio ** bits(question)


def chained_leakage(question: Question) -> Exact:
    r"""Return the largest trace distance at fixed settings under the test I_N <= I, exactly.

    With f(t) = min((1+2 eps) t, 2 eps + (1-2 eps) t) and t = min(1, I/(1-2 eps)^(2r)) it is half
    of f applied 2r times to t; equal to `lemma_1` as long as that is at most (1+2 eps)/4
    (docs/proofs/chained-leakage.md).
    """
    eps, count = epsilon(question), bits(question)
    t = smaller(Fraction(1), _chained(question) / (1 - 2 * eps) ** count)
    for _ in range(count):
        t = smaller((1 + 2 * eps) * t, 2 * eps + (1 - 2 * eps) * t)
    return t / 2


def averaged_leakage(question: Question) -> Exact:
    r"""Return min(1/2, I_N / (2 (1-2 eps)^(2r))), the largest trace distance on average.

    The adversary is told the settings, which are uniform on average (docs/proofs/averaged-lemma.md).
    """
    return smaller(Fraction(1, 2), _chained(question) / 2 / (1 - 2 * epsilon(question)) ** bits(question))


def chained_local_score(question: Question) -> Exact:
    """Return (1-2 eps)^(2r), the smallest I_N of local models (docs/proofs/chained-local-model.md)."""
    return (1 - 2 * epsilon(question)) ** bits(question)


def chained_local_threshold(question: Question) -> Exact:
    """Return (1 - I_N^(1/m))/2, from which epsilon on local models reach I_N; m = 2r bits are imperfect.

    If one party's settings are uniform m = r (docs/proofs/chained-local-model.md and thresholds.md;
    arXiv:1105.3195, limitation of chained correlations).
    """
    sizes = question.scenario.settings
    count = sum(sizes[party].bit_length() - 1 for party in imperfect(question))
    return (1 - root(_chained(question), count)) / 2


def chained_local_threshold_bits(question: Question) -> Exact:
    """Return log2((2N-1) N^2 / (2N - I_N)), the min-entropy up to which local models reach I_N.

    docs/proofs/thresholds.md; the settings are uniform on average.
    """
    n = question.scenario.settings[0]
    return -log2((2 * n - _chained(question)) / (n * n * (2 * n - 1)))


def chained_local_threshold_lower(question: Question) -> Exact:
    """Return I_N/N^2, the bound l <= P(ab|w) up to which local models reach I_N.

    docs/proofs/thresholds.md; the settings are uniform on average.
    """
    return _chained(question) / question.scenario.settings[0] ** 2


def chained_guess(question: Question) -> Exact:
    """Return (1 + I_N)/2, the no-signalling guess of one outcome given I_N <= 1."""
    return (1 + _chained(question)) / 2


def chained_quantum_score(question: Question) -> Exact:
    """Return 2N sin^2(pi/4N) = N (1 - cos(pi/2N)), the smallest quantum I_N (Wehner, quant-ph/0510076)."""
    n = question.scenario.settings[0]
    return n * (1 - cos_pi(Fraction(1, 2 * n)))


def chsh_local_score(question: Question) -> Exact:
    """Return 4 - 8 (1/2 - eps)^2, the largest CHSH score of local models."""
    return 4 - 8 * (Fraction(1, 2) - epsilon(question)) ** 2


def chsh_guess(question: Question) -> Exact:
    """Return 3/2 - S/4, the no-signalling guess of one outcome given S >= 2 (arXiv:0911.3427)."""
    return Fraction(3, 2) - score(question, "chsh")[0] / 4


def chsh_quantum_guess(question: Question) -> Exact:
    """Return 1/2 + sqrt(2 - S^2/4)/2, quantum devices and score S (arXiv:0911.3427, Eq. 3)."""
    found = score(question, "chsh")[0]
    return Fraction(1, 2) + sqrt(2 - found * found / 4) / 2


def _chained(question: Question) -> Exact:
    return score(question, "chained")[0]
