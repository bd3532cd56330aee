"""Closed forms of entropies: CHSH, a quantum adversary or one who holds W alone."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.reading import score
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, log2, sqrt


def chsh_entropy(question: Question) -> Exact:
    """Return 1 - h(1/2 + sqrt(S^2/4 - 1)/2), quantum devices and score S (arXiv:quant-ph/0702152)."""
    return entropy_at(score(question, "chsh")[0])


def entropy_at(found: Exact) -> Exact:
    """Return the closed form at a score of at least 2."""
    p = (1 + sqrt(found * found / 4 - 1)) / 2
    return Fraction(1) + p * log2(p) + (1 - p) * log2(1 - p) if found != 2 else Fraction(0)


def chsh_shannon_entropy(question: Question) -> Exact:
    """Return S/2 - 1: a box of Popescu and Rohrlich with this weight, else outcomes that W tells."""
    return score(question, "chsh")[0] / 2 - 1
