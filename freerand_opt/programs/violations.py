"""The least total violation of tests and observed settings: a program that always has a strategy."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.conic.linear import LinearProgram
from freerand_opt.conic.sparse import sparse, stacked

#: A violation of the observed settings' distribution costs as much as so much of a test's: prices are then at most it.
OBSERVED = 1 << 10


def with_violations(program: LinearProgram, penalty: float | None = None) -> LinearProgram:
    """Return the program whose optimum is minus the least total violation of tests and observed settings.

    With a `penalty` the objective is the problem's, less the penalty for each unit of a test's violation.
    """
    rows, columns = program.matrix.shape
    more: list[tuple[int, int, int]] = []
    signs: list[tuple[int, int, int]] = []
    count = 0
    costs: list[Fraction] = []
    for row, name in enumerate(program.names):
        kind = name[0] if isinstance(name, tuple) else ""
        if kind == "test" or (kind == "observed" and penalty is None):
            for sign in (1, -1) if program.equal[row] else (1,):
                more.append((row, columns + count, -sign))
                signs.append((count, columns + count, -1))
                costs.append(
                    Fraction(OBSERVED if kind == "observed" else 1) if penalty is None else Fraction(penalty)
                )
                count += 1
    wide = (rows, columns + count)
    body = sparse(wide, [*((r, c, v) for r, c, v in program.matrix.entries()), *more])
    return LinearProgram(
        stacked([body, sparse((count, columns + count), signs)]),
        (*program.equal, *([False] * count)),
        (*program.right, *([Fraction(0)] * count)),
        (*program.names, *(("violation", k) for k in range(count))),
        {
            **({} if penalty is None else program.objective),
            **{columns + k: -cost for k, cost in enumerate(costs)},
        },
        (*(program.sizes or (0,) * columns), *((0,) * count)),
    )
