"""Methods by linear programs, each a generator that offers ends to the pool step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from freerand_opt.attacks.flows import chain_form
from freerand_opt.attacks.pairs import attack as search
from freerand_opt.attacks.pairs import hints_of, inner
from freerand_opt.attacks.strategies import attack_form, strategies
from freerand_opt.bounds.ratios import portioned, ratio_of, shared_out, starts, sums_ratios
from freerand_opt.bounds.ways import rational_scores, upper_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.proofs import rounded
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import Hint, LinearProgram, solve
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Point, Problem, Rows
from freerand_opt.programs.boxes import box_space, cell_space, deterministic_boxes
from freerand_opt.programs.cycle import cycle_of, edge_form, error_box
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.quotient import prices, quotient
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.strategies import Assembly, Strategies, build
from freerand_opt.programs.violations import with_violations

if TYPE_CHECKING:
    from freerand_opt.bounds.corridor import Options

#: Sources with more vertices than this are taken by their facets first.
FEW_VERTICES = 64
#: Columns beyond which the program by vertices is left out.
MOST_COLUMNS = 60_000
#: Linear programs that are solved in search of shares; steps towards one setting, for a gain of at least so much.
MOST_PROGRAMS = 60
STEPS = (1.0, 0.5, 0.25, 0.1, 0.03)
LEAST_GAIN = 1e-9


def orbits(pool: Pool, options: Options) -> Iterator[None]:
    """Count errors on a cycle with bits in one time order: both ends by orbits."""
    cycle = cycle_of(pool.problem)
    try:
        made = None if cycle is None else quotient(cycle)
    except TooLargeError:
        return
    if made is None:
        return
    words = f"{len(made.copies)} orbits of boxes on a cycle"
    program = _relaxed_if_asked(pool.problem, made.program)
    hint = solve(program, options.time_limit)
    z = _multipliers(program, hint)
    pool.offer_upper(prices(made, z[: made.program.matrix.shape[0]]), words)
    yield
    x = inner_point(program, hint)
    if x is not None:
        pool.offer_attack(chain_form(made, x[: made.program.matrix.shape[1]]), words)
    yield


def cycle_boxes(pool: Pool, options: Options) -> Iterator[None]:
    """Take the boxes of a cycle, whatever the source: both ends."""
    problem = pool.problem
    cycle = cycle_of(problem)
    if cycle is None or len(cycle.edges) * problem.shape[0] > MOST_COLUMNS:
        return
    errors: list[int | None] = [*sorted(cycle.edges)]
    errors += [] if problem.devices == "local" else [None]
    boxes = [error_box(cycle, error) for error in errors]

    def made_for(held: Problem) -> Strategies:
        space = box_space(boxes, held.shape[1])
        return build(held, source_cone(held), space, guesses_of(held), (-1,) * len(boxes))

    words = f"{len(boxes)} boxes of a cycle"
    yield from _both_ends(pool, options, made_for, "cycle", words, edges=edge_form(cycle))


def deterministic(pool: Pool, options: Options) -> Iterator[None]:
    """Take all deterministic boxes of local devices, and the whole source: both ends."""
    problem = pool.problem
    if problem.devices != "local" or any(_of_moments(test) for test in problem.tests):
        return
    try:
        boxes = deterministic_boxes(problem)
    except TooLargeError:
        return
    words = f"{len(boxes)} deterministic boxes"

    def made_for(held: Problem) -> Strategies:
        guesses = guesses_of(held)
        alike = held.ask.told or held.ask.at is not None or not guesses.outputs
        count = 1 if alike else len(guesses.worths)
        labels = tuple(-1 if alike else g for g in range(count) for _ in boxes)
        space = box_space([box for _ in range(count) for box in boxes], held.shape[1])
        return build(held, source_cone(held), space, guesses, labels)

    yield from _both_ends(pool, options, made_for, "deterministic", words)


def vertices(pool: Pool, options: Options) -> Iterator[None]:
    """Take no-signalling boxes in cells at each vertex of a source that has few: both ends."""
    problem = pool.problem
    if problem.devices != "no-signalling" or isinstance(problem.source, Rows):
        return
    try:
        cone = vertex_cone(problem)
        labels = few_labels(guesses_of(problem))
    except TooLargeError:
        return
    space = cell_space(problem, labels)
    if cone.nodes > FEW_VERTICES or cone.nodes * space.width * labels > MOST_COLUMNS:
        return

    def made_for(held: Problem) -> Strategies:
        return build(held, cone, cell_space(held, labels), guesses_of(held), tuple(range(labels)))

    words = f"{cone.nodes} vertices of the source x {space.width} cells"
    yield from _both_ends(
        pool, options, made_for, "cells", words, by_vertices=not isinstance(problem.source, Point)
    )


def facets(pool: Pool, options: Options) -> Iterator[None]:
    """Bound by products of facets in cells, and seek an attack box by box."""
    problem = pool.problem
    if problem.devices == "quantum" or any(_of_moments(test) for test in problem.tests):
        return
    try:
        labels = few_labels(guesses_of(problem))
    except TooLargeError:
        return
    outer, rational = rational_scores(problem)
    made = build(
        outer, source_cone(outer), cell_space(outer, labels), guesses_of(outer), tuple(range(labels))
    )
    words = (
        f"products of {len(made.cone.names)} facets of the source x {made.space.positive.shape[0]} of boxes"
    )
    program = _relaxed_if_asked(problem, made.program, made)
    hint = solve(program, options.time_limit)
    if hint.status == "optimal":
        _offer(pool, made, program, hint, rational, "cells", words)
        yield
        found = search(problem, hints_of(made, hint), pool.height)
        if found:
            pool.offer_attack(attack_form(problem, found), "boxes found at its prices")
        yield
    elif problem.ask.quantity != "strategy":
        yield from _impossible(pool, options)


def _both_ends(
    pool: Pool,
    options: Options,
    made_for: Any,
    way: str,
    words: str,
    *,
    by_vertices: bool = False,
    edges: int | list[list[int]] | None = None,
) -> Iterator[None]:
    """Solve a complete program once for the bound, and for the attack with scores on the strict side."""
    problem = pool.problem
    outer, rational = rational_scores(problem)
    made = made_for(outer)
    program = _relaxed_if_asked(problem, made.program, made)
    hint = solve(program, options.time_limit)
    if hint.status != "optimal":
        if problem.ask.quantity != "strategy":
            yield from _impossible(pool, options)
        return
    more: dict[str, Any] = {"vertices": by_vertices, **({} if edges is None else {"edges": edges})}
    _offer(pool, made, program, hint, rational, way, words, **more)
    yield
    if any(sums_ratios(problem, test) for test in problem.tests):
        yield from _shared(pool, options, made, hint, made_for, words)
        return
    strict = inner(problem)
    if strict != outer:
        made = made_for(strict)
        program = _relaxed_if_asked(problem, made.program, made)
        hint = solve(program, options.time_limit)
    x = inner_point(program, hint)
    if x is not None:
        pool.offer_attack(attack_form(problem, strategies(made, x[: made.program.matrix.shape[1]])), words)
    yield


def _shared(
    pool: Pool, options: Options, made: Strategies, hint: Hint, made_for: Any, words: str
) -> Iterator[None]:
    """Share sums of ratios out among the settings, and move the shares to where prices promise most."""
    problem = pool.problem
    left = MOST_PROGRAMS
    for shares in starts(problem, _ratios_seen(problem, made, hint)):
        gained, held = True, shares
        while gained and left > 0:
            prices, value = _at_shares(pool, options, held, made_for, words)
            left -= 1
            yield
            if prices is None:
                break
            gained = False
            for step in STEPS:
                moved = _moved(problem, held, prices, step)
                more, better = _at_shares(pool, options, moved, made_for, words)
                left -= 1
                yield
                if more is not None and better > value + LEAST_GAIN:
                    held, gained = moved, True
                    break
        if left <= 0:
            return


def _at_shares(
    pool: Pool, options: Options, shares: list[dict[int, Fraction]], made_for: Any, words: str
) -> tuple[list[dict[int, float]] | None, float]:
    """Offer the attack at some shares; return what a larger share would be worth by setting, and the value."""
    asked = shared_out(inner(pool.problem), shares)
    made = made_for(asked)
    program = _relaxed_if_asked(asked, made.program, made)
    hint = solve(program, options.time_limit)
    if hint.status != "optimal":
        return None, float("-inf")
    value = sum(float(c) * hint.x[k] for k, c in program.objective.items())
    x = inner_point(program, hint)
    if x is not None:
        found = strategies(made, x[: made.program.matrix.shape[1]])
        pool.offer_attack(attack_form(pool.problem, found), f"{words}, shares of the test")
    by_test = {
        name[1]: -z if asked.ask.quantity == "strategy" else z
        for name, z in zip(made.program.names, hint.multipliers.tolist(), strict=False)
        if name[0] == "test"  # type: ignore[index]
    }
    prices, place = [], 0
    for test in pool.problem.tests:
        if not sums_ratios(pool.problem, test):
            place += 1
            continue
        own = {}
        for s, row in ratio_of(pool.problem, test).parts.items():  # type: ignore[arg-type]
            if row:
                own[s] = abs(by_test.get(place, 0.0))
                place += 1
        prices.append(own)
    return prices, float(value)


def _moved(
    problem: Problem, shares: list[dict[int, Fraction]], prices: list[dict[int, float]], step: float
) -> list[dict[int, Fraction]]:
    held = [ratio_of(problem, test) for test in problem.tests if sums_ratios(problem, test)]  # type: ignore[arg-type]
    weights = []
    for own, price in zip(shares, prices, strict=True):
        total = max(float(sum(own.values())), 1e-300)
        weight = {s: (1 - step) * float(value) / total for s, value in own.items()}
        best = max(price, key=lambda s: price[s])
        weight[best] = weight.get(best, 0.0) + step
        weights.append(weight)
    return portioned(held, weights)


def _ratios_seen(problem: Problem, made: Strategies, hint: Hint) -> list[dict[int, float]]:
    """Return Z_s/P(s) of a relaxed solution for each sum of ratios."""
    found = []
    for test in problem.tests:
        if not sums_ratios(problem, test):
            continue
        own = {}
        for s, row in ratio_of(problem, test).parts.items():  # type: ignore[arg-type]
            assembly = Assembly(made.problem, made.cone, made.space)
            lost = sum(float(v) * hint.x[k] for k, v in assembly.row({s: row}).items())
            mass = sum(float(v) * hint.x[k] for k, v in assembly.row({}, {s: Fraction(1)}).items())
            own[s] = max(lost / mass, 0.0) if mass > 1e-12 else 0.0
        found.append(own)
    return found


def _impossible(pool: Pool, options: Options) -> Iterator[None]:
    """Prove that no strategy passes the tests, so that nothing can be asked of it."""
    from freerand_opt.bounds.corridor import bound

    found = bound(pool.problem.exists, options)
    if found.impossible and found.upper is not None:
        pool.offer_upper(found.upper, f"no strategy: {found.how['upper']}")
    yield


def _offer(
    pool: Pool,
    made: Strategies,
    program: LinearProgram,
    hint: Hint,
    rational: dict[int, Any],
    way: str,
    words: str,
    **more: Any,
) -> None:
    z = _multipliers(program, hint)[: made.program.matrix.shape[0]]
    claim = "none" if pool.problem.ask.quantity == "strategy" else "bound"
    form = upper_form(pool.problem, made, z, rational, way, claim, **more)
    if "bound" not in form["prices"]:
        pool.offer_upper(form, words)
        return
    # with unconstrained settings the bound is part of what is folded; rounding may leave it a little too low
    bound = Fraction(form["prices"]["bound"])
    for more in (Fraction(0), *(Fraction(1, 2**bits) for bits in (56, 48, 40, 32, 24, 16))):
        if pool.offer_upper({**form, "prices": {**form["prices"], "bound": str(bound + more)}}, words):
            return


def _multipliers(program: LinearProgram, hint: Hint) -> Sequence[Fraction]:
    exact = exact_multipliers(program, hint)
    return rounded(hint.multipliers) if exact is None else exact


def _relaxed_if_asked(
    problem: Problem, program: LinearProgram, made: Strategies | None = None
) -> LinearProgram:
    """Return the program of the least violation where existence is asked for."""
    if problem.ask.quantity != "strategy":
        return program
    return with_violations(program)


def _of_moments(test: Any) -> bool:
    return getattr(getattr(test, "functional", None), "on", "") == "moments"
