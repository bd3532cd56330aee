"""Closed forms of entropies: CHSH, a quantum adversary or one who holds W alone."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.reading import score
from freerand_opt.model.question import Question
from freerand_opt.numbers.exact import Exact, log2, sqrt


def chsh_entropy(question: Question) -> Exact:
    """Return 1 - h(1/2 + sqrt(S^2/4 - 1)/2), quantum devices and score S (arXiv:quant-ph/0702152).

    With noise q h(1/2 + sqrt(1 - q (1 - q) (8 - S^2))/2) is added (arXiv:2005.13015).
    """
    return entropy_at(score(question, "chsh")[0], question.ask.noise)


def entropy_at(found: Exact, noise: Fraction = Fraction(0)) -> Exact:
    """Return the closed form at a score of at least 2."""
    sure = (1 + sqrt(found * found / 4 - 1)) / 2
    mixed = (1 + sqrt(1 - noise * (1 - noise) * (8 - found * found))) / 2
    return Fraction(1) - _binary(sure) + _binary(mixed)


def _binary(p: Exact) -> Exact:
    """Return h(p) in bits."""
    return -p * log2(p) - (1 - p) * log2(1 - p) if p not in (0, 1) else Fraction(0)


def chsh_shannon_entropy(question: Question) -> Exact:
    """Return S/2 - 1: a box of Popescu and Rohrlich with this weight, else outcomes that W tells.

    With noise q these leave h(q).
    """
    weight = score(question, "chsh")[0] / 2 - 1
    return weight + (1 - weight) * _binary(question.ask.noise)
