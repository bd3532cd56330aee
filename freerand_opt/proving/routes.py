"""Routes to multipliers of a semidefinite program, in a fixed order: each is certified, the best is kept.

No route is chosen by a solver's status or by a norm of what it returns. After each the multipliers are
also tried as a proof that no point exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from freerand_opt.certificates.certify import Multipliers, multipliers, ray
from freerand_opt.certificates.faces import refined, with_tail
from freerand_opt.numbers.exact import UndecidedError, compare, sign
from freerand_opt.programs.invariants import invariant_rows
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.solution import Solution
from freerand_opt.programs.symmetry import Action
from freerand_opt.solvers import exchanged, exposing, high_precision
from freerand_opt.solvers.choose import automatic_name, second_name, solver_named

#: A certified bound this near to a solver's value, relative to 1 and to it, is left at that.
LOSS = 5e-10
#: Clarabel needs gigabytes for programs with more rows.
MOST_ROWS = 5000
Solver: TypeAlias = Callable[[ConicProgram, float | None], Solution]
MaybeSolver: TypeAlias = Callable[[ConicProgram, float | None], Solution | None]
Route: TypeAlias = Callable[[ConicProgram, float | None], "Attempt | None"]


@dataclass(frozen=True)
class Attempt:
    """Exact multipliers, and the solution that they came from if there is one."""

    multipliers: Multipliers
    solution: Solution | None


@dataclass(frozen=True)
class Best:
    """The best multipliers of all routes; a solution; whether some multipliers prove that no point exists."""

    multipliers: Multipliers
    solution: Solution
    infeasible: bool


def best(program: ConicProgram, routes: Sequence[Route], time_limit: float | None) -> Best:
    """Return the best multipliers that the routes find; later ones are tried while the bound is not tight."""
    kept: Attempt | None = None
    solution: Solution | None = None
    infeasible = False
    for route in routes:
        found = route(program, time_limit)
        if found is None:
            continue
        if kept is None or _less(found.multipliers, kept.multipliers):
            kept = found
            solution = found.solution or solution
        solution = solution or found.solution
        infeasible = sign(ray(program, found.multipliers).bound) < 0
        if infeasible or _tight(program, found):
            break
    assert kept is not None  # solvers in floats always return something
    assert solution is not None
    return Best(kept.multipliers, solution, infeasible)


def _less(one: Multipliers, other: Multipliers) -> bool:
    try:
        return compare(one.bound, other.bound) < 0
    except UndecidedError:
        return False


def _tight(program: ConicProgram, found: Attempt) -> bool:
    """Return whether the bound is as near to the solution's own value as its floats can tell."""
    if found.solution is None or found.solution.status != "optimal":
        return False
    value = float(program.objective.floats() @ found.solution.primal)
    return abs(float(found.multipliers.bound) - value) < LOSS * max(1.0, abs(value))


# ------------------------------------------------------------------ the routes


def of_solver(run: Solver) -> list[Route]:
    """Return the one route of a solver that was named; for auto all those that need no structure."""
    if run is not solver_named("auto"):
        return [_solver(run)]
    return [
        _solver(lambda program, limit: high_precision.solve(program, time_limit=limit)),
        _solver(lambda program, limit: exposing.solve(program, time_limit=limit)),
        *_in_floats(()),
    ]


def of_moments(
    made: MomentStrategies, actions: Sequence[Action], smaller: Sequence[MaybeSolver]
) -> list[Route]:
    """Return the routes of a relaxation; `actions` keep it, `smaller` solve it by its structure."""

    def fine(program: ConicProgram, limit: float | None) -> Solution | None:
        return high_precision.solve(
            program, time_limit=limit, more=invariant_rows(actions, made.space.width, program.shape[1])
        )

    def face(program: ConicProgram, limit: float | None) -> Solution | None:
        return exposing.solve(program, time_limit=limit)

    turned = exchanged.exchange(made)
    if turned is None:
        return [_solver(fine), _solver(face), *_in_floats(smaller)]
    return [
        _solver(lambda program, limit: exchanged.solve(made, turned, fine, time_limit=limit)),
        _solver(lambda program, limit: exchanged.solve(made, turned, face, time_limit=limit)),
        *_in_floats(smaller),
    ]


def _in_floats(smaller: Sequence[MaybeSolver]) -> list[Route]:
    """Return solvers that use structure, then those of the whole program in floats and on their face.

    Of a program that was solved by its structure only one more solver is asked, and none if that would not
    fit into memory.
    """

    def first(program: ConicProgram, limit: float | None) -> Attempt | None:
        return _solver(solver_named("auto"))(program, limit)

    def second(program: ConicProgram, limit: float | None) -> Attempt | None:
        name = second_name(program, "" if smaller else automatic_name(program))
        large = name == "clarabel" and program.shape[0] > MOST_ROWS
        return None if name is None or large else _solver(solver_named(name))(program, limit)

    whole = [second, _on_float_face] if smaller else [first, second, _on_float_face]
    return [*map(_solver, smaller), *whole]


def _solver(run: MaybeSolver) -> Route:
    def route(program: ConicProgram, limit: float | None) -> Attempt | None:
        found = run(program, limit)
        return None if found is None else Attempt(multipliers(program, found), found)

    return route


def _on_float_face(program: ConicProgram, limit: float | None) -> Attempt | None:
    """Return multipliers on the face of a program without interior that is too large for integers."""
    from freerand_opt.solvers import faces

    exposed = faces.exposed(program, limit)
    tail = None if exposed is None else refined(program, exposed.multipliers, exposed.kernels)
    if tail is None:
        return None
    return Attempt(with_tail(program, faces.solve(program, tail.face(program), limit), tail), None)
