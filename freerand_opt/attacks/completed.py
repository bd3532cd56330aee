r"""Mixtures of boxes that pass in floats, made exact: what is missing of P(s) goes to boxes with room.

.. math:: m_w = \lfloor (1 - n \lambda)\, x_w + \lambda\, p_w P \rfloor, \qquad
          m_k \mathrel{+}= c_k \Bigl(P - \sum_w m_w\Bigr).

The observed P lies inside the source, so with a small share of it every m_w does, and so does the rest, which
is (n - 1) lambda P but for the solver's errors, and regains what the tests lose where x_w becomes P.
Every number is short: a place of a grid, and what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np

from freerand_opt.attacks.gains import prices_at, words_tested
from freerand_opt.conic.inner_point import inner_right
from freerand_opt.conic.linear import LinearProgram, Row, program_of, sharpened, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Bits, Limits, Mutual, Problem, Rows
from freerand_opt.programs.strategies import Strategies

#: The grid of masses, and of the shares c of the boxes that get the rest.
GRID, SHARES = 2**60, 2**20
#: Lambda is tried among these powers of 1/2.
POWERS = (32, 28, 24, 20, 16, 12, 8)
#: Boxes with a smaller mass are left out; by so much floats are sure that a test is passed.
LITTLE, SURE = 1e-9, 1e-12


def completable(made: Strategies) -> bool:
    """Return whether settings are observed, tests are inequalities, and masses of settings say all nodes."""
    observed, program = made.problem.observed, made.program
    equal = any(program.equal[k] for k in _tests(made))
    return observed is not None and not equal and nodes_of(made.problem, observed) is not None


def gains_of_tests(made: Strategies) -> tuple[Floats, tuple[tuple[str, float], ...]]:
    """Return weights[s, o], and of words, of a box that passes by much with the observed settings."""
    prices = [float(name[0] == "test") for name in made.program.names]  # type: ignore[index]
    masses = np.array([float(p) for p in made.problem.observed or ()])
    gains = masses[:, None] * prices_at(made.problem, made.program.names, prices)
    return gains, words_tested(made.problem, made.program.names, prices)


def completed(made: Strategies) -> list[Fraction] | None:
    """Return an exact point, with short numbers, of a program over listed boxes, near its best in floats.

    None where it is not completable, and where no mixture of the boxes passes all tests with room.
    """
    problem, tests = made.problem, _tests(made)
    best = _best(made.program)
    if best is None or problem.observed is None or not completable(made):
        return None
    whole = np.array([float(x) for x in nodes_of(problem, problem.observed) or ()])
    x = np.maximum(best.reshape(made.space.carriers, made.cone.nodes), 0.0)
    masses = x @ made.cone.masses.dense().T
    factors, right = _factors(made, tests), np.array([float(made.program.right[k]) for k in tests])
    room = right - factors @ whole
    shares = _closing(room)
    if not shares:
        return None
    lost, left = masses.sum(axis=1) @ room, np.array(list(map(float, shares))) @ room
    times = 2 + ceil(2 * max((max(0.0, -float(a / b)) for a, b in zip(lost, left, strict=True)), default=0.0))
    for power in POWERS:
        mixed = _mixed(masses, problem.observed, shares, Fraction(1, 2**power), times)
        points = [nodes_of(problem, own) or [] for own in mixed]
        floats = np.array([[float(value) for value in own] for own in points])
        passed = right - np.einsum("ctn,cn->t", factors, floats)
        sure = np.all(passed > SURE * np.maximum(1.0, np.abs(right)))
        if sure and all(min(made.cone.facets.applied(own), default=0) >= 0 for own in points):
            return [value for own in points for value in own]
    return None


def _tests(made: Strategies) -> list[int]:
    return [k for k, name in enumerate(made.program.names) if name[0] == "test"]  # type: ignore[index]


def _best(program: LinearProgram) -> Floats | None:
    """Return the best point in floats, sharpened with long factors of tests rounded."""
    palette = tuple(
        x if x.denominator < GRID else Fraction(round(x * GRID), GRID) for x in program.matrix.palette
    )
    near = replace(program, matrix=replace(program.matrix, palette=palette))
    right, hint = inner_right(near), solve(near)
    return None if right is None or hint.status != "optimal" else sharpened(near, hint, right).x


def nodes_of(problem: Problem, masses: Sequence[Fraction]) -> list[Fraction] | None:
    """Return the nodes of the source's cone where masses of settings say them, else None."""
    source = problem.source
    if isinstance(source, Mutual | Rows):
        return list(masses)
    if isinstance(source, Limits):
        return [*masses, sum(masses, Fraction(0))]
    if not isinstance(source, Bits) or sorted(source.leaves) != list(range(len(masses))):
        return None
    nodes = level = [masses[s] for s in source.leaves]
    while len(level) > 1:
        level = [a + b for a, b in zip(level[::2], level[1::2], strict=True)]
        nodes = [*level, *nodes]
    return nodes


def _factors(made: Strategies, tests: Sequence[int]) -> Floats:
    """Return what tests sum, (carrier, test, node)."""
    matrix = made.program.matrix
    kept = np.isin(matrix.rows, tests)
    found = np.zeros((len(tests), matrix.shape[1]))
    found[np.searchsorted(tests, matrix.rows[kept]), matrix.columns[kept]] = matrix.floats()[kept]
    return found.reshape(len(tests), made.space.carriers, made.cone.nodes).transpose(1, 0, 2)


def _closing(room: Floats) -> list[Fraction]:
    """Return shares of carriers that pass all tests by the largest margin; [] if none do.

    `room[c, t]` is what carrier c leaves of test t with the observed settings.
    """
    count = len(room)
    rows: list[Row] = [([(k, -1)], False, Fraction(0), ("share", k)) for k in range(count)]
    for t, own in enumerate(room.T.tolist()):
        entries = [(k, Fraction(-value)) for k, value in enumerate(own)]
        rows.append(([*entries, (count, 1)], False, Fraction(0), ("margin", t)))
    rows.append(([(k, 1) for k in range(count)], True, Fraction(1), ("total",)))
    rows.append(([(count, 1)], False, Fraction(1), ("most",)))
    hint = solve(program_of(rows, count + 1, {count: Fraction(1)}))
    if hint.status != "optimal" or hint.x[count] < SURE:
        return []
    shares = [Fraction(max(int(SHARES * value), 0), SHARES) for value in hint.x[:count]]
    shares[int(np.argmax(hint.x[:count]))] += 1 - sum(shares)
    return shares


def _mixed(
    masses: Floats, observed: Sequence[Fraction], shares: Sequence[Fraction], part: Fraction, times: int
) -> list[list[Fraction]]:
    """Return masses[c][s] on the grid, with `part` of P(s) in each, and what is missing of P(s) by shares."""
    weights = masses.sum(axis=1)
    total = weights.sum()
    mixed: list[list[Fraction]] = []
    for own, weight in zip(masses.tolist(), (weights / total).tolist(), strict=True):
        near = float(1 - times * part) / total, float(part) * weight
        mixed.append(
            [
                Fraction(int(GRID * (near[0] * mass + near[1] * float(p))) if weight > LITTLE else 0, GRID)
                for mass, p in zip(own, observed, strict=True)
            ]
        )
    for s, p in enumerate(observed):
        missing = p - sum((own[s] for own in mixed), Fraction(0))
        for own, share in zip(mixed, shares, strict=True):
            own[s] += share * missing
    return mixed
