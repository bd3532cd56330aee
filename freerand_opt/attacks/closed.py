r"""Boxes of closed form: known optimal strategies, and qubits whose angles are recognised.

Where tests are at an irrational extreme, no state in integers passes them. Two parties with two settings and
two outcomes reach it with two real qubits (Jordan's lemma):

.. math:: \cos\theta\,|00\rangle + \sin\theta\,|11\rangle, \qquad \cos\alpha\, Z + \sin\alpha\, X.

A see-saw finds the best ones for the tests in floats; Schmidt angle and angles that are fractions of pi, or
whose squared cosines are fractions, are written exactly. The kernel decides whether they pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.attacks.seesaw import Kind, best_climb
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem, Test
from freerand_opt.numbers.exact import cos_pi, sqrt, triples
from freerand_opt.programs.npa.words import Parties

#: A cosine and a sine in the certificate's form, or a fraction of pi.
Direction: TypeAlias = str | list[Any]
STARTS = 40
#: Settings times outcomes beyond which no angles are sought.
MAX_CELLS = 400
#: Angles and squared cosines this near to a simple fraction are that fraction.
NEAR = 1e-6
#: The largest denominators of simple fractions: of pi, and as squared cosines.
TURNS, SQUARES = 96, 200


def closed_boxes(problem: Problem) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (words, box in the certificate's form) of strategies of closed form that fit the scenario.

    Chained games (CHSH is N = 2) on a maximally entangled pair, the GHZ state measured along x and y, and
    qubits that are best for the tests.
    """
    n = problem.settings
    if len(n) == 2 and problem.outcomes == (2, 2):
        if n[0] == n[1]:
            angles = [[str(Fraction(2 * k + party, 2 * n[0])) for k in range(n[0])] for party in (0, 1)]
            yield "maximally entangled, angles of the chained game", _pair(["0", "1"], angles)
        found = _best_for_tests(problem) if problem.tests and n[0] * n[1] * 4 <= MAX_CELLS else None
        if found is not None:
            yield "two qubits at the tests' extreme", found
    if len(n) > 2 and set(n) == {2} and set(problem.outcomes) == {2}:
        yield "GHZ state, x and y", _ghz(len(n))


def _pair(state: list[Any], angles: Sequence[Sequence[Direction]]) -> dict[str, Any]:
    return {"kind": "qubits", "state": state, "angles": [list(own) for own in angles]}


def _ghz(parties: int) -> dict[str, Any]:
    """Return the state Im (x) (1, i).

    Its observables along z and x have the correlator -cos of the sum of angles.
    """
    state = [(0, 1, 0, -1)[place.bit_count() % 4] for place in range(2**parties)]
    one = [[[[1, 0]], [[0, 1]]], [[[1, 1]], [[-1, 1]]]]
    return {"kind": "quantum", "dimensions": [2] * parties, "state": state, "measurements": [one] * parties}


def _best_for_tests(problem: Problem) -> dict[str, Any] | None:
    """Return qubits of closed form that do best in the sum of all tests, each in units of its size."""
    gains, width = np.zeros(problem.shape), problem.shape[1]
    for test in problem.tests:
        if not isinstance(test, Test) or test.functional.on == "moments":
            return None
        own = np.zeros(problem.shape)
        for s, o, factor in test.functional.terms:
            share = problem.observed[s] if test.functional.on == "joint" and problem.observed else 1
            own[s, o] = float(factor * share)
        upwards = test.relation == ">=" or (test.relation == "=" and float(test.score) > own.sum() / width)
        gains += own / np.abs(own).sum() * (1 if upwards else -1)
    scenario = Parties(problem.settings, problem.outcomes)
    best = best_climb(scenario, gains, (2, 2), (Kind(real=True),), starts=STARTS)
    observables = [[(m.elements[0, 0] - m.elements[0, 1]).real for m in own] for own in best.measured]
    return recognised(best.states[0].real.reshape(2, 2), observables)


def recognised(state: Floats, observables: Sequence[Sequence[Floats]]) -> dict[str, Any] | None:
    """Return real qubits in closed form: a state (2, 2), observables (2, 2) by party and setting.

    None if an observable is +1 or -1, or an angle is not recognised.
    """
    left, (first, second), right = np.linalg.svd(state)
    # cos theta |00> + sin theta |11> in rotated bases; a reflection changes the sign of the sine
    turns = [left @ np.diag([1, np.linalg.det(left)]), right.T @ np.diag([1, np.linalg.det(right)])]
    twist, tie = first**2 - second**2, 2 * first * second * np.linalg.det(left) * np.linalg.det(right)
    angles = []
    for turn, party in zip(turns, observables, strict=True):
        own = []
        for operator in party:
            if abs(np.trace(operator)) > 1:
                return None
            held = turn.T @ operator @ turn
            own.append(float(np.arctan2(held[0, 1], held[0, 0])))
        angles.append(own)
    if twist < NEAR:  # all bases are alike: the first angle is 0
        shift = angles[0][0]
        sense = 1 if tie > 0 else -1
        angles = [[x - shift for x in angles[0]], [x - sense * shift for x in angles[1]]]
    axis = _direction(float(np.arctan2(tie, twist)))
    named = [[_direction(x) for x in own] for own in angles]
    if axis is None or any(x is None for own in named for x in own):
        return None
    return _pair(_written(axis), [[x for x in own if x is not None] for own in named])


def _direction(angle: float) -> Direction | None:
    turn = Fraction(angle / np.pi).limit_denominator(TURNS)
    if abs(float(turn) - angle / np.pi) < NEAR:
        return str(turn)
    square = Fraction(float(np.cos(angle)) ** 2).limit_denominator(SQUARES)
    if abs(float(square) - np.cos(angle) ** 2) > NEAR:
        return None
    signs = [1 if x > 0 else -1 for x in (np.cos(angle), np.sin(angle))]
    return [triples(sqrt(x) * sign) for x, sign in zip((square, 1 - square), signs, strict=True)]


def _written(direction: Direction) -> list[Any]:
    """Return cosine and sine of a direction."""
    if isinstance(direction, list):
        return direction
    turn = Fraction(direction)
    return [triples(cos_pi(turn)), triples(cos_pi(Fraction(1, 2) - turn))]
