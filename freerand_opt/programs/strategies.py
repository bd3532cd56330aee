"""The linear program of a problem: carriers of boxes times nodes of the source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from freerand_opt.conic.linear import LinearProgram
from freerand_opt.conic.sparse import Sparse, identity, kron, sparse, stacked
from freerand_opt.model.problem import Functional, Kept, Point, Problem, Test
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.rounding import round_up
from freerand_opt.programs.assembly import Assembly
from freerand_opt.programs.box import Box
from freerand_opt.programs.boxes import Space, box_space, cell_space
from freerand_opt.programs.guesses import Guesses, few_labels, guesses_of
from freerand_opt.programs.ratios import SCORE_BITS, relaxed_rows, sums_ratios
from freerand_opt.programs.source_cone import Cone, source_cone

#: Rows of uniform settings are all the same; of more than these one is written.
MOST_ALIKE = 64


@dataclass(frozen=True, eq=False)
class Strategies:
    """A program over columns (carrier, node, column of the carrier); `labels[c]` is a carrier's guess label.

    Rows by name: ("equal", carrier, row, column), ("facet", carrier, facet, positive row), ("observed", s),
    ("total",), ("asked",), ("test", k, cell or 0, side), in this order.
    `zeros` are positive rows that are equal to 0, with the test that says so.
    """

    program: LinearProgram
    problem: Problem
    cone: Cone
    space: Space
    labels: tuple[int, ...]
    zeros: Mapping[int, int] = field(default_factory=dict)

    def column(self, carrier: int, node: int, place: int) -> int:
        """Return the index of a column."""
        return (carrier * self.cone.nodes + node) * self.space.width + place


def build(
    problem: Problem,
    cone: Cone,
    space: Space,
    guesses: Guesses,
    labels: tuple[int, ...],
    zeros: Mapping[int, int] | None = None,
    assembly: type[Assembly] = Assembly,
) -> Strategies:
    """Return the program; `labels[c]` the guess label of carrier c (-1: the best guess at each setting).

    `zeros` are rows of the space that are 0 for every strategy, with the test that forces them; `assembly`
    writes the rows.
    """
    made = assembly(problem, cone, space)
    blocks: list[Sparse] = []
    equal: list[bool] = []
    right: list[Exact] = []
    names: list[Hashable] = []
    copies = identity(space.carriers)

    def put(rows: Sparse, is_equal: bool, label: Iterable[Hashable]) -> None:
        blocks.append(rows)
        listed = list(label)
        equal.extend([is_equal] * len(listed))
        right.extend([Fraction(0)] * len(listed))
        names.extend(listed)

    carriers, width = range(space.carriers), space.width
    put(
        kron(copies, kron(cone.equalities, identity(width))),
        True,
        (("equal", c, e, k) for c in carriers for e in range(cone.equalities.shape[0]) for k in range(width)),
    )
    put(
        kron(copies, kron(cone.facets, space.positive)).times(Fraction(-1)),
        False,
        (
            ("facet", c, f, g)
            for c in carriers
            for f in range(cone.facets.shape[0])
            for g in range(space.positive.shape[0])
        ),
    )
    for k, name in enumerate(names):
        if zeros and name[0] == "facet" and name[3] in zeros:  # type: ignore[index]
            equal[k] = True
    rows = list(seen_rows(problem, made, MOST_ALIKE))
    entries = ((k, column, value) for k, (row, *_) in enumerate(rows) for column, value in row.items())
    blocks.append(sparse((len(rows), made.columns), entries))
    for _, is_equal, bound, name in rows:
        equal.append(is_equal)
        right.append(bound)
        names.append(name)
    program = LinearProgram(
        stacked(blocks), tuple(equal), tuple(right), tuple(names), objective(problem, made, guesses, labels)
    )
    return Strategies(program, problem, cone, space, labels, dict(zeros or {}))


def over_boxes(problem: Problem, boxes: Sequence[Box], cone: Cone | None = None) -> Strategies:
    """Return the program over listed boxes and the whole source: a copy for each guess that is not told."""
    guesses = guesses_of(problem)
    alike = problem.ask.told or problem.ask.at is not None or not guesses.outputs
    count = 1 if alike else len(guesses.worths)
    labels = tuple(-1 if alike else g for g in range(count) for _ in boxes)
    space = box_space([box for _ in range(count) for box in boxes], problem.shape[1])
    return build(problem, cone or source_cone(problem), space, guesses, labels)


def over_cells(problem: Problem, cone: Cone, zeros: Mapping[int, int] | None = None) -> Strategies:
    """Return the program over cells, a carrier for each guess label; raise TooLargeError for too many."""
    guesses = guesses_of(problem)
    labels = few_labels(guesses)
    return build(problem, cone, cell_space(problem, labels), guesses, tuple(range(labels)), zeros)


def seen_rows(
    problem: Problem, made: Assembly, most: int | None = None
) -> Iterator[tuple[dict[int, Fraction], bool, Exact, tuple[Any, ...]]]:
    """Yield what masses, averages and tests say: row, whether it is an equality, right side, name.

    Of more than `most` rows of uniform settings, which are all alike, one is written.
    """
    if problem.observed is not None:
        alike = most is not None and len(problem.observed) > most and problem.source == Point(None)
        for s, mass in enumerate(problem.observed[:1] if alike and problem.even else problem.observed):
            yield made.row({}, {s: Fraction(1)}), True, mass, ("observed", s)
    elif (place := asked_setting(problem)) is not None:
        yield made.row({}, {place: Fraction(1)}), True, Fraction(1), ("asked",)
    else:
        everywhere = {s: Fraction(1) for s in range(problem.shape[0])}
        yield made.row({}, everywhere), True, Fraction(1), ("total",)
    for k, (spent, limit) in enumerate(cost_rows(made)):
        yield spent, False, limit, ("average", k)
    for k, test in enumerate(problem.tests):
        if isinstance(test, Test) and test.functional.on == "moments":
            yield moment_row(made, test, k)
            continue
        for f, c, e, i, cell, side in test_rows(problem, test):
            yield made.row(f, c), e, i, ("test", k, cell, side)


def cost_rows(made: Assembly) -> list[tuple[dict[int, Fraction], Fraction]]:
    """Return the rows of bounds on average over W: what the nodes cost, whose mass is their first column."""
    cone, width = made.cone, made.space.width
    found = []
    for costs, limit in cone.costs:
        starts = ((c * cone.nodes + node, x) for c in range(made.space.carriers) for node, x in costs.items())
        found.append(({start * width: x for start, x in starts}, limit))
    return found


def moment_row(
    made: Assembly, test: Test, k: int
) -> tuple[dict[int, Fraction], bool, Exact, tuple[str, int, int, int]]:
    """Return (row, equal, right side, name) of a test of words, as <=."""
    side = -1 if test.relation == ">=" else 1
    row = {column: side * x for column, x in made.words(test.functional.words).items()}
    return row, test.relation == "=", test.score * side, ("test", k, 0, side)


def asked_setting(problem: Problem) -> int | None:
    """Return the one setting of the guess or the conditional score that is asked for, if any."""
    if problem.ask.at is not None:
        return problem.ask.at
    score = problem.ask.score
    if score is None or score.on != "conditional":
        return None
    return score.settings[0]


def test_rows(
    problem: Problem, test: Test | Kept
) -> list[tuple[dict[int, dict[int, Fraction]], dict[int, Fraction], bool, Exact, int, int]]:
    """Return (factors, constants, equal, right side, cell, side) of a test's rows <=; side -1 turns a >=.

    With unconstrained settings P(o|s) <= I reads P(o, s) - I P(s) <= 0.
    """
    if isinstance(test, Kept):
        found = []
        for place, (s, row) in enumerate(test.table):
            for o, x in enumerate(row):
                cell = Functional("conditional", ((s, o, Fraction(1)),))
                for side in (1,) if test.tolerance == 0 else (1, -1):
                    relation = "=" if test.tolerance == 0 else "<=" if side > 0 else ">="
                    one = Test(cell, relation, x + side * test.tolerance)
                    number = place * len(row) + o
                    found += [(f, c, e, i, number, side) for f, c, e, i, _, side in test_rows(problem, one)]
        return found
    if sums_ratios(problem, test):
        return relaxed_rows(problem, test)
    side = -1 if test.relation == ">=" else 1
    factors = problem.factors(test.functional, side)
    if test.functional.on == "conditional" and problem.observed is None:
        (s,) = test.functional.settings
        return [(factors, {s: -side * _rational(test, side)}, test.relation == "=", Fraction(0), 0, side)]
    if problem.observed is None and asked_setting(problem) is not None:
        # the mass of the setting asked for is 1, and the total is not: P(o, s) <= I reads P(o, s) - I P <= 0
        constants = dict.fromkeys(range(problem.shape[0]), -side * _rational(test, side))
        return [(factors, constants, test.relation == "=", Fraction(0), 0, side)]
    return [(factors, {}, test.relation == "=", side * test.score, 0, side)]


def _rational(test: Test, side: int) -> Fraction:
    """Return a score that multiplies masses: an irrational one a little weaker, of an equality above."""
    return test.score if isinstance(test.score, Fraction) else side * round_up(side * test.score, SCORE_BITS)


def objective(
    problem: Problem, made: Assembly, guesses: Guesses, labels: Sequence[int]
) -> dict[int, Fraction]:
    """Return what is maximised; labels as in `build`."""
    total: dict[int, Fraction] = {}
    settings = range(problem.shape[0]) if problem.ask.at is None else [problem.ask.at]
    if problem.ask.score is not None and problem.ask.score.on == "moments":
        return {k: problem.ask.sign * x for k, x in made.words(problem.ask.score.words).items()}
    if problem.ask.score is not None:
        return made.row(problem.factors(problem.ask.score, problem.ask.sign))
    for carrier, label in enumerate(labels):
        for s in settings if guesses.outputs else ():
            if label >= 0:
                made.add(total, carrier, {s: dict(guesses.worth(guesses.at(label, s), s))}, {})
                continue
            best = max(
                (guesses.worth(g, s) for g in range(len(guesses.worths))),
                key=lambda f: sum(made.space.value(carrier, s, f).values(), Fraction(0)),
            )
            made.add(total, carrier, {s: dict(best)}, {})
    return {column: value for column, value in total.items() if value}
