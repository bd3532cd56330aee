r"""Questions that count errors on a cycle: what each setting means to them, and the boxes that suffice.

Two parties, two outcomes; the edges (joint setting, parity) form one cycle of odd total parity, and at each
setting the question tells no more than whether the outcomes have the wrong parity
(docs/proofs/cycle-boxes.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import le

from freerand_opt.model.certificate_form import errors_of
from freerand_opt.model.problem import Functional, Kept, Point, Problem, Test
from freerand_opt.programs.box import Box

#: At a setting: the value of a functional of P(o, s) without error, and what an error adds.
Values = dict[int, tuple[Fraction, Fraction]]


@dataclass(frozen=True, eq=False)
class Cycle:
    """The edges {joint setting: parity}, tests turned into <=, and the objective, as values at settings.

    `worth` is what a known outcome adds at each setting where a guess counts; `half` an unbiased one.
    """

    problem: Problem
    edges: dict[int, int]
    tests: tuple[Values, ...]
    objective: Values
    worth: Fraction
    half: Fraction
    guessed: bool

    @cached_property
    def path(self) -> list[tuple[int, tuple[int, int], tuple[int, int]]]:
        """Return (edge, where it begins, where it ends) around the cycle; places are (party, setting)."""
        near: dict[tuple[int, int], list[int]] = defaultdict(list)
        width = self.problem.settings[1]
        for s in self.edges:
            near[0, s // width].append(s)
            near[1, s % width].append(s)
        found = []
        here, edge = next(iter(near)), next(iter(self.edges))
        for _ in self.edges:
            ahead = (1 - here[0], edge % width if here[0] == 0 else edge // width)
            found.append((edge, here, ahead))
            first, second = near[ahead]
            here, edge = ahead, second if first == edge else first
        return found

    def worth_at(self, s: int, known: bool) -> Fraction:
        """Return what the guess adds at a setting for each unit of P(s)."""
        ask, observed = self.problem.ask, self.problem.observed
        if not self.guessed or (ask.at is not None and ask.at != s):
            return Fraction(0)
        share = Fraction(1) if ask.at is None or observed is None else 1 / observed[s]
        return (self.worth if known else self.half) * share


def cycle_of(problem: Problem) -> Cycle | None:
    """Return the cycle on which a question counts errors, None if it is none of those covered.

    Not covered: conditions on moments, kept behaviours, equalities, rewards for errors, guesses of more than
    one party's outcome or off the cycle, a guess that is not told the settings.
    """
    if problem.outcomes != (2, 2) or problem.devices == "quantum":
        return None
    functionals: list[tuple[Functional, int]] = []
    for test in problem.tests:
        if isinstance(test, Kept) or test.relation == "=" or test.functional.on == "moments":
            return None
        functionals.append((test.functional, 1 if test.relation == "<=" else -1))
    ask = problem.ask
    asked = ask.score
    if asked is not None and asked.on == "moments":
        return None
    by = [problem.factors(f, sign) for f, sign in functionals]
    goal = {} if asked is None else problem.factors(asked, -ask.sign)
    edges = _edges([*by, goal])
    if edges is None or not _is_cycle(edges, problem):
        return None
    tests = tuple(_values(f, edges) for f in by)
    objective = {s: (-a, -b) for s, (a, b) in _values(goal, edges).items()}
    if any(more < 0 for values in tests for _, more in values.values()):
        return None
    if any(more > 0 for _, more in objective.values()):
        return None
    guessed = ask.quantity in ("guessing-probability", "trace-distance")
    if guessed and not _covers(problem, edges):
        return None
    base = Fraction(1, 2) if ask.quantity == "trace-distance" else Fraction(0)
    return Cycle(problem, edges, tests, objective, 1 - base, Fraction(1, 2) - base, guessed)


def _edges(functionals: Iterable[dict[int, dict[int, Fraction]]]) -> dict[int, int] | None:
    """Return the settings at which the parity counts, with the parity that is no error."""
    found: dict[int, int] = {}
    for f in functionals:
        for s, row in f.items():
            same, other = {row.get(o, Fraction(0)) for o in (0, 3)}, {row.get(o, Fraction(0)) for o in (1, 2)}
            if len(same) > 1 or len(other) > 1:
                return None
            a, b = same.pop(), other.pop()
            if a != b:
                parity = 0 if a < b else 1
                if found.setdefault(s, parity) != parity:
                    return None
    return found


def _is_cycle(edges: dict[int, int], problem: Problem) -> bool:
    near: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for s in edges:
        a, b = divmod(s, problem.settings[1])
        near[0, a].append((1, b))
        near[1, b].append((0, a))
    if not edges or sum(edges.values()) % 2 == 0 or any(len(x) != 2 for x in near.values()):
        return False
    start = next(iter(near))
    before, here, length = None, start, 0
    while True:
        first, second = near[here]
        before, here = here, second if first == before else first
        length += 1
        if here == start:
            return length == len(near) == len(edges)
        if length > len(near):
            return False


def _values(f: dict[int, dict[int, Fraction]], edges: dict[int, int]) -> Values:
    found = {}
    for s, row in f.items():
        values = row.get(0, Fraction(0)), row.get(1, Fraction(0))
        parity = edges.get(s, 0)
        found[s] = values[parity], values[1 - parity] - values[parity]
    return found


def _covers(problem: Problem, edges: dict[int, int]) -> bool:
    ask = problem.ask
    if len(ask.of) != 1 or sorted(ask.values) != [0, 1] or ask.count != 2:
        return False
    if ask.at is None and not ask.told:
        return False
    (party,) = ask.of
    on = {divmod(s, problem.settings[1])[party] for s in edges}
    needed = (
        range(problem.settings[party]) if ask.at is None else [divmod(ask.at, problem.settings[1])[party]]
    )
    return set(needed) <= on


def even_costs(cycle: Cycle, values: Values) -> tuple[Fraction, dict[int, Fraction]] | None:
    """Return what each error costs, if all cost the same, and what P(s) costs without errors, by edge."""
    costs = {more for _, more in values.values()}
    if set(values) != set(cycle.edges) or len(costs) != 1:
        return None
    return costs.pop(), {s: right for s, (right, _) in values.items()}


def edge_form(cycle: Cycle) -> int | list[list[int]]:
    """Return the number of a test that lists the edges as its errors, else the edges [a, b, parity]."""
    listed = [(*divmod(s, cycle.problem.settings[1]), parity) for s, parity in sorted(cycle.edges.items())]
    for k, test in enumerate(cycle.problem.tests):
        if isinstance(test, Test) and errors_of(test.functional, cycle.problem) == listed:
            return k
    return [list(edge) for edge in listed]


def boxes_of(cycle: Cycle) -> tuple[Box, ...]:
    """Return the boxes that suffice: one for each error, and unless devices are local the unbiased one.

    Where settings have one distribution whatever w is, errors differ in what they cost alone, and those that
    cost no less than another are left out.
    """
    errors: list[int | None] = [*sorted(cycle.edges)]
    if isinstance(cycle.problem.source, Point):
        errors = [*_cheapest(cycle, cycle.problem.source)]
    errors += [] if cycle.problem.devices == "local" else [None]
    return tuple(error_box(cycle, error) for error in errors)


def _cheapest(cycle: Cycle, source: Point) -> Iterator[int]:
    """Yield edges whose errors cost less than any other in some test or the objective, one of equals."""
    none = (Fraction(0), Fraction(0))
    costs: dict[tuple[Fraction, ...], int] = {}
    for s in sorted(cycle.edges):
        own = [*(values.get(s, none)[1] for values in cycle.tests), -cycle.objective.get(s, none)[1]]
        share = Fraction(1) if source.values is None else source.values[s]
        costs.setdefault(tuple(cost * share for cost in own), s)
    for cost, s in costs.items():
        if not any(all(map(le, other, cost)) for other in costs if other != cost):
            yield s


def error_box(cycle: Cycle, error: int | None) -> Box:
    """Return the box that errs at one edge alone, or (None) the unbiased one that errs nowhere."""
    problem = cycle.problem
    if error is None:
        half = Fraction(1, 2)
        rows = [tuple((2 * x + (x ^ parity), half) for x in (0, 1)) for parity in (0, 1)]
        return Box(
            None,
            tuple(rows[cycle.edges.get(s, 0)] for s in range(problem.shape[0])),
            (*problem.settings,),
            (2, 2),
            "errs nowhere, unbiased",
        )
    known, last = dict[tuple[int, int], int](), 0
    for s, before, _ in cycle.path:  # around the cycle; behind the error all is flipped
        known[before] = last
        last ^= cycle.edges[s] ^ (s == error)
    answers = tuple(tuple(known.get((p, x), 0) for x in range(n)) for p, n in enumerate(problem.settings))
    edge = divmod(error, problem.settings[1])
    return Box(answers, None, problem.settings, (2, 2), f"errs on ({edge[0]}, {edge[1]}) alone")
