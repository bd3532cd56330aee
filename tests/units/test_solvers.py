"""Solvers by name: what is missing or mistyped is one clear line; duals are cut to their cone."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from freerand_opt.errors import InputError, SolverUnavailableError
from freerand_opt.solvers import choose, conformance, mosek

CASES = {case.name: case for case in conformance.cases()}
PROGRAM = CASES["CHSH at level 1"].program


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cvxpy:highss", "'HIGHSS' cannot be used through cvxpy: cvxpy does not know it"),
        ("cvxpy:GLPK_MI", "it gives no multipliers"),
        ("picos:cvxop", "did you mean 'cvxopt'"),
        ("picos:scs", "allowed: cvxopt, mosek"),
    ],
)
def test_other_backends_are_refused(name, words):
    pytest.importorskip(name.partition(":")[0])
    with pytest.raises(SolverUnavailableError, match=words):
        choose.solver_named(name)


def test_other_names_are_input_errors():
    with pytest.raises(InputError, match="did you mean 'cvxpy:SCS'"):
        choose.solver_named("cvxpi:SCS")


def test_highs_has_no_matrices():
    with pytest.raises(SolverUnavailableError, match="linear programs alone"):
        choose.solver_named("highs")(PROGRAM, None)


@pytest.mark.parametrize("name", ["cvxpy:OSQP", "cvxpy:HIGHS", "cvxpy:SCIPY"])
def test_a_linear_solver_is_not_tried_on_matrices(name, freerand):
    cvxpy = pytest.importorskip("cvxpy")
    if name.partition(":")[2] not in cvxpy.installed_solvers():
        pytest.skip("not run: this solver is not here")
    with pytest.raises(SolverUnavailableError, match="solves linear programs alone"):
        choose.solver_named(name)(PROGRAM, None)
    done = freerand("bound", "chsh_quantum_guess", "--solver", name)
    assert (done.code, done.out) == (3, "")


OPTIONAL = [("cvxpy", "cvxpy:CLARABEL"), ("picos", "picos:cvxopt"), ("mosek", "mosek"), ("qics", "qics")]


@pytest.mark.parametrize(("module", "name"), OPTIONAL)
def test_missing_packages_are_one_clear_line(module, name, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SolverUnavailableError, match=r"^\w+ is not installed: [^\n]*pip install [^\n]*$"):
        choose.solver_named(name)


BROKEN = {
    "ImportError": "raise ImportError('libopenblas.so.0:\\n no such file')",
    "OSError": "import ctypes; ctypes.CDLL('/nowhere/libqics.so')",
    "ModuleNotFoundError": "import a_package_that_nobody_has",
    "AttributeError": "import numpy; numpy.a_name_of_numpy_1",
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(("module", "name"), OPTIONAL)
def test_a_package_that_does_not_import_is_as_if_it_were_not_there(
    module, name, kind, monkeypatch, tmp_path, freerand
):
    (tmp_path / f"{module}.py").write_text(BROKEN[kind] + "\n")
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SolverUnavailableError) as caught:
        choose.solver_named(name)
    said = str(caught.value)
    assert f" is installed but does not import ({kind}: " in said and "\n" not in said
    done = freerand("bound", "chsh_quantum_guess", "--solver", name)
    assert (done.code, done.out, done.err) == (3, "", f"error: {said}\n")
    listed = json.loads(freerand("list", "--solvers", "--json").out)
    assert {row["name"]: row["fault"] for row in listed}[name] == said
    large = SimpleNamespace(sizes=(choose.SMALL + 1,))
    monkeypatch.setattr(mosek, "fault", lambda: "")
    chosen = list(choose.solvers_in_floats(large))
    assert chosen[-1] == "clarabel" and module not in chosen


def test_solvers_are_listed_with_what_is_wrong_with_each(monkeypatch, freerand):
    monkeypatch.setitem(sys.modules, "qics", None)
    done = freerand("list", "--solvers")
    assert done.code == 0 and all(len(line) <= 80 for line in done.out.splitlines())
    rows = dict(line.split(maxsplit=1) for line in done.out.splitlines() if not line.startswith(" "))
    assert list(rows) == list(choose.NAMES)
    assert rows["clarabel"] == "can be used" and rows["qics"].startswith("QICS is not installed: ")
    assert freerand("list", "--solvers", "--paper").code == 2


@pytest.mark.parametrize("name", ["mosek", "cvxpy:MOSEK", "picos:mosek"])
def test_mosek_without_a_licence_is_one_clear_line(name, monkeypatch, freerand):
    pytest.importorskip("mosek")
    monkeypatch.setattr(mosek, "fault", lambda: "error 1008")
    with pytest.raises(SolverUnavailableError) as caught:
        choose.solver_named(name)
    assert str(caught.value) == "MOSEK is installed but has no licence (error 1008); name another solver"
    done = freerand("bound", "chsh_quantum_guess", "--solver", name)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: {caught.value}\n"


def test_the_licence_is_asked_for_once(monkeypatch):
    package = pytest.importorskip("mosek")
    calls = []
    env = package.Env
    monkeypatch.setattr(package, "Env", lambda: calls.append(1) or env())
    mosek.fault.cache_clear()
    first = mosek.fault()
    assert mosek.fault() == first
    assert calls == [1]


def test_the_automatic_choice_leaves_an_unlicensed_mosek_alone(monkeypatch):
    pytest.importorskip("mosek")
    large = SimpleNamespace(sizes=(choose.SMALL + 1,))
    monkeypatch.setattr(mosek, "fault", lambda: "error 1008")
    assert list(choose.solvers_in_floats(large)) == ["qics", "clarabel"]
    monkeypatch.setattr(mosek, "fault", lambda: "")
    assert list(choose.solvers_in_floats(large)) == ["mosek", "qics", "clarabel"]
    for name in ("mosek", "qics"):
        monkeypatch.setitem(sys.modules, name, None)
    assert list(choose.solvers_in_floats(large)) == ["clarabel"]
    assert list(choose.solvers_in_floats(PROGRAM)) == ["clarabel"]


def test_a_solver_that_gives_up_is_no_optimum_and_still_proves_something(monkeypatch):
    pytest.importorskip("cvxpy")
    from freerand_opt.solvers import cvxpy as route

    monkeypatch.setitem(route._OPTIONS, "CLARABEL", {**route._OPTIONS["CLARABEL"], "max_iter": 1})
    found = route.solve(PROGRAM, "CLARABEL")
    assert found.status == "stopped"
    from freerand_opt.conic.duals import exact_dual

    assert float(conformance.bound(PROGRAM, exact_dual(PROGRAM, found), 10)) >= 8**0.5


def test_picos_leaves_no_options_behind():
    pytest.importorskip("picos")
    options = pytest.importorskip("cvxopt.solvers").options
    before = dict(options)
    found = choose.solver_named("picos:cvxopt")(PROGRAM, None)
    assert found.status == "optimal"
    assert options == before


def test_users_add_constraints():
    """The smallest eigenvalue of a matrix under one condition more is no larger a maximum."""
    cvxpy = pytest.importorskip("cvxpy")
    from freerand_opt.conic.formats.as_cvxpy import modelled
    from freerand_opt.conic.formats.blocks import blocks_of

    problem, x = modelled(*blocks_of(PROGRAM))
    assert problem.solve(solver="CLARABEL") == pytest.approx(8**0.5, abs=1e-6)
    capped = cvxpy.Problem(problem.objective, [*problem.constraints, PROGRAM.cost @ x <= 2])
    assert capped.solve(solver="CLARABEL") == pytest.approx(2, abs=1e-6)
    assert np.isfinite(x.value).all()
