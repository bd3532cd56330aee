"""The least total violation of the tests: a program that always has a strategy."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.conic.linear import Hint, LinearProgram
from freerand_opt.conic.sparse import sparse, stacked, widened
from freerand_opt.model.problem import Problem

#: Violations, in all, that floats do not tell from none.
BROKEN = 1e-9


def with_violations(
    program: LinearProgram, penalty: float | None = None, *, settings: bool = False
) -> LinearProgram:
    """Return the program whose optimum is minus the least total violation of the tests.

    With a `penalty` the objective is the problem's, less the penalty for each unit of violation. A single
    inequality may be kept with a margin, a violation below 0, so that the optimum tells both answers apart.
    With `settings` the observed settings may be violated as well, so that there always is a strategy.
    """
    rows, columns = program.matrix.shape
    tested = [program.equal[k] for k, name in enumerate(program.names) if _is_test(name)]
    margin = penalty is None and tested == [False] and not settings
    more: list[tuple[int, int, int]] = []
    signs: list[tuple[int, int, int]] = []
    count = 0
    for row, name in enumerate(program.names):
        if _is_test(name) or (settings and _is_observed(name)):
            for sign in (1, -1) if program.equal[row] else (1,):
                more.append((row, columns + count, -sign))
                signs += [] if margin else [(count, columns + count, -1)]
                count += 1
    wide = (rows, columns + count)
    body = widened(program.matrix, sparse(wide, more))
    more_rows = len(signs)
    return LinearProgram(
        stacked([body, sparse((more_rows, columns + count), signs)]),
        (*program.equal, *([False] * more_rows)),
        (*program.right, *([Fraction(0)] * more_rows)),
        (*program.names, *(("violation", k) for k in range(more_rows))),
        {
            **({} if penalty is None else program.objective),
            **{columns + k: Fraction(-1 if penalty is None else -penalty) for k in range(count)},
        },
        (*(program.sizes or (0,) * columns), *((0,) * count)),
    )


def relaxed_if_asked(problem: Problem, program: LinearProgram) -> LinearProgram:
    """Return the program of the least violation where existence is asked for."""
    return with_violations(program) if problem.ask.quantity == "strategy" else program


def optimum_of(problem: Problem, program: LinearProgram, hint: Hint) -> float | None:
    """Return the optimum in floats, of existence the margin by which a single inequality is passed.

    Of several tests it is minus the least violation, 0 if they are passed. None where none was found.
    """
    if problem.ask.quantity == "strategy":
        return _margin_of(program, hint)
    if hint.status != "optimal":
        return None
    return sum(float(worth) * float(hint.x[k]) for k, worth in program.objective.items())


def _margin_of(program: LinearProgram, hint: Hint) -> float | None:
    _, columns = program.matrix.shape
    if hint.status != "optimal" or set(program.objective.values()) != {Fraction(-1)}:
        return None
    kept = sum(isinstance(name, tuple) and name[0] == "violation" for name in program.names)
    if set(program.objective) != set(range(columns - max(kept, 1), columns)):
        return None
    margin = -sum(float(hint.x[k]) for k in program.objective)
    return 0.0 if kept and margin > -BROKEN else margin


def _is_test(name: object) -> bool:
    return isinstance(name, tuple) and name[0] == "test"


def _is_observed(name: object) -> bool:
    return isinstance(name, tuple) and name[0] in ("observed", "asked", "total")
