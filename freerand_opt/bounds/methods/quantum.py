"""The method for quantum devices.

Closed boxes, relaxations by several solvers, boxes found at their prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.attacks.closed import closed_boxes
from freerand_opt.attacks.gains import prices_at, spent_at, words_at
from freerand_opt.attacks.pairs import MAX_STALLED, Hints, attack
from freerand_opt.attacks.strategies import attack_form
from freerand_opt.attacks.xor import best_vectors, tsirelson_box
from freerand_opt.bounds.methods.linear import orbits
from freerand_opt.bounds.methods.routes import margins, routes
from freerand_opt.bounds.methods.ways import rational_scores
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.squares import squares_form
from freerand_opt.certificates.symmetric import chain_form, correlators, observables_form, symmetric_form
from freerand_opt.conic.duals import exact_dual, ray
from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.model.certificate_form import vector_form
from freerand_opt.model.problem import Bits, Point, Problem
from freerand_opt.programs.box import MOST_BOXES, deterministic_boxes
from freerand_opt.programs.branches import branch_count, branched_cone
from freerand_opt.programs.cycle import cycle_of
from freerand_opt.programs.guesses import GUESSES, few_labels, guesses_of
from freerand_opt.programs.moments import MomentProgram, Moments, moment_program, moments_of
from freerand_opt.programs.npa.matrix import word_count
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.programs.source_cone import Cone
from freerand_opt.programs.source_vertices import surely_more

MOST_DETERMINISTIC = 256
#: What a unit of a test's violation costs at least while boxes are sought.
PENALTY = 64.0
TURNS = 30
#: A score without tests needs one box, so that turns only start anew, and the last one looks. With more than
#: three settings more than qubits may help (A6, A7): this often in three dimensions, for each of the others.
PLAIN_TURNS, PASS = 4, 6
#: Facets of a source are weaker than its vertices; so many are used with matrices of at most this size.
MOST_VERTICES, QUICK = 128, 32
#: Branches are between facets and vertices; a program with so many is solved in half a minute.
MOST_BRANCHES = 256
#: Up to this size the program of a score's moment matrix is written down.
WRITTEN_DOWN = 100
#: Scores of correlators have vectors at larger levels than this, and with as many settings.
FEW_WORDS, MOST_VECTORS = 12, 400
#: A certified bound this near to the relaxation's own value, relative to 1 and to it, cannot be improved.
LOSS = 5e-10
#: A bound so far below it is another method's, and no error of floats.
FAR = 1e-4
#: Multipliers larger than this may prove that there is no strategy.
LARGE = Fraction(2**10)


def quantum(pool: Pool, options: Options) -> Iterator[None]:
    """Offer closed boxes, the relaxation's bound by one route after the other, and boxes at its prices."""
    problem = pool.problem
    if problem.devices != "quantum":
        return
    yield from _closed(pool)
    yield from _wider(pool, options)
    yield from _correlators(pool, options)
    if _large_score(problem, options):
        yield from _score(pool, options)
    outer, rational = rational_scores(problem)
    guesses = guesses_of(outer)
    moments = moments_of(outer, options.level, few_labels(guesses))
    made = moment_program(outer, _cone(outer, moments, options), moments, guesses)
    words = f"level {options.level}, {len(made.program.sizes)} matrices"
    best: list[float] | None = None
    asked = problem.ask.quantity == "strategy"
    if asked:
        _contradiction(pool, options)
        yield
    for name, run in () if asked else routes(made, options.solver, options.symmetry, options.time_limit):
        solution = run()
        if solution is None:
            continue
        dual = exact_dual(made.program, solution)
        if not asked and (solution.status == "infeasible" or _diverges(made, dual)):
            asked = True
            _contradiction(pool, options)
            yield
        if _offer(pool, made, dual, rational, f"{words}, {name}") or best is None:
            best = [float(dual.values.get(row, 0)) for row in range(made.program.linear)]
        yield
        if pool.impossible or _tight(pool, made, solution):
            break
    if not pool.impossible:
        _search(pool, made, best)
        yield


def _cone(problem: Problem, moments: Moments, options: Options) -> Cone:
    """Return the source's cone, by more vertices than usual, or by branches, where that is solved quickly."""
    if options.solver != "auto" or moments.space.face is not None or moments.matrix.size > QUICK:
        return cone_of(problem)
    source = problem.source
    if isinstance(source, Bits) and surely_more(source, MOST_VERTICES):
        return branched_cone(problem) if branch_count(source) <= MOST_BRANCHES else cone_of(problem)
    return cone_of(problem, MOST_VERTICES)


def _closed(pool: Pool) -> Iterator[None]:
    """Offer each known strategy alone, with the observed settings."""
    problem = pool.problem
    if problem.observed is None or (problem.ask.quantity in GUESSES and not problem.tests):
        return
    for words, box in closed_boxes(problem):
        pool.offer_attack({"strategies": [{"masses": vector_form(problem.observed), "box": box}]}, words)
        yield


# ------------------------------------------------------------------ upper ends


def _wider(pool: Pool, options: Options) -> Iterator[None]:
    """Offer the bound of no-signalling devices on a cycle: facets of a deep tree of bits may know less."""
    problem = replace(pool.problem, devices="no-signalling")
    if isinstance(problem.source, Bits) and cycle_of(problem) is not None:
        found = Pool(problem, pool.width)
        for _ in orbits(found, options):
            if found.upper is not None:
                pool.offer_upper(found.upper, f"no-signalling devices, {found.how['upper']}")
                yield
                return


def _correlators(pool: Pool, options: Options) -> Iterator[None]:
    """Offer both ends of a score of two parties' correlators alone: it is settled by vectors, at level 1."""
    problem = pool.problem
    score = problem.ask.score
    if score is None or problem.tests or len(problem.settings) != 2 or options.solver != "auto":
        return
    if options.symmetry or not isinstance(problem.source, Point) or problem.observed is None:
        return
    parties = problem.parties
    factors = correlators(problem)
    if not factors or not word_count(parties, options.level) > FEW_WORDS:
        return
    known = chain_form(problem)
    if known is not None:
        pool.offer_upper(known, f"{2 * problem.settings[0] - 2} squares of observables")
        yield
        return
    held = best_vectors(factors, problem.settings) if sum(problem.settings) <= MOST_VECTORS else None
    if held is None:
        return
    box = tsirelson_box(held, problem.settings).as_json()
    words = f"vectors of length {held.rows.shape[1]}"
    pool.offer_upper(observables_form(problem, held.matrix), f"squares of observables, {words}")
    pool.offer_attack({"strategies": [{"masses": vector_form(problem.observed), "box": box}]}, words)
    yield


def _large_score(problem: Problem, options: Options) -> bool:
    """Whether a score is asked without tests, of uniform settings, whose moment matrix is large."""
    score = problem.ask.score
    return (
        score is not None
        and score.on != "moments"
        and not problem.tests
        and isinstance(problem.source, Point)
        and problem.observed is not None
        and set(problem.outcomes) == {2}
        and options.solver == "auto"
        and word_count(problem.parties, options.level) > WRITTEN_DOWN
    )


def _score(pool: Pool, options: Options) -> Iterator[None]:
    """Offer the bound of a large score by squares averaged over its symmetries."""
    problem = pool.problem
    found = symmetric_form(problem, options.level, options.symmetry, options.time_limit)
    if found is not None:
        pool.offer_upper(found[0], f"level {options.level}, squares and their images, {found[1]} on blocks")
        yield


def _offer(pool: Pool, made: MomentProgram, dual: Dual, rational: dict[int, Any], words: str) -> bool:
    """Offer the bound; return whether it is better."""
    form = squares_form(replace(made, problem=pool.problem), dual, rational, "bound")
    return pool.offer_folded(form, words)


def _contradiction(pool: Pool, options: Options) -> None:
    """Offer a proof that no strategy passes the tests, by the largest margin."""
    problem = pool.problem.exists
    outer, rational = rational_scores(problem)
    moments = moments_of(outer, options.level, 1)
    made = moment_program(outer, cone_of(outer), moments, guesses_of(outer))
    for name, run in margins(made.program, options.time_limit):
        solution = run()
        if solution is not None and solution.status == "infeasible":
            dual = ray(exact_dual(made.program, solution))
            form = squares_form(replace(made, problem=problem), dual, rational, "none")
            if pool.offer_upper(form, f"level {options.level}, no strategy: {name}"):
                return


def _diverges(made: MomentProgram, dual: Dual) -> bool:
    """Whether multipliers are so large, and their bound so negative, that there may be no strategy."""
    most = max((abs(value) for value in dual.values.values()), default=Fraction(0))
    if most < LARGE:
        return False
    right = made.program.right
    return sum(float(value / most) * float(right[row]) for row, value in dual.values.items()) < 0


def _tight(pool: Pool, made: MomentProgram, solution: Solution) -> bool:
    """Return whether the bound is as near to the relaxation's value as its floats can tell, or far below."""
    if pool.bound is None or solution.status != "optimal":
        return False
    value = float(made.program.cost @ solution.x)
    over = pool.height - value
    return abs(over) < LOSS * max(1.0, abs(value)) or over < -FAR


# ------------------------------------------------------------------ lower ends


def _search(pool: Pool, made: MomentProgram, z: list[float] | None) -> None:
    """Offer an attack over boxes found at a relaxation's prices."""
    problem, hints = pool.problem, Hints(penalty=PENALTY)
    if z is not None:
        names = made.program.names
        charged = [abs(x) for name, x in zip(names, z, strict=True) if name[0] == "test"]  # type: ignore[index]
        most = PENALTY + 4 * max(charged, default=0.0)
        hints = Hints(
            prices_at(made.problem, names, z), most, (), words_at(made.problem, names, z), spent_at(names, z)
        )
    boxes = []
    count = prod(float(d) ** n for d, n in zip(problem.outcomes, problem.settings, strict=True))
    if count <= min(MOST_DETERMINISTIC, MOST_BOXES):
        boxes = list(deterministic_boxes(problem))
    tested = any(name[0] == "test" for name in made.program.names)  # type: ignore[index]
    plain = isinstance(problem.source, Point) and problem.ask.score is not None and not tested
    turns, patience = TURNS, MAX_STALLED
    if plain:
        beyond = max(problem.settings) - 3
        turns = patience = PLAIN_TURNS if beyond < 1 else 1 + PASS * (1 + beyond)
    found, why = attack(problem, hints, pool.height, more=boxes, turns=turns, patience=patience)
    if why:
        pool.failures.append(f"states found at its prices: {why}")
    else:
        pool.offer_attack(attack_form(problem, found), "states found at its prices")
