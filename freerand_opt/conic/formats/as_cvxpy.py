"""The program of a question as a cvxpy problem, for constraints of one's own; cvxpy is imported only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from freerand_opt.conic.formats.blocks import Block, blocks
from freerand_opt.conic.formats.conic import Conic
from freerand_opt.conic.sparse import Floats
from freerand_opt.errors import UnavailableError, unavailable

if TYPE_CHECKING:
    import cvxpy


class Modelled(NamedTuple):
    """A problem that maximises, its variable, and what its entries and the program's rows are, by name.

    `column(name)` is one entry of the variable. Values are floats; only `freerand_opt.bound` certifies.
    """

    problem: cvxpy.Problem
    x: cvxpy.Variable
    columns: tuple[str, ...]
    rows: tuple[str, ...]

    def column(self, name: str) -> Any:
        """Return the entry of the variable with this name."""
        return self.x[self.columns.index(name)]


def as_cvxpy(held: Conic) -> Modelled:
    """Return a program with one vectorised constraint for equalities, for inequalities, and for each matrix.

    Raise UnavailableError without cvxpy.
    """
    problem, x = modelled(*blocks(held))
    return Modelled(problem, x, held.columns, held.rows)


def modelled(cost: Floats, parts: Sequence[Block]) -> tuple[cvxpy.Problem, cvxpy.Variable]:
    """Return the problem of some blocks with a constraint each, in order, and its variable."""
    why = unavailable("cvxpy", "cvxpy", "cvxpy")
    if why:
        raise UnavailableError(why)
    import cvxpy

    x = cvxpy.Variable(len(cost), name="x")
    constraints: list[Any] = []
    for part in parts:
        left = part.matrix @ x
        if part.cone == "psd":  # one affine expression: cvxpy is slow on sums of matrices
            n = part.size
            constraints.append((part.right - left).reshape((n, n), order="C") >> 0)
        else:
            constraints.append(left == part.right if part.cone == "zero" else left <= part.right)
    return cvxpy.Problem(cvxpy.Maximize(cost @ x), constraints), x
