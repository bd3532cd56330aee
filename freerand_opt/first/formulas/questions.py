r"""Closed forms that claims are held against; each is one function of the question, exact.

Epsilon is Colbeck and Renner's (0 perfect, 1/2 useless); r = log2 N bits choose each setting.
I_N stands for the score of the test.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from freerand_opt.first.formulas.parties import ghz_monogamy
from freerand_opt.first.model.functional import Functional, chained, chsh, mermin, mermin_errors
from freerand_opt.first.model.local_errors import LocalErrors, best_model
from freerand_opt.first.model.question import Question
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import Mutual, PerParty, SanthaVazirani, Uniform
from freerand_opt.numbers.exact import Exact, compare, cos_pi, log2, root, sqrt


def _epsilon(question: Question) -> Fraction:
    """Return epsilon of a Santha-Vazirani or mutual source, 0 of uniform settings; ValueError else."""
    if isinstance(question.source, SanthaVazirani | Mutual):
        return question.source.epsilon
    if isinstance(question.source, Uniform):
        return Fraction(0)
    raise ValueError("the formula is about a source of kind santha-vazirani, mutual or uniform")


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
    """Return (1 - I_N^(1/m))/2, from which epsilon on local models reach I_N; m = 2r bits are imperfect.

    If one party's settings are uniform m = r (docs/proofs/chained-local-model.md and thresholds.md;
    arXiv:1105.3195, limitation of chained correlations).
    """
    source = question.source
    imperfect = _bits(question)
    if isinstance(source, PerParty):
        sizes = zip(question.scenario.settings, source.parts, strict=True)
        imperfect = sum(n.bit_length() - 1 for n, part in sizes if isinstance(part, SanthaVazirani))
    return (1 - root(_score(question), imperfect)) / 2


def chained_local_threshold_bits(question: Question) -> Exact:
    """Return log2((2N-1) N^2 / (2N - I_N)), the min-entropy up to which local models reach I_N.

    docs/proofs/thresholds.md; the settings are uniform on average.
    """
    n = question.scenario.settings[0]
    return -log2((2 * n - _score(question)) / (n * n * (2 * n - 1)))


def chained_local_threshold_lower(question: Question) -> Exact:
    """Return I_N/N^2, the bound l <= P(ab|w) up to which local models reach I_N.

    docs/proofs/thresholds.md; the settings are uniform on average.
    """
    return _score(question) / question.scenario.settings[0] ** 2


def chsh_local_score(question: Question) -> Exact:
    """Return 4 - 8 (1/2 - eps)^2, the largest CHSH score of local models."""
    return 4 - 8 * (Fraction(1, 2) - _epsilon(question)) ** 2


def _mermin_exponent(question: Question) -> int:
    """Return m if local models break the three-party Mermin relations with weight (1-2 eps)^m at least."""
    source = question.source
    if question.scenario.settings != (2, 2, 2):
        raise ValueError("the formula is about three parties with two settings each")
    if isinstance(source, SanthaVazirani):
        return 3
    if isinstance(source, PerParty):
        return min(2, sum(isinstance(part, SanthaVazirani) for part in source.parts))
    raise ValueError("the formula is about a source of kind santha-vazirani, independent or mixture")


def mermin_local_score(question: Question) -> Exact:
    r"""Return the largest three-party Mermin score of local models, 4 - 2 x.

    x = (1-2 eps)^3 for bits in one time order, 4/(1 + 3 rho^2) with rho = (1+2 eps)/(1-2 eps) if
    mutually free, (1-2 eps)^2 if independent given W, one party free or none, and 1 - 2 eps if two
    parties are free (docs/proofs/thresholds.md); settings uniform on average.
    """
    if isinstance(question.source, Mutual):
        ratio = (1 + 2 * _epsilon(question)) / (1 - 2 * _epsilon(question))
        return 4 - 8 / (1 + 3 * ratio**2)
    parts = question.source.parts if isinstance(question.source, PerParty) else (question.source,)
    values = {part.epsilon for part in parts if isinstance(part, SanthaVazirani)}
    if len(values) != 1:
        raise ValueError("the formula needs one epsilon for all imperfect parties")
    return 4 - 2 * (1 - 2 * values.pop()) ** _mermin_exponent(question)


def mermin_local_threshold(question: Question) -> Exact:
    """Return the epsilon from which on local models reach a Mermin score (`mermin_local_score`)."""
    broken = (4 - _score(question, mermin)) / 2
    if isinstance(question.source, Mutual):
        ratio = sqrt((4 / broken - 1) / 3)
        return (ratio - 1) / (ratio + 1) / 2
    return (1 - root(broken, _mermin_exponent(question))) / 2


def chsh_guess(question: Question) -> Exact:
    """Return 3/2 - S/4, the no-signalling guess of one outcome given S >= 2 (arXiv:0911.3427)."""
    return Fraction(3, 2) - _score(question, chsh) / 4


def chained_guess(question: Question) -> Exact:
    """Return (1 + I_N)/2, the no-signalling guess of one outcome given I_N <= 1."""
    return (1 + _score(question)) / 2


def chained_quantum_score(question: Question) -> Exact:
    """Return 2N sin^2(pi/4N) = N (1 - cos(pi/2N)), the smallest quantum I_N (Wehner, quant-ph/0510076)."""
    n = question.scenario.settings[0]
    return n * (1 - cos_pi(Fraction(1, 2 * n)))


def chsh_quantum_guess(question: Question) -> Exact:
    """Return 1/2 + sqrt(2 - S^2/4)/2, quantum devices and score S (arXiv:0911.3427, Eq. 3)."""
    score = _score(question, chsh)
    return Fraction(1, 2) + sqrt(2 - score * score / 4) / 2


def mermin_quantum_guess(question: Question) -> Exact:
    r"""Return the largest quantum guess of one outcome given the score M of three parties.

    1/2 + sqrt(M (4 - M))/4 from M = 2 + sqrt 2 on, 1 + sqrt(2)/2 - M/4 from 2 sqrt 2 on, 1 below;
    relations broken with total weight v have M = 4 - 2v (docs/proofs/mermin-guess.md).
    """
    scenario = question.scenario
    if len(scenario.settings) != 3 or len(question.tests) != 1:
        raise ValueError("the formula needs three parties and one test")
    score = question.tests[0].score
    if question.tests[0].functional == mermin_errors(scenario):
        score = 4 - 2 * score
    elif question.tests[0].functional != mermin(scenario):
        raise ValueError("the formula needs a test of the functional mermin, or of relations")
    if compare(score, 2 + sqrt(Fraction(2))) >= 0:
        return Fraction(1, 2) + sqrt(score * (4 - score)) / 4
    return _smaller(Fraction(1), 1 + sqrt(Fraction(2)) / 2 - score / 4)


def ghz_local_errors(question: Question) -> Exact:
    """Return the least joint probability of a broken GHZ relation over local models, free settings.

    (1/2 - eps)^3 for three parties (model/local_errors.py). A's bit comes first.
    """
    return best_model(LocalErrors(len(question.scenario.settings), _epsilon(question))).weight


def ghz_robust(question: Question) -> Fraction:
    """Return a fraction just below K M/(M-1) + 2 v, v the total violation that is allowed.

    Conjectured to bound every sum of biases (docs/proofs/conjecture-1.md, section 7).
    """
    if question.relations is None or question.ask.quantity != "sum-of-biases":
        raise ValueError("this formula is about sums of biases of named parties under relations")
    return ghz_monogamy(len(question.scenario.settings)) + 2 * question.relations.violated


NAMED: dict[str, Callable[[Question], Exact]] = {
    "lemma-1": lemma_1,
    "chained-leakage": chained_leakage,
    "averaged-leakage": averaged_leakage,
    "chained-local-score": chained_local_score,
    "chained-local-threshold": chained_local_threshold,
    "chained-local-threshold-bits": chained_local_threshold_bits,
    "chained-local-threshold-lower": chained_local_threshold_lower,
    "mermin-local-threshold": mermin_local_threshold,
    "mermin-local-score": mermin_local_score,
    "ghz-local-errors": ghz_local_errors,
    "ghz-robust": ghz_robust,
    "chsh-local-score": chsh_local_score,
    "chsh-guess": chsh_guess,
    "chained-guess": chained_guess,
    "chained-quantum-score": chained_quantum_score,
    "chsh-quantum-guess": chsh_quantum_guess,
    "mermin-quantum-guess": mermin_quantum_guess,
}
