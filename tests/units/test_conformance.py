"""Every solver of conic programs on programs with known optima."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from freerand_opt.conic.solution import Dual, Solution
from freerand_opt.errors import SolverUnavailableError
from freerand_opt.solvers import conformance, exposing, high_precision
from freerand_opt.solvers.choose import NAMES, solver_named

CASES = {case.name: case for case in conformance.cases()}
#: SCS is a first-order method.
TOLERANCES = {"cvxpy:SCS": 1e-4}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("auto", "highs")])
@pytest.mark.parametrize("case", list(CASES))
def test_a_solver_conforms(name, case):
    try:
        solve = solver_named(name)
    except SolverUnavailableError as reason:
        pytest.skip(str(reason))
    held = CASES[case]
    if not held.interior and name.split(":")[0] not in ("high-precision",):
        pytest.skip("without an interior floats lose half of their digits")

    def run(program):
        try:
            return solve(program, 20.0)
        except SolverUnavailableError:  # high precision: too large, or no answer
            return None

    assert conformance.fault(held, run, TOLERANCES.get(name, 1e-6)) == ""


@pytest.mark.parametrize(
    "case", [name for name, case in CASES.items() if case.optimum is not None and case.interior]
)
def test_high_precision_has_eighteen_digits(case):
    held = CASES[case]
    found = high_precision.solve(held.program)
    proved = conformance.bound(held.program, found.multipliers, Fraction(int(held.size)))
    assert abs(float(proved) - held.optimum) < 1e-14 * max(1, held.optimum)


def test_a_point_that_is_not_there_is_contradicted_exactly():
    program = CASES["no point"].program
    found = exposing.solve(program)
    assert found.status == "infeasible"
    nothing = replace(program, objective={})
    assert conformance.bound(nothing, found.multipliers, Fraction(10)) < 0


def test_wrong_multipliers_are_noticed():
    case = CASES["CHSH at level 1"]
    found = high_precision.solve(case.program)
    dual = found.multipliers
    short = Dual(dual.values, tuple(type(f)(f.rows[:1] + ((0,),) * 3, f.bits) for f in dual.factors))
    wrong = Solution("optimal", "wrong", found.x, short)
    assert "multipliers" in conformance.fault(case, lambda program: wrong)
