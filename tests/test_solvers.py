"""Solvers reached through cvxpy: values, signs, statuses, errors, silence."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from freerand_opt.errors import InputError, SolverUnavailableError
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.certificates.certify import multipliers
from freerand_opt.first.formulas.questions import chained_guess, chsh_guess
from freerand_opt.first.programs.build import build
from freerand_opt.first.programs.integer_matrix import of_rows
from freerand_opt.first.programs.program import Labels, Rows, conic_program, constant, vector
from freerand_opt.first.solvers import choose, highs
from freerand_opt.first.solvers import cvxpy as route
from freerand_opt.first.spec.file import read
from freerand_opt.numbers.exact import compare

cvxpy = pytest.importorskip("cvxpy")

ROOT = Path(__file__).parent.parent
CHSH, CHAINED = "no_signalling_guess_chsh", "chained_guess"
TESTED = ("CLARABEL", "SCS", "CVXOPT", "HIGHS")
BACKENDS = [name for name in TESTED if name in cvxpy.installed_solvers()]


def question_of(name, place):
    return read(str(ROOT / "lps" / f"{name}.toml")).instances[place].question


def program_of(name, place):
    return build(question_of(name, place)).above.program


def local(place):
    question = question_of(CHSH, place)
    return replace(question, adversary=replace(question.adversary, devices="local"))


def slanted():
    """Return a program whose multipliers are unique, with one negative: max -a + 2 b."""
    rows = [
        Rows("zero", of_rows([{0: 1, 1: -1}], 2), vector([F(1)]), Labels("difference", ())),
        Rows("nonnegative", of_rows([{0: 1, 1: 1}], 2), vector([F(4)]), Labels("sum", ())),
    ]
    return conic_program(
        rows,
        objective=vector([F(-1), F(2)]),
        lower=constant(0, 2),
        upper=constant(10, 2),
        column_labels=(Labels("{0}", (("a", "b"),)),),
    )


# ------------------------------------------------------------------ values and signs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "place", "value"),
    [(CHSH, 0, 0.75), (CHSH, 2, 1.5 - 2**0.5 / 2), (CHAINED, 2, (1 + 8 * np.sin(np.pi / 16) ** 2) / 2)],
)
def test_every_backend_finds_the_closed_form(backend, name, place, value):
    program = program_of(name, place)
    found = route.solve(program, backend, time_limit=100)
    assert (found.status, found.solver) == ("optimal", f"cvxpy:{backend}")
    assert program.objective.floats() @ found.primal == pytest.approx(value, abs=1e-7)
    assert found.basic_columns is None
    assert found.active_rows is None
    assert found.primal_residual < 1e-7
    assert found.dual_residual < 1e-7
    assert np.all(found.multipliers[~program.zero_rows] >= 0)
    # float multipliers of the wrong sign anywhere would prove far less
    proved = float(multipliers(program, found).bound)
    assert value - 1e-12 <= proved <= value + 1e-6


@pytest.mark.parametrize("backend", BACKENDS)
def test_multipliers_have_the_signs_of_highs(backend):
    program = slanted()
    reference = highs.solve(program)
    found = route.solve(program, backend)
    # b - A x at (5/2, 3/2): c = A'z with z = (-3/2, 1/2)
    assert reference.multipliers == pytest.approx([-1.5, 0.5], abs=1e-9)
    assert found.multipliers == pytest.approx([-1.5, 0.5], abs=1e-6)
    assert found.primal == pytest.approx([2.5, 1.5], abs=1e-6)


def test_dual_values_are_cut_to_the_dual_cone():
    def cut(*values):
        duals = SimpleNamespace(constraints=[SimpleNamespace(dual_value=value) for value in values])
        return route._multipliers(slanted(), duals).tolist()

    assert cut(np.array([-0.5]), -1e-9) == [-0.5, 0]
    assert cut(None, np.array([2])) == [0, 2]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "place", "formula"), [(CHSH, 0, chsh_guess), (CHSH, 2, chsh_guess), (CHAINED, 1, chained_guess)]
)
def test_bounds_are_certified_whatever_the_backend(backend, name, place, formula):
    question = question_of(name, place)
    result = bound(question, solver=f"cvxpy:{backend.lower()}")
    exact, upper = formula(question), result.bracket.upper
    assert result.solver == f"cvxpy:{backend}"
    assert compare(upper, exact) >= 0
    assert float(upper - exact) < 1e-6
    assert result.bracket.lower is None or compare(result.bracket.lower, exact) <= 0
    assert result.certificate["multipliers"] is not None


@pytest.mark.parametrize("backend", BACKENDS)
def test_infeasible_questions_are_proved_infeasible(backend):
    assert route.solve(build(local(0)).above.program, backend).status == "infeasible"
    with pytest.raises(InfeasibleError) as caught:
        bound(local(0), solver=f"cvxpy:{backend}")
    assert caught.value.result.infeasible


@pytest.mark.parametrize(
    ("backend", "option"), [("SCS", "max_iters"), ("CLARABEL", "max_iter"), ("CVXOPT", "max_iters")]
)
def test_a_solver_that_gives_up_is_no_optimum_and_still_proves_something(backend, option, monkeypatch):
    if backend not in BACKENDS:
        pytest.skip(f"{backend} is not installed")
    monkeypatch.setitem(route._OPTIONS, backend, {**route._OPTIONS[backend], option: 1})
    program = program_of(CHSH, 0)
    found = route.solve(program, backend)
    assert found.status == "stopped"
    assert max(found.primal_residual, found.dual_residual) > 1e-6
    assert float(multipliers(program, found).bound) >= 0.75
    assert compare(bound(question_of(CHSH, 0), solver=f"cvxpy:{backend}").bracket.upper, F(3, 4)) >= 0


# ------------------------------------------------------------------ constraints of one's own


@pytest.mark.parametrize("backend", BACKENDS)
def test_users_add_constraints(backend):
    program = program_of(CHSH, 1)
    problem, x = route.as_cvxpy(program)
    assert [c.size for c in problem.constraints] == [size for _, size in program.blocks]
    assert problem.solve(solver=backend) == pytest.approx(7 / 8, abs=1e-4)
    # a score of 3 instead of 5/2: 3/2 - 3/4
    stronger = -(program.float_matrix[[17]] @ x) >= 3
    extended = cvxpy.Problem(problem.objective, [*problem.constraints, stronger])
    assert extended.solve(solver=backend) == pytest.approx(3 / 4, abs=1e-4)
    # and no guess worth more than it may be
    cap = program.objective.floats() @ x <= 0.6
    capped = cvxpy.Problem(problem.objective, [*problem.constraints, cap])
    assert capped.solve(solver=backend) == pytest.approx(0.6, abs=1e-4)


def test_bounds_belong_to_the_problem():
    program = slanted()
    _, x = route.as_cvxpy(program)
    free = cvxpy.Problem(cvxpy.Maximize(x[0] + x[1]), [])
    assert free.solve(solver=BACKENDS[0]) == pytest.approx(20, abs=1e-4)
    least = cvxpy.Problem(cvxpy.Minimize(x[0] + x[1]), [])
    assert least.solve(solver=BACKENDS[0]) == pytest.approx(0, abs=1e-4)


@pytest.mark.skipif("CLARABEL" not in BACKENDS, reason="the example names CLARABEL")
def test_the_example_in_the_documentation_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    block = route.as_cvxpy.__doc__.split("::\n\n")[1].split("\n\n")[0]
    names = {"read": read, "build": build, "as_cvxpy": route.as_cvxpy, "cvxpy": cvxpy}
    exec(textwrap.dedent(block), names)
    assert names["program"].row_label(17) == "test: chsh >= 3"
    assert names["value"] == pytest.approx(5 / 8, abs=1e-6)


# ------------------------------------------------------------------ what cannot run


def test_an_unknown_backend_is_named_with_the_nearest_one():
    with pytest.raises(SolverUnavailableError) as caught:
        choose.solver_named("cvxpy:highss")
    message = str(caught.value)
    assert "'HIGHSS'" in message
    assert "does not know it" in message
    assert all(name in message for name in BACKENDS)
    assert message.endswith("did you mean 'HIGHS'?")
    assert "\n" not in message


def test_a_backend_that_is_not_installed_is_told_from_an_unknown_one():
    missing = sorted(set(cvxpy.settings.SOLVERS) - set(cvxpy.installed_solvers()))
    assert missing
    for name in missing:
        with pytest.raises(SolverUnavailableError, match=rf"^'{name}' .* package is not installed; "):
            route.require(name)


def test_backends_without_multipliers_are_refused():
    with pytest.raises(SolverUnavailableError, match="gives no multipliers"):
        route.solve(slanted(), "GLPK_MI")


def test_missing_cvxpy_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    with pytest.raises(SolverUnavailableError, match=r"^cvxpy is not installed: pip install cvxpy"):
        choose.solver_named("cvxpy:CLARABEL")


def test_other_names_are_input_errors():
    with pytest.raises(InputError, match="did you mean 'cvxpy:SCS'"):
        choose.solver_named("cvxpi:SCS")


def licensed():
    mosek = pytest.importorskip("mosek")
    try:
        with mosek.Env() as env:
            env.checkoutlicense(mosek.feature.pts)
    except mosek.Error:
        return False
    return True


def test_mosek_solves_or_says_that_it_has_no_licence():
    if licensed():
        program = program_of(CHSH, 0)
        found = route.solve(program, "MOSEK", time_limit=100)
        assert program.objective.floats() @ found.primal == pytest.approx(0.75, abs=1e-6)
        assert 0.75 <= float(multipliers(program, found).bound) <= 0.75 + 1e-5
        return
    fault = r"^MOSEK is installed but has no licence \(error \d+\)"
    for call in (
        lambda: choose.solver_named("cvxpy:mosek"),
        lambda: route.solve(slanted(), "MOSEK"),
        lambda: bound(question_of(CHSH, 0), solver="cvxpy:MOSEK"),
    ):
        with pytest.raises(SolverUnavailableError, match=fault):
            call()


# ------------------------------------------------------------------ silence


@pytest.mark.parametrize("backend", sorted(set(cvxpy.installed_solvers()) - {"MOSEK", "GLPK_MI"}))
def test_nothing_is_printed(backend, capfd):
    found = route.solve(program_of(CHSH, 0), backend)
    assert found.primal_residual < 1e-6
    route.solve(build(local(0)).above.program, backend)
    assert capfd.readouterr() == ("", "")


def test_a_fresh_process_prints_nothing():
    code = f"""
        from freerand_opt.errors import SolverUnavailableError
        from freerand_opt.first.programs.build import build
        from freerand_opt.first.solvers import choose, highs
        from freerand_opt.first.spec.file import read
        question = read({str(ROOT / "lps" / f"{CHSH}.toml")!r}).instances[0].question
        program = build(question).above.program
        names = {["highs", *(f"cvxpy:{name}" for name in BACKENDS)]!r}
        solutions = [choose.solver_named(name)(program, None) for name in names]
        assert all(found.status == "optimal" for found in solutions)
        try:
            choose.solver_named("cvxpy:MOSEK")
        except SolverUnavailableError:
            pass
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
