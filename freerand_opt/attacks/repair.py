r"""Equalities of an attack met exactly: a little of other boxes is mixed in.

Weights are chosen on rounded tables, so sums that must be equal to a number miss it by about 2^-32.
With boxes of weights t the sums become

.. math:: (1 - \sum_i t_i)\, a_j + \sum_i t_i v_{ij} = b_j, \qquad t \ge 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from freerand_opt.certificates.attack import Strategy
from freerand_opt.certificates.worth import condition_values
from freerand_opt.model.question import Question
from freerand_opt.programs.boxes import Box
from freerand_opt.programs.moments import operators
from freerand_opt.programs.word_means import Word


def priced_words(question: Question, charges: Sequence[float], weight: float) -> list[tuple[float, Word]]:
    """Return the words of all conditions with what they earn at these charges, for a weight P(w)."""
    found: list[tuple[float, Word]] = []
    for condition, charge in zip(question.adversary.moments, charges, strict=True):
        sign = 1 if condition.relation == ">=" else -1
        for name, factor in condition.terms:
            found.append((sign * charge * float(factor) * weight, operators(question.scenario, name)))
    return [(factor, word) for factor, word in found if factor]


def repaired(question: Question, attack: tuple[Strategy, ...], boxes: Sequence[Box]) -> tuple[Strategy, ...]:
    """Return the attack with all conditions on moments that are equalities met; as it was if that fails.

    What is mixed in has the attack's own distribution of settings. Tests are not repaired.
    """
    equal = [k for k, held in enumerate(question.adversary.moments) if held.relation == "="]
    bounds = [question.adversary.moments[k].bound for k in equal]
    fractions = [bound for bound in bounds if isinstance(bound, Fraction)]
    if not equal or not attack or len(fractions) < len(equal):
        return attack
    values = {box: condition_values(question, box) for box in boxes}
    reached = [sum((s.weight * values[s.box][k] for s in attack), Fraction(0)) for k in equal]
    misses = [bound - value for bound, value in zip(fractions, reached, strict=True)]
    if not any(misses):
        return attack
    rows = [[values[box][k] - value for box in boxes] for k, value in zip(equal, reached, strict=True)]
    scale = max(map(abs, misses))
    right = [float(miss / scale) for miss in misses]
    from scipy.optimize import linprog

    found = linprog(np.ones(len(boxes)), A_eq=np.array(rows, dtype=float), b_eq=right, method="highs-ds")
    if found.status != 0:
        return attack
    chosen = np.argsort(-found.x)[: len(equal)].tolist()
    shares = _solved([[row[i] for i in chosen] for row in rows], misses)
    if shares is None or min(shares) < 0 or sum(shares) > 1:
        return attack
    total = sum(shares, Fraction(0))
    masses = [sum(column, Fraction(0)) for column in zip(*(s.masses for s in attack), strict=True)]
    kept = [Strategy(tuple(mass * (1 - total) for mass in s.masses), s.box) for s in attack]
    more = [
        Strategy(tuple(mass * share for mass in masses), boxes[i])
        for i, share in zip(chosen, shares, strict=True)
        if share
    ]
    return (*kept, *more)


def _solved(rows: list[list[Fraction]], right: Sequence[Fraction]) -> list[Fraction] | None:
    """Return the solution of a small square system, or None if it has not exactly one."""
    held = [[*row, value] for row, value in zip(rows, right, strict=True)]
    size = len(held)
    for k in range(size):
        pivot = next((i for i in range(k, size) if held[i][k]), None)
        if pivot is None:
            return None
        held[k], held[pivot] = held[pivot], held[k]
        held[k] = [value / held[k][k] for value in held[k]]
        for i in range(size):
            if i != k and held[i][k]:
                held[i] = [x - held[i][k] * y for x, y in zip(held[i], held[k], strict=True)]
    return [row[-1] for row in held]
