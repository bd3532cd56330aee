"""Closed forms of GHZ relations of M parties; epsilon is Colbeck and Renner's (0 perfect, 1/2 useless)."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.chained import smaller
from freerand_opt.claims.formulas.reading import epsilon, imperfect, kind, score
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, compare, root, sqrt


def _imperfect(question: Question) -> tuple[set[Fraction], int]:
    """Return every epsilon, and m: local models break the three-party relations with (1-2 eps)^m at least."""
    if question.scenario.settings != (2, 2, 2):
        raise ValueError("the formula is about three parties with two settings each")
    held = imperfect(question)
    return set(held.values()), 3 if kind(question.source) == "santha-vazirani" else min(2, len(held))


def mermin_local_score(question: Question) -> Exact:
    r"""Return the largest three-party Mermin score of local models, 4 - 2 x.

    x = (1-2 eps)^3 for bits in one time order, 4/(1 + 3 rho^2) with rho = (1+2 eps)/(1-2 eps) if
    mutually free, (1-2 eps)^2 if independent given W, one party free or none, and 1 - 2 eps if two
    parties are free (docs/proofs/thresholds.md); settings uniform on average.
    """
    if kind(question.source) == "mutual":
        ratio = (1 + 2 * epsilon(question)) / (1 - 2 * epsilon(question))
        return 4 - 8 / (1 + 3 * ratio**2)
    values, exponent = _imperfect(question)
    if len(values) != 1:
        raise ValueError("the formula needs one epsilon for all imperfect parties")
    return 4 - 2 * (1 - 2 * values.pop()) ** exponent


def mermin_local_threshold(question: Question) -> Exact:
    """Return the epsilon from which on local models reach a Mermin score (`mermin_local_score`)."""
    broken = (4 - score(question, "mermin")[0]) / 2
    if kind(question.source) == "mutual":
        ratio = sqrt((4 / broken - 1) / 3)
        return (ratio - 1) / (ratio + 1) / 2
    return (1 - root(broken, _imperfect(question)[1])) / 2


def mermin_quantum_guess(question: Question) -> Exact:
    r"""Return the largest quantum guess of one outcome given the score M of three parties.

    1/2 + sqrt(M (4 - M))/4 from M = 2 + sqrt 2 on, 1 + sqrt(2)/2 - M/4 from 2 sqrt 2 on, 1 below;
    relations broken with total weight v have M = 4 - 2v (docs/proofs/mermin-guess.md).
    """
    if len(question.scenario.settings) != 3:
        raise ValueError("the formula needs three parties")
    found, name = score(question, "mermin", "mermin-errors")
    found = found if name == "mermin" else 4 - 2 * found
    if compare(found, 2 + sqrt(Fraction(2))) >= 0:
        return Fraction(1, 2) + sqrt(found * (4 - found)) / 4
    return smaller(Fraction(1), 1 + sqrt(Fraction(2)) / 2 - found / 4)


def ghz_local_errors(question: Question) -> Exact:
    """Return the least joint probability of a broken GHZ relation over local models, free settings.

    (1/2 - eps)^3 for three parties (`conjecture.relations.LocalErrors`). A's bit comes first.
    """
    from freerand_opt.claims.conjecture.relations import LocalErrors

    least = LocalErrors(M=len(question.scenario.settings), epsilon=epsilon(question)).ends().lower
    assert least is not None
    return least


def ghz_monogamy(parties: int) -> Fraction:
    """Return a fraction just below K M/(M-1), which bounds every sum of biases (docs/proofs/conjecture-1.md).

    K = 1.3110287771... is half the lemniscate constant; the fraction is less than 2^-200 too small.
    """
    from freerand_opt.claims.conjecture.lemniscate import half_constant

    return half_constant(208)[0] * Fraction(parties, parties - 1)


def ghz_robust(question: Question) -> Exact:
    """Return a fraction just below K M/(M-1) + 2 v, v the total violation that is allowed.

    Conjectured to bound every sum of biases (docs/proofs/conjecture-1.md, section 7).
    """
    held = question.many()
    if held is None or held.whole or held.quantity != "sum-of-biases":
        raise ValueError("this formula is about sums of biases of named parties under relations")
    return ghz_monogamy(held.parties) + 2 * held.violated


def ghz_ratio(parties: int) -> Exact:
    """Return the ratio of the lemniscate's bounds for so many parties."""
    from freerand_opt.claims.conjecture.lemniscate import ratio

    return ratio(parties)


def wrong_inputs(parties: int) -> int:
    """Return the least number of inputs at which a deterministic model errs (Mermin, PRL 65, 1838, 1990)."""
    return ((1 << parties - 1) - (1 << parties // 2)) // 2
