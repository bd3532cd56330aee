r"""Boxes of closed form: known optimal strategies, and qubits whose angles are recognised.

Where tests are at an irrational extreme, no state in integers passes them. Two parties with two settings and
two outcomes reach it with two real qubits (Jordan's lemma):

.. math:: \cos\theta\,|00\rangle + \sin\theta\,|11\rangle, \qquad \cos\alpha\, Z + \sin\alpha\, X.

A see-saw finds the best ones for the tests in floats; Schmidt angle and angles that are fractions of pi, or
whose squared cosines are fractions, are written exactly. The kernel decides whether they pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.attacks.seesaw import Kind, best_climb
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Kept, Problem, Test
from freerand_opt.numbers.exact import Exact, cos_pi, sqrt
from freerand_opt.numbers.kernel import triples

#: A cosine and a sine in the certificate's form, or a fraction of pi.
Direction: TypeAlias = str | list[Any]
STARTS = 40
#: Settings times outcomes beyond which no angles are sought.
MAX_CELLS = 400
#: Angles and squared cosines this near to a simple fraction are that fraction.
NEAR = 1e-6
#: The largest denominators of simple fractions: of pi, and as squared cosines.
TURNS, SQUARES = 96, 200
#: The largest denominator of the tangent of half an angle, which is seen to nine digits.
HALVES = 10_000
#: So large that there always is one; within a tolerance the angle need not be the table's own.
FINE_HALVES = 10**7
#: A table that qubits show up to this is theirs.
MET = 1e-11


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
        small = problem.tests and n[0] * n[1] * 4 <= MAX_CELLS
        found = _best_for_tests(problem) if small else None
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
        if isinstance(test, Kept) and len(test.table) == problem.shape[0]:
            return _fitted(problem.settings, dict(test.table), float(test.tolerance))
        if not isinstance(test, Test) or test.functional.on == "moments":
            return None
        own = np.zeros(problem.shape)
        for s, o, factor in test.functional.terms:
            share = problem.observed[s] if test.functional.on == "joint" and problem.observed else 1
            own[s, o] = float(factor * share)
        upwards = test.relation == ">=" or (test.relation == "=" and float(test.score) > own.sum() / width)
        gains += own / np.abs(own).sum() * (1 if upwards else -1)
    scenario = problem.parties
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
    return _named(float(np.arctan2(tie, twist)), angles)


def _fitted(
    n: tuple[int, ...], table: Mapping[int, Sequence[Exact]], tolerance: float
) -> dict[str, Any] | None:
    """Return qubits of closed form with a table of all settings, by least squares; None if there are none.

    Tables on the boundary have no others, and no mixture of boxes with integers passes them.
    """
    from scipy.optimize import least_squares

    signs = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    wanted = np.array([signs @ [float(x) for x in table[s]] for s in range(n[0] * n[1])]).T

    def gap(x: Floats) -> Floats:
        a, b = x[1 : 1 + n[0], None], x[None, 1 + n[0] :]
        both = np.cos(a) * np.cos(b) + np.sin(x[0]) * np.sin(a) * np.sin(b)
        one, other = (np.broadcast_to(np.cos(x[0]) * np.cos(own), both.shape) for own in (a, b))
        return np.asarray(np.concatenate([own.ravel() for own in (one, other, both)]) - wanted.ravel())

    random = np.random.default_rng(0)
    for _ in range(STARTS):
        found = least_squares(
            gap, random.uniform(-np.pi, np.pi, 1 + sum(n)), xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        if np.abs(found.fun).max() < max(MET, tolerance / 2):
            angles = [found.x[1 : 1 + n[0]].tolist(), found.x[1 + n[0] :].tolist()]
            return _named(float(found.x[0]), angles, FINE_HALVES if tolerance else HALVES)
    return None


def _named(axis: float, angles: list[list[float]], halves: int = HALVES) -> dict[str, Any] | None:
    """Return the box with these angles, the first being 2 theta, if all are recognised."""
    if abs(np.cos(axis)) < NEAR:  # all bases are alike: the first angle is 0
        shift, sense = angles[0][0], 1 if np.sin(axis) > 0 else -1
        angles = [[x - shift for x in angles[0]], [x - sense * shift for x in angles[1]]]
    tie = _direction(axis, halves)
    named = [[_direction(x, halves) for x in own] for own in angles]
    if tie is None or any(x is None for own in named for x in own):
        return None
    return _pair(_written(tie), [[x for x in own if x is not None] for own in named])


def _direction(angle: float, halves: int) -> Direction | None:
    """Return an angle that is a fraction of pi, or has a simple squared cosine or tangent of its half."""
    turn = Fraction(angle / np.pi).limit_denominator(TURNS)
    if abs(float(turn) - angle / np.pi) < NEAR:
        return str(turn)
    square = Fraction(float(np.cos(angle)) ** 2).limit_denominator(SQUARES)
    if abs(float(square) - np.cos(angle) ** 2) < NEAR:
        signs = [1 if x > 0 else -1 for x in (np.cos(angle), np.sin(angle))]
        return [triples(sqrt(x) * sign) for x, sign in zip((square, 1 - square), signs, strict=True)]
    half = Fraction(float(np.tan(angle / 2))).limit_denominator(halves)
    if abs(float(half) - np.tan(angle / 2)) > NEAR**2 * 1e3:
        return None
    return [str((1 - half**2) / (1 + half**2)), str(2 * half / (1 + half**2))]


def _written(direction: Direction) -> list[Any]:
    """Return cosine and sine of a direction."""
    if isinstance(direction, list):
        return direction
    turn = Fraction(direction)
    return [triples(cos_pi(turn)), triples(cos_pi(Fraction(1, 2) - turn))]
