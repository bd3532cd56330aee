"""Semidefinite programs through every solver: closed forms, infeasibility, silence, what cannot run."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from freerand_opt.errors import SolverUnavailableError
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.bounding import bound
from freerand_opt.first.certificates.certify import multipliers
from freerand_opt.first.model import functional
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Demand
from freerand_opt.first.model.scenario import Scenario, chained, chsh
from freerand_opt.first.model.source import Uniform
from freerand_opt.first.programs.build import build
from freerand_opt.first.solvers import choose, mosek
from freerand_opt.numbers.exact import compare, sqrt

pytest.importorskip("cvxpy")
pytest.importorskip("picos")

ROUTES = ("clarabel", "cvxpy:CLARABEL", "cvxpy:SCS", "cvxpy:CVXOPT", "picos:cvxopt")
TWO = sqrt(F(2))


def asked(scenario, ask, level, *tests):
    return Question(scenario, Uniform(), "uniform", Adversary("quantum", level=level), tests, ask)


def score():
    return asked(chsh(), Ask("score", functional=functional.chsh(chsh())), "1 + A B")


def smallest():
    scenario = chained(3)
    return asked(
        scenario, Ask("score", functional=functional.chained(scenario), extreme="smallest"), "1 + A B"
    )


def guess(value=F(27, 10)):
    test = Demand(functional.chsh(chsh()), ">=", value, "chsh")
    return asked(chsh(), Ask("guessing-probability", Output((0, 0, 1, 1), 2, "A"), (0, 0)), "1 + A B", test)


def cglmp():
    """I3 of Collins, Gisin, Linden, Massar and Popescu (quant-ph/0106024): three outcomes, projectors."""
    scenario = Scenario((2, 2), (3, 3))
    terms = {}
    # P(a = b + k) at settings (x, y), with its sign
    for x, y, k, sign in (
        *((0, 0, 0, 1), (1, 0, -1, 1), (1, 1, 0, 1), (0, 1, 0, 1)),
        *((0, 0, -1, -1), (1, 0, 0, -1), (1, 1, -1, -1), (0, 1, 1, -1)),
    ):
        for b in range(3):
            key = scenario.outcome_index(((b + k) % 3, b)), scenario.setting_index((x, y))
            terms[key] = terms.get(key, F(0)) + sign
    return asked(scenario, Ask("score", functional=functional.from_terms(terms)), "1 + A B")


#: Tsirelson; Wehner (quant-ph/0510076); arXiv:1009.1567; 1 + sqrt(11/3), quant-ph/0111058.
CLOSED = [
    (score, 2 * math.sqrt(2)),
    (smallest, -6 * math.sin(math.pi / 12) ** 2),
    (guess, 0.5 + 0.5 * math.sqrt(2 - 2.7**2 / 4)),
    (cglmp, 1 + math.sqrt(11 / 3)),
]


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize(("make", "value"), CLOSED)
def test_every_route_finds_and_proves_the_closed_form(name, make, value):
    program = build(make()).above.program
    found = choose.solver_named(name)(program, 100.0)
    assert found.solver == name
    # Clarabel calls many of these almost solved, which is not optimal
    assert found.status == "optimal" or (found.status == "stopped" and "CLARABEL" in name.upper())
    assert program.objective.floats() @ found.primal == pytest.approx(value, abs=1e-6)
    assert max(found.primal_residual, found.dual_residual) < 1e-6
    # multipliers in wrong places, or of the wrong sign, would prove far less
    assert value - 1e-12 <= float(multipliers(program, found).bound) <= value + 1e-5


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_gives_a_certified_bracket(name):
    result = bound(score(), solver=name)
    assert compare(result.bracket.lower, 2 * TWO) <= 0 <= compare(result.bracket.upper, 2 * TWO)
    assert result.bracket.width < 1e-6
    assert result.solver == name


@pytest.mark.parametrize("name", ROUTES)
def test_infeasible_questions_are_proved_infeasible(name):
    with pytest.raises(InfeasibleError) as caught:
        bound(guess(F(29, 10)), solver=name)
    assert caught.value.result.infeasible


@pytest.mark.parametrize("name", [name for name in ROUTES if name != "clarabel"])
def test_nothing_is_printed(name, capfd):
    choose.solver_named(name)(build(guess()).above.program, None)
    assert capfd.readouterr() == ("", "")


def test_a_solver_that_breaks_down_is_a_poor_hint(monkeypatch):
    from freerand_opt.first.solvers import picos as route

    monkeypatch.setattr(route, "TOLERANCE", 1e-300)
    program = build(guess()).above.program
    found = route.solve(program, "cvxopt")
    assert found.status == "stopped"
    assert float(multipliers(program, found).bound) >= 0.5


def test_picos_leaves_no_options_behind():
    options = pytest.importorskip("cvxopt.solvers").options
    before = dict(options)
    found = choose.solver_named("picos:cvxopt")(build(score()).above.program, None)
    assert found.status == "optimal"
    assert options == before


def test_linear_programs_go_through_picos():
    question = replace(guess(), adversary=Adversary("no-signalling"))
    program = build(question).above.program
    found = choose.solver_named("picos:cvxopt")(program, None)
    # 3/2 - S/4, arXiv:0911.3427
    assert program.objective.floats() @ found.primal == pytest.approx(1.5 - 2.7 / 4, abs=1e-6)
    assert 1.5 - 2.7 / 4 - 1e-12 <= float(multipliers(program, found).bound) <= 1.5 - 2.7 / 4 + 1e-6
    assert np.all(found.multipliers[~program.zero_rows] >= 0)


# ------------------------------------------------------------------ what cannot run


@pytest.mark.parametrize("name", ["mosek", "cvxpy:MOSEK", "picos:mosek"])
def test_mosek_without_a_licence_is_one_clear_line(name, monkeypatch, freerand):
    pytest.importorskip("mosek")
    monkeypatch.setattr(mosek, "fault", lambda: "error 1008")
    with pytest.raises(SolverUnavailableError) as caught:
        choose.solver_named(name)
    assert str(caught.value) == "MOSEK is installed but has no licence (error 1008); name another solver"
    done = freerand("bound", "no_signalling_guess_chsh", "--solver", name)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: {caught.value}\n"


def test_the_automatic_choice_leaves_an_unlicensed_mosek_alone(monkeypatch):
    program = build(asked(chained(8), smallest().ask, "1")).above.program
    asked_for = []
    monkeypatch.setattr(choose, "solver_named", lambda name: asked_for.append(name) or (lambda *_: None))
    monkeypatch.setattr(mosek, "fault", lambda: "error 1008")
    choose._automatic(program, None)
    monkeypatch.setattr(mosek, "fault", lambda: "")
    choose._automatic(program, None)
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    choose._automatic(program, None)
    assert asked_for[0] in ("qics", "clarabel")
    assert asked_for[1:] == ["mosek" if "mosek" in sys.modules else asked_for[0], "clarabel"]


def test_the_licence_is_asked_for_once(monkeypatch):
    package = pytest.importorskip("mosek")
    calls = []
    env = package.Env
    monkeypatch.setattr(package, "Env", lambda: calls.append(1) or env())
    mosek.fault.cache_clear()
    first = mosek.fault()
    assert mosek.fault() == first
    assert calls == [1]


@pytest.mark.parametrize(
    ("name", "words"),
    [("picos:cvxop", "did you mean 'cvxopt'"), ("picos:scs", "allowed: cvxopt, mosek")],
)
def test_other_solvers_of_picos_are_refused(name, words):
    with pytest.raises(SolverUnavailableError, match=words):
        choose.solver_named(name)


@pytest.mark.parametrize(("module", "name"), [("picos", "picos:cvxopt"), ("mosek", "mosek")])
def test_missing_packages_are_one_clear_line(module, name, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SolverUnavailableError, match=r"^\w+ is not installed: pip install"):
        choose.solver_named(name)


def test_a_missing_qics_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda name: None)
    with pytest.raises(SolverUnavailableError, match=r"^QICS is not installed: pip install qics"):
        choose.solver_named("qics")
