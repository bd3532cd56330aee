"""What strategies gain, in floats: prices of an outer program by setting and outcome, and the objective."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Problem, Test
from freerand_opt.programs.guesses import Guesses
from freerand_opt.programs.strategies import test_rows


def spent_at(names: Sequence[Hashable], multipliers: Iterable[float]) -> tuple[float, ...]:
    """Return the prices of bounds on average over W."""
    pairs = zip(names, map(float, multipliers), strict=False)
    return tuple(z for name, z in pairs if name[0] == "average")  # type: ignore[index]


def words_at(
    problem: Problem, names: Sequence[Hashable], multipliers: Iterable[float]
) -> tuple[tuple[str, float], ...]:
    """Return what words add to a strategy's gain: what is asked of them, minus the prices of tests."""
    score = problem.ask.score
    asked = () if score is None else score.words
    found = {word: problem.ask.sign * float(factor) for word, factor in asked}
    for word, price in words_tested(problem, names, multipliers):
        found[word] = found.get(word, 0.0) + price
    return tuple(found.items())


def words_tested(
    problem: Problem, names: Sequence[Hashable], multipliers: Iterable[float]
) -> tuple[tuple[str, float], ...]:
    """Return minus the prices of tests of words."""
    found: dict[str, float] = {}
    for name, z in zip(names, map(float, multipliers), strict=False):
        assert isinstance(name, tuple)
        test = problem.tests[name[1]] if name[0] == "test" else None
        if isinstance(test, Test) and z:
            for word, factor in test.functional.words:
                found[word] = found.get(word, 0.0) - z * name[3] * float(factor)
    return tuple(found.items())


def prices_at(problem: Problem, names: Sequence[Hashable], multipliers: Iterable[float]) -> Floats:
    """Return h[s, o] without the guess: minus the prices of settings and tests."""
    h = np.zeros(problem.shape)
    rows: dict[tuple[int, int, int], tuple[dict[int, dict[int, Fraction]], dict[int, Fraction]]] = {}
    for k, test in enumerate(problem.tests):
        if isinstance(test, Test) and test.functional.on == "moments":
            continue
        for f, c, _, _, cell, side in test_rows(problem, test):
            rows[k, cell, side] = (f, c)
    for name, z in zip(names, map(float, multipliers), strict=False):
        assert isinstance(name, tuple)
        if name[0] == "observed":
            h[name[1]] -= z
        elif name[0] == "asked" and problem.ask.at is not None:
            h[problem.ask.at] -= z
        elif name[0] == "total":
            h -= z
        elif name[0] == "test" and z and name[1:] in rows:
            f, c = rows[name[1:]]
            for s, row in f.items():
                for o, factor in row.items():
                    h[s, o] -= z * float(factor)
            for s, constant in c.items():
                h[s] -= z * float(constant)
    return h


def worths(problem: Problem, guesses: Guesses) -> list[Floats]:
    """Return what each guess (or the score) is worth at (s, o)."""
    count, width = problem.shape
    found = []
    for g in range(len(guesses.worths)):
        table = np.zeros((count, width))
        for s in range(count):
            for o, value in guesses.worth(g, s).items():
                table[s, o] = float(value)
        found.append(table)
    if problem.ask.score is not None:
        for s, row in problem.factors(problem.ask.score, problem.ask.sign).items():
            for o, value in row.items():
                found[0][s, o] += float(value)
    return found
