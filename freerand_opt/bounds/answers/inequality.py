r"""Measurement-dependent Bell inequalities, read from the prices that refute every local model.

The prices m of the tests and y of the observed settings name a functional of the joint distribution
(arXiv:1407.5634 writes them so),

.. math:: \sum_{o,s} c(o,s) P(o,s) \le B \text{ for every local model whose settings come from the source},

while the tests imply that the observed value is at least V > B. Prices are rounded to small integers, and B
is then computed anew and exactly: the largest value over deterministic boxes of the source's support
function. So the inequality does not rest on the prices that it was read from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd, lcm
from operator import mul
from typing import Any

from freerand_opt.certificates.held import Key, of_proof, prices
from freerand_opt.checker.failures import Work
from freerand_opt.checker.question import read_question
from freerand_opt.checker.support import support
from freerand_opt.checker.vectors import Vector
from freerand_opt.errors import TooLargeError
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Average, FullSupport, Mutual, Problem, Rows, Shared
from freerand_opt.numbers.exact import Exact, UndecidedError, compare
from freerand_opt.programs.box import Box, deterministic_boxes
from freerand_opt.programs.cycle import cycle_of, error_box
from freerand_opt.programs.names import joined
from freerand_opt.programs.source_vertices import vertices
from freerand_opt.programs.strategies import test_rows

#: Beyond so many joint settings no inequality is written out.
MOST_SETTINGS = 256
#: Prices that make integers up to this size are kept as they are.
SMALL = 200
#: Else they are rounded to integers up to these sizes, the first that still prove a contradiction.
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 30, 40, 60, 100, 1000, 10**4, 10**6)
WORK = 10**9


@dataclass(frozen=True)
class BellInequality:
    """sum c(o, s) P(o, s) <= bound for local models; the tests imply a value >= `observed` > bound.

    `terms` are (joint outcome, joint setting, integer). `by_cycle`: the bound was computed over the boxes of
    docs/proofs/cycle-boxes.md, all deterministic ones being too many.
    """

    problem: Problem
    terms: tuple[tuple[int, int, int], ...]
    bound: Fraction
    observed: Exact
    by_cycle: bool


def bell_inequality(problem: Problem, upper: Mapping[str, Any] | None) -> BellInequality | None:
    """Return the inequality behind a proof that no local model passes the tests.

    None without such a proof, and where the bound cannot be computed exactly: too many boxes or vertices, a
    source that is no polytope, or bounds on average over w, whose prices stand beside those of the tests.
    """
    local = problem.devices == "local" and problem.ask.quantity == "strategy"
    if (
        not local
        or isinstance(problem.source, Average | Shared)
        or upper is None
        or upper["claim"] != "none"
        or problem.shape[0] > MOST_SETTINGS
    ):
        return None
    held = of_proof(problem, upper)
    priced = dict(prices(held, upper["prices"]))
    settings = [priced.pop(("observed", s), Fraction(0)) for s in range(problem.shape[0])]
    common = max(settings, key=settings.count)  # probabilities sum to 1: a common price is a constant
    settings = [y - common for y in settings]
    exact = _tried(held, priced, settings)
    if exact is not None and max(abs(value) for _, _, value in exact.terms) <= SMALL:
        return exact
    unit = max((abs(value) for value in priced.values()), default=Fraction(0)) or Fraction(1)
    for size in SIZES:
        nice = {key: Fraction(round(value / unit * size)) for key, value in priced.items()}
        found = _tried(held, nice, [Fraction(round(y / unit * size)) for y in settings])
        if found is not None:
            return found
    return exact


def local_bound(problem: Problem, terms: Sequence[tuple[int, int, int]], boxes: Sequence[Box]) -> Fraction:
    """Return the largest sum of c(o, s) P(o, s) over these boxes and the source's distributions, exactly."""
    largest = _support(problem)
    rows: list[dict[int, int]] = [{} for _ in range(problem.shape[0])]
    for o, s, value in terms:
        rows[s][o] = value
    best: Fraction | None = None
    for box in boxes:
        gains = [
            sum((row.get(o, 0) * chance for o, chance in box.at(s).items()), Fraction(0))
            if row
            else Fraction(0)
            for s, row in enumerate(rows)
        ]
        reached = largest(gains)
        best = reached if best is None else max(best, reached)
    assert best is not None
    return best


def _support(problem: Problem) -> Callable[[list[Fraction]], Fraction]:
    """Return the largest mean over the source; raise TooLargeError for one by rows with too many vertices."""
    if isinstance(problem.source, Mutual | Rows | FullSupport):
        points = vertices(problem.source, problem.settings, problem.observed)
        return lambda gains: max(sum(map(mul, point, gains), Fraction(0)) for point in points)
    source = read_question(question_form(problem), Work(WORK)).source
    return lambda gains: support(source, Vector(len(gains), None, dict(enumerate(gains))), Work(WORK))


def _tried(
    problem: Problem, priced: Mapping[Key, Fraction], settings: Sequence[Fraction]
) -> BellInequality | None:
    """Return the inequality that these prices name, if the tests violate it."""
    terms, observed = _functional(problem, priced, settings)
    if not terms:
        return None
    cycle = None
    try:
        boxes: Sequence[Box] = deterministic_boxes(problem)
    except TooLargeError:
        cycle = cycle_of(problem)
        if cycle is None:
            return None
        boxes = [error_box(cycle, error) for error in cycle.edges]
    try:
        limit = local_bound(problem, terms, boxes)
        violated = compare(observed, limit) > 0
    except (UndecidedError, TooLargeError):
        return None
    return BellInequality(problem, terms, limit, observed, cycle is not None) if violated else None


def _functional(
    problem: Problem, priced: Mapping[Key, Fraction], settings: Sequence[Fraction]
) -> tuple[tuple[tuple[int, int, int], ...], Exact]:
    """Return (c, V): minus prices times tests and settings, in integers without a common factor."""
    total: dict[tuple[int, int], Fraction] = {}
    observed: Exact = Fraction(0)

    def charge(s: int, o: int, value: Fraction) -> None:
        total[o, s] = total.get((o, s), Fraction(0)) - value

    for k, test in enumerate(problem.tests):
        for factors, constants, _, right, cell, side in test_rows(problem, test):
            price = priced.get(("test", k, cell, side), Fraction(0))
            if price:
                observed = observed - right * price
            for s, row in factors.items() if price else ():
                for o, value in row.items():
                    charge(s, o, price * value)
            for s, value in constants.items() if price else ():
                for o in range(problem.shape[1]):
                    charge(s, o, price * value)
    for s, y in enumerate(settings):
        if y and problem.observed is not None:
            observed = observed - y * problem.observed[s]
            for o in range(problem.shape[1]):
                charge(s, o, y)
    every = [total.get((o, s), Fraction(0)) for s in range(problem.shape[0]) for o in range(problem.shape[1])]
    # so is a factor of most probabilities
    ((common, count),) = Counter(every).most_common(1)
    common = common if 2 * count > len(every) else Fraction(0)
    observed = observed - common
    cells = product(range(problem.shape[0]), range(problem.shape[1]))
    kept = {(o, s): value - common for (s, o), value in zip(cells, every, strict=True) if value != common}
    if not kept:
        return (), observed
    scale = lcm(*(value.denominator for value in kept.values()))
    divisor = gcd(*(int(value * scale) for value in kept.values()))
    terms = tuple((o, s, int(value * scale) // divisor) for (o, s), value in kept.items())
    return terms, observed * Fraction(scale, divisor)


def probability(problem: Problem, o: int, s: int) -> str:
    """Return the name of a joint probability, P(outcomes, settings), such as ``P(01,10)``."""
    outcomes, settings = joined(problem.joint_outcomes[o]), joined(problem.joint_settings[s])
    return f"P({outcomes}{';' if ',' in outcomes + settings else ','}{settings})"


def signed_terms(found: BellInequality) -> Iterator[tuple[str, str]]:
    """Yield (sign, probabilities with one factor): equal factors are put together."""
    groups: dict[int, list[str]] = {}
    for o, s, value in found.terms:
        groups.setdefault(value, []).append(probability(found.problem, o, s))
    for value, names in sorted(groups.items(), key=lambda item: (item[0] < 0, -abs(item[0]))):
        size = "" if abs(value) == 1 else f"{abs(value)} "
        words = names[0] if len(names) == 1 else f"[{' + '.join(names)}]"
        yield ("+" if value > 0 else "-"), f"{size}{words}"


def words(found: BellInequality, *, latex: bool = False) -> str:
    """Return the inequality as a line of text or of LaTeX."""
    left = " ".join(f"{sign} {term}" for sign, term in signed_terms(found)).removeprefix("+ ")
    if not latex:
        return f"{left} <= {found.bound}"
    bound = found.bound
    size = str(abs(bound))
    if bound.denominator > 1:
        size = rf"\frac{{{abs(bound.numerator)}}}{{{bound.denominator}}}"
    body = left.replace("[", r"\left[").replace("]", r"\right]")
    return rf"{body} \le {'-' if bound < 0 else ''}{size}"
