r"""Lower ends where an outer program bounds from above: boxes are found at its prices, one by one.

At prices y, m a strategy gains by a pair of a distribution and a box with the largest

.. math:: \max_{s, q} \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s),

which is sought from many starts by turns; the exact program over the boxes found and the whole source is the
attack.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.oracles import best_box, best_distribution
from freerand_opt.attacks.strategies import Strategy, strategies
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint, LinearProgram, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Kept, Point, Problem, Shared, Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.boxes import Box
from freerand_opt.programs.guesses import Guesses, guesses_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import Strategies, over_boxes, test_rows
from freerand_opt.programs.tables import rational_table
from freerand_opt.programs.violations import with_violations

STARTS = 24
#: Starts of a guess for quantum devices and a source that is not one distribution.
SOURCE_STARTS = 3
#: Turns of quantum devices that gain nothing before the search ends.
MAX_STALLED = 3
MAX_TURNS = 40
MAX_SWAPS = 30
#: The gap at which an attack is good enough; what a see-saw finds is rounded to half of the digits.
CLOSE, QUANTUM_CLOSE = 1e-12, 4e-10
#: Violations, in all, below this are none.
BROKEN = 1e-9
#: The weight of the outer program's prices where boxes are sought.
SMOOTHING = 0.9
INNER_BITS = 60


def inner(problem: Problem) -> Problem:
    """Return the problem with scores that multiply masses rounded to the strict side, and a source within."""
    if isinstance(problem.source, Shared):
        problem = replace(problem, source=replace(problem.source, inside=True))
    if problem.observed is not None:
        return problem
    tests: list[Test | Kept] = []
    for test in problem.tests:
        if isinstance(test, Test) and test.functional.on != "moments" and isinstance(test.score, Real):
            score = (round_up if test.relation == ">=" else round_down)(test.score, INNER_BITS)
            test = replace(test, score=score)
        elif isinstance(test, Kept):
            test = rational_table(test, INNER_BITS, outward=False)
        tests.append(test)
    return replace(problem, tests=tuple(tests))


@dataclass(frozen=True, eq=False)
class Hints:
    """What an outer program says of attacks.

    `prices` are h without the guess, `penalty` the largest price of a test, `starts` distributions, `spent`
    prices of bounds on average over W.
    """

    prices: Floats | None = None
    penalty: float = 1.0
    starts: tuple[Floats, ...] = ()
    words: tuple[tuple[str, float], ...] = ()
    spent: tuple[float, ...] = ()


def hints_of(outer: Strategies, hint: Hint) -> Hints:
    """Return the hints of a linear outer program."""
    tested = [z for name, z in zip(outer.program.names, hint.multipliers, strict=False) if name[0] == "test"]  # type: ignore[index]
    most = max((abs(float(z)) for z in tested), default=0.0)
    prices = prices_at(outer.problem, outer.program.names, hint.multipliers)
    return Hints(prices, 1 + 4 * most, tuple(_slices(outer, hint)))


def attack(
    problem: Problem, hints: Hints, upper: float, *, more: Iterable[Box] = (), turns: int = MAX_TURNS
) -> tuple[tuple[Strategy, ...], str]:
    """Return an attack with a value close to `upper`, as far as boxes are found; (), and why, without any.

    `more` are boxes to begin with.
    """
    problem = inner(problem)
    quantum = problem.devices == "quantum"
    close = QUANTUM_CLOSE if quantum else CLOSE
    search = _Search(problem, hints.starts)
    found: dict[Box, None] = dict.fromkeys(more)
    for box in search.any_boxes():
        found.setdefault(box)
    best: Strategies | None = None
    value, full, stalled, least = -np.inf, False, 0, np.inf
    for turn in range(turns):
        made = search.program(list(found))
        relaxed = with_violations(made.program, hints.penalty)
        answer = solve(relaxed)
        reached, broken = _reached(relaxed, made, answer) if found else (-np.inf, np.inf)
        prices = prices_at(problem, made.program.names, answer.multipliers)
        least = min(least, broken)
        if broken < BROKEN and reached > value:
            stalled = 0 if reached > value + 1e-9 else stalled + 1
            best, value = made, reached
            if problem.ask.quantity == "strategy":  # any will do, if it passes exactly
                x = inner_point(made.program, solve(made.program))
                if x is not None:
                    return strategies(made, x), ""
        if value >= upper - close or (quantum and stalled > MAX_STALLED):
            break
        before = len(found)
        trial, search.words = prices, words_at(problem, made.program.names, answer.multipliers)
        search.spent = spent_at(made.program.names, answer.multipliers)
        if hints.prices is not None and quantum and turn == 0:
            trial, search.words, search.spent = hints.prices, hints.words, hints.spent
        elif not full and hints.prices is not None and not quantum:
            trial = SMOOTHING * hints.prices + (1 - SMOOTHING) * prices
        for box in search.boxes(trial, turn):
            found.setdefault(box)
        if len(found) == before and full:
            break
        full = len(found) == before
    if best is None:
        return (), f"mixtures of {len(found)} boxes break the tests by {least:.1e} in all or more"
    x = inner_point(best.program, solve(best.program))
    if x is None:
        return (), f"a mixture of {len(found)} boxes passes in floats, and none was found that does exactly"
    return strategies(best, x), ""


def _reached(program: LinearProgram, made: Strategies, hint: Hint) -> tuple[float, float]:
    """Return (the problem's value, the total violation) of a point of the penalised program."""
    value = sum(float(c) * hint.x[k] for k, c in made.program.objective.items())
    return float(value), float(hint.x[made.program.matrix.shape[1] :].sum())


def spent_at(names: Sequence[Hashable], multipliers: Iterable[float]) -> tuple[float, ...]:
    """Return the prices of bounds on average over W."""
    pairs = zip(names, map(float, multipliers), strict=False)
    return tuple(z for name, z in pairs if name[0] == "average")  # type: ignore[index]


def words_at(
    problem: Problem, names: Sequence[Hashable], multipliers: Iterable[float]
) -> tuple[tuple[str, float], ...]:
    """Return what words add to a strategy's gain: what is asked of them, minus the prices of tests."""
    found: dict[str, float] = {}
    score = problem.ask.score
    for word, factor in score.words if score is not None else ():
        found[word] = problem.ask.sign * float(factor)
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


def _slices(outer: Strategies, hint: Hint) -> list[Floats]:
    """Return the distributions of settings that an outer solution holds where an outcome occurs."""
    problem, cone, space = outer.problem, outer.cone, outer.space
    count, _ = problem.shape
    cells = np.zeros(space.positive.shape)
    cells[space.positive.rows, space.positive.columns] = space.positive.floats()
    x = hint.x[: space.carriers * cone.nodes * space.width].reshape(space.carriers, cone.nodes, space.width)
    masses = np.zeros(cone.masses.shape)
    masses[cone.masses.rows, cone.masses.columns] = cone.masses.floats()
    rows = np.einsum("sn,cnk,gk->cgs", masses, x, cells, optimize=True).reshape(-1, count)
    kept = rows[rows.sum(axis=1) > 1e-7]
    return list(np.unique(np.round(kept / kept.sum(axis=1)[:, None], 6), axis=0))


class _Search:
    """Boxes that gain at given prices."""

    def __init__(self, problem: Problem, starts: tuple[Floats, ...]) -> None:
        self.problem, self.starts = problem, starts
        self.guesses = guesses_of(problem)
        self.distribution = best_distribution(problem)
        self.box = best_box(problem)
        self.rng = np.random.default_rng(1)
        self.worth = worths(problem, self.guesses)
        self.cone = source_cone(problem)
        self.words: tuple[tuple[str, float], ...] = ()
        self.spent: tuple[float, ...] = ()

    def program(self, boxes: list[Box]) -> Strategies:
        """Return the exact program over boxes and the whole source."""
        return over_boxes(self.problem, boxes, self.cone)

    @property
    def starts_each(self) -> int:
        """Return the number of starts of a turn; a see-saw has starts of its own."""
        if self.problem.devices != "quantum":
            return STARTS
        return len(self.guesses.worths) * (1 if isinstance(self.problem.source, Point) else SOURCE_STARTS)

    def any_boxes(self) -> Iterator[Box]:
        """Yield boxes that are best at random weights."""
        for _ in range(0 if self.problem.devices == "quantum" else STARTS):
            found = self.box(self.rng.normal(size=self.problem.shape), ())
            if found is not None:
                yield found[1]

    def boxes(self, h: Floats, turn: int) -> Iterator[Box]:
        """Yield the boxes at which turns of source and box end."""
        count = self.problem.shape[0]
        for start in range(self.starts_each):
            if self.starts and start % 3:
                masses = self.starts[int(self.rng.integers(len(self.starts)))]
            else:
                masses = self.distribution(self.rng.normal(size=count), ())
            guess = [start % len(self.guesses.worths)] * count
            if self.guesses.outputs and self.problem.ask.told:
                guess = self.rng.integers(0, len(self.guesses.worths), count).tolist()
            value = -np.inf
            for _ in range(MAX_SWAPS):
                gains = h + np.array([self.worth[g][s] for s, g in enumerate(guess)])
                found = self.box(masses[:, None] * gains, self.words)
                if found is None:
                    break
                table, box = found
                before, guess = (guess, masses), self._guess(table, guess)
                gains = h + np.array([self.worth[g][s] for s, g in enumerate(guess)])
                masses = self.distribution((gains * table).sum(axis=1), self.spent)
                now = float(masses @ (gains * table).sum(axis=1))
                yield box
                if now <= value + 1e-12 or (guess == before[0] and np.array_equal(masses, before[1])):
                    break
                value = now

    def _guess(self, table: Floats, guess: list[int]) -> list[int]:
        """Return the best guesses for a box: at each setting if they are told, else as they were."""
        if not self.problem.ask.told or len(self.guesses.worths) == 1:
            return guess
        worth = np.array([(w * table).sum(axis=1) for w in self.worth])
        return [int(g) for g in worth.argmax(axis=0)]


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
        from freerand_opt.programs.strategies import by_setting

        for s, row in by_setting(problem.ask.score, problem.ask.sign, problem).items():
            for o, value in row.items():
                found[0][s, o] += float(value)
    return found
