r"""Scores of quantum devices with large moment matrices: sums of squares averaged over symmetries.

The chained functional has a known sum of squares for every N (Wehner, quant-ph/0510076): with the observables
:math:`C_0, .., C_{2N-1} = A_0, B_0, A_1, ..`, :math:`C_{2N} = -C_0` and :math:`s_j = \sin(j\pi/2N)`

.. math:: \frac12 \sum_k C_k C_{k+1} = N \cos\frac{\pi}{2N} - \frac14 \sum_{k=0}^{2N-3}
   \frac{s_{k+2}}{s_{k+1}} \Bigl( C_k - \frac{s_{k+1}}{s_{k+2}} C_{k+1}
   + \frac{s_1}{s_{k+2}} C_{2N-1} \Bigr)^2 .

Elsewhere the relaxation's blocks give polynomials whose squares, averaged over the group, prove the bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import pi, sin, sqrt
from typing import Any

import numpy as np

from freerand_opt.checker.asked import split
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import InputError
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.model.problem import Functional, Problem
from freerand_opt.programs.npa.matrix import MomentMatrix, moment_matrix
from freerand_opt.programs.symmetry.actions import action, full_words
from freerand_opt.programs.symmetry.candidates import candidates
from freerand_opt.programs.symmetry.generators import Generator

#: Entries of polynomials are integers over this.
UNIT = 2**64


def chain_form(problem: Problem) -> dict[str, Any] | None:
    """Return the upper end of a score that is a multiple of the chained game's, None of any other."""
    links = _chain(problem)
    if links is None:
        return None
    n, weight = problem.settings[0], links
    names = [f"{'AB'[k % 2]}{k // 2}" for k in range(2 * n)]
    s = [sin(min(j, 2 * n - j) * pi / (2 * n)) for j in range(2 * n)]
    blocks = []
    for k in range(2 * n - 2):
        root = sqrt(s[k + 2] / s[k + 1] * float(weight) / 2)
        factors = {k: root, k + 1: -root * s[k + 1] / s[k + 2]}
        factors[2 * n - 1] = factors.get(2 * n - 1, 0.0) + root * s[1] / s[k + 2]
        blocks.append([list(factors), [[round(x * UNIT)] for x in factors.values()]])
    return _form(problem, names, {"last": blocks})


def observables_form(problem: Problem, matrix: Floats) -> dict[str, Any]:
    """Return the upper end of a score of correlators by a positive matrix over the observables."""
    names = [f"{'AB'[p]}{x}" for p, count in enumerate(problem.settings) for x in range(count)]
    values, vectors = np.linalg.eigh(matrix)
    factor = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    rows = [(k, row) for k, row in enumerate(_rows(factor)) if row]
    return _form(problem, names, {"last": [[[k for k, _ in rows], [row for _, row in rows]]]})


def _chain(problem: Problem) -> Fraction | None:
    """Return c if the score is a constant and c times the sum of C_k C_(k+1), else None."""
    if len(problem.settings) != 2 or problem.settings[0] != problem.settings[1] or problem.settings[0] < 2:
        return None
    found = correlators(problem)
    n = problem.settings[0]
    if found is None or len(found) != 2 * n:
        return None
    weight = found.get((0, 0), Fraction(0))
    wanted = {(k // 2 + k % 2, k // 2): weight for k in range(2 * n - 1)} | {(0, n - 1): -weight}
    return weight if weight > 0 and found == wanted else None


def correlators(problem: Problem) -> dict[tuple[int, ...], Fraction] | None:
    """Return the score's factors of full correlators by joint setting, None if it has other moments."""
    score = problem.ask.score
    assert score is not None
    if score.on == "moments" or set(problem.outcomes) != {2}:
        return None
    by_setting: dict[int, dict[int, Fraction]] = {}
    for s, o, factor in score.terms:
        by_setting.setdefault(s, {})[o] = factor * shares(problem, score, s) * problem.ask.sign
    found, width = {}, problem.shape[1]
    for s, row in by_setting.items():
        even = {row.get(o, Fraction(0)) for o in range(width) if o.bit_count() % 2 == 0}
        odd = {row.get(o, Fraction(0)) for o in range(width) if o.bit_count() % 2}
        if len(even) > 1 or len(odd) > 1:
            return None
        value = (even.pop() - odd.pop()) / 2
        if value:
            found[tuple(split(s, problem.settings))] = value
    return found


def shares(problem: Problem, score: Functional, s: int) -> Fraction:
    """Return what a factor at a setting counts: P(s) if it is of P(o, s)."""
    if score.on == "conditional":
        return Fraction(1)
    assert problem.observed is not None
    return problem.observed[s]


def symmetric_form(
    problem: Problem, level: str, symmetry: Sequence[str], time_limit: float | None
) -> tuple[dict[str, Any], str] | None:
    """Return the upper end by the relaxation's blocks under the score's symmetries, and the solver's name.

    None if no symmetry is known. Raise InputError for one that is named and is none of the score.
    """
    from freerand_opt.solvers.invariant import generating_factor, invariant

    parties = problem.parties
    matrix = moment_matrix(parties, level)
    goal, full = _goal(problem, matrix), full_words(matrix)
    kept: list[Generator] = []
    actions = []
    for text, held in candidates(problem, symmetry):
        moved = action(full, held)
        if moved is not None and all(
            goal.get(int(moved.moment[k]), Fraction(0)) == value * int(moved.moment_sign[k])
            for k, value in goal.items()
        ):
            kept.append(held)
            actions.append(moved)
        elif text:
            raise InputError("symmetry", f"{text[:80]!r} does not keep level and objective")
    if not actions:
        return None
    orbits = invariant(matrix, actions)
    by_orbit = _by_orbit(goal, matrix, orbits.orbit, orbits.sign)
    found = generating_factor(orbits, {o: float(v) for o, v in by_orbit.items()}, time_limit)
    if found is None:
        return None
    factor, solver = found
    group = [_relabelling(held) for held in kept]
    last = [[list(range(matrix.size)), _rows(factor)]]
    return _form(problem, list(matrix.word_labels()), {"last": last, "symmetry": group}), solver


def _rows(factor: Floats) -> list[list[int]]:
    found = [[round(value * UNIT) for value in row] for row in factor.tolist()]
    for row in found:
        while row and not row[-1]:
            row.pop()
    return found


def _relabelling(held: Generator) -> list[Any]:
    return [[own[0][0], [[s, list(outcomes)] for _, s, outcomes in own]] for own in held.images]


def _form(problem: Problem, words: list[str], label: dict[str, Any]) -> dict[str, Any]:
    prices = {"settings": vector_form([Fraction(0)] * problem.shape[0]), "tests": []}
    proof = {"way": "squares", "unit": UNIT, "words": words, "labels": [label]}
    return {"claim": "bound", "prices": prices, "proof": proof}


def _goal(problem: Problem, matrix: MomentMatrix) -> dict[int, Fraction]:
    """Return the coefficients of what is maximised by moment; raise InputError if the level lacks one."""
    score = problem.ask.score
    assert score is not None
    found: dict[int, Fraction] = {}
    for s, o, factor in score.terms:
        terms = matrix.probability(problem.joint_outcomes[o], split(s, problem.settings))
        for letters, value in terms.items():
            place = matrix.position(letters)
            if place is None:
                raise InputError(
                    "adversary.level",
                    f"{matrix.level!r} has no moment {matrix.named(letters)}, which the question needs",
                )
            share = factor * value * shares(problem, score, s) * problem.ask.sign
            found[place] = found.get(place, Fraction(0)) + share
    return {place: value for place, value in found.items() if value}


def _by_orbit(
    goal: Mapping[int, Fraction], matrix: MomentMatrix, orbit: np.ndarray, sign: np.ndarray
) -> dict[int, Fraction]:
    """Add up the coefficients of each orbit, with signs."""
    classes, firsts = np.unique(matrix.classes, return_index=True)
    place = dict(zip(classes.tolist(), firsts.tolist(), strict=True))
    found: dict[int, Fraction] = {}
    for moment, value in goal.items():
        i, j = divmod(place[moment], matrix.size)
        if sign[i, j]:
            o = int(orbit[i, j])
            found[o] = found.get(o, Fraction(0)) + value * int(sign[i, j])
    return found
