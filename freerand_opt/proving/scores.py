"""Scores of quantum devices whose moment matrix is large: sums of squares instead of a program.

The chained functional at level 1 has a known sum of squares for every N; elsewhere the score's
symmetries make the relaxation small, and the proof speaks of the question itself, for which no
program is written down (docs/proofs/squares.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from freerand_opt.certificates.squares import Squares, proved, whole
from freerand_opt.errors import InputError
from freerand_opt.model import functional
from freerand_opt.model.level import patterns
from freerand_opt.model.question import Question
from freerand_opt.model.scenario import cycle
from freerand_opt.model.source import Uniform
from freerand_opt.programs.chain import chain, chain_squares
from freerand_opt.programs.generators import FIND, Generator, generator, known_generators, written
from freerand_opt.programs.guesses import float_worths
from freerand_opt.programs.moments import MomentMatrix, moment_matrix, word_count
from freerand_opt.programs.program import IntArray
from freerand_opt.programs.relabellings import found_generators
from freerand_opt.programs.symmetry import action, full_words

#: Up to this size the program of a moment matrix is written down, solved and certified as such.
WRITTEN_DOWN = 100


@dataclass(frozen=True, eq=False)
class Score:
    """A bound of what the program of a score would maximise, exact, and its proof in JSON."""

    bound: Fraction
    proof: dict[str, Any]
    method: str
    solver: str


def by_squares(
    question: Question,
    symmetry: Sequence[str] = (),
    time_limit: float | None = None,
    *,
    larger_than: int = WRITTEN_DOWN,
) -> Score | None:
    """Return a bound by a sum of squares, or None where a program serves or no symmetry is known.

    Raise InputError for a symmetry that is named and is none of the score; `time_limit` in seconds.
    """
    scenario, ask, adversary = question.scenario, question.ask, question.adversary
    if (
        adversary.devices != "quantum"
        or ask.quantity != "score"
        or question.tests
        or adversary.moments
        or not isinstance(question.source, Uniform)
        or question.settings != "uniform"
        or {*scenario.outcomes} != {2}
        or word_count(scenario, adversary.level) <= larger_than
    ):
        return None
    if _is_chain(question) and not symmetry:
        return _chained(question)
    return _symmetric(question, symmetry, time_limit)


def _is_chain(question: Question) -> bool:
    """Whether the smallest I_N is asked for at level 1."""
    scenario, ask = question.scenario, question.ask
    if scenario.family != "chained" or ask.extreme != "smallest" or cycle(scenario) is None:
        return False
    short = all(sum(lengths) <= 1 for lengths in patterns(question.adversary.level, scenario.parties))
    return short and ask.functional == functional.chained(scenario)


def _chained(question: Question) -> Score:
    """Return the bound -2N sin^2(pi/4N), up to rounding, by the known sum of squares."""
    n = question.scenario.settings[0]
    names = tuple(f"{question.scenario.parties[p]}{s}" for p, s in chain(n))
    parts = tuple((places, whole(np.array(factors)[:, None])) for places, factors in chain_squares(n))
    squares = Squares(names, parts)

    def pairs(i: IntArray, j: IntArray) -> tuple[IntArray, IntArray]:
        return np.where(i == j, 0, 1 + np.minimum(i, j) * 2 * n + np.maximum(i, j)), np.ones_like(i)

    # -I_N is -N and half the correlator of each link, which is turned for the last one
    goal = {1 + k * 2 * n + k + 1: Fraction(1, 2) for k in range(2 * n - 1)}
    goal |= {0: Fraction(-n), 1 + 2 * n - 1: Fraction(-1, 2)}
    bound = proved(squares, goal, pairs)
    method = f"sum of {2 * n - 2} squares in the observables (docs/proofs/squares.md)"
    return Score(bound, squares.as_json(bound), method, "closed form")


def _symmetric(question: Question, symmetry: Sequence[str], time_limit: float | None) -> Score | None:
    """Return the bound by the relaxation's blocks under the score's symmetries."""
    scenario = question.scenario
    matrix = moment_matrix(scenario, question.adversary.level)
    goal, full = _goal(question, matrix), full_words(matrix)
    texts = [text for text in symmetry if text != FIND]
    named = [generator(scenario, text) for text in texts]
    known = [*known_generators(scenario)]
    if FIND in symmetry:
        known += found_generators(scenario, float_worths(question))
    kept: list[Generator] = []
    actions = []
    for held in (*named, *known):
        moved = action(full, held)
        if moved is not None and all(
            goal.get(int(moved.moment[k]), Fraction(0)) == value * int(moved.moment_sign[k])
            for k, value in goal.items()
        ):
            kept.append(held)
            actions.append(moved)
        elif held in named:
            where = texts[named.index(held)]
            raise InputError("symmetry", f"{where[:80]!r} does not keep level and objective")
    if not actions:
        return None
    from freerand_opt.solvers.invariant import generating_factor, invariant

    orbits = invariant(matrix, actions)
    by_orbit = _by_orbit(goal, matrix, orbits.orbit, orbits.sign)
    found = generating_factor(orbits, {o: float(v) for o, v in by_orbit.items()}, time_limit)
    if found is None:
        return None
    factor, solver = found
    labels = tuple(matrix.word_labels())
    maps = tuple(text for text in (written(scenario, held) for held in kept) if text)
    squares = Squares(labels, ((tuple(range(matrix.size)), whole(factor)),), maps)
    bound = proved(squares, by_orbit, lambda i, j: (orbits.orbit[i, j], orbits.sign[i, j]))
    method = (
        f"relaxation: level {matrix.level}, 1 moment matrix {matrix.size} x {matrix.size}, "
        f"{factor.shape[1]} squares and their images (docs/proofs/squares.md)"
    )
    return Score(bound, squares.as_json(bound), method, f"{solver} on blocks")


def _goal(question: Question, matrix: MomentMatrix) -> dict[int, Fraction]:
    """Return the coefficients of what is maximised by moment; raise InputError if the level lacks one."""
    scenario, ask = question.scenario, question.ask
    assert ask.functional is not None
    share = Fraction(ask.sign, 1 if ask.functional.on == "conditional" else prod(scenario.settings))
    found: dict[int, Fraction] = {}
    for o, s, factor in ask.functional.terms:
        terms = matrix.probability(scenario.joint_outcomes[o], scenario.joint_settings[s])
        for letters, value in terms.items():
            place = matrix.position(letters)
            if place is None:
                raise InputError(
                    "adversary.level",
                    f"{matrix.level!r} has no moment {matrix.named(letters)}, which the question needs",
                )
            found[place] = found.get(place, Fraction(0)) + factor * value * share
    return {place: value for place, value in found.items() if value}


def _by_orbit(
    goal: dict[int, Fraction], matrix: MomentMatrix, orbit: IntArray, sign: IntArray
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
