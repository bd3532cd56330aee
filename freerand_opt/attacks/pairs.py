r"""Lower ends where an outer program bounds from above: boxes are found at its prices, one by one.

At prices y, m a strategy gains by a pair of a distribution and a box with the largest

.. math:: \max_{s, q} \sum_{s, o} s(s)\, q(o|s)\, h_g(o, s),

which is sought from many starts by turns; the exact program over the boxes found and the whole source is the
attack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from freerand_opt.attacks.completed import completable, completed, gains_of_tests
from freerand_opt.attacks.gains import prices_at, spent_at, words_at, worths
from freerand_opt.attacks.oracles import best_box, best_distribution, joint_boxes
from freerand_opt.attacks.polished import polished
from freerand_opt.attacks.strategies import Strategy, strategies
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint, LinearProgram, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Kept, Point, Problem, Shared, Test
from freerand_opt.numbers.exact import Real
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.box import Box
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.source_cone import source_cone
from freerand_opt.programs.strategies import Strategies, over_boxes
from freerand_opt.programs.tables import rational_table
from freerand_opt.programs.violations import with_violations

STARTS = 24
#: Starts of a guess for quantum devices and a source that is not one distribution.
SOURCE_STARTS = 3
#: Turns of quantum devices that gain nothing before the search ends, unless the caller has more patience.
MAX_STALLED = 5
#: Of more boxes than this those without a mass are forgotten.
MOST_HELD = 100
#: Programs with more rows have their unused boxes forgotten, and are completed before a vertex is sought.
MOST_ROWS = 4000
#: A turn that gains less, beside what is still open, gains nothing.
LITTLE = 1e-3
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
    problem: Problem,
    hints: Hints,
    upper: float,
    *,
    more: Iterable[Box] = (),
    turns: int = MAX_TURNS,
    patience: int = MAX_STALLED,
) -> tuple[tuple[Strategy, ...], str]:
    """Return an attack with a value close to `upper`, as far as boxes are found; (), and why, without any.

    `more` are boxes to begin with; quantum devices end after `patience` turns that gain nothing. Where no
    mixture passes with narrow tolerances exactly, one is sought that shows tables within them.
    """
    listed = list(more)
    found, why = _attack(inner(problem), hints, upper, listed, turns, patience)
    pulled = _pulled(problem) if why and problem.devices == "quantum" else None
    if pulled is not None:
        found, _ = _attack(pulled, hints, upper, listed, turns, patience)
    return found, "" if found else why


def _pulled(problem: Problem) -> Problem | None:
    """Return the problem with rational tables pulled to white noise by their tolerances; None without any."""
    tests: list[Test | Kept] = []
    for test in problem.tests:
        if isinstance(test, Kept) and test.tolerance:
            even = Fraction(1, problem.shape[1])
            if not all(isinstance(x, Fraction) for _, row in test.table for x in row):
                return None
            apart = max(abs(Fraction(x) - even) for _, row in test.table for x in row)  # type: ignore[arg-type]
            share = min(Fraction(1), test.tolerance / (apart or Fraction(1)))
            rows = tuple((s, tuple(x + share * (even - x) for x in row)) for s, row in test.table)
            test = replace(test, table=rows, tolerance=Fraction(0))
        tests.append(test)
    return None if tuple(tests) == problem.tests else replace(problem, tests=tuple(tests))


def _attack(
    problem: Problem, hints: Hints, upper: float, more: Iterable[Box], turns: int, patience: int
) -> tuple[tuple[Strategy, ...], str]:
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
            gain = max(LITTLE * (upper - reached), 1e-9)
            stalled = 0 if reached > value + gain else stalled + 1
            best, value = made, reached
            if problem.ask.quantity == "strategy":  # any will do, if it passes exactly
                x = inner_point(made.program, solve(made.program))
                if x is not None:
                    return strategies(made, x), ""
        if value >= upper - close or (quantum and stalled > patience):
            break
        if quantum and (len(found) > MOST_HELD or len(made.program.right) > MOST_ROWS):
            found = dict.fromkeys(_used(made, answer, list(found)))
        before = len(found)
        trial, search.words = prices, words_at(problem, made.program.names, answer.multipliers)
        search.spent = spent_at(made.program.names, answer.multipliers)
        if hints.prices is not None and quantum and turn == 0:
            trial, search.words, search.spent = hints.prices, hints.words, hints.spent
        elif not full and hints.prices is not None and not quantum:
            trial = SMOOTHING * hints.prices + (1 - SMOOTHING) * prices
        for box in search.boxes(trial, turn):
            found.setdefault(box)
        mixed = polished(made, answer) if quantum and broken < BROKEN else None
        found.update(dict.fromkeys(mixed.boxes if mixed else ()))
        if len(found) == before and full:
            break
        full = len(found) == before
    if best is None:
        return (), f"mixtures of {len(found)} boxes break the tests by {least:.1e} in all or more"
    best, x = _exactly(search, best)
    if x is None:
        return (), f"a mixture of {len(found)} boxes passes in floats, and none was found that does exactly"
    return strategies(best, x), ""


def _exactly(search: _Search, made: Strategies) -> tuple[Strategies, list[Fraction] | None]:
    """Return an exact point and the program that it is one of: a vertex, or one near it, completed."""
    hint, many = solve(made.program), len(made.program.right) > MOST_ROWS
    x = None if many else inner_point(made.program, hint)
    # at prices that are a little off boxes are a little short of a test; one that passes by much makes it up
    passing = search.box(*gains_of_tests(made)) if x is None and made.problem.observed is not None else None
    if passing is not None:
        boxes = tuple(dict.fromkeys(made.space.boxes))
        used = _used(made, hint, boxes) if hint.status == "optimal" else boxes
        few = search.program(list(dict.fromkeys([*used, passing[1]])))
        x = completed(few) if completable(few) else inner_point(few.program, solve(few.program))
        if x is not None:
            return few, x
    return made, inner_point(made.program, hint) if many else x


def _reached(program: LinearProgram, made: Strategies, hint: Hint) -> tuple[float, float]:
    """Return (the problem's value, the total violation) of a point of the penalised program."""
    value = sum(float(c) * hint.x[k] for k, c in made.program.objective.items())
    return float(value), float(hint.x[made.program.matrix.shape[1] :].sum())


def _used(made: Strategies, hint: Hint, boxes: Sequence[Box]) -> list[Box]:
    """Return the boxes that have a mass."""
    masses = hint.x[: made.program.matrix.shape[1]].reshape(-1, len(boxes), made.cone.nodes)
    seen = np.abs(masses).max(axis=(0, 2)) > 0
    return [box for box, used in zip(boxes, seen.tolist(), strict=True) if used]


def _slices(outer: Strategies, hint: Hint) -> list[Floats]:
    """Return the distributions of settings that an outer solution holds where an outcome occurs."""
    problem, cone, space = outer.problem, outer.cone, outer.space
    count, _ = problem.shape
    x = hint.x[: space.carriers * cone.nodes * space.width].reshape(space.carriers, cone.nodes, space.width)
    masses, cells = cone.masses.dense(), space.positive.dense()
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
        self.joint = joint_boxes(problem)
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
        if self.joint is not None and not self.words:
            for worth in self.worth:
                yield from self.joint(h + worth, lambda gains: self.distribution(gains, self.spent))
            return
        count = self.problem.shape[0]
        for start in range(self.starts_each):
            if self.starts and start % 3:
                masses = self.starts[int(self.rng.integers(len(self.starts)))]
            else:
                masses, _ = self.distribution(self.rng.normal(size=count), ())
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
                masses, cost = self.distribution((gains * table).sum(axis=1), self.spent)
                now = float(masses @ (gains * table).sum(axis=1)) - cost
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
