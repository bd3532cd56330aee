"""How far an answer is sought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.tables.kinds import line, number
from freerand_opt.model.tables.text import shown

#: Width of a bracket that is as narrow as usual: linear programs are exact, relaxations are not.
QUANTUM_WIDTH = Fraction(1, 10**6)
EXACT_WIDTH = Fraction(1, 10**9)
#: Entropies come by chords, each of which costs a program.
ENTROPY_WIDTH = Fraction(1, 1000)


@dataclass(frozen=True)
class Options:
    """How far to go: the width of the bracket, seconds for each program, and what quantum devices need.

    With `margin_only` the margin of existence in floats is enough; nothing is proved. `relative`: small
    entropies are sought to a thousandth of themselves.
    """

    width: Fraction = Fraction(1, 10**9)
    time_limit: float | None = None
    solver: str = "auto"
    level: str = ""
    symmetry: tuple[str, ...] = ()
    margin_only: bool = False
    relative: bool = False


def usual_width(devices: str, quantity: str) -> Fraction:
    """Return how narrow a bracket is sought if nothing is said."""
    if devices != "quantum":
        return EXACT_WIDTH
    return ENTROPY_WIDTH if quantity == ENTROPY else QUANTUM_WIDTH


def options_of(
    devices: str,
    level: str,
    *,
    solver: str,
    time_limit: Any,
    width: Any,
    symmetry: Sequence[str],
    quantity: str = "",
) -> Options:
    """Return the options of a question with such devices; raise InputError for what is none.

    Raise SolverUnavailableError for a solver that cannot run here.
    """
    solver = line("the name of a solver").read(solver, "solver")
    if solver != "auto":
        from freerand_opt.solvers.choose import solver_named

        solver_named(solver)
    usual = usual_width(devices, quantity)
    held = usual if width is None else number(0).read(width, "width")
    if held == 0 and usual == ENTROPY_WIDTH:
        raise InputError("width", "0 is reached by no entropy of quantum devices; a width above 0 is needed")
    seconds = None if time_limit is None else float(number(above=Fraction(0)).read(time_limit, "time_limit"))
    if isinstance(symmetry, str):
        raise InputError("symmetry", f"{shown(symmetry)} is a text; a list of texts is needed")
    return Options(held, seconds, solver, level, tuple(symmetry), relative=width is None)
