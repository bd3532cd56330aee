r"""Programs of one node of an entropy's chords: a score with one more party, the adversary.

.. math:: \max c F(t), \qquad F(t) = \sum_v \langle (t - \Pi_v) P_v \rangle, \qquad P_v = (1 + C_v)/2

over moments of the parties and of the adversary's C_v (docs/proofs/entropies.md). Every word of the level is
there alone and with one C_v.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from freerand_opt.checker.asked import Question
from freerand_opt.checker.chords import Worths
from freerand_opt.checker.failures import Work
from freerand_opt.model.problem import Problem
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.moments import MomentProgram, Moments, moment_program
from freerand_opt.programs.npa.matrix import moment_matrix
from freerand_opt.programs.npa.space import moment_space
from freerand_opt.programs.npa.words import Parties
from freerand_opt.programs.source_cone import Cone
from freerand_opt.programs.strategies import Assembly


def adversary_beside(problem: Problem, q: Question, level: str) -> Moments:
    """Return the moments of a level with the adversary as the last party."""
    scenario = Parties(tuple(q.algebra.settings), tuple(q.algebra.outcomes))
    return Moments(moment_space(moment_matrix(scenario, level, beside=True), None), 1, problem)


def without_node(problem: Problem, cone: Cone, moments: Moments) -> MomentProgram:
    """Return what all nodes share: source, observed settings and tests."""
    return moment_program(problem, cone, moments, guesses_of(problem))


def with_node(made: MomentProgram, q: Question, place: Fraction) -> MomentProgram:
    """Return the program whose objective is F(t)."""
    worth, assembly = (
        Worths(q, place, Fraction(1), Work(10**12)),
        Assembly(made.problem, made.cone, made.moments),
    )
    added, total = worth(0), dict[int, Fraction]()
    for s in range(made.problem.shape[0]):
        row: dict[int, Fraction] = {}
        for word, factor in added.get(s, ({}, {}))[1].items():
            for k, share in made.moments.word(0, q.algebra.name(word)).items():
                row[k] = row.get(k, Fraction(0)) + factor * share
        for node, mass in assembly.at[s]:
            start = node * made.moments.width
            for k, value in row.items():
                total[start + k] = total.get(start + k, Fraction(0)) + mass * value
    objective = {column: value for column, value in total.items() if value}
    return replace(made, program=replace(made.program, objective=objective))
