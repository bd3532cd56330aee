r"""The trivial range of what is asked: no proof is needed that it does not leave it.

A guess of d values lies in [1/d, 1], a trace distance in [0, 1 - 1/d], a score between its algebraic ends

.. math:: \sum_s \pi_s \min_o c_{o,s}, \qquad \sum_s \pi_s \max_o c_{o,s},

with pi_s = 1 for a conditional functional, the known P(s) for a joint one. A bound below the range proves
that no strategy passes the tests.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model.functional import Functional
from freerand_opt.model.question import Question


def trivial_range(question: Question) -> tuple[Fraction, Fraction] | None:
    """Return (smallest, largest) of what a question's program maximises; None for a question of existence.

    The smallest score is asked for as the largest of its negative, a min-entropy as the guess.
    """
    ask = question.ask
    if ask.functional is not None:
        low, high = algebraic_ends(question, ask.functional)
        return (low, high) if ask.sign > 0 else (-high, -low)
    if ask.output is None:
        return None
    if ask.quantity == "sum-of-biases":
        assert ask.output.parties is not None
        most = Fraction(len(ask.output.parties))
        return -most, most
    even = Fraction(1, ask.output.count)
    return (Fraction(0), 1 - even) if ask.quantity == "trace-distance" else (even, Fraction(1))


def algebraic_ends(question: Question, functional: Functional) -> tuple[Fraction, Fraction]:
    """Return the smallest and the largest score of any distributions at all, signalling ones included."""
    outcomes, settings = question.scenario.shape
    rows: dict[int, list[Fraction]] = {}
    for o, s, factor in functional.terms:
        rows.setdefault(s, [Fraction(0)] * outcomes)[o] += factor
    if question.settings == "free" and functional.on == "joint":
        values = [value for row in rows.values() for value in row]
        values += [Fraction(0)] * (len(rows) < settings)
        return min(values), max(values)
    shares = setting_shares(question, functional.on)
    return (
        sum((shares[s] * min(row) for s, row in rows.items()), Fraction(0)),
        sum((shares[s] * max(row) for s, row in rows.items()), Fraction(0)),
    )


def setting_shares(question: Question, on: str) -> list[Fraction]:
    """Return the factor of each setting's part in a functional; a setting that never occurs has no part."""
    weights = question.setting_weights()
    if weights is None:
        return [Fraction(1)] * question.scenario.shape[1]
    return list(weights) if on == "joint" else [Fraction(weight > 0) for weight in weights]
